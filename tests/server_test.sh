#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# A thousand ends, served by one thread (examples/server.c): all are answered, and it
# is woken for those only that have something.
set -o pipefail
server=$(dirname "$0")/../build/examples/server
if [ ! -x "$server" ]; then
	echo "1..0 # SKIP no $server: make programs"
	exit 4
fi

count=0 failed=0
echo "TAP version 13"
echo "1..2"
for way in io_uring epoll; do
	verdict=ok
	count=$((count + 1))
	timeout 300 "$server" $way 2>&1 </dev/null | sed 's/^/# /' ||
		verdict='not ok' failed=1
	echo "$verdict $count $way"
done
exit $failed
