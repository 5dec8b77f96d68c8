#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# run.sh [NAME...]
#
# Do the tests notice if the code is wrong?  Each mutant is one deliberate fault,
# a file NAME.diff here: header lines, then a unified diff.
#
#   What: the fault
#   Killed-by: the tests that must notice, of one harness:
#       kselftest[@KERNEL] TEST[:CASE,...]...   as scripts/kselftest.sh; 6.12;
#                                               at kasan leaks count too
#       native TEST...                          as tests/native/run.sh
#   Survives: why no test can notice; instead of Killed-by, at most one in twenty
#
# First all tests that are named run on the tree as it is, and have to pass.  Then
# each fault is put into a copy of the tree and built, and its tests run there.  It
# is killed if a test fails, if the kernel complains or dies, or if the tests take
# far longer than before; not if it does not apply or build, or the machine does
# not start: then nobody knows, and that is a failure too.
#
# Without names all mutants are run, JOBS (2) at a time, so that the lines of TAP may
# come in another order than their numbers.  The last lines say what killed how many,
# and "N passed, N failed, N skipped".  The copies, build/mutants/tree*, are removed;
# what failed leaves build/mutants/NAME.log.
set -uo pipefail
cd "$(dirname "$(readlink -f "$0")")/../.." || exit 1

mutants=tests/mutants
logs=$PWD/build/mutants
jobs=${JOBS:-2}
tree=$logs/tree0

child=   # the process group that run() waits for
workers=()

# End it.  A virtual machine is ended by its own shell: that takes a moment.
end_child() {
	kill -TERM -- "-$child"
	for _ in {1..50}; do
		kill -0 -- "-$child" || return
		sleep 0.1
	done
	kill -KILL -- "-$child"
}

cleanup() {
	trap '' INT TERM HUP
	if [ ${#workers[@]} != 0 ]; then
		kill "${workers[@]}" 2>/dev/null
		wait
	fi
	[ -z "$child" ] || end_child 2>/dev/null
	rm -rf "$tree"
}
trap cleanup EXIT
trap 'exit 130' INT TERM HUP

# header NAME FIELD: what a mutant's header says
header() { sed -n "/^--- /q; s/^$2: *//p" "$mutants/$1.diff"; }

# stamped COMMAND...: its output, each line with the time; its exit status
stamped() {
	"$@" 2>&1 | while IFS= read -r line; do
		printf '%(%s)T %s\n' -1 "$line"
	done
	return "${PIPESTATUS[0]}"
}

# run LOG LIMIT COMMAND...: in the copy, as a process group that can be ended; after
# LIMIT seconds it is, with status 124, and with 1 if $impatient and a test failed
run() {
	local log=$1 end=$((SECONDS + $2)) early='' status
	shift 2
	set -m
	(cd "$tree" && stamped "$@") >"$log" 2>&1 </dev/null &
	child=$!
	set +m
	while kill -0 "$child"; do
		if [ $SECONDS -ge $end ]; then
			early=124
		elif [ -n "$impatient" ] && [ -n "$(failed_test "$log")" ]; then
			early=1
		fi
		[ -z "$early" ] || end_child
		sleep 0.2
	done 2>/dev/null # bash says who was killed
	wait "$child" 2>/dev/null
	status=$?
	child=
	return "${early:-$status}"
}
impatient=

# failed_test LOG: the first
failed_test() {
	sed -nE 's/^[0-9]+ (# )*not ok [0-9]+ *-* *//p' "$1" | head -n 1
}

# kernel HARNESS: whose name stands behind the @
kernel() {
	case $1 in
	*@*) echo "${1#*@}" ;;
	*) echo 6.12 ;;
	esac
}

# run_tests LOG LIMIT HARNESS TEST...
run_tests() {
	local log=$1 limit=$2 harness=$3 options
	shift 3
	options="-t $limit"
	case $harness in
	*@kasan) options+=' -L' ;; # it finds leaks, if asked
	esac
	case $harness in
	native) run "$log" "$limit" tests/native/run.sh "$@" ;;
	*)
		# The limit is the machine's, without what building takes.
		run "$log" $((limit + 1800)) env VM_OPTIONS="$options" \
			scripts/kselftest.sh "$(kernel "$harness")" "$@"
		;;
	esac
}

copy_tree() {
	mkdir -p "$tree" &&
		git ls-files -z -- ':!tests/mutants' |
		xargs -0 cp -a --parents -t "$tree"
}

