#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# tool_lib.sh: what the tests of the fastipc command share; they source it.
# They need the module loaded; FASTIPC_TOOL is the command's folder, otherwise
# it is that of the build, or in the path.

here=$(cd "$(dirname "$0")" && pwd)
PATH=${FASTIPC_TOOL:-$here/../build/tools}:$PATH
work=$(mktemp -d)
count=0
failed=0

trap 'rm -rf "$work"' EXIT
cd "$work" || exit 1

# result NAME COMMAND...: ok if the command succeeds
result() {
	local name=$1 verdict=ok
	shift
	"$@" || verdict='not ok' failed=1
	count=$((count + 1))
	echo "$verdict $count $name"
}

# skip NAME WHY
skip() {
	count=$((count + 1))
	echo "ok $count $1 # SKIP $2"
}

# prints STATUS TEXT COMMAND...: that output, errors too, and that exit status
prints() {
	local status=$1 text=$2 got
	shift 2
	timeout -k 5 100 "$@" >out 2>&1 </dev/null
	got=$?
	sed -i 's/"seconds":[0-9.]*/"seconds":S/' out
	[ "$got" = "$status" ] || echo "# status $got, not $status: $*"
	diff <([ -z "$text" ] || echo "$text") out >difference
	sed 's/^/# /' difference
	[ "$got" = "$status" ] && [ ! -s difference ]
}

# run STATUS TEXT ARGUMENT...: what "fastipc run" prints
run() {
	local status=$1 text=$2
	shift 2
	prints "$status" "$text" fastipc run "$@"
}

counters() {
	(cd /sys/module/fastipc/parameters &&
		cat channels endpoints bytes late_wakes)
}

# The last close of a dead process may still be under way.
nothing_is_left() {
	local try
	for try in $(seq 100); do
		[ "$(counters)" != "$at_start" ] || return 0
		sleep 0.1
	done
	echo "# channels, endpoints, bytes, late wakes after $try tries:"
	counters | sed 's/^/# /'
	return 1
}

# What is moved: binary, some rings long, with a newline behind it, of which a slow
# kernel moves a tenth where that is as good; and a tree.  And a FIFO, for who waits
# for another.
make_data() {
	mkfifo fifo
	head -c 3000000 /dev/urandom >data
	echo >>data
	blocks=3000
	[ "${FASTIPC_TEST_SHARE:-1}" = 1 ] || blocks=300
	(head -c ${blocks}000 data && echo) >part
	mkdir -p tree/deep/er
	head -c 300000 data >tree/big
	: >tree/deep/empty
	echo 'some text' >'tree/deep/er/a name'
	chmod 640 tree/big
	chmod 755 'tree/deep/er/a name'
	chmod 400 tree/deep/empty
}

modes() { (cd "$1" && find . -type f -printf '%m %p\n' | sort); }

# same_tree COPY: with the same permissions
same_tree() { diff -r tree "$1" && [ "$(modes tree)" = "$(modes "$1")" ]; }

# finish: the last test, the plan, and the exit status
finish() {
	result "nothing is left" nothing_is_left
	echo "1..$count"
	exit $failed
}

at_start=$(counters)
make_data
echo "TAP version 13"
