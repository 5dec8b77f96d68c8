#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# build-module.sh KERNEL-BUILD-DIR DIR [MAKE-ARGUMENT...]
#
# Build the module against a kernel's headers, out of tree: DIR gets links to
# the sources and everything that is made; the result is DIR/module/fastipc.ko.
set -euo pipefail
cd "$(dirname "$0")/.."
kdir=${1?usage: build-module.sh KERNEL-BUILD-DIR DIR}
dir=$(realpath -m "${2?usage: build-module.sh KERNEL-BUILD-DIR DIR}")
shift 2
case $dir in
*[[:space:]]*)
	echo "build-module: a kernel's build takes no spaces in a path: $dir" >&2
	exit 1
	;;
esac

mkdir -p "$dir/module"
# A source that is gone must not stay behind as a dangling link.
find "$dir" -type l -delete
root=$(pwd)
for file in Kbuild VERSION uapi; do
	ln -sfn "$root/$file" "$dir/$file"
done
for file in module/*.[ch] module/Kbuild; do
	ln -sfn "$root/$file" "$dir/$file"
done
exec make -s -C "$kdir" M="$dir" "$@" modules
