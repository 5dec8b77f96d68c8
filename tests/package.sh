#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# What packagers and their users do: install to a root of their own, build a
# program against that with pkg-config, shared and static, in C and in C++, and
# build the module from the DKMS source.  Prints TAP.
set -uo pipefail
cd "$(dirname "$0")/.." || exit 1

root=$(mktemp -d)
trap 'rm -rf "$root"' EXIT
count=0 failed=0

# result NAME COMMAND...: ok if it succeeds
result() {
	local name=$1
	shift
	count=$((count + 1))
	if "$@" >"$root/out" 2>&1; then
		echo "ok $count - $name"
	else
		failed=1
		echo "not ok $count - $name"
		sed 's/^/# /' "$root/out"
	fi
}

install_all() {
	make -s install DESTDIR="$root" PREFIX=/usr
}

flags() {
	PKG_CONFIG_PATH=$root/usr/lib/pkgconfig PKG_CONFIG_SYSROOT_DIR=$root \
		PKG_CONFIG_ALLOW_SYSTEM_CFLAGS=1 PKG_CONFIG_ALLOW_SYSTEM_LIBS=1 \
		pkg-config "$@" libfastipc
}

build_shared() {
	# shellcheck disable=SC2046 # flags are words
	gcc -Wall -Werror examples/hello.c $(flags --cflags --libs) \
		-o "$root/hello" &&
		LD_LIBRARY_PATH=$root/usr/lib ldd "$root/hello" |
		grep "libfastipc.so.1 => $root"
}

build_static() {
	# shellcheck disable=SC2046 # flags are words
	gcc -static -Wall -Werror examples/hello.c $(flags --cflags --libs) \
		-o "$root/hello-static"
}

build_cxx() {
	cat >"$root/c++.cc" <<-'END'
		#include <fastipc.h>
		int main()
		{
			struct fastipc_options options = {};
			struct fastipc *end[2];
			options.size = sizeof(options);
			return fastipc_pair(end, &options) == 0 && !fastipc_version();
		}
	END
	# shellcheck disable=SC2046 # flags are words
	g++ -std=c++11 -Wall -Wextra -Wpedantic -Werror "$root/c++.cc" \
		$(flags --cflags --libs) -o "$root/c++"
}

# The shared library needs libc alone, and exports nothing but fastipc_*.
links_only_libc() {
	[ "$(objdump -p "$root/usr/lib/libfastipc.so.1" |
		awk '$1 == "NEEDED" { print $2 }')" = libc.so.6 ]
}

exports_only_its_own() {
	! nm -D --defined-only "$root/usr/lib/libfastipc.so.1" |
		awk '{ print $3 }' | grep -vE '^(fastipc_[a-z_]+@@)?FASTIPC_0\.1$'
}

version_is_one() {
	local version
	version=$(cat VERSION)
	[ "$(flags --modversion)" = "$version" ] &&
		[ -d "$root/usr/src/fastipc-$version" ] &&
		grep -q "PACKAGE_VERSION=\"$version\"" \
			"$root/usr/src/fastipc-$version/dkms.conf" &&
		head -n 20 CHANGELOG.md | grep -qF "$version"
}

dkms_builds() {
	local kernel
	kernel=$(tests/vm/fetch.sh kernel 6.12) &&
		make -s -C "$kernel/headers" \
			M="$root/usr/src/fastipc-$(cat VERSION)" modules &&
		modinfo -F version \
			"$root/usr/src/fastipc-$(cat VERSION)/module/fastipc.ko" |
		grep -qxF "$(cat VERSION)"
}

# The tool runs, without the module, and says its version.
tool_runs() {
	[ "$("$root/usr/bin/fastipc" --version)" = "fastipc $(cat VERSION)" ] &&
		[ -f "$root/usr/share/man/man1/fastipc.1" ]
}

# By the name of a call that shares its page with others.
manual_page_is_there() {
	grep -q '^\.Nm fastipc_sendv' "$root/usr/share/man/man3/fastipc_sendv.3"
}

uninstalls() {
	make -s uninstall DESTDIR="$root" PREFIX=/usr &&
		[ -z "$(find "$root/usr" ! -type d)" ]
}

# Whether make check-fresh has passed with the set-up files as they are now
fresh_is_remembered() (
	mkdir "$root/tree"
	git ls-files -z | xargs -0 cp --parents -t "$root/tree"
	cd "$root/tree" || return
	rm -f tests/fresh.passed
	! scripts/fresh.sh unchanged || return
	scripts/fresh.sh sum >tests/fresh.passed
	scripts/fresh.sh unchanged || return
	echo >>scripts/setup.sh
	! scripts/fresh.sh unchanged
)

echo "TAP version 13"
echo "1..12"
result "installs" install_all
result "a program links the shared library" build_shared
result "a program links the static library" build_static
result "the header is C++11" build_cxx
result "the library needs libc alone" links_only_libc
result "the library exports only its own symbols" exports_only_its_own
result "one version number" version_is_one
result "the DKMS source builds" dkms_builds
result "the tool runs" tool_runs
result "manual pages are there" manual_page_is_there
result "uninstalls" uninstalls
result "a set-up file that changed is seen" fresh_is_remembered
exit $failed
