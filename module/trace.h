/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * DOC: trace.h - tracepoints, under events/fastipc/ of tracefs
 */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM fastipc

#if !defined(FASTIPC_TRACE_H) || defined(TRACE_HEADER_MULTI_READ)
#define FASTIPC_TRACE_H

#include <linux/tracepoint.h>

TRACE_EVENT(fastipc_setup,
	TP_PROTO(u64 channel, u64 ring_bytes, u64 max_message),
	TP_ARGS(channel, ring_bytes, max_message),
	TP_STRUCT__entry(
		__field(u64, channel)
		__field(u64, ring_bytes)
		__field(u64, max_message)
	),
	TP_fast_assign(
		__entry->channel = channel;
		__entry->ring_bytes = ring_bytes;
		__entry->max_message = max_message;
	),
	TP_printk("channel=%llu ring_bytes=%llu max_message=%llu",
		  __entry->channel, __entry->ring_bytes, __entry->max_message)
);

DECLARE_EVENT_CLASS(fastipc_direction,
	TP_PROTO(u64 channel, unsigned int end, unsigned int direction,
		 u64 value),
	TP_ARGS(channel, end, direction, value),
	TP_STRUCT__entry(
		__field(u64, channel)
		__field(u64, value)
		__field(u8, end)
		__field(u8, direction)
	),
	TP_fast_assign(
		__entry->channel = channel;
		__entry->value = value;
		__entry->end = end;
		__entry->direction = direction;
	),
	TP_printk("channel=%llu end=%u %s value=%llu", __entry->channel,
		  __entry->end, __entry->direction ? "send" : "recv",
		  __entry->value)
);

/* A task goes to sleep; value: what it wants. */
DEFINE_EVENT(fastipc_direction, fastipc_sleep,
	TP_PROTO(u64 channel, unsigned int end, unsigned int direction,
		 u64 value),
	TP_ARGS(channel, end, direction, value)
);

/* Somebody who was armed is woken; value: what it wanted. */
DEFINE_EVENT(fastipc_direction, fastipc_wake,
	TP_PROTO(u64 channel, unsigned int end, unsigned int direction,
		 u64 value),
	TP_ARGS(channel, end, direction, value)
);

/* A direction ended; value: the errno. */
DEFINE_EVENT(fastipc_direction, fastipc_ended,
	TP_PROTO(u64 channel, unsigned int end, unsigned int direction,
		 u64 value),
	TP_ARGS(channel, end, direction, value)
);

/* The peer broke the rules of a ring; value: the end's own position. */
DEFINE_EVENT(fastipc_direction, fastipc_poisoned,
	TP_PROTO(u64 channel, unsigned int end, unsigned int direction,
		 u64 value),
	TP_ARGS(channel, end, direction, value)
);

#endif /* FASTIPC_TRACE_H */

#undef TRACE_INCLUDE_PATH
#define TRACE_INCLUDE_PATH .
#undef TRACE_INCLUDE_FILE
#define TRACE_INCLUDE_FILE trace
#include <trace/define_trace.h>
