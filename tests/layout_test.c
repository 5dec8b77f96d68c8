// SPDX-License-Identifier: GPL-2.0-only
/*
 * The layout of what is shared: sizes and places of every field, and no cache
 * line with two writers.  Needs no module.
 */
#include "kselftest_harness.h"
#include "fastipc_test.h"

#include <stddef.h>

#define LINE 64

TEST(layout_of_setup)
{
	ASSERT_EQ(0, offsetof(struct fastipc_setup, size));
	ASSERT_EQ(4, offsetof(struct fastipc_setup, flags));
	ASSERT_EQ(8, offsetof(struct fastipc_setup, kind));
	ASSERT_EQ(12, offsetof(struct fastipc_setup, reserved));
	ASSERT_EQ(16, offsetof(struct fastipc_setup, ring_bytes));
	ASSERT_EQ(24, offsetof(struct fastipc_setup, max_message));
	ASSERT_EQ(32, sizeof(struct fastipc_setup));
	ASSERT_EQ(32, FASTIPC_SETUP_SIZE_VER0);
}

TEST(layout_of_attach)
{
	ASSERT_EQ(0, offsetof(struct fastipc_attach, size));
	ASSERT_EQ(4, offsetof(struct fastipc_attach, flags));
	ASSERT_EQ(8, offsetof(struct fastipc_attach, end));
	ASSERT_EQ(12, offsetof(struct fastipc_attach, reserved));
	ASSERT_EQ(16, offsetof(struct fastipc_attach, timeout_ns));
	ASSERT_EQ(24, sizeof(struct fastipc_attach));
	ASSERT_EQ(24, FASTIPC_ATTACH_SIZE_VER0);
}

TEST(layout_of_peer)
{
	ASSERT_EQ(0, offsetof(struct fastipc_peer, size));
	ASSERT_EQ(4, offsetof(struct fastipc_peer, flags));
	ASSERT_EQ(8, sizeof(struct fastipc_peer));
	ASSERT_EQ(8, FASTIPC_PEER_SIZE_VER0);
}

TEST(layout_of_info)
{
	ASSERT_EQ(0, offsetof(struct fastipc_info, size));
	ASSERT_EQ(4, offsetof(struct fastipc_info, flags));
	ASSERT_EQ(8, offsetof(struct fastipc_info, kind));
	ASSERT_EQ(12, offsetof(struct fastipc_info, end));
	ASSERT_EQ(16, offsetof(struct fastipc_info, rights));
	ASSERT_EQ(20, offsetof(struct fastipc_info, control_bytes));
	ASSERT_EQ(24, offsetof(struct fastipc_info, ring_bytes));
	ASSERT_EQ(32, offsetof(struct fastipc_info, max_message));
	ASSERT_EQ(40, offsetof(struct fastipc_info, own_control));
	ASSERT_EQ(48, offsetof(struct fastipc_info, peer_control));
	ASSERT_EQ(56, offsetof(struct fastipc_info, send_ring));
	ASSERT_EQ(64, offsetof(struct fastipc_info, recv_ring));
	ASSERT_EQ(72, offsetof(struct fastipc_info, features));
	ASSERT_EQ(80, offsetof(struct fastipc_info, endpoint));
	ASSERT_EQ(88, offsetof(struct fastipc_info, peer_endpoint));
	ASSERT_EQ(96, offsetof(struct fastipc_info, peer_state));
	ASSERT_EQ(100, offsetof(struct fastipc_info, peer_pid));
	ASSERT_EQ(104, offsetof(struct fastipc_info, peer_uid));
	ASSERT_EQ(108, offsetof(struct fastipc_info, peer_gid));
	ASSERT_EQ(112, offsetof(struct fastipc_info, attached));
	ASSERT_EQ(116, offsetof(struct fastipc_info, reserved));
	ASSERT_EQ(120, sizeof(struct fastipc_info));
	ASSERT_EQ(120, FASTIPC_INFO_SIZE_VER0);
}

