#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# kselftest.sh KERNEL [TEST...]
#
# Build the module for a Debian kernel (6.1, 6.12, 6.12-rt), boot that in QEMU,
# and run the kselftests there: all of them, or those named (a program of tests/,
# or a script with its .sh).  TAP goes to standard output.
set -euo pipefail
cd "$(dirname "$0")/.."
name=$1
shift
kernel=$(tests/vm/fetch.sh kernel "$name")
selftests=$(tests/vm/fetch.sh source)/tools/testing/selftests

scripts/build-module.sh "$kernel/headers" "build/module-$name" >&2
build=$PWD/build/kselftest
mkdir -p "$build"
make -s lib programs
only=()
if [ $# != 0 ]; then
	scripts='' programs=''
	for test in "$@"; do
		case $test in
		*.sh) scripts+=" $test" ;;
		*) programs+=" $build/$test" ;;
		esac
	done
	only=(TEST_PROGS="$scripts" TEST_GEN_PROGS="$programs")
fi
make -s -C tests KSFT="$selftests" FASTIPC="$PWD" OUTPUT="$build" \
	"${only[@]}" >&2
exec tests/vm/vm.sh -k "$kernel" -t 1500 -l "build/kselftest-$name.log" \
	-m "$PWD/build/module-$name/module/fastipc.ko recheck=1" \
	-- env kselftest_override_timeout=900 FASTIPC_TEST_BIN="$build" make --no-print-directory -s -C tests KSFT="$selftests" \
	FASTIPC="$PWD" OUTPUT="$build" "${only[@]}" run_tests
