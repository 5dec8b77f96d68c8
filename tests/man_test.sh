#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Run the examples of the manual pages, which man.sh has built: each ends well.
set -o pipefail

mapfile -t programs < <(find "$(dirname "$0")/../build/man" -type f \
	-executable 2>/dev/null | sort)
if [ ${#programs[@]} = 0 ]; then
	echo "1..0 # SKIP no examples: tests/man.sh builds them"
	exit 4
fi

count=0 failed=0
echo "TAP version 13"
echo "1..${#programs[@]}"
for program in "${programs[@]}"; do
	verdict=ok
	count=$((count + 1))
	timeout 60 "$program" 2>&1 </dev/null | sed 's/^/# /' ||
		verdict='not ok' failed=1
	echo "$verdict $count ${program##*/}"
done
exit $failed
