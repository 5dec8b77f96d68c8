#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# kselftest.sh KERNEL [TEST[:CASE,...]...]
#
# Build the module for a Debian kernel (6.1, 6.12, 6.12-rt) or a debug kernel
# (kasan, kcsan), boot that in QEMU, and run the kselftests there: all of them, or
# those named (a program of tests/, or a script with its .sh), or only some cases of
# a program.  TAP goes to standard output.
#
# TEST_ENV: more of the tests' environment, as KILLS=20000 for kill_many.
# VM_OPTIONS: more of vm.sh's.  MODULE_ARGUMENTS: of make, for the module.
# COVERAGE: a folder that the guest can write, for gcov's counts of the module.
# On debug and real-time kernels, which are slow, long loops are a 50th.
#
# Exit status: that of tests/vm/vm.sh, or 104 if something does not build.
set -euo pipefail
cd "$(dirname "$0")/.."
name=$1
shift
kernel=$(tests/vm/fetch.sh kernel "$name")
selftests=$(tests/vm/fetch.sh source)/tools/testing/selftests

build=$PWD/build/kselftest
only=() settings=(kselftest_override_timeout=900 FASTIPC_TEST_BIN="$build")
if [ $# != 0 ]; then
	scripts='' programs=''
	for test in "$@"; do
		case $test in
		*.sh) scripts+=" $test" ;;
		*) programs+=" $build/${test%%:*}" ;;
		esac
		case $test in
		*:*)
			# The runner passes a variable of this name to the test.
			cases=${test#*:} test=${test%%:*}
			settings+=("KSELFTEST_${test^^}_ARGS=-t ${cases//,/ -t }")
			;;
		esac
	done
	only=(TEST_PROGS="$scripts" TEST_GEN_PROGS="$programs")
fi
share=1 memory=1024 limit=1500 faults=''
case $name in
kasan) share=50 memory=2048 limit=2700 faults=1 ;;
kcsan) share=50 memory=2048 limit=2700 ;;
6.12-rt) share=50 limit=2700 ;;
esac
# Counting takes its time too.
[ -z "${COVERAGE-}" ] || limit=5000
settings+=(FASTIPC_TEST_SHARE="$share")

mkdir -p "$build"
# Two kernels may be tested at the same time, with the same programs.
exec 9>"$build/lock"
flock 9
scripts/build-module.sh "$kernel/headers" "build/module-$name" \
	${MODULE_ARGUMENTS:+"$MODULE_ARGUMENTS"} >&2 || exit 104
make -s lib programs || exit 104
make -s -C tests KSFT="$selftests" FASTIPC="$PWD" OUTPUT="$build" \
	FAULTS=$faults "${only[@]}" >&2 || exit 104
exec 9>&-
read -ra more <<<"${TEST_ENV-}"
run=(make --no-print-directory -s -C tests KSFT="$selftests" FASTIPC="$PWD"
	OUTPUT="$build" FAULTS="$faults" "${only[@]}" run_tests)
if [ -n "${COVERAGE-}" ]; then
	# shellcheck disable=SC2016 # expanded in the guest
	run=(sh -c 'to=$1/module status=0
		shift
		"$@" || status=$?
		mkdir -p "$to"
		cd /sys/kernel/debug/gcov || exit
		find . -name "*.gcda" | while read -r file; do
			cat "$file" >"$to/${file##*/}"
		done
		exit $status' - "$COVERAGE" "${run[@]}")
fi
# shellcheck disable=SC2086 # the options are words
exec tests/vm/vm.sh -k "$kernel" -t $limit -M $memory ${VM_OPTIONS-} \
	-l "build/kselftest-$name.log" \
	-m "$PWD/build/module-$name/module/fastipc.ko recheck=1" \
	-- env "${settings[@]}" "${more[@]}" "${run[@]}"
