// SPDX-License-Identifier: GPL-2.0-only
/*
 * Who uses an endpoint: the process that maps it, the calls that move a message for
 * it, whom it belongs to, and where that runs.  See channel.h.
 */
#include <linux/pid.h>
#include <linux/sched.h>
#include <linux/sched/mm.h>
#include <linux/smp.h>

#include "channel.h"

/**
 * fastipc_endpoint_attach() - make an endpoint an end
 * @endpoint: which; may be one already
 * @end: number, or FASTIPC_END_ANY
 *
 * Return: 0; -ENOTCONN: not set up; -EINTR: the caller is being killed; else as the
 * kind says.
 */
int fastipc_endpoint_attach(struct fastipc_endpoint *endpoint, int end)
{
	struct fastipc_channel *channel = endpoint->channel;
	int ret;

	if (!fastipc_channel_ops(channel))
		return -ENOTCONN;
	if (mutex_lock_killable(&channel->lock))
		return -EINTR;
	ret = channel->ops->attach(endpoint, end);
	mutex_unlock(&channel->lock);
	if (!ret)
		fastipc_endpoint_own(endpoint);
	return ret;
}

/**
 * fastipc_endpoint_map() - the current process maps the endpoint read-write
 * @endpoint: which
 *
 * A mm that has a map here lives, so comparing its address is enough.
 *
 * Return: 0; 1 if another process mapped it last, and may have pinned its pages
 * (then look); -EBUSY if another process has such a map, or the kernel is moving
 * a message.  If it is not negative, fastipc_endpoint_mapped() has to follow, or
 * fastipc_endpoint_unmap().
 */
int fastipc_endpoint_map(struct fastipc_endpoint *endpoint)
{
	int ret;

	spin_lock(&endpoint->lock);
	if ((endpoint->maps ? endpoint->mm != current->mm :
			      endpoint->inherited) ||
	    endpoint->users) {
		ret = -EBUSY;
	} else {
		/* Nobody before: then a pin is of a reader's map, and harmless. */
		ret = !endpoint->maps && endpoint->mapper &&
		      (endpoint->mapper != task_tgid(current) ||
		       endpoint->mapper_exec != current->self_exec_id);
		endpoint->mm = current->mm;
		WRITE_ONCE(endpoint->maps, endpoint->maps + 1);
	}
	spin_unlock(&endpoint->lock);
	return ret;
}

/*
 * The current process has it mapped, and could inherit it: from here on it speaks
 * for the endpoint.  What was so before a map that is refused stays so.
 */
void fastipc_endpoint_mapped(struct fastipc_endpoint *endpoint)
{
	struct pid *old = get_pid(task_tgid(current));

	spin_lock(&endpoint->lock);
	/* Its first: nobody of this mm can be here too, under its mmap_lock. */
	if (endpoint->maps == 1)
		WRITE_ONCE(endpoint->era, endpoint->era + 1);
	endpoint->orderly = false;
	if (endpoint->mapper && !uid_eq(endpoint->map_uid, current_euid()))
		endpoint->map_many = true;
	endpoint->map_uid = current_euid();
	swap(endpoint->mapper, old);
	endpoint->mapper_exec = current->self_exec_id;
	spin_unlock(&endpoint->lock);
	put_pid(old);
	fastipc_endpoint_own(endpoint);
	fastipc_endpoint_ran(endpoint);
}

/* Another process did until now. */
void fastipc_endpoint_own_anew(struct fastipc_endpoint *endpoint)
{
	struct pid *old = get_pid(task_tgid(current));

	spin_lock(&endpoint->lock);
	swap(endpoint->owner, old);
	endpoint->orderly = false;
	spin_unlock(&endpoint->lock);
	put_pid(old);
}

/* Another thread did until now. */
void fastipc_endpoint_ran_anew(struct fastipc_endpoint *endpoint)
{
	struct pid *old = get_pid(task_pid(current));

	spin_lock(&endpoint->lock);
	swap(endpoint->runner, old);
	spin_unlock(&endpoint->lock);
	put_pid(old);
}

