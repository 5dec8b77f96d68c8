/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The roles, and how processes get into them.  Include kill_recv.h first.
 */
#ifndef FASTIPC_TEST_KILL_STAGE_H
#define FASTIPC_TEST_KILL_STAGE_H

enum side { SENDS, RECEIVES, ASKS, ANSWERS, WATCHES };

static const struct role {
	const char *name;
	int (*step)(struct worker *w);
	enum side side;
	bool kernel; /* knows only the kernel's calls */
} roles[] = {
	{ "send", send_plain, SENDS, false },
	{ "reserve", send_reserved, SENDS, false },
	{ "sendv", send_array, SENDS, false },
	{ "batch", send_batch, SENDS, false },
	{ "drain", send_and_drain, SENDS, false },
	{ "pollout", send_polled, SENDS, false },
	{ "sender idle", idle, SENDS, false },
	{ "write", send_plain, SENDS, true },
	{ "SEND array", send_array, SENDS, true },
	{ "SEND batch", send_batch, SENDS, true },
	{ "SEND pollout", send_polled, SENDS, true },
	{ "SEND submitted", send_submitted, SENDS, true },
	{ "recv", receive_plain, RECEIVES, false },
	{ "take", receive_taken, RECEIVES, false },
	{ "takev", receive_array, RECEIVES, false },
	{ "epoll", receive_epolled, RECEIVES, false },
	{ "signal", receive_signalled, RECEIVES, false },
	{ "receiver idle", idle, RECEIVES, false },
	{ "read", receive_plain, RECEIVES, true },
	{ "RECV array", receive_array, RECEIVES, true },
	{ "RECV epoll", receive_epolled, RECEIVES, true },
	{ "RECV pollin", receive_polled, RECEIVES, true },
	{ "RECV signal", receive_signalled, RECEIVES, true },
	{ "RECV submitted", receive_submitted, RECEIVES, true },
	{ "READ submitted", receive_read, RECEIVES, true },
	{ "client", ask, ASKS, false },
	{ "SEND client", ask, ASKS, true },
	{ "server", answer, ANSWERS, false },
	{ "SEND server", answer, ANSWERS, true },
	{ "holder", hold, WATCHES, true },
	{ "poller", watch, WATCHES, true },
	{ "epoll waiter", watch_edges, WATCHES, true },
	{ "mapper", look_on, WATCHES, true },
};

#define NR_ROLES ((int)(sizeof(roles) / sizeof(roles[0])))

/* Of all supervisors */
struct totals {
	long kills[NR_ROLES];
	long all;
	long rounds;
	long messages;
	bool stop;
};

/**
 * struct stage - one pair and its users
 * @totals: what to count in
 * @ledger: the pair's
 * @x: random
 * @fd: the ends
 * @sender: which end sends, or asks
 * @sealed: the pair
 * @exchange: the ends ask and answer
 * @pid: by end, and who only watches; 0: nobody
 * @role: what they do
 */
struct stage {
	struct totals *totals;
	struct ledger *ledger;
	uint64_t x;
	int fd[2];
	int sender;
	bool sealed;
	bool exchange;
	pid_t pid[3];
	const struct role *role[3];
};

static inline uint64_t random_next(struct stage *s)
{
	s->x ^= s->x << 13;
	s->x ^= s->x >> 7;
	s->x ^= s->x << 17;
	return s->x >> 8;
}

/* Workers ------------------------------------------------------------------ */

static inline void work(struct stage *s, int who)
{
	const struct role *role = s->role[who];
	struct worker w = { .ledger = s->ledger,
			    .end = who < 2 ? who : s->x % 2,
			    .sealed = s->sealed };
	int ret = 0;

	w.fd = s->fd[w.end];
	if (role->step != hold)
		close(s->fd[!w.end]);
	if (who == s->sender) {
		w.life = s->ledger->lives - 1;
		w.number = life_now(&w)->intended;
		life_now(&w)->kept = role->kernel || s->sealed;
	} else {
		w.slack = s->ledger->window;
	}
	if (!role->kernel)
		ret = fastipc_adopt(&w.f, w.fd);
	if (who < 2)
		s->ledger->began[who] = true;
	while (!ret)
		ret = role->step(&w);
	if (!is_end(ret))
		COMPLAIN(s->ledger, "%s: %s", role->name, strerror(-ret));
	_exit(is_end(ret) ? 0 : 1);
}

static inline const struct role *choose(struct stage *s, enum side side)
{
	const struct role *role;

	do {
		role = &roles[random_next(s) % NR_ROLES];
	} while (role->side != side);
	return role;
}

static inline bool start(struct stage *s, int who)
{
	enum side side = WATCHES;

	if (who < 2 && s->exchange)
		side = who == s->sender ? ASKS : ANSWERS;
	else if (who < 2)
		side = who == s->sender ? SENDS : RECEIVES;
	if (who == s->sender)
		sender_begins(s->ledger);
	if (who < 2)
		s->ledger->began[who] = false;
	s->role[who] = choose(s, side);
	s->pid[who] = fork_bound();
	if (!s->pid[who])
		work(s, who);
	return s->pid[who] > 0;
}

#endif /* FASTIPC_TEST_KILL_STAGE_H */
