#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Build and run the tests of the library's ring code, on this machine's own
# kernel, under AddressSanitizer and UndefinedBehaviorSanitizer.  Prints TAP, one
# plan for each program.
set -euo pipefail
cd "$(dirname "$0")/../.."
mkdir -p build/native
status=0
for source in tests/native/*_test.c; do
	program=build/native/$(basename "$source" .c)
	${CC:-gcc} -std=gnu11 -O1 -g -Wall -Wextra -D_GNU_SOURCE -Iuapi -Ilib \
		-fsanitize=address,undefined -fno-sanitize-recover=all \
		-fno-omit-frame-pointer "$source" -o "$program" -lpthread
	"$program" || status=1
done
exit $status