TEST(layout_of_map)
{
	ASSERT_EQ(0, offsetof(struct fastipc_map, size));
	ASSERT_EQ(4, offsetof(struct fastipc_map, flags));
	ASSERT_EQ(8, sizeof(struct fastipc_map));
	ASSERT_EQ(8, FASTIPC_MAP_SIZE_VER0);
}

TEST(layout_of_send)
{
	ASSERT_EQ(0, offsetof(struct fastipc_send, size));
	ASSERT_EQ(4, offsetof(struct fastipc_send, flags));
	ASSERT_EQ(8, offsetof(struct fastipc_send, data));
	ASSERT_EQ(16, offsetof(struct fastipc_send, len));
	ASSERT_EQ(24, offsetof(struct fastipc_send, tag));
	ASSERT_EQ(32, offsetof(struct fastipc_send, timeout_ns));
	ASSERT_EQ(40, offsetof(struct fastipc_send, then));
	ASSERT_EQ(48, offsetof(struct fastipc_send, sent));
	ASSERT_EQ(52, offsetof(struct fastipc_send, reserved));
	ASSERT_EQ(56, sizeof(struct fastipc_send));
	ASSERT_EQ(56, FASTIPC_SEND_SIZE_VER0);
}

TEST(layout_of_send_item)
{
	ASSERT_EQ(0, offsetof(struct fastipc_send_item, data));
	ASSERT_EQ(8, offsetof(struct fastipc_send_item, len));
	ASSERT_EQ(16, offsetof(struct fastipc_send_item, tag));
	ASSERT_EQ(24, offsetof(struct fastipc_send_item, flags));
	ASSERT_EQ(28, offsetof(struct fastipc_send_item, reserved));
	ASSERT_EQ(32, sizeof(struct fastipc_send_item));
}

TEST(layout_of_recv)
{
	ASSERT_EQ(0, offsetof(struct fastipc_recv, size));
	ASSERT_EQ(4, offsetof(struct fastipc_recv, flags));
	ASSERT_EQ(8, offsetof(struct fastipc_recv, data));
	ASSERT_EQ(16, offsetof(struct fastipc_recv, len));
	ASSERT_EQ(24, offsetof(struct fastipc_recv, tag));
	ASSERT_EQ(32, offsetof(struct fastipc_recv, timeout_ns));
	ASSERT_EQ(40, offsetof(struct fastipc_recv, reserved));
	ASSERT_EQ(48, offsetof(struct fastipc_recv, stamp));
	ASSERT_EQ(96, sizeof(struct fastipc_recv));
	ASSERT_EQ(96, FASTIPC_RECV_SIZE_VER0);
}

TEST(layout_of_recv_item)
{
	ASSERT_EQ(0, offsetof(struct fastipc_recv_item, data));
	ASSERT_EQ(8, offsetof(struct fastipc_recv_item, len));
	ASSERT_EQ(16, offsetof(struct fastipc_recv_item, tag));
	ASSERT_EQ(24, offsetof(struct fastipc_recv_item, flags));
	ASSERT_EQ(28, offsetof(struct fastipc_recv_item, reserved));
	ASSERT_EQ(32, offsetof(struct fastipc_recv_item, stamp));
	ASSERT_EQ(80, sizeof(struct fastipc_recv_item));
}

TEST(layout_of_stamp)
{
	ASSERT_EQ(0, offsetof(struct fastipc_stamp, seq));
	ASSERT_EQ(8, offsetof(struct fastipc_stamp, endpoint));
	ASSERT_EQ(16, offsetof(struct fastipc_stamp, time_ns));
	ASSERT_EQ(24, offsetof(struct fastipc_stamp, pid));
	ASSERT_EQ(28, offsetof(struct fastipc_stamp, uid));
	ASSERT_EQ(32, offsetof(struct fastipc_stamp, gid));
	ASSERT_EQ(36, offsetof(struct fastipc_stamp, priority));
	ASSERT_EQ(40, offsetof(struct fastipc_stamp, reserved));
	ASSERT_EQ(48, sizeof(struct fastipc_stamp));
	ASSERT_EQ(48, FASTIPC_STAMP_BYTES);
}