/* That thread, or NULL; the caller is in a read-side critical section of RCU. */
struct task_struct *fastipc_endpoint_runner(struct fastipc_endpoint *endpoint)
{
	struct task_struct *task = NULL;

	spin_lock(&endpoint->lock);
	if (endpoint->runner)
		task = pid_task(endpoint->runner, PIDTYPE_PID);
	spin_unlock(&endpoint->lock);
	return task;
}

/* Who uses it, as the caller's pid namespace sees that process, or 0. */
pid_t fastipc_endpoint_owner(struct fastipc_endpoint *endpoint)
{
	pid_t pid;

	spin_lock(&endpoint->lock);
	pid = pid_vnr(endpoint->owner);
	spin_unlock(&endpoint->lock);
	return pid;
}

/**
 * fastipc_endpoint_use() - the kernel is going to move a message for it
 * @endpoint: which
 * @era: filled in: if it is another than last time, a process was there
 *
 * Return: 0, and then fastipc_endpoint_unuse() has to follow; -EBUSY if a
 * process has it mapped.
 */
int fastipc_endpoint_use(struct fastipc_endpoint *endpoint, u64 *era)
{
	int ret = -EBUSY;

	spin_lock(&endpoint->lock);
	if (!endpoint->maps && !endpoint->inherited) {
		endpoint->users++;
		*era = endpoint->era;
		ret = 0;
	}
	spin_unlock(&endpoint->lock);
	return ret;
}

void fastipc_endpoint_unuse(struct fastipc_endpoint *endpoint)
{
	spin_lock(&endpoint->lock);
	endpoint->users--;
	spin_unlock(&endpoint->lock);
}

/**
 * fastipc_endpoint_claim() - the kernel is going to receive for it, nobody else
 * @endpoint: which
 * @era: as fastipc_endpoint_use()
 *
 * Return: 0, and then fastipc_endpoint_unclaim() has to follow; -EBUSY if a process
 * has it mapped; -EAGAIN if somebody else is receiving, and will wake who sleeps.
 */
int fastipc_endpoint_claim(struct fastipc_endpoint *endpoint, u64 *era)
{
	int ret = 0;

	spin_lock(&endpoint->lock);
	if (endpoint->maps || endpoint->inherited) {
		ret = -EBUSY;
	} else if (endpoint->claimed) {
		endpoint->contended = true;
		ret = -EAGAIN;
	} else {
		WRITE_ONCE(endpoint->claimed, true);
		endpoint->users++;
		*era = endpoint->era;
	}
	spin_unlock(&endpoint->lock);
	return ret;
}

/* Others may receive; whether they have to be woken (fastipc_wait_served()). */
bool fastipc_endpoint_unclaim(struct fastipc_endpoint *endpoint)
{
	bool contended;

	spin_lock(&endpoint->lock);
	contended = endpoint->contended;
	endpoint->contended = false;
	WRITE_ONCE(endpoint->claimed, false);
	endpoint->users--;
	spin_unlock(&endpoint->lock);
	return contended;
}

/* Somebody seemed to be receiving: it is the claim of this moment that counts. */
bool fastipc_endpoint_contend(struct fastipc_endpoint *endpoint)
{
	bool claimed;

	spin_lock(&endpoint->lock);
	claimed = endpoint->claimed;
	endpoint->contended |= claimed;
	spin_unlock(&endpoint->lock);
	return claimed;
}

/**
 * fastipc_endpoint_map_again() - a read-write map was split, moved, or inherited
 * @endpoint: which
 * @mm: where it is now
 *
 * Inherited: a process can take back VM_DONTCOPY (MADV_DOFORK) before it forks.
 * Such a map counts too, until it is gone: where fork(2) copies what it shows
 * (userfaultfd, on some kernels) the child can write.
 *
 * Return: false if it was inherited: then fastipc_endpoint_disinherit() undoes
 * this, else fastipc_endpoint_unmap().
 */
