// SPDX-License-Identifier: MIT
/*
 * Waiting.  See wait.h.
 */
#include <poll.h>
#include <time.h>

#include "lag.h"
#include "wait.h"

#define LOOKS_PER_TIME 64    /* between two readings of the clock */
#define LAG_NS	       10000 /* not if looking on takes less */

static uint64_t now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000000000ULL + ts.tv_nsec;
}

static void relax(void)
{
#if defined(__x86_64__) || defined(__i386__)
	__builtin_ia32_pause();
#elif defined(__aarch64__)
	__asm__ volatile("yield" ::: "memory");
#endif
}

/* What is left of a limit, which begins when this is first asked. */
uint64_t fastipc_left_ns_(struct fastipc_limit *limit)
{
	uint64_t now;

	if (limit->ms < 0)
		return FASTIPC_FOREVER;
	now = now_ns();
	if (!limit->end)
		limit->end = now + limit->ms * 1000000ULL;
	return limit->end > now ? limit->end - now : 0;
}

static int look_space(struct fastipc *f, size_t *len)
{
	return fastipc_producer_fits(&f->tx, *len);
}

/* What a sealed end has sent stands in its own page, by the kernel. */
static int look_drained(struct fastipc *f, size_t *len)
{
	uint64_t sent = f->tx.position;

	(void)len;
	if (fastipc_is_sealed_(f))
		sent = __atomic_load_n(&f->tx.own->sent, __ATOMIC_RELAXED);
	return fastipc_producer_drained(&f->tx, sent);
}

static int look_message(struct fastipc *f, size_t *len)
{
	return fastipc_consumer_look(&f->rx, len);
}

static void poison_space(struct fastipc *f)
{
	fastipc_producer_poison(&f->tx);
}

static void poison_messages(struct fastipc *f)
{
	fastipc_consumer_poison(&f->rx);
}

/**
 * struct wanted - what is waited for
 * @look: 1 it is there, 0 it is not, < 0 it never will be
 * @len: for @look
 * @line: where the kernel says that the direction ended
 * @poison: to remember that the kernel found the ring poisoned
 * @spin: looking on before
 * @sync: how to wait in the kernel
 */
struct wanted {
	int (*look)(struct fastipc *f, size_t *len);
	size_t *len;
	const struct fastipc_waitline *line;
	void (*poison)(struct fastipc *f);
	struct fastipc_spin *spin;
	struct fastipc_sync sync;
};

/* Wait in the kernel, for no longer than this. */
static int enter(struct fastipc *f, struct wanted *wanted, uint32_t wake,
		 uint64_t ns)
{
	struct fastipc_sync sync = wanted->sync;
	int ret;

	sync.flags |= wake;
	sync.timeout_ns = ns;
	ret = fastipc_sync_(f, &sync);
	/* Where this end stands is right: the peer's position is the lie. */
	if (ret == -EINVAL && sync.position)
		ret = -EBADMSG;
	if (ret == -EBADMSG)
		wanted->poison(f);
	return ret;
}

/*
 * Look on for a moment: whether there is something to be found.  In vain costs what it
 * lasts, so then it lasts half as long the next time; where it helps, twice.  The
 * kernel looks on too, but only while the peer runs (pair_watch()).
 */
static bool look_on(struct fastipc *f, const struct wanted *wanted)
{
	struct fastipc_spin *spin = wanted->spin;
	uint64_t end = 0, now;
	uint32_t i = 0;

	if (!f->spin_ns)
		return false;
	/* For who looks on for long: those pauses are up to some microseconds. */
	if (wanted->look == look_message && spin->now_ns >= LAG_NS)
		i = fastipc_consumer_lag(&f->rx);
	while (i--)
		relax();
	for (;;) {
		for (i = 0; i < LOOKS_PER_TIME; i++) {
			if (wanted->look(f, wanted->len) ||
			    fastipc_ended(wanted->line)) {
				spin->now_ns *= 2;
				if (spin->now_ns > f->spin_ns)
					spin->now_ns = f->spin_ns;
				return true;
			}
			relax();
		}
		now = now_ns();
		if (!end) {
			end = now + spin->now_ns;
		} else if (now >= end) {
			spin->now_ns /= 2;
			if (spin->now_ns < f->spin_ns / FASTIPC_SPIN_RANGE_)
				spin->now_ns = f->spin_ns / FASTIPC_SPIN_RANGE_;
			return false;
		}
	}
}

/*
 * Is what the kernel says enough?  Once all was received, another sender of this
 * end may go on at once; what is looked for here has to be found here.
 */
static bool drains(const struct wanted *wanted)
{
	return wanted->sync.flags & FASTIPC_SYNC_WAIT_DONE;
}

static int wait_for(struct fastipc *f, struct wanted *wanted, uint32_t wake,
		    struct fastipc_limit *limit)
{
	uint64_t left;
	bool ended, spun = false;
	int ret;

