#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# debug-kernel.sh kasan|kcsan - build a kernel that finds what others forgive.
#
# From Debian's linux-source-6.12 and the fragments in kconfig/, which say what
# each checks.  Prints the folder: image, headers to build modules against, and
# the configuration.  It lies in the cache of fetch.sh, under a name that changes
# with the fragments, the source and the compiler; it may be deleted at any time.
# Takes about ten minutes on two CPUs, and 4 GB of disk meanwhile.
set -euo pipefail
here=$(dirname "$(readlink -f "$0")")
cache=${FASTIPC_CACHE:-${XDG_CACHE_HOME:-${HOME:?set HOME or FASTIPC_CACHE}/.cache}/fastipc}
variant=${1-}

say() { printf 'debug-kernel: %s\n' "$*" >&2; }
die() {
	say "$*"
	exit 1
}

case $variant in
kasan | kcsan) ;;
*)
	sed -n '4,/^set/s/^# \{0,1\}//p' "$0" | grep -v '^set' >&2
	exit 2
	;;
esac
fragments=("$here/kconfig/"{base,debug,"$variant"}.config)
package=linux-source-6.12
version=$(apt-cache policy $package | sed -n 's/^ *Candidate: //p')
case $version in
'' | '(none)') die "apt knows no $package (try: apt-get update)" ;;
esac
compiler=$(${CC:-gcc} --version | head -n 1)
key=$(cat "${fragments[@]}" - <<<"$version $compiler" | sha256sum |
	head -c 16)
dir=$cache/debug-$variant-$key

show() {
	printf '%s\n' "$dir"
	exit
}

# Several may ask at the same time; the first builds.
[ ! -d "$dir" ] || show
mkdir -p "$cache"
exec 9>"$cache/lock-debug"
flock 9
[ ! -d "$dir" ] || show

begin=$SECONDS
work=$(mktemp -d "$cache/tmp.XXXXXX")
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT TERM HUP
log=$cache/debug-$variant.log
tree=$cache/tree-${version//[^A-Za-z0-9.]/_}
build=$work/build

# The whole source, once for all variants.
if [ ! -d "$tree" ]; then
	say "downloading $package, $(apt-cache show --no-all-versions $package |
		awk '$1 == "Size:" { printf "%.0f MB", $2 / 1000000 }')"
	mkdir "$work/package" "$work/tree"
	(cd "$work/package" && apt-get -q -q \
		-o APT::Sandbox::User=root download $package) ||
		die "cannot download $package (try: apt-get update)"
	dpkg-deb --fsys-tarfile "$work/package"/*.deb |
		tar -xO ./usr/src/$package.tar.xz |
		tar -xJ -C "$work/tree" --strip-components=1
	rm -rf "$work/package"
	mv "$work/tree" "$tree"
fi

# Later fragments win.
mkdir "$build"
awk -F '[= ]' '/^CONFIG_/ { value[$1] = $0 } /^# CONFIG_/ { value[$2] = $0 }
	END { for (name in value) print value[name] }' \
	"${fragments[@]}" >"$work/wanted"
make -s -C "$tree" O="$build" KCONFIG_ALLCONFIG="$work/wanted" \
	allnoconfig >"$log" 2>&1 || die "no configuration: $log"
# What depends on something that is missing is dropped silently.
missing=$(grep '^CONFIG_' "$work/wanted" | grep -vxFf "$build/.config" || true)
[ -z "$missing" ] || die "options that were not taken: $missing"

say "building the $variant kernel $version (about ten minutes on two CPUs)"
make -s -C "$tree" O="$build" -j"$(nproc)" bzImage modules >>"$log" 2>&1 || {
	tail -n 20 "$log" >&2
	die "the build failed: $log"
}
mkdir "$work/kernel"
make -s -C "$tree" O="$build" run-command KBUILD_RUN_COMMAND="\
\$(srctree)/scripts/package/install-extmod-build $work/kernel/headers" \
	>>"$log" 2>&1 || die "no headers: $log"
cp "$build/arch/x86/boot/bzImage" "$work/kernel/image"
cp "$build/.config" "$work/kernel/config"
# Older ones of this variant are of no use any more.
rm -rf "$cache/debug-$variant"-*
mv "$work/kernel" "$dir"
say "that took $((SECONDS - begin)) s"
show