# change NAME [-R]: put the fault into the copy, or take it out again
change() {
	patch -s -p1 -F0 "${@:2}" -d "$tree" <"$mutants/$1.diff" 2>&1
}

# The tree as it is ---------------------------------------------------------------

declare -A seconds # that a program took, by "HARNESS PROGRAM"; none: it failed

# took HARNESS LOG: note what programs took, by when they began and what they said
took() {
	local harness=$1 at line began=0 first=
	while read -r at line; do
		first=${first:-$at}
		case $line in
		'# selftests: '*) began=$at ;;
		'ok '*' selftests: '*)
			seconds[$harness ${line##* }]=$((at - began))
			# Building and booting, for the first of them.
			[ -n "${overhead[$harness]-}" ] ||
				overhead[$harness]=$((began - first))
			;;
		esac
	done <"$2"
}
declare -A overhead

# union: "TEST:CASE,... TEST ..." to each program once, with all its cases
union() {
	tr ' ' '\n' | sort -u | awk -F: '
		NF == 1 { whole[$1] }
		{ cases[$1] = cases[$1] (cases[$1] == "" ? "" : ",") $2 }
		END {
			for (test in cases)
				print test in whole ? test : test ":" cases[test]
		}' | sort
}

# check_harness HARNESS: run all that the mutants name of it
check_harness() {
	local harness=$1 test start tests name log=$logs/unchanged-$1.log
	mapfile -t tests < <(for name in "${names[@]}"; do
		header "$name" Killed-by
	done | sed -n "s/^$harness //p" | union)
	for test in "${tests[@]}"; do
		exists "$harness" "$test" || continue
		set -- "$@" "$test"
	done
	shift
	start=$SECONDS
	if [ "$harness" = native ]; then
		for test in "$@"; do
			start=$SECONDS
			if run_tests "$log" 300 native "$test"; then
				seconds[native $test]=$((SECONDS - start))
			fi
		done
	elif [ $# != 0 ]; then
		run_tests "$log" 1500 "$harness" "$@"
		took "$harness" "$log"
	fi
	echo "# $harness, unchanged: $((SECONDS - start)) s"
}

# exists HARNESS TEST
exists() {
	local dir=tests test=${2%%:*}
	[ "$1" != native ] || dir=tests/native
	[ -f "$dir/$test.c" ] || { [ "$test" != "${test%.sh}" ] && [ -f "$dir/$test" ]; }
}

# Mutants --------------------------------------------------------------------------

# limit HARNESS TEST...: seconds after which they hang; fails if one fails anyway
limit() {
	local harness=$1 test sum=0 key
	shift
	for test in "$@"; do
		key="$harness ${test%%:*}"
		[ -n "${seconds[$key]-}" ] || return
		sum=$((sum + seconds[$key]))
	done
	# Of the machine's start, the building before it was timed too.
	[ "$harness" = native ] || sum=$((sum + 10 + overhead[$harness]))
	echo $((10 + 3 * sum))
}

# judge HARNESS STATUS LOG: say how a mutant was killed; false if it was not, or
# if that says nothing
judge() {
	local harness=$1 status=$2 log=$3 started=no test vmlog
	test=$(failed_test "$log")
	if [ "$harness" = native ]; then
		[ "$status" != 0 ] || return
		[ "$status" != 124 ] || test="hangs${test:+ after $test}"
		[ -n "$test" ] || test=$(grep -aoE -m 1 \
			'(runtime error|[A-Za-z]+Sanitizer): .*' "$log")
		[ -n "$test" ] && echo "$test"
		return
	fi
	vmlog=$tree/build/kselftest-$(kernel "$harness").log
	! grep -qa 'guest: start' "$vmlog" 2>/dev/null || started=yes
	case $status-$started in
	101-yes) echo "the kernel complains${test:+, and $test}" ;;
	102-yes) echo "the kernel dies${test:+ after $test}" ;;
	124-yes) echo "hangs${test:+ after $test}" ;;
	[0-9]-yes | [1-9][0-9]-yes | 100-yes)
		[ -n "$test" ] ||
			test=$(grep -ao 'guest: cannot unload.*' "$log")
		[ -n "$test" ] && echo "$test"
		;;
	*) return 1 ;;
	esac
}

# result ok|"not ok" TEXT: of the mutant with this $number
result() {
	echo "$1 $number - $2"
	echo "$1 - $2" >>"$logs/results"
}

