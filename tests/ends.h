/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * How a direction ends, by its own end or by the peer: what the tests of sending
 * and of receiving share.  Include fastipc_test.h first.
 */
#ifndef FASTIPC_TEST_ENDS_H
#define FASTIPC_TEST_ENDS_H

static inline int shut_send(int fd)
{
	return raw_shutdown(fd, FASTIPC_SHUT_SEND);
}

static inline int shut_recv(int fd)
{
	return raw_shutdown(fd, FASTIPC_SHUT_RECV);
}

static inline int close_in_order(int fd)
{
	return raw_shutdown(fd, FASTIPC_SHUT_ON_CLOSE) ?: close(fd);
}

/*
 * A fixture with a pair of small rings, direct and sealed, and as variants who
 * ends a direction of end 0, how, and the errno that it gets then: @own shuts it
 * at end 0, @peers at end 1.
 */
#define FIXTURE_OF_ENDS(type, own, peers)                                  \
	FIXTURE(type)                                                      \
	{                                                                  \
		int fd[2];                                                 \
	};                                                                 \
	FIXTURE_VARIANT(type)                                              \
	{                                                                  \
		__u32 flags;                                               \
		int whose; /* end that does it */                          \
		int (*how)(int fd);                                        \
		int error; /* of end 0 */                                  \
	};                                                                 \
	VARIANTS_OF_ENDS(type, direct, 0, own, peers);                     \
	VARIANTS_OF_ENDS(type, sealed, FASTIPC_SEALED, own, peers);        \
	FIXTURE_SETUP(type)                                                \
	{                                                                  \
		ASSERT_EQ(0, raw_pair_of(self->fd, 4096, variant->flags)); \
	}                                                                  \
	FIXTURE_TEARDOWN(type)                                             \
	{                                                                  \
		close(self->fd[0]);                                        \
		close(self->fd[1]);                                        \
	}

#define VARIANTS_OF_ENDS(type, sort, flags, own, peers)                    \
	FIXTURE_VARIANT_ADD(type, sort##_own_shutdown) { flags, 0, own,     \
							EPIPE };           \
	FIXTURE_VARIANT_ADD(type, sort##_peers_shutdown) { flags, 1, peers, \
							  EPIPE };         \
	FIXTURE_VARIANT_ADD(type, sort##_orderly_close) { flags, 1,         \
							 close_in_order,   \
							 EPIPE };          \
	FIXTURE_VARIANT_ADD(type, sort##_death)                            \
	{                                                                  \
		flags, 1, close, ECONNRESET                                \
	}

#endif /* FASTIPC_TEST_ENDS_H */
