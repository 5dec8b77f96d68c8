#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The set-up files of packaging/, used by those whom they are for: systemd-sysusers, udev,
# mount(8) with the options of the unit; and what a rootless container does.  Needs a
# machine of its own, with the module loaded, and leaves both changed.
# shellcheck disable=SC2317,SC2016

here=$(cd "$(dirname "$0")" && pwd)
files=${FASTIPC_SETUP_FILES:-$here/../packaging}
# Where everybody can reach them, which a checkout in a home may not be.
tool=/run/setup-files/fastipc
hello=/run/setup-files/hello
names=/run/fastipc
count=0 failed=0

# result NAME COMMAND...: ok if the command succeeds
result() {
	local name=$1 verdict=ok
	shift
	"$@" || verdict='not ok' failed=1
	count=$((count + 1))
	echo "$verdict $count $name"
}

# is TEXT COMMAND...: what it prints
is() {
	local text=$1 got
	shift
	got=$("$@" 2>&1)
	[ "$got" = "$text" ] || echo "# $got" | sed '2,$s/^/# /'
	[ "$got" = "$text" ]
}

option() { sed -n "s/^$1=//p" "$files/run-fastipc.mount"; }

copy_programs() {
	mkdir -p "${tool%/*}" &&
		cp "${FASTIPC_TOOL:-$here/../build/tools}/fastipc" "$tool" &&
		cp "$here/../build/examples/hello" "$hello"
}

# One in the group, one not.
make_users() {
	useradd -M -G fastipc member && useradd -M other
}

load_again() {
	! mountpoint -q "$names" || umount "$names" || return
	rmmod fastipc || return
	if [ -n "${FASTIPC_MODULE-}" ]; then
		insmod "$FASTIPC_MODULE" recheck=1
	else
		modprobe fastipc recheck=1
	fi
}

udev_rule() {
	local daemon=/lib/systemd/systemd-udevd pid
	mkdir -p /run/udev/rules.d
	cp "$files/60-fastipc.rules" /run/udev/rules.d/
	"$daemon" >/dev/null 2>&1 &
	pid=$!
	for _ in $(seq 100); do
		! udevadm control --ping 2>/dev/null || break
		sleep 0.1
	done
	load_again
	for _ in $(seq 100); do
		[ "$(stat -c %G /dev/fastipc)" != fastipc ] || break
		sleep 0.1
	done
	is '660 root fastipc' stat -c '%a %U %G' /dev/fastipc
	local status=$?
	kill "$pid"
	wait "$pid" 2>/dev/null
	return "$status"
}

mount_unit() {
	is fastipcfs option What && is fastipcfs option Type &&
		is "$names" option Where &&
		mount -t "$(option Type)" -o "$(option Options)" \
			"$(option What)" "$(option Where)" &&
		is '1770 root fastipc' stat -c '%a %U %G' "$names"
}

# as USER COMMAND...; if coverage is measured, theirs does not count
as() {
	GCOV_PREFIX=/tmp/$1 GCOV_PREFIX_STRIP=99 \
		setpriv --reuid "$1" --regid "$1" --init-groups "${@:2}"
}

member_may() {
	as member "$tool" create --keep --mode 660 mine &&
		as member bash -c 'echo hello | "$1" send mine' . "$tool" &&
		is hello as member "$tool" recv --now mine &&
		is 'the child got: hello' as member "$hello" &&
		as member "$tool" rm mine
}

other_may_not() {
	is "fastipc create: no permission for 'mine'" as other "$tool" create mine &&
		is 'hello: fastipc_pair: Permission denied' as other "$hello"
}

# shellcheck disable=SC2016 # the inner shell's
inside='mount -t fastipcfs names /mnt && FASTIPC_DIR=/mnt && export FASTIPC_DIR &&
	"$1" create --keep c && echo inside | "$1" send c && "$1" recv --now c &&
	stat -c "%U %n" /mnt/c'

container_of_its_own() {
	! as other unshare -Urm sh -c "$inside" . "$tool" 2>/dev/null || return
	echo 1 >/sys/module/fastipc/parameters/userns_mounts
	is 'inside
root /mnt/c' as other unshare -Urm sh -c "$inside" . "$tool"
}

# The host's names, bound into the container's own root.
# shellcheck disable=SC2016 # the inner shell's
container_of_the_hosts() {
	"$tool" create --keep --mode 666 shared && chmod 1777 "$names" &&
		as other unshare -Urm sh -c 'mount -t tmpfs none /mnt &&
			mkdir /mnt/f && mount --bind /run/fastipc /mnt/f &&
			echo out | "$1" send /mnt/f/shared' . "$tool" &&
		is out "$tool" recv --now shared && "$tool" rm shared
}

if [ ! -d "$files" ] || [ ! -x /lib/systemd/systemd-udevd ]; then
	echo "1..0 # SKIP no set-up files, or no udev"
	exit 4
fi
echo "TAP version 13"
result "sysusers makes the group" systemd-sysusers "$files/fastipc.sysusers"
result "users" make_users
result "programs for all of them" copy_programs
result "modules-load names the module" is fastipc \
	sed '/^#/d' "$files/fastipc.modules-load"
result "the unit is good" is '' systemd-analyze verify --man=no \
	"$files/run-fastipc.mount"
result "udev gives the device to the group" udev_rule
result "the unit's options mount it" mount_unit
result "a member may make, send and receive" member_may
result "others may not" other_may_not
result "a rootless container has names of its own, if allowed" \
	container_of_its_own
result "or the host's" container_of_the_hosts
umount "$names"
rm -r "${tool%/*}"
result "nothing is left" is '0
0' sh -c 'cd /sys/module/fastipc/parameters && cat channels endpoints'
# As it was, for whoever comes next.
mount -t fastipcfs fastipcfs "$names"
echo "1..$count"
exit $failed
