#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# run.sh - let SPIN walk through all states of wake.pml.
#
# The protocol as it is must have no error, in each scene.  Then one thing at a
# time is done wrong, and the checker must find just the kind of error that this
# leads to: somebody sleeps for ever, or an assertion fails.  A checker that
# finds nothing there proves nothing about the protocol either.
#
# TAP goes to standard output.  Exit status: 0 if all cases are ok, else 1.
# Needs spin and gcc; takes about a minute and 0.4 GiB.
set -euo pipefail
model=$(dirname "$(readlink -f "$0")")/wake.pml

none='errors: 0'
sleeps='invalid end state'
asserts='assertion violated'

# What must come out, then what is defined: scenes first, then mistakes.
cases=(
	"$none|"
	"$none|SLOTS=3"
	"$none|POLLER"
	"$none|WATCHER"
	"$sleeps|NO_PRODUCER_FENCE"
	"$sleeps|NO_CONSUMER_FENCE"
	"$sleeps|NO_SLEEPER_FENCE"
	"$sleeps|POLLER NO_SLEEPER_FENCE"
	"$sleeps|NO_RECHECK"
	"$sleeps|CLEAR_AFTER_WAKE"
	"$sleeps|WATCHER DISARM_ALWAYS"
	"$sleeps|POLLER ARM_IF_NOTHING"
	"$sleeps|NO_UNMAP_WAKE"
	"$sleeps|NO_END_WAKE"
	"$asserts|END_AFTER_WORD"
	"$asserts|ZERO_AFTER_WORD"
)

for tool in spin gcc; do
	if ! command -v $tool >/dev/null; then
		echo "Bail out! needs $tool"
		exit 1
	fi
done
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
cp "$model" .

# verify [NAME...] - build and run the checker with these defined.
verify() {
	local defines=("${@/#/-D}")

	spin "${defines[@]}" -a wake.pml &&
		gcc -w -DSAFETY -DNOREDUCE -DMEMLIM=1024 -o pan pan.c &&
		timeout 300 ./pan -m10000 -w23
}

# judge EXPECTED - whether out says that, and no search was cut short.
judge() {
	grep -q "$1" out || return 1
	if grep -qE 'too small|out of memory|reached -DMEMLIM' out; then
		return 1
	fi
	if [ "$1" != "$none" ]; then
		grep -qE 'errors: [1-9]' out
	elif grep -q 'not completed' out; then
		return 1
	fi
}

echo "1..${#cases[@]}"
failed=0 number=0
for case in "${cases[@]}"; do
	number=$((number + 1))
	expected=${case%%|*}
	read -ra names <<<"${case#*|}"
	if [ "$expected" = "$none" ]; then
		title="as specified${names[*]:+, ${names[*]}}"
	else
		title="${names[*]} is found: $expected"
	fi
	status=0
	verify "${names[@]}" >out 2>&1 || status=$?
	states=$(sed -n 's/^ *\([0-9.e+]*\) states, stored.*/\1/p' out)
	if [ $status = 0 ] && judge "$expected"; then
		echo "ok $number - wake: $title ($states states)"
	else
		echo "not ok $number - wake: $title"
		tail -n 40 out | sed 's/^/# /'
		failed=1
	fi
done
exit $failed
