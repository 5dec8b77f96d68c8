#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# run.sh KERNEL - what "make run" shows: boot a Debian kernel (6.1, 6.12,
# 6.12-rt) in QEMU with the module, and move real data there (demo.sh).  The
# packages are installed already (setup.sh run), library and programs built.
set -euo pipefail
cd "$(dirname "$0")/.."
name=${1?usage: run.sh KERNEL}
least=$((32 << 20))	# bytes of real files to move
list=$PWD/build/run/tree.list

say() { printf '==> %s\n' "$*"; }

# regular_files PACKAGE...: their names, sorted
regular_files() {
	dpkg-query -L "$@" | sort -u | while IFS= read -r file; do
		[ ! -f "$file" ] || [ -L "$file" ] || printf '%s\n' "$file"
	done
}

# list_files: write to $list the files of installed packages, one package after
# the other until there is enough: a C compiler's, which is there to build this
list_files() {
	local version package bytes=0 packages=()
	version=$(gcc -dumpversion)
	for package in libc6-dev "libgcc-$version-dev" "cpp-$version" \
		"gcc-$version" binutils-x86-64-linux-gnu qemu-system-x86; do
		dpkg-query -s "$package" >/dev/null 2>&1 || continue
		packages+=("$package")
		regular_files "${packages[@]}" >"$list"
		bytes=$(tr '\n' '\0' <"$list" | xargs -0 stat -c %s |
			awk '{ sum += $1 } END { print sum + 0 }')
		[ "$bytes" -lt "$least" ] || break
	done
	say "a real tree: $(wc -l <"$list") files, $((bytes / 1000000)) MB" \
		"of ${packages[*]-no package}"
	if [ "$bytes" -lt "$least" ]; then
		say "FAILED: that is less than $least bytes"
		return 1
	fi
}

mkdir -p "${list%/*}"
exec 8>"${list%/*}/lock"
if ! flock -n 8; then
	echo "run: another make run is under way here" >&2
	exit 1
fi
say "fetching Linux $name (once)"
kernel=$(tests/vm/fetch.sh kernel "$name")
begin=$SECONDS
list_files
say "building the module for $(cat "$kernel/version")"
scripts/build-module.sh "$kernel/headers" "build/module-$name"
say "booting it in QEMU"
status=0
tests/vm/vm.sh -k "$kernel" -M 1280 -t 240 -l "build/run-$name.log" \
	-m "$PWD/build/module-$name/module/fastipc.ko" \
	-- scripts/demo.sh "$list" || status=$?
if [ $status = 0 ]; then
	say "all is well, in $((SECONDS - begin)) s"
else
	say "FAILED (status $status); the kernel's log: build/run-$name.log"
fi
exit $status