TEST(layout_of_sync)
{
	ASSERT_EQ(0, offsetof(struct fastipc_sync, size));
	ASSERT_EQ(4, offsetof(struct fastipc_sync, flags));
	ASSERT_EQ(8, offsetof(struct fastipc_sync, position));
	ASSERT_EQ(16, offsetof(struct fastipc_sync, need));
	ASSERT_EQ(24, offsetof(struct fastipc_sync, timeout_ns));
	ASSERT_EQ(32, sizeof(struct fastipc_sync));
	ASSERT_EQ(32, FASTIPC_SYNC_SIZE_VER0);
}

TEST(layout_of_stat)
{
	ASSERT_EQ(0, offsetof(struct fastipc_stat, size));
	ASSERT_EQ(4, offsetof(struct fastipc_stat, flags));
	ASSERT_EQ(8, offsetof(struct fastipc_stat, bytes));
	ASSERT_EQ(16, offsetof(struct fastipc_stat, sent));
	ASSERT_EQ(24, offsetof(struct fastipc_stat, released));
	ASSERT_EQ(32, offsetof(struct fastipc_stat, peer_sent));
	ASSERT_EQ(40, offsetof(struct fastipc_stat, peer_released));
	ASSERT_EQ(48, offsetof(struct fastipc_stat, syncs));
	ASSERT_EQ(56, offsetof(struct fastipc_stat, sleeps));
	ASSERT_EQ(64, offsetof(struct fastipc_stat, wakes));
	ASSERT_EQ(72, offsetof(struct fastipc_stat, late_wakes));
	ASSERT_EQ(80, offsetof(struct fastipc_stat, sends));
	ASSERT_EQ(88, offsetof(struct fastipc_stat, recvs));
	ASSERT_EQ(96, offsetof(struct fastipc_stat, bounces));
	ASSERT_EQ(104, offsetof(struct fastipc_stat, alerts));
	ASSERT_EQ(112, offsetof(struct fastipc_stat, barriers));
	ASSERT_EQ(120, sizeof(struct fastipc_stat));
	ASSERT_EQ(120, FASTIPC_STAT_SIZE_VER0);
}

TEST(layout_of_shutdown)
{
	ASSERT_EQ(0, offsetof(struct fastipc_shutdown, size));
	ASSERT_EQ(4, offsetof(struct fastipc_shutdown, how));
	ASSERT_EQ(8, sizeof(struct fastipc_shutdown));
	ASSERT_EQ(8, FASTIPC_SHUTDOWN_SIZE_VER0);
}

TEST(layout_of_record)
{
	ASSERT_EQ(0, offsetof(struct fastipc_record, word));
	ASSERT_EQ(8, offsetof(struct fastipc_record, tag));
	ASSERT_EQ(16, sizeof(struct fastipc_record));
	ASSERT_EQ(16, FASTIPC_ALIGN);
}

TEST(layout_of_waitline)
{
	ASSERT_EQ(0, offsetof(struct fastipc_waitline, want));
	ASSERT_EQ(8, offsetof(struct fastipc_waitline, ended));
	ASSERT_EQ(12, offsetof(struct fastipc_waitline, reserved0));
	ASSERT_EQ(16, offsetof(struct fastipc_waitline, reserved1));
	ASSERT_EQ(64, offsetof(struct fastipc_waitline, alert));
	ASSERT_EQ(68, offsetof(struct fastipc_waitline, reserved2));
	ASSERT_EQ(128, sizeof(struct fastipc_waitline));
}

