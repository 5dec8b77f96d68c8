#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# check-debug.sh - the tests that need kernels of another sort: the kselftests
# where memory errors (KASAN) and data races (KCSAN) show, and on a real-time
# kernel.
#
# Logs go to build/check-debug/.  The last line is "N passed, N failed, N
# skipped".  The debug kernels are built first, if they are not in the cache.
set -uo pipefail
cd "$(dirname "$0")/.." || exit 1

logs=build/check-debug
# shellcheck source=scripts/steps.sh
. scripts/steps.sh

kernels() {
	local name
	tests/vm/fetch.sh source || return
	for name in kasan kcsan 6.12-rt; do
		tests/vm/fetch.sh kernel "$name" || return
	done
}

one kernels kernels
[ $failed = 0 ] || exit 1
tap detectors tests/vm/detectors.sh
for kernel in kasan kcsan 6.12-rt; do
	tap "kselftest-$kernel" scripts/kselftest.sh "$kernel"
done

finish
