#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# soak.sh HOURS - what finds more the longer it runs, in turn, for so long: kills
# at random instructions, every hostile word at every step, both fuzzers; and all
# kselftests where memory errors, leaks and data races show.  HOURS may be 0.5; the
# step that is under way then ends, and so does the first one that fails.
#
# TURN is how many seconds a step gives to what has no end of its own (600).
# Logs go to build/soak/, of the last time that a step ran.  The last line is "N
# passed, N failed, N skipped".  Needs what make check-debug needs.
set -uo pipefail
cd "$(dirname "$0")/.." || exit 1

logs=build/soak
turn=${TURN:-600}
# shellcheck source=scripts/steps.sh
. scripts/steps.sh
trap 'echo; end_steps; finish; exit 130' INT

case ${1-} in
*[0-9]*) end=$(awk -v hours="$1" 'BEGIN { printf "%d", hours * 3600 }') ;;
*)
	sed -n '4,/^set/s/^# \{0,1\}//p' "$0" | grep -v '^set' >&2
	exit 2
	;;
esac

# What the logs say in figures.
figures() {
	grep -hoE '[0-9]+ kills, |[0-9]+ messages, [0-9]+ kills/s|[0-9]+ of [0-9]+ combinations|[0-9]+ acts|ok .*executions.*' \
		"$logs/$1.log" | sed 's/, $//; s/^/    /'
}

# step NAME COMMAND...; false when it is enough
step() {
	tap "$@"
	figures "$1"
	[ $failed = 0 ] && [ $SECONDS -lt "$end" ]
}

# kselftest NAME KERNEL "SETTINGS" TEST...
kselftest() {
	VM_OPTIONS="-t $((turn * 6)) $(case $2 in kasan) echo -L ;; esac)" \
		TEST_ENV="kselftest_override_timeout=$((turn * 5)) $3" \
		step "$1" scripts/kselftest.sh "$2" "${@:4}"
}

while :; do
	kselftest kills-6.12 6.12 "SECONDS=$turn" kill_many || break
	step fuzz-reader tests/fuzz/run.sh reader "$turn" || break
	kselftest hostile-6.12 6.12 "EVERY=1 RACE_MS=500" hostile_every_test || break
	step fuzz-module tests/fuzz/run.sh module "$turn" || break
	kselftest kills-kasan kasan "SECONDS=$turn" kill_many || break
	kselftest kills-kcsan kcsan "SECONDS=$turn" kill_many || break
	kselftest kills-6.12-rt 6.12-rt "SECONDS=$turn" kill_many || break
	kselftest all-kasan kasan '' || break
	kselftest all-kcsan kcsan '' || break
done
finish
