#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# run.sh - let SPIN walk through all states of wake.pml, kernel.pml
# and takeover.pml.
#
# The protocol as it is must have no error, in each scene.  Then one thing at a
# time is done wrong, and the checker must find just the kind of error that this
# leads to: somebody sleeps for ever, or an assertion fails.  A checker that
# finds nothing there proves nothing about the protocol either.
#
# TAP goes to standard output.  Exit status: 0 if all cases are ok, else 1.
# Needs spin and gcc; takes three minutes and 1 GiB.
set -euo pipefail
models=$(dirname "$(readlink -f "$0")")

none='errors: 0'
sleeps='invalid end state'
asserts='assertion violated'

# What must come out, of which model, and what is defined: scenes, mistakes.
cases=(
	"$none|wake|"
	"$none|wake|SLOTS=3"
	"$none|wake|POLLER"
	"$none|wake|WATCHER"
	"$sleeps|wake|NO_PRODUCER_FENCE"
	"$sleeps|wake|NO_CONSUMER_FENCE"
	"$sleeps|wake|NO_SLEEPER_FENCE"
	"$sleeps|wake|POLLER NO_SLEEPER_FENCE"
	"$sleeps|wake|NO_RECHECK"
	"$sleeps|wake|CLEAR_AFTER_WAKE"
	"$sleeps|wake|WATCHER DISARM_ALWAYS"
	"$sleeps|wake|POLLER ARM_IF_NOTHING"
	"$sleeps|wake|NO_UNMAP_WAKE"
	"$sleeps|wake|NO_END_WAKE"
	"$none|wake|STICKY MESSAGES=2"
	"$none|wake|STICKY WATCHER BEGINS_CALM MESSAGES=1"
	"$sleeps|wake|STICKY NO_BARRIER"
	"$sleeps|wake|STICKY BARRIER_FIRST"
	"$sleeps|wake|STICKY BARRIER_AT_SELF"
	"$sleeps|wake|STICKY CLEAR_WANTED"
	"$sleeps|wake|STICKY WATCHER BEGINS_CALM MESSAGES=1 BARRIER_BY_ONE"
	"$sleeps|wake|STICKY NO_PRODUCER_FENCE"
	"$sleeps|wake|STICKY NO_SLEEPER_FENCE"
	"$asserts|wake|END_AFTER_WORD"
	"$asserts|wake|ZERO_AFTER_WORD"
	"$none|kernel|"
	"$none|kernel|LOOK_IGNORES_CLAIM MESSAGES=2"
	"$none|kernel|POLLER"
	"$none|kernel|SIGNAL MESSAGES=2"
	"$none|kernel|BATCH"
	"$none|kernel|END"
	"$none|kernel|DRAIN"
	"$none|kernel|RESUME"
	"$none|kernel|RESUME LOOK_FIRST"
	"$sleeps|kernel|NO_SEND_FENCE"
	"$sleeps|kernel|NO_RECV_FENCE"
	"$sleeps|kernel|RESUME PEER_BEFORE_FENCE"
	"$sleeps|kernel|WANT_BEFORE_PUBLISH"
	"$sleeps|kernel|NO_UNCLAIM_WAKE"
	"$sleeps|kernel|LOOK_TELLS_NOBODY"
	"$sleeps|kernel|POLLER CLAIM_TELLS_NOBODY"
	"$sleeps|kernel|POLLER DISARM_ALWAYS"
	"$sleeps|kernel|SIGNAL DISARM_ALWAYS"
	"$sleeps|kernel|BATCH NO_FLUSH"
	"$sleeps|kernel|BATCH WAKE_BEFORE_FLUSH"
	"$sleeps|kernel|RESUME WAKE_IF_RECEIVED"
	"$sleeps|kernel|RESUME LOOK_FIRST LOOK_IGNORES_ERA"
	"$asserts|kernel|NO_CLAIM"
	"$asserts|kernel|END FLUSH_BEFORE_END"
	"$asserts|kernel|DRAIN POISON_IF_BEYOND"
	"$asserts|kernel|DRAIN POSITION_AFTER_WORD"
	"$none|takeover|"
	"$none|takeover|MESSAGES=3"
	"$none|takeover|LIVES=3"
	"$none|takeover|PINNED"
	"$none|takeover|KERNEL LIVES=3"
	"$sleeps|takeover|NO_BARRIER"
	"$sleeps|takeover|BARRIER_FIRST"
	"$sleeps|takeover|UNMAP_FIRST"
	"$sleeps|takeover|NO_PAGE_LOCK"
	"$sleeps|takeover|FRESH_CALM"
	"$sleeps|takeover|PINNED SAME_PAGE"
	"$sleeps|takeover|KERNEL PEER_BEFORE_FENCE"
	"$asserts|takeover|TAKEN_AFTER_READ"
	"$asserts|takeover|GOES_ON_AT_TAKEN"
	"$asserts|takeover|LIVES=3 FORGETS_SEEN"
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
cp "$models"/*.pml .

# verify MODEL LEVEL [NAME...] - build and run the checker with these defined.
verify() {
	local model=$1 options=("$2" -DCOLLAPSE) defines=("${@:3}")

	# The checker's reduction and "unless" do not go together.
	[ "$model" != wake ] || options=("$2" -DNOREDUCE)
	spin "${defines[@]/#/-D}" -a "$model.pml" &&
		gcc -w -DSAFETY "${options[@]}" -DMEMLIM=3000 -o pan pan.c &&
		timeout 300 ./pan -m10000 -w24
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
	IFS='|' read -r expected model defined <<<"$case"
	read -ra names <<<"$defined"
	level=-O0 # mistakes are found before the compiler would be done
	if [ "$expected" = "$none" ]; then
		level=-O1
		title="as specified${defined:+, $defined}"
	else
		title="$defined is found: $expected"
	fi
	status=0
	verify "$model" $level "${names[@]}" >out 2>&1 || status=$?
	states=$(sed -n 's/^ *\([0-9.e+]*\) states, stored.*/\1/p' out)
	if [ $status = 0 ] && judge "$expected"; then
		echo "ok $number - $model: $title ($states states)"
	else
		echo "not ok $number - $model: $title"
		tail -n 40 out | sed 's/^/# /'
		failed=1
	fi
done
exit $failed
