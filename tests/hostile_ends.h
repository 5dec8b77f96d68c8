/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Ends, deaths and successors with a word of the attacker's in place; and the
 * list of all steps.  Include hostile_steps.h first.
 */
#ifndef FASTIPC_TEST_HOSTILE_ENDS_H
#define FASTIPC_TEST_HOSTILE_ENDS_H

/* Ends and successors -------------------------------------------------------- */

/* Another process's handle of the same end; here the same process's. */
static inline bool succeed_victim(struct trial *t)
{
	int fd = fastipc_fd(t->d.victim), copy;
	struct fastipc_control *own;

	if (t->d.kernel) {
		/* Somebody had it mapped: the kernel goes on where that stopped. */
		own = raw_map_control(fd);
		if (!own || munmap(own, t->d.evil.info.control_bytes))
			return wrong(t, "the victim's end cannot be mapped");
	} else {
		copy = fcntl(fd, F_DUPFD_CLOEXEC, 0);
		fastipc_close(t->d.victim);
		t->d.victim = NULL;
		if (fastipc_adopt(&t->d.victim, copy))
			return wrong(t, "the victim's end cannot be adopted");
		t->d.end[1] = t->d.victim;
	}
	return sends(t, 200, 0) && receives_all(t);
}

/* The kernel goes on where the attacker stopped. */
static inline bool succeed_attacker(struct trial *t)
{
	struct fastipc_recv recv;
	char buf[RING];
	int ret;

	raw_unmap_end(&t->d.evil);
	memset(&t->d.evil, 0, sizeof(t->d.evil));
	ret = raw_recv(t->d.fd, &recv, buf, sizeof(buf), 0);
	if (ret == 1 ? recv.len > t->d.limit :
		       ret != -EAGAIN && ret != -EBADMSG)
		return wrong(t, "the attacker receives");
	memset(buf, 4, 4);
	ret = raw_send(t->d.fd, buf, 4, 0);
	if (ret != 1 && ret != -EAGAIN && ret != -EBADMSG)
		return wrong(t, "the attacker sends");
	return sends(t, 8, 0) && receives_all(t);
}

static inline bool lose_attacker(struct trial *t)
{
	t->may_end = true;
	duel_lose(&t->d);
	if (!receives_all(t) || !sends(t, 8, 0))
		return false;
	if (t->result != -ECONNRESET && t->result != -EBADMSG)
		return wrong(t, "a dead peer that takes messages");
	if (!receives(t, RING, -1))
		return false;
	return t->result < 0 || wrong(t, "a dead peer that has messages");
}

static inline bool shut(struct trial *t)
{
	int fd = fastipc_fd(t->d.victim);

	t->may_end = true;
	if (t->d.kernel ?
		    raw_shutdown(fd, FASTIPC_SHUT_SEND | FASTIPC_SHUT_RECV) :
		    fastipc_shutdown(t->d.victim,
				     FASTIPC_SHUT_SEND | FASTIPC_SHUT_RECV))
		return wrong(t, "shutdown");
	if (!receives_all(t) || !sends(t, 8, 0))
		return false;
	return t->result == -EPIPE || t->result == -EBADMSG ||
	       wrong(t, "sends after shutdown");
}

static inline bool leave(struct trial *t)
{
	any_close(t->d.victim, t->d.kernel);
	t->d.victim = NULL;
	/* Whatever is there, the attacker comes back from it. */
	raw_sync(t->d.fd, FASTIPC_SYNC_WAIT_RECV, 1000000);
	raw_sync_send(t->d.fd, 0, 8, 1000000);
	return true;
}

/* The steps ------------------------------------------------------------------- */

enum sort { NOW, USED_UP, ASLEEP };

/**
 * struct step - what the victim does
 * @name: for people
 * @prepare: before the poke, honestly
 * @act: after it
 * @sort: the pair is used up; or the poke comes in its sleep
 * @library: has no counterpart among the kernel's calls
 * @line: in which direction it sleeps
 */
struct step {
	const char *name;
	bool (*prepare)(struct trial *t);
	bool (*act)(struct trial *t);
	enum sort sort;
	bool library;
	enum direction line;
};

/* clang-format off */
#define S_NOW(...)     { __VA_ARGS__, NOW, false, SENDING }
#define S_LIBRARY(...) { __VA_ARGS__, NOW, true, SENDING }
#define S_USED(...)    { __VA_ARGS__, USED_UP, false, SENDING }
#define S_SPACE(...)   { __VA_ARGS__, ASLEEP, false, SENDING }
#define S_MESSAGE(...) { __VA_ARGS__, ASLEEP, false, RECEIVING }
#define S_REPLY(...)   { __VA_ARGS__, ASLEEP, true, RECEIVING }
/* clang-format on */

static const struct step steps[] = {
	S_NOW("send, empty", nothing, send_small),
	S_NOW("send, much", nothing, send_large),
	S_NOW("send, full", fill, send_large),
	S_NOW("send, batch withheld", withhold, send_behind_batch),
	S_LIBRARY("commit", reserve, commit),
	S_NOW("send an array", nothing, send_array),
	S_NOW("send an array, full", fill, send_array),
	S_NOW("drain, nothing", nothing, drain_now),
	S_NOW("drain", send_small, drain_now),
	S_NOW("receive, empty", nothing, recv_one),
	S_NOW("receive, one", one_comes, recv_one),
	S_NOW("receive, several", some_come, receives_all),
	S_NOW("receive, too little room", one_comes, recv_into_little),
	S_LIBRARY("take, outstanding", take_two, take_and_give_back),
	S_NOW("receive an array", some_come, recv_array),
	S_NOW("poll", nothing, poll_and_use),
	S_NOW("poll, full", fill, poll_and_use),
	S_NOW("SYNC", nothing, sync_both),
	S_NOW("SYNC, full", fill, sync_both),
	S_NOW("INFO and STAT", fill, look_at_it),
	S_USED("take over, empty", nothing, succeed_victim),
	S_USED("take over, full", fill, succeed_victim),
	S_USED("take over, several", some_come, succeed_victim),
	S_USED("attacker's successor", one_comes, succeed_attacker),
	S_USED("attacker's successor, full", fill, succeed_attacker),
	S_USED("attacker's death", some_come, lose_attacker),
	S_USED("attacker's death, full", fill, lose_attacker),
	S_USED("shutdown", some_come, shut),
	S_USED("shutdown, batch withheld", withhold, shut),
	S_USED("close", fill, leave),
	S_USED("close, batch withheld", withhold, leave),
	S_SPACE("asleep in send", fill, sleep_in_send),
	S_MESSAGE("asleep in receive", nothing, sleep_in_recv),
	S_SPACE("asleep in SYNC, full", fill, sleep_in_sync_send),
	S_MESSAGE("asleep in SYNC, empty", nothing, sleep_in_sync_recv),
	S_MESSAGE("asleep in poll", nothing, sleep_in_poll),
	S_SPACE("asleep in poll, full", fill, sleep_in_pollout),
	S_MESSAGE("asleep in epoll", nothing, sleep_in_epoll),
	S_SPACE("asleep in drain", send_small, sleep_in_drain),
	S_REPLY("asleep in exchange", nothing, sleep_in_exchange),
};

#define NR_STEPS ((int)(sizeof(steps) / sizeof(steps[0])))

#endif /* FASTIPC_TEST_HOSTILE_ENDS_H */
