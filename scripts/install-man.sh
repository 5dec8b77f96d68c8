#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# install-man.sh DIR - install the manual pages below DIR, with a link for each
# further name that a page has in its NAME section.
set -euo pipefail
dir=$(realpath -m "${1?usage: install-man.sh DIR}")
cd "$(dirname "$0")/../man"

for page in *.[1-8]; do
	section=${page##*.}
	install -D -m 644 -t "$dir/man$section" "$page"
	sed -nE '/^\.Sh NAME/,/^\.Nd/s/^\.Nm ([a-z_]+).*/\1/p' "$page" |
		while read -r name; do
			[ "$name.$section" = "$page" ] ||
				ln -sf "$page" "$dir/man$section/$name.$section"
		done
done
