#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The harness itself: a command's status comes back, and whatever else a guest
# can do than succeed is a failure.  Prints TAP.
set -uo pipefail
cd "$(dirname "$0")/../.." || exit 1
kernel=$(tests/vm/fetch.sh kernel 6.12) || exit 1
out=$(mktemp)
trap 'rm -f "$out"' EXIT
count=0 failed=0

# expect STATUS TEXT NAME VM-ARGUMENT...: that status, and that text in the output
expect() {
	local status=$1 text=$2 name=$3 got
	shift 3
	tests/vm/vm.sh -k "$kernel" "$@" >"$out" 2>&1
	got=$?
	count=$((count + 1))
	if [ "$got" = "$status" ] && grep -qF -- "$text" "$out"; then
		echo "ok $count - $name"
	else
		failed=1
		echo "not ok $count - $name"
		echo "# status $got instead of $status, or no '$text':"
		sed 's/^/# /' "$out"
	fi
}

# result NAME COMMAND...
result() {
	local name=$1 verdict=ok
	shift
	"$@" || verdict='not ok' failed=1
	count=$((count + 1))
	echo "$verdict $count - $name"
}

interrupt() {
	local vm qemu
	tests/vm/vm.sh -k "$kernel" -- sleep 1000 >"$out" 2>&1 &
	vm=$!
	for _ in $(seq 300); do
		qemu=$(pgrep -P "$(pgrep -P "$vm" timeout)" qemu 2>/dev/null) && break
		sleep 0.1
	done
	[ -n "$qemu" ] || return 1
	kill "$vm"
	wait "$vm"
	[ ! -e "/proc/$qemu" ]
}

# shellcheck disable=SC2016 # expanded in the guest
{
	echo "TAP version 13"
	echo "1..11"
	expect 0 "guest" "success, and output" -- uname -n
	expect 42 "leaving" "a status" -- sh -c 'echo leaving; exit 42'
	expect 100 "status was 200" "a large status" -- sh -c 'exit 200'
	expect 101 "the kernel complains" "a complaint, and success" \
		-- sh -c 'echo "BUG: not really" >/dev/kmsg'
	expect 102 "without a verdict" "a panic" \
		-- sh -c 'echo c >/proc/sysrq-trigger; sleep 60'
	expect 102 "without a verdict" "a reset" \
		-- sh -c 'echo b >/proc/sysrq-trigger; sleep 60'
	expect 124 "did not end" "a command that hangs" -t 31 -- sleep 1000
	expect 103 "insmod" "a module that does not load" \
		-m "$PWD/Makefile" -- true
	expect 103 "trying again" "a guest that dies before it starts" \
		-a rdinit=/nonexistent -- true
	expect 103 "no kernel" "no kernel" -k /nonexistent -- true
	result "an interrupt leaves no machine behind" interrupt
}
exit $failed