bool fastipc_endpoint_map_again(struct fastipc_endpoint *endpoint,
				const struct mm_struct *mm)
{
	bool same;

	spin_lock(&endpoint->lock);
	same = endpoint->mm == mm;
	if (same)
		WRITE_ONCE(endpoint->maps, endpoint->maps + 1);
	else
		WRITE_ONCE(endpoint->inherited, endpoint->inherited + 1);
	spin_unlock(&endpoint->lock);
	return same;
}

static void endpoint_unmapped(struct fastipc_endpoint *endpoint)
{
	/* It may have died between publishing and waking. */
	fastipc_channel_ops(endpoint->channel)->unmapped(endpoint);
}

/* A read-write map is gone. */
void fastipc_endpoint_unmap(struct fastipc_endpoint *endpoint)
{
	bool last;

	spin_lock(&endpoint->lock);
	last = endpoint->maps == 1;
	if (last)
		endpoint->mm = NULL;
	WRITE_ONCE(endpoint->maps, endpoint->maps - 1);
	spin_unlock(&endpoint->lock);
	if (last)
		endpoint_unmapped(endpoint);
}

/* A read-write map that a forked child inherited is gone. */
void fastipc_endpoint_disinherit(struct fastipc_endpoint *endpoint)
{
	bool last;

	spin_lock(&endpoint->lock);
	last = endpoint->inherited == 1;
	WRITE_ONCE(endpoint->inherited, endpoint->inherited - 1);
	spin_unlock(&endpoint->lock);
	if (last)
		endpoint_unmapped(endpoint);
}

/**
 * fastipc_endpoint_mark() - will the last close be an orderly end?
 * @endpoint: which
 * @orderly: yes or no
 *
 * A process that leaves can say so for itself, not for another that used the
 * end after it, whether that one still lives or not.
 */
void fastipc_endpoint_mark(struct fastipc_endpoint *endpoint, bool orderly)
{
	spin_lock(&endpoint->lock);
	if (!orderly || !endpoint->owner ||
	    endpoint->owner == task_tgid(current))
		endpoint->orderly = orderly;
	spin_unlock(&endpoint->lock);
}

/* Whether the owner is stopped, traced or gone: it owes nobody a wake. */
bool fastipc_endpoint_stopped(struct fastipc_endpoint *endpoint)
{
	struct task_struct *task = NULL;
	bool stopped;

	spin_lock(&endpoint->lock);
	rcu_read_lock();
	if (endpoint->owner)
		task = pid_task(endpoint->owner, PIDTYPE_TGID);
	stopped = !task || task_is_stopped_or_traced(task);
	rcu_read_unlock();
	spin_unlock(&endpoint->lock);
	return stopped;
}

static void barrier_here(void *unused)
{
	/*
	 * Pairs with fastipc_ring_arm_fence(), for what this processor runs now in
	 * user space: what it stored before is seen there, and what it loads from
	 * now on sees what was stored there.
	 */
	smp_mb();
}

/**
 * fastipc_endpoint_barrier() - run a barrier where the one who maps an end runs
 * @endpoint: which
 *
 * On each processor on which a thread of that mm runs, or did lately.  One that comes
 * later switched to that mm after it was seen not to be there: that is a barrier
 * too (set in mm_cpumask() before the page tables are loaded).  If nobody has it
 * mapped, whoever maps it next takes endpoint->lock after this.
 */
void fastipc_endpoint_barrier(struct fastipc_endpoint *endpoint)
{
	struct mm_struct *mm;

	spin_lock(&endpoint->lock);
	/* It has a map, so it is there, and mmgrab() keeps it. */
	mm = endpoint->mm;
	if (mm)
		mmgrab(mm);
	spin_unlock(&endpoint->lock);
	if (!mm)
		return;
	preempt_disable();
	/* What was stored comes before the look at where that mm runs. */
	smp_mb();
	/* Only x86 keeps the mask. */
	smp_call_function_many(IS_ENABLED(CONFIG_X86) ? mm_cpumask(mm) :
							cpu_online_mask,
			       barrier_here, NULL, true);
	preempt_enable();
	mmdrop(mm);
}
