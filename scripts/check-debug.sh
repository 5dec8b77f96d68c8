#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# check-debug.sh - the tests that need kernels of another sort: the kselftests
# where memory errors (KASAN) and data races (KCSAN) show, and on a real-time
# kernel; the fuzzers, a minute each.
#
# Logs go to build/check-debug/.  The last line is "N passed, N failed, N
# skipped".  The debug kernels are built if they are not in the cache.  Two things
# at a time, as a test machine waits more than it works: so the seconds of a step
# are not what it would take by itself.
set -uo pipefail
cd "$(dirname "$0")/.." || exit 1

logs=build/check-debug
# shellcheck source=scripts/steps.sh
. scripts/steps.sh

one source tests/vm/fetch.sh source
one kernel-6.12-rt tests/vm/fetch.sh kernel 6.12-rt
one kernel-kasan tests/vm/fetch.sh kernel kasan
[ $failed = 0 ] || exit 1
# Builds the examples that a kselftest runs.
tap man tests/man.sh
start kernel-kcsan tests/vm/fetch.sh kernel kcsan
start kselftest-kasan scripts/kselftest.sh kasan
ended kernel-kcsan one
start kselftest-kcsan scripts/kselftest.sh kcsan
# The shorter one, without lock checks.
ended kselftest-kcsan tap
start kselftest-6.12-rt scripts/kselftest.sh 6.12-rt
ended kselftest-kasan tap
tap detectors tests/vm/detectors.sh
tap fuzz-reader tests/fuzz/run.sh reader 60
tap fuzz-module tests/fuzz/run.sh module 60
ended kselftest-6.12-rt tap

finish
