#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# setup.sh run|check|debug|bench|fresh - install what "make run", "make check",
# "make check-debug", "make bench" or "make check-fresh" needs.
#
# Lists the packages with their sizes and asks, unless YES=1 is set or there is
# no terminal.  Needs Debian, and root or sudo if something is missing.  Kernels
# are not installed: tests/vm/fetch.sh unpacks them into a cache.
set -euo pipefail
cd "$(dirname "$0")/.."

run_packages=(gcc libc6-dev liburing-dev make dwarves libelf1 kmod xz-utils
	qemu-system-x86 busybox-static cpio perl-base)
check_packages=(g++ clang clang-format sparse spin shellcheck codespell
	mandoc patch perl pkg-config procps psmisc lsof file pv systemd udev)
debug_packages=(bc bison flex libelf-dev clang libclang-rt-dev patch)
bench_packages=(gcc g++ libc6-dev make libck-dev libboost-dev
	iceoryx libiceoryx-hoofs-dev libiceoryx-posh-dev)
fresh_packages=(git mmdebstrap procps)

say() { echo "==> $*"; }
die() {
	echo "setup: $*" >&2
	exit 1
}

case ${1-} in
run) packages=("${run_packages[@]}") ;;
check) packages=("${run_packages[@]}" "${check_packages[@]}") ;;
debug) packages=("${run_packages[@]}" "${debug_packages[@]}") ;;
bench) packages=("${bench_packages[@]}") ;;
fresh) packages=("${fresh_packages[@]}") ;;
*) die "say run, check, debug, bench or fresh" ;;
esac
[ "$(uname -m)" = x86_64 ] || die "the test machine needs an amd64 host"
command -v apt-get >/dev/null || die "made for Debian: no apt-get here"

missing=()
for package in "${packages[@]}"; do
	status=$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null) ||
		true
	[ "$status" = installed ] || missing+=("$package")
done

root=()
if [ "$(id -u)" != 0 ]; then
	root=(sudo)
	[ ${#missing[@]} = 0 ] || command -v sudo >/dev/null ||
		die "not root, and no sudo; missing: ${missing[*]}"
fi

# Package lists: none on a minimal machine, stale on an old one.
fresh=$(find /var/lib/apt/lists -maxdepth 1 -name '*Packages*' -mmin -1440 \
	2>/dev/null | head -n 1)
if [ -z "$fresh" ]; then
	if [ "$(id -u)" = 0 ] || command -v sudo >/dev/null; then
		say "updating the package lists"
		"${root[@]}" apt-get -qq update ||
			say "that failed; going on with the old lists"
	fi
fi
[ ${#missing[@]} = 0 ] && exit 0

say "to be installed: ${missing[*]}"
plan=$(LC_ALL=C "${root[@]}" apt-get install --no-install-recommends \
	--assume-no "${missing[@]}" 2>&1) || true
grep -E '^(Need to get|After this operation)|newly installed' <<<"$plan" |
	sed 's/^/    /'
if ! grep -q '^After this operation\|newly installed' <<<"$plan"; then
	echo "$plan" >&2
	die "apt cannot install that"
fi
if [ "${YES-}" != 1 ] && [ -t 0 ]; then
	read -r -p "    go on? [Y/n] " answer
	case $answer in
	'' | [Yy]*) ;;
	*) die "stopped; nothing was installed" ;;
	esac
fi
log=$(mktemp)
trap 'rm -f "$log"' EXIT
say "installing"
if ! DEBIAN_FRONTEND=noninteractive "${root[@]}" apt-get install -qq -y \
	--no-install-recommends "${missing[@]}" >"$log" 2>&1; then
	tail -n 20 "$log" >&2
	die "apt-get failed"
fi
