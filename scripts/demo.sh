#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# demo.sh LIST - what run.sh shows, in the guest with the module loaded: streams
# the files that LIST names, compares speeds, serves a thousand ends, uses a name, kills a sender.
# Exit status 0 if everything was right.
# shellcheck disable=SC2317,SC2015 # part calls what looks unreachable
set -euo pipefail
cd "$(dirname "$0")/.."
list=$1
work=/run/fastipc-demo
copy=$work/tree
result=$work/result	# a part's output; the last line says what came of it
summary=$work/summary
failed=0

say() { printf '==> %s\n' "$*"; }

# part NAME TITLE COMMAND...: run it, and note what came of it for the summary
part() {
	local name=$1 title=$2 verdict=ok begin=${EPOCHREALTIME/[.,]/} ms
	shift 2
	say "$title"
	if ! "$@" 2>&1 | tee "$result"; then
		verdict=FAILED
		failed=1
	fi
	ms=$(((${EPOCHREALTIME/[.,]/} - begin) / 1000))
	printf '%-8s %-6s %3d.%d s  %s\n' "$name" $verdict \
		$((ms / 1000)) $((ms / 100 % 10)) \
		"$(tail -n 1 "$result")" >>"$summary"
}

module() {
	ls -l /dev/fastipc &&
		echo "$(uname -sr), fastipc $(cat /sys/module/fastipc/version)"
}

# By names relative to the root, so that they fit the copies too.  This also
# brings the files into the guest's memory: what is timed next is the pair.
sums() {
	sed 's|^/||' "$list" | tr '\n' '\0' | (cd / && xargs -0 sha256sum) \
		>"$work/sums" && echo "$(wc -l <"$work/sums") files read"
}

compare() {
	local files right
	files=$(wc -l <"$list")
	right=$(cd "$copy" && sha256sum -c "$work/sums" | grep -c ': OK$')
	echo "${right:-0} of $files files have the SHA-256 of their originals"
	[ "$right" = "$files" ] &&
		[ "$(find "$copy" -type f | wc -l)" = "$files" ]
}

# What knows nothing of pairs: the same bytes as through the shell's own pipe.
shell() {
	local through
	through=$(build/tools/fastipc run --stdio "tar -cf - -C $copy ." \
		"sha256sum >$work/tar.sum" && cat "$work/tar.sum") || return
	echo "tar | sha256sum: $through"
	[ "$through" = "$(tar -cf - -C "$copy" . | sha256sum)" ]
}

# A name, for those who need not know each other, nor be there at the same time.
names() (
	PATH=$PWD/build/tools:$PATH
	fastipc create --keep lines || exit
	find /etc -maxdepth 1 | sort >"$work/lines"
	fastipc send lines "$work/lines" && ls -l /run/fastipc && fastipc ls &&
		fastipc recv --now lines >"$work/received" && fastipc rm lines ||
		exit
	echo "$(wc -l <"$work/received") of $(wc -l <"$work/lines") lines" \
		"came, sent before anybody was there to receive them"
	cmp "$work/lines" "$work/received"
)

# Nothing of all this may be left in the kernel, nor a wake have come late.
nothing_left() {
	local name value left=
	for name in channels endpoints bytes late_wakes; do
		value=$(cat "/sys/module/fastipc/parameters/$name") || return
		left+="$value $name, "
	done
	echo "${left%, }"
	[[ ! $left =~ [1-9] ]]
}

mkdir -p "$work"
part module 'the module is loaded' module
part hello 'a first message' build/examples/hello
part sums 'SHA-256 of the originals' sums
part stream 'streaming them through a pair, between two processes' \
	build/examples/tree "$list" "$copy"
part compare 'SHA-256 of the copies' compare
part shell 'tar and sha256sum, with fastipc run between them' shell
part speed 'beside a pipe and a SOCK_SEQPACKET socket' \
	build/tools/fastipc bench
part io_uring 'a thousand ends, served by one thread with io_uring' \
	build/examples/server io_uring
part epoll 'the same with epoll' build/examples/server epoll
part names 'a channel with a name' names
part kill 'killing a sender in mid-stream' build/examples/kill
part left 'what is left in the kernel' nothing_left
say summary
cat "$summary"
exit $failed
