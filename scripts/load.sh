#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# load.sh FASTIPC.KO [GROUP] - load the module, mount fastipcfs at /run/fastipc, and say
# who may use the device and make names there: root, or GROUP.
set -euo pipefail
module=${1?usage: load.sh FASTIPC.KO [GROUP]} group=${2-}

if [ "$(id -u)" != 0 ]; then
	echo "load: needs root (try: sudo make load)" >&2
	exit 1
fi
if [ ! -f "$module" ]; then
	echo "load: $module was not built" \
		"(try: apt install linux-headers-$(uname -r))" >&2
	exit 1
fi
if [ -n "$group" ] && ! getent group "$group" >/dev/null; then
	echo "load: no group '$group' (try: groupadd --system $group)" >&2
	exit 1
fi
insmod "$module"
for _ in $(seq 50); do
	[ ! -c /dev/fastipc ] || break
	sleep 0.1
done
[ -z "$group" ] || chgrp "$group" /dev/fastipc
options=mode=755
[ -z "$group" ] || options=mode=1770,gid=$(getent group "$group" | cut -d: -f3)
mkdir -p /run/fastipc
mount -t fastipcfs -o "$options" fastipcfs /run/fastipc
ls -ld /dev/fastipc /run/fastipc
