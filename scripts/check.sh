#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# check.sh KERNEL... - all tests, with the kselftests on each of these kernels.
#
# Logs go to build/check/.  The last line is "N passed, N failed, N skipped".
set -uo pipefail
cd "$(dirname "$0")/.." || exit 1

logs=build/check
# shellcheck source=scripts/steps.sh
. scripts/steps.sh

fetch() {
	local name
	tests/vm/fetch.sh source || return
	for name in "$@"; do
		tests/vm/fetch.sh kernel "$name" || return
	done
}

one fetch fetch "$@"
[ $failed = 0 ] || exit 1
KERNELS="$*" one lint scripts/lint.sh
tap package tests/package.sh
tap man tests/man.sh
# A guest leaves a processor to what needs none, or another one.
[ $# = 0 ] || start "kselftest-$1" scripts/kselftest.sh "$1"
tap harness tests/vm/selftest.sh
tap native tests/native/run.sh
tap gate bench/gate/run.sh
tap model tests/model/run.sh
[ $# = 0 ] || ended "kselftest-$1" tap
for kernel in "${@:2}"; do
	tap "kselftest-$kernel" scripts/kselftest.sh "$kernel"
done

finish