TEST(layout_of_control)
{
	ASSERT_EQ(0, offsetof(struct fastipc_control, sent));
	ASSERT_EQ(8, offsetof(struct fastipc_control, reserved0));
	ASSERT_EQ(0x80, offsetof(struct fastipc_control, released));
	ASSERT_EQ(0x88, offsetof(struct fastipc_control, taken));
	ASSERT_EQ(0x90, offsetof(struct fastipc_control, seen));
	ASSERT_EQ(0x98, offsetof(struct fastipc_control, reserved1));
	ASSERT_EQ(0x100, offsetof(struct fastipc_control, recv));
	ASSERT_EQ(0x180, offsetof(struct fastipc_control, send));
	ASSERT_EQ(0x200, sizeof(struct fastipc_control));
}

/* Who writes the words of a control page, as the header says. */
static const struct word {
	size_t at;
	char writer;
} words[] = {
	{ offsetof(struct fastipc_control, sent), 'p' },
	{ offsetof(struct fastipc_control, released), 'c' },
	{ offsetof(struct fastipc_control, taken), 'c' },
	{ offsetof(struct fastipc_control, recv.want), 'k' },
	{ offsetof(struct fastipc_control, recv.ended), 'k' },
	{ offsetof(struct fastipc_control, send.want), 'k' },
	{ offsetof(struct fastipc_control, send.ended), 'k' },
};

TEST(no_cache_line_has_two_writers)
{
	size_t i, k;

	for (i = 0; i < ARRAY_SIZE(words); i++)
		for (k = 0; k < i; k++)
			ASSERT_TRUE(words[i].at / LINE != words[k].at / LINE ||
				    words[i].writer == words[k].writer);
}

TEST(alert_has_a_line_of_its_own)
{
	size_t recv = offsetof(struct fastipc_control, recv.alert) / LINE;
	size_t send = offsetof(struct fastipc_control, send.alert) / LINE;
	size_t i;

	ASSERT_NE(recv, send);
	for (i = 0; i < ARRAY_SIZE(words); i++) {
		ASSERT_NE(recv, words[i].at / LINE);
		ASSERT_NE(send, words[i].at / LINE);
	}
}

TEST(producer_and_consumer_are_two_lines_apart)
{
	size_t i, k;

	for (i = 0; i < ARRAY_SIZE(words); i++)
		for (k = 0; k < ARRAY_SIZE(words); k++)
			if (words[i].writer == 'p' && words[k].writer == 'c')
				ASSERT_NE(words[i].at / (2 * LINE),
					  words[k].at / (2 * LINE));
}

TEST(numbers_of_commands)
{
	ASSERT_EQ(0xfa00, FASTIPC_SETUP);
	ASSERT_EQ(0xfa01, FASTIPC_ATTACH);
	ASSERT_EQ(0xfa02, FASTIPC_PEER);
	ASSERT_EQ(0xfa03, FASTIPC_INFO);
	ASSERT_EQ(0xfa04, FASTIPC_MAP);
	ASSERT_EQ(0xfa05, FASTIPC_SEND);
	ASSERT_EQ(0xfa06, FASTIPC_RECV);
	ASSERT_EQ(0xfa09, FASTIPC_SYNC);
	ASSERT_EQ(0xfa0a, FASTIPC_STAT);
	ASSERT_EQ(0xfa0b, FASTIPC_SHUTDOWN);
}

TEST(footprints)
{
	ASSERT_EQ(16, FASTIPC_FOOTPRINT(0));
	ASSERT_EQ(32, FASTIPC_FOOTPRINT(1));
	ASSERT_EQ(32, FASTIPC_FOOTPRINT(16));
	ASSERT_EQ(48, FASTIPC_FOOTPRINT(17));
	ASSERT_EQ(0x100000010ULL, FASTIPC_FOOTPRINT(0xffffffffU));
	ASSERT_EQ(64, FASTIPC_SEALED_FOOTPRINT(0));
	ASSERT_EQ(80, FASTIPC_SEALED_FOOTPRINT(1));
	ASSERT_EQ(80, FASTIPC_SEALED_FOOTPRINT(16));
	ASSERT_EQ(0x100000040ULL, FASTIPC_SEALED_FOOTPRINT(0xffffffffU));
}

TEST_HARNESS_MAIN
