#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# fetch.sh - bring Debian's kernels and kernel sources into the cache, unpacked.
#
# Nothing is installed: packages are downloaded with apt and extracted, so the
# machine's own kernel, boot loader and init system are never touched.
#
#   fetch.sh kernel 6.1|6.12|6.12-rt   image, modules and headers; prints the folder
#   fetch.sh kernel kasan|kcsan        the same, built by debug-kernel.sh
#   fetch.sh source                    kselftest, checkpatch and kernel-doc from
#                                      linux-source-6.12; prints the folder
#
# The cache is $FASTIPC_CACHE, else $XDG_CACHE_HOME/fastipc, else ~/.cache/fastipc.
# It may be deleted at any time.
set -euo pipefail

cache=${FASTIPC_CACHE:-${XDG_CACHE_HOME:-${HOME:?set HOME or FASTIPC_CACHE}/.cache}/fastipc}

say() { printf 'fetch: %s\n' "$*" >&2; }
die() { say "$*"; exit 1; }

# depends PACKAGE: the packages it depends on, one a line, alternatives dropped
depends() {
	apt-cache depends --no-recommends --no-suggests --no-conflicts \
		--no-breaks --no-replaces --no-enhances "$1" |
		sed -n 's/^ *Depends: \([^<].*\)$/\1/p'
}

# unpack PACKAGE DIR: download a package and extract it below DIR
unpack() {
	local pkg=$1 dir=$2 tmp
	tmp=$(mktemp -d "$work/XXXXXX")
	say "downloading $pkg," "$(apt-cache show --no-all-versions "$pkg" |
		awk '$1 == "Size:" { printf "%.0f MB", $2 / 1000000 }')"
	# apt drops to the user _apt, who may not enter a private cache folder.
	(cd "$tmp" && apt-get -q -q -o APT::Sandbox::User=root download "$pkg") ||
		die "cannot download $pkg (try: apt-get update)"
	dpkg-deb -x "$tmp"/*.deb "$dir"
	rm -rf "$tmp"
}

# keep DIR TMP: publish a finished folder under its final name, atomically
keep() {
	rm -rf "$1"
	mv "$2" "$1"
}

kernel() {
	local meta image version headers dir tmp pkg
	case $1 in
	6.1) meta=linux-image-amd64 ;;
	6.12) meta=linux-image-6.12-amd64 ;;
	6.12-rt) meta=linux-image-6.12-rt-amd64 ;;
	*) die "unknown kernel '$1' (known: 6.1 6.12 6.12-rt kasan kcsan)" ;;
	esac
	# Only the newest build of each kernel stays in the archive: pin nothing.
	image=$(depends "$meta" | grep '^linux-image-' | head -n 1) || true
	[ -n "$image" ] || die "apt knows no $meta (try: apt-get update)"
	version=${image#linux-image-}
	headers=linux-headers-$version
	dir=$cache/kernel-$version
	if [ ! -d "$dir" ]; then
		tmp=$(mktemp -d "$work/XXXXXX")
		for pkg in "$image" "$headers" $(depends "$headers" |
			grep -E '^linux-(headers|kbuild)-'); do
			unpack "$pkg" "$tmp"
		done
		# The headers name their common part by an absolute path.
		sed -i "s|include /usr/src/|include $dir/usr/src/|" \
			"$tmp/usr/src/$headers/Makefile"
		depmod -b "$tmp" "$version"
		ln -s "usr/src/$headers" "$tmp/headers"
		ln -s "boot/vmlinuz-$version" "$tmp/image"
		printf '%s\n' "$version" >"$tmp/version"
		keep "$dir" "$tmp"
	fi
	printf '%s\n' "$dir"
}

source_() {
	local pkg=linux-source-6.12 version dir tmp
	version=$(apt-cache policy "$pkg" | sed -n 's/^ *Candidate: //p')
	case $version in
	'' | '(none)') die "apt knows no $pkg (try: apt-get update)" ;;
	esac
	dir=$cache/source-${version//[^A-Za-z0-9.]/_}
	if [ ! -d "$dir" ]; then
		tmp=$(mktemp -d "$work/XXXXXX")
		unpack "$pkg" "$tmp/deb"
		say "extracting kselftest, checkpatch and kernel-doc"
		# Everything wanted stands by name: the archive is read once.
		tar -xf "$tmp"/deb/usr/src/linux-source-6.12.tar.xz -C "$tmp" \
			--strip-components=1 --wildcards \
			'*/tools/testing/selftests/kselftest*' \
			'*/tools/testing/selftests/lib.mk' \
			'*/tools/testing/selftests/run_kselftest.sh' \
			'*/scripts/checkpatch.pl' '*/scripts/spelling.txt' \
			'*/scripts/const_structs.checkpatch' \
			'*/scripts/kernel-doc' '*/.clang-format' \
			'*/scripts/subarch.include' '*/tools/scripts'
		rm -rf "$tmp/deb"
		keep "$dir" "$tmp"
	fi
	printf '%s\n' "$dir"
}

case "${1-} ${2-}" in
'kernel kasan' | 'kernel kcsan') exec "$(dirname "$0")/debug-kernel.sh" "$2" ;;
esac
mkdir -p "$cache"
# One at a time: what another is fetching is there when it is done.
exec 9>"$cache/lock"
flock 9
work=$(mktemp -d "$cache/tmp.XXXXXX")
trap 'rm -rf "$work"' EXIT
case ${1-} in
kernel) kernel "${2-}" ;;
source) source_ ;;
*)
	sed -n '4,/^set/s/^# \{0,1\}//p' "$0" | grep -v '^set' >&2
	exit 2
	;;
esac