	if (wake) {
		/* The peer sleeps, and takes over this processor. */
		left = fastipc_left_ns_(limit);
		ret = enter(f, wanted, wake, left);
		/* Time was up before the call, which then did not wait. */
		if (ret == -EAGAIN && limit->ms && !left)
			return -ETIMEDOUT;
		if (ret)
			return ret;
	}
	for (;;) {
		/* The end first, then what may have come before it. */
		ended = fastipc_ended(wanted->line);
		ret = wanted->look(f, wanted->len);
		if (ret)
			return ret < 0 ? ret : 0;
		if (ended) {
			/* What the kernel does not confirm is no end. */
			ret = enter(f, wanted, 0, 0);
			if (ret && ret != -EAGAIN)
				return ret;
			if (!ret && drains(wanted))
				return 0;
		}
		if (!limit->ms)
			return -EAGAIN;
		if (!ended && !spun) {
			spun = true;
			if (look_on(f, wanted))
				continue;
		}
		left = fastipc_left_ns_(limit);
		if (!left)
			return -ETIMEDOUT;
		ret = enter(f, wanted, 0, left);
		if (ret || drains(wanted))
			return ret;
	}
}

/**
 * fastipc_wait_space_() - wait until a message fits
 * @f: mapped, may send
 * @len: its payload in bytes, at most the limit
 * @limit: how long; ms 0: do not wait
 *
 * Return: 0, or why not.
 */
int fastipc_wait_space_(struct fastipc *f, size_t len,
			struct fastipc_limit *limit)
{
	struct wanted wanted = {
		.look = look_space,
		.len = &len,
		.line = &f->tx.own->send,
		.poison = poison_space,
		.spin = &f->tx_spin,
		.sync = { .flags = FASTIPC_SYNC_WAIT_SEND,
			  .position = f->tx.position,
			  .need = len },
	};
	int ret;

	if (fastipc_ended(wanted.line)) {
		/* Space is worth nothing behind the end. */
		ret = enter(f, &wanted, 0, 0);
		if (ret && ret != -EAGAIN)
			return ret;
	}
	return wait_for(f, &wanted, 0, limit);
}

/**
 * fastipc_wait_drained_() - wait until all that was sent was received
 * @f: mapped, may send, has flushed
 * @limit: how long; ms 0: do not wait
 *
 * Return: 0, or why not.
 */
int fastipc_wait_drained_(struct fastipc *f, struct fastipc_limit *limit)
{
	struct wanted wanted = {
		.look = look_drained,
		.line = &f->tx.own->send,
		.poison = poison_space,
		.spin = &f->tx_spin,
		.sync = { .flags = FASTIPC_SYNC_WAIT_DONE },
	};

	if (!fastipc_is_sealed_(f))
		wanted.sync.position = f->tx.position;
	return wait_for(f, &wanted, 0, limit);
}

/**
 * fastipc_wait_message_() - wait until there is a message
 * @f: mapped, may receive
 * @wake: FASTIPC_SYNC_WAKE_RECV to do that on the way, or 0
 * @len: filled in with the message's length
 * @limit: how long; ms 0: do not wait
 *
 * Return: 0, or why not.
 */
int fastipc_wait_message_(struct fastipc *f, uint32_t wake, size_t *len,
			  struct fastipc_limit *limit)
{
	struct fastipc_sync sync;
	struct wanted wanted;
	int ret;

	if (wake && (!f->rx.limit || fastipc_spins_(f))) {
		/* It will be quick, on another processor; or for nothing. */
		fastipc_wake_(f, wake);
		wake = 0;
	}
	if (!wake) {
		/* What the library found broken, the kernel may find right. */
		ret = fastipc_consumer_look(&f->rx, len);
		if (ret)
			return ret > 0 ? 0 : ret;
	}
	/* The short way, for the most common wait. */
	if (limit->ms < 0 && (wake || !f->spin_ns) &&
	    !fastipc_ended(&f->rx.own->recv)) {
		sync = (struct fastipc_sync){
			.flags = FASTIPC_SYNC_WAIT_RECV | wake,
			.timeout_ns = FASTIPC_FOREVER,
		};
		ret = fastipc_sync_(f, &sync);
		if (!ret && fastipc_consumer_look(&f->rx, len) > 0)
			return 0;
		if (ret == -EBADMSG)
			fastipc_consumer_poison(&f->rx);
		if (ret)
			return ret;
		wake = 0;
	}
	wanted = (struct wanted){
		.look = look_message,
		.len = len,
		.line = &f->rx.own->recv,
		.poison = poison_messages,
		.spin = &f->rx_spin,
		.sync = { .flags = FASTIPC_SYNC_WAIT_RECV },
	};
	ret = wait_for(f, &wanted, wake, limit);
	if (!ret)
		fastipc_consumer_waited(&f->rx, *len);
	return ret;
}

int fastipc_wait(struct fastipc *f, int events, int timeout_ms)
{
	struct pollfd pfd = { .events = events };
	int ret;

	if (!f || events & ~(POLLIN | POLLOUT | FASTIPC_EV_PEER))
		return -EINVAL;
	ret = fastipc_ready_(f);
	if (ret)
		return ret;
	pfd.fd = f->fd;
	ret = poll(&pfd, 1, timeout_ms);
	if (ret < 0)
		return -errno;
	return ret ? pfd.revents : 0;
}