# Said to survive: so that it stays a mutant, it has to build.
try_survivor() {
	local name=$1 log=$logs/$1.log headers
	headers=$(tests/vm/fetch.sh kernel 6.12)/headers
	if run "$log" 600 make -s lib &&
		run "$log" 600 scripts/build-module.sh "$headers" build/module-6.12; then
		result ok "$name # SKIP survives: $(header "$name" Survives)"
		rm "$log"
	else
		result 'not ok' "$name: does not build, see $log"
	fi
}

try_killer() {
	local name=$1 log=$logs/$1.log start=$SECONDS killer time how status harness
	read -ra killer < <(header "$name" Killed-by)
	harness=${killer[0]}
	if ! time=$(limit "${killer[@]}"); then
		result 'not ok' "$name: fails without it: ${killer[*]}"
		return
	fi
	run_tests "$log" "$time" "${killer[@]}"
	status=$?
	if how=$(judge "$harness" $status "$log"); then
		result ok "$name: $((SECONDS - start)) s, $harness: $how"
		rm "$log"
	elif [ $status = 0 ]; then
		result 'not ok' "$name: survives ${killer[*]}"
	else
		result 'not ok' "$name: not built or not run, see $log"
	fi
}

# try NAME: one mutant, one line of TAP
try() {
	local name=$1 killer how
	read -ra killer < <(header "$name" Killed-by)
	if [ -z "$(header "$name" What)" ] ||
		[ -z "${killer[*]}$(header "$name" Survives)" ]; then
		result 'not ok' "$name: no What, or no Killed-by"
		return
	fi
	for test in "${killer[@]:1}"; do
		exists "${killer[0]}" "$test" && continue
		result 'not ok' "$name: missing: ${killer[0]} $test"
		return
	done
	if ! how=$(change "$name"); then
		result 'not ok' "$name: does not apply: ${how//$'\n'/; }"
		# A part of it may be in.
		copy_tree
		return
	fi
	if [ ${#killer[@]} = 0 ]; then
		try_survivor "$name"
	else
		try_killer "$name"
	fi
	if ! change "$name" -R >/dev/null; then
		echo "Bail out! cannot take $name out again"
		exit 1
	fi
}

# work N: each of the mutants that are this worker's, in its own copy
work() {
	local i
	workers=() tree=$logs/tree$1 impatient=1
	trap cleanup EXIT
	trap 'exit 130' INT TERM HUP
	copy_tree || exit 1
	for ((i = $1; i < ${#names[@]}; i += jobs)); do
		number=$((i + 1))
		try "${names[i]}"
	done
}

names=("$@")
[ ${#names[@]} != 0 ] ||
	mapfile -t names < <(basename -a -s .diff "$mutants"/*.diff)
for name in "${names[@]}"; do
	if [ ! -f "$mutants/$name.diff" ]; then
		echo "Bail out! there is no $mutants/$name.diff"
		exit 1
	fi
done
if ! command -v patch >/dev/null; then
	echo "Bail out! needs patch"
	exit 1
fi

began=$SECONDS
rm -rf "$logs"
mkdir -p "$logs"
: >"$logs/results"
copy_tree || exit 1
echo "1..${#names[@]}"
mapfile -t harnesses < <(for name in "${names[@]}"; do
	header "$name" Killed-by
done | cut -d ' ' -f 1 | sort -u)
for harness in "${harnesses[@]}"; do
	check_harness "$harness"
done
for ((i = 0; i < jobs; i++)); do
	work "$i" &
	workers+=($!)
done
wait
workers=()

# number_of PATTERN: of results
number_of() { grep -cE "$1" "$logs/results"; }

skipped=$(number_of '^ok .*# SKIP')
passed=$(($(number_of '^ok ') - skipped))
failed=$((${#names[@]} - passed - skipped))
by=$(sed -nE 's/^ok .* [0-9]+ s, ([^ ]+): .*/\1/p' "$logs/results" | sort | uniq -c |
	awk '{ printf "%s%s %d", sep, $2, $1; sep = ", " }')
survivors=$(sed -nE 's/^(not )?ok - ([^ :]+)(: survives| # SKIP).*/\2/p' \
	"$logs/results" | sort | tr '\n' ' ')
echo "# $passed of ${#names[@]} killed, by harness: ${by:-none};" \
	"survivors: ${survivors:-none}"
echo "# $(((SECONDS - began) / 60)) min $(((SECONDS - began) % 60)) s"
if [ $# = 0 ] && [ $((skipped * 20)) -gt ${#names[@]} ]; then
	echo "# more than one in twenty is said to survive"
	failed=$((failed + 1))
fi
echo "$passed passed, $failed failed, $skipped skipped"
[ $failed = 0 ]
