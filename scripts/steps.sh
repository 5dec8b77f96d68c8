# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# steps.sh - what check.sh, check-debug.sh and soak.sh share; they source it with
# $logs set, a folder for the log of each step.
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

# start NAME COMMAND...: a step, its output in a log; ended says when it is over
start() {
	local name=$1
	shift
	set -m
	(
		status=0 start=$SECONDS
		"$@" >"$logs/$name.log" 2>&1 </dev/null || status=$?
		echo "$status $((SECONDS - start))" >"$logs/$name.end"
	) &
	started[$name]=$!
	set +m
}
declare -A started

# Ctrl-C: each step is a process group of its own, and ends first.
end_steps() {
	local pid
	trap '' INT TERM HUP
	for pid in "${started[@]}"; do
		kill -TERM -- "-$pid"
	done 2>/dev/null
	wait
}
trap 'end_steps; exit 130' INT TERM HUP

# ended NAME one|tap: wait for a step, which is one test, or whose output is TAP
ended() {
	local name=$1 p=0 f=0 s=0 status=1
	printf '==> %-18s' "$name"
	wait "${started[$name]}"
	unset "started[$name]"
	took=0
	read -r status took <"$logs/$name.end"
	rm -f "$logs/$name.end"
	if [ "$2" = tap ]; then
		read -r p f s < <(awk -f scripts/tapcount.awk "$logs/$name.log")
	elif [ "$status" = 0 ]; then
		p=1
	else
		f=1
	fi
	count "$name" "$status" "$p" "$f" "$s"
}

# one NAME COMMAND..., tap NAME COMMAND...: a step by itself
one() {
	start "$@"
	ended "$1" one
}
tap() {
	start "$@"
	ended "$1" tap
}

# The last lines: the time, and "N passed, N failed, N skipped".
finish() {
	echo "==> $(((SECONDS - began) / 60)) min $(((SECONDS - began) % 60)) s"
	echo "$passed passed, $failed failed, $skipped skipped"
	[ $failed = 0 ]
}
