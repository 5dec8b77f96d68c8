/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Whatever can fail fails: of a call the first allocation or copy, then the
 * second, and so on until nothing is left to fail.
 *
 * Needs a kernel with fault injection (make check-debug): the failures are those
 * of slab, of pages, and of copying from and to user memory.  Include
 * fastipc_test.h first.
 */
#ifndef FASTIPC_TEST_NTH_H
#define FASTIPC_TEST_NTH_H

#define RING   8192
#define FAULTS 500 /* no call has so many */

/**
 * struct walk - which failure it is
 * @fd: where the kernel takes the number
 * @n: the number, from 1
 * @hit: it was reached
 * @untold: how often a call was done, but its answer could not be written
 */
struct walk {
	int fd;
	int n;
	bool hit;
	int untold;
};

static inline bool put(const char *dir, const char *file, const char *value)
{
	char path[128];
	bool done;
	int fd;

	snprintf(path, sizeof(path), "/sys/kernel/debug/%s/%s", dir, file);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	done = fd >= 0 && write(fd, value, strlen(value)) > 0;
	close(fd);
	return done;
}

/* Every sort of allocation, and silently: a stack trace is a complaint. */
static inline bool walk_begin(struct walk *w)
{
	*w = (struct walk){ .hit = true };
	w->fd = open("/proc/thread-self/fail-nth", O_RDWR | O_CLOEXEC);
	return w->fd >= 0 && put("failslab", "verbose", "0") &&
	       put("failslab", "ignore-gfp-wait", "N") &&
	       put("fail_page_alloc", "verbose", "0") &&
	       put("fail_page_alloc", "ignore-gfp-wait", "N") &&
	       put("fail_page_alloc", "ignore-gfp-highmem", "N") &&
	       put("fail_page_alloc", "min-order", "0") &&
	       put("fail_usercopy", "verbose", "0");
}

/* On to the next; false once the last was not reached. */
static inline bool walk_on(struct walk *w)
{
	return w->hit && ++w->n < FAULTS;
}

static inline void walk_arm(const struct walk *w)
{
	char number[16];
	int len = snprintf(number, sizeof(number), "%d", w->n);

	if (pwrite(w->fd, number, len, 0) != len)
		_exit(99);
}

static inline void walk_disarm(struct walk *w)
{
	char left[16] = "";
	int error = errno;

	/* If this read is what fails, then nothing failed before. */
	w->hit = pread(w->fd, left, sizeof(left) - 1, 0) > 0 && !atoi(left);
	/* Or if this write is, then it is the last thing to fail. */
	if (pwrite(w->fd, "0", 1, 0) != 1 && pwrite(w->fd, "0", 1, 0) != 1)
		_exit(99);
	errno = error;
}

/* Something failed, and in the end nothing. */
static inline bool walk_ended(struct walk *w)
{
	close(w->fd);
	/* Once per call: the copy of the answer, which follows a probe. */
	return !w->hit && w->n > 1 && w->untold <= 1;
}

/* A call's result with the failure. */
#define FAULTY(w, call)         \
	({                      \
		long ret_;      \
		walk_arm(w);    \
		ret_ = (call);  \
		walk_disarm(w); \
		ret_;           \
	})

/* How a call may fail if something does. */
static inline bool is_fault(const struct walk *w, long ret)
{
	return w->hit && (ret == -ENOMEM || ret == -EFAULT);
}

#endif /* FASTIPC_TEST_NTH_H */
