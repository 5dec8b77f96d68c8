#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Do the debug kernels find what they are for, and does the harness hear it?  A
# module commits one error after the other (planted/).  Prints TAP.
set -uo pipefail
cd "$(dirname "$0")/../.." || exit 1
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
count=0 failed=0

# result NAME COMMAND...
result() {
	local name=$1 verdict=ok
	shift
	"$@" || verdict='not ok' failed=1
	count=$((count + 1))
	echo "$verdict $count - $name"
}

# commit KERNEL OPTIONS FAULT...: have them committed in one machine
commit() {
	local kernel status name=$1 options dir=build/planted-$1
	read -ra options <<<"$2"
	shift 2
	kernel=$(tests/vm/fetch.sh kernel "$name") || return
	mkdir -p "$dir"
	cp -u tests/vm/planted/* "$dir"
	make -s -C "$kernel/headers" M="$PWD/$dir" modules >&2 || return
	# shellcheck disable=SC2016 # expanded in the guest
	tests/vm/vm.sh -k "$kernel" "${options[@]}" -l "$work/log" -- bash -c '
		ko=$1
		shift
		for fault; do
			insmod "$ko" fault="$fault" && rmmod planted || exit
		done' - "$PWD/$dir/planted.ko" "$@" >"$work/out" 2>&1
	status=$?
	[ "$status" = 101 ] && return
	echo "# status $status, not 101"
	sed 's/^/# /' "$work/out"
	return 1
}

found() { grep -qE -- "$1" "$work/log"; }
heard() { grep -qE -- "$1" "$work/out"; }

echo "TAP version 13"
echo "1..10"
# The lock order first: after a report of KASAN's, locks are watched no longer.
result "the harness hears KASAN's kernel" commit kasan '-a kasan_multi_shot' \
	lock_order use_after_free out_of_bounds shift sleep_in_atomic
result "use after free" found 'KASAN: slab-use-after-free in use_after_free'
result "out of bounds" found 'KASAN: slab-out-of-bounds in out_of_bounds'
result "undefined behaviour" found 'UBSAN: shift-out-of-bounds'
result "sleeping with a spin lock" found 'scheduling while atomic|BUG: sleeping'
result "a lock order" found 'possible circular locking dependency'
result "the harness hears kmemleak" commit kasan -L leak
result "a leak" found 'unreferenced object'
result "the harness hears KCSAN" commit kcsan '' race
result "a data race" heard 'BUG: KCSAN: data-race in .*\[planted\]'
exit $failed
