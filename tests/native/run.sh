#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Build and run the tests of the library's ring code, on this machine's own
# kernel, under AddressSanitizer and UndefinedBehaviorSanitizer.  Prints TAP.
set -euo pipefail
cd "$(dirname "$0")/../.."
mkdir -p build/native
${CC:-gcc} -std=gnu11 -O1 -g -Wall -Wextra -D_GNU_SOURCE -Iuapi -Ilib \
	-fsanitize=address,undefined -fno-sanitize-recover=all \
	-fno-omit-frame-pointer tests/native/ring_test.c \
	-o build/native/ring_test -lpthread
exec build/native/ring_test
