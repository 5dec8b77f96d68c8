# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# steps.sh - what check.sh and check-debug.sh share; they source it with $logs
# set, a folder for the log of each step.
#
# Shows what is under way, and where the time went.

mkdir -p "${logs:?}"
passed=0 failed=0 skipped=0
began=$SECONDS

# count NAME STATUS PASSED FAILED SKIPPED: add up, and say so
count() {
	local name=$1 status=$2 p=$3 f=$4 s=$5 verdict=ok
	# A step that fails without a failed test, or that tests nothing, failed.
	if [ $((p + f)) = 0 ] || { [ "$status" != 0 ] && [ "$f" = 0 ]; }; then
		f=$((f + 1))
	fi
	passed=$((passed + p)) failed=$((failed + f)) skipped=$((skipped + s))
	if [ "$f" != 0 ]; then
		verdict="FAILED, see $logs/$name.log"
	fi
	printf '%5d passed %3d failed %3d skipped %5d s  %s\n' "$p" "$f" "$s" \
		"$took" "$verdict"
	if [ "$f" != 0 ]; then
		grep -E '^(# )*not ok|Expected|^vm:' "$logs/$name.log" |
			head -n 20 | sed 's/^/    /'
		tail -n 15 "$logs/$name.log" | sed 's/^/    | /'
	fi
}

# timed NAME COMMAND...: run with its output in a log
timed() {
	local name=$1 start=$SECONDS
	shift
	printf '==> %-18s' "$name"
	"$@" >"$logs/$name.log" 2>&1 </dev/null
	status=$?
	took=$((SECONDS - start))
}

# one NAME COMMAND...: a step that is one test
one() {
	timed "$@"
	if [ $status = 0 ]; then
		count "$1" 0 1 0 0
	else
		count "$1" $status 0 1 0
	fi
}

# tap NAME COMMAND...: a step whose output is TAP
tap() {
	local p f s
	timed "$@"
	read -r p f s < <(awk -f scripts/tapcount.awk "$logs/$1.log")
	count "$1" $status "$p" "$f" "$s"
}

# The last lines: the time, and "N passed, N failed, N skipped".
finish() {
	echo "==> $(((SECONDS - began) / 60)) min $(((SECONDS - began) % 60)) s"
	echo "$passed passed, $failed failed, $skipped skipped"
	[ $failed = 0 ]
}
