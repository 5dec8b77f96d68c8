#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Loading and unloading: refused while a mount, an endpoint, a map file or a map lives,
# somebody sleeps in a call, or io_uring has something pending; clean afterwards,
# many times.  Needs the module loaded.
# FASTIPC_MODULE is its file, otherwise modprobe finds it.  Leaves it loaded.

hold=${FASTIPC_TEST_BIN:-$(dirname "$0")}/module_hold
# On a kernel that is slow, a part of them.
cycles=$((100 / ${FASTIPC_TEST_SHARE:-1}))
count=0
failed=0

# result NAME COMMAND...: ok if the command succeeds
result() {
	local name=$1 verdict=ok
	shift
	"$@" || verdict='not ok' failed=1
	count=$((count + 1))
	echo "$verdict $count $name"
}

load() {
	if [ -n "$FASTIPC_MODULE" ]; then
		insmod "$FASTIPC_MODULE" recheck=1
	else
		modprobe fastipc recheck=1
	fi
}

unload() {
	local try
	# The last close of a dead process may still be under way.
	for try in $(seq 100); do
		rmmod fastipc 2>/dev/null && return 0
		sleep 0.1
	done
	echo "# rmmod failed after $try tries"
	return 1
}

refused() {
	! rmmod fastipc 2>/dev/null && [ -d /sys/module/fastipc ]
}

# Or this mounts it; afterwards it is not mounted.
mounted() {
	mkdir -p /run/fastipc
	[ -n "$mounted" ] || mount -t fastipcfs fastipcfs /run/fastipc
	refused && umount /run/fastipc
}

# held WHAT [COMMAND]: a process holds only that; unloading must be refused
# meanwhile, or COMMAND succeed
held() {
	local pid status=1
	coproc "$hold" "$1"
	pid=$COPROC_PID
	if read -r -u "${COPROC[0]}" line && [ "$line" = ready ]; then
		"${2:-refused}"
		status=$?
	fi
	kill -9 "$pid"
	wait "$pid" 2>/dev/null
	return "$status"
}

cycle() {
	local i
	for i in $(seq "$cycles"); do
		unload || return 1
		load || return 1
		[ -c /dev/fastipc ] || {
			echo "# no device after load $i"
			return 1
		}
		# Used, so that there is something to clean up.
		"$hold" use || return 1
	done
}

echo "TAP version 13"
echo "1..16"
mounted=
! mountpoint -q /run/fastipc || mounted=1
result "refused while it is mounted" mounted
result "refused while a name is open, and no mount left" held name
result "refused while an endpoint is open" held endpoint
result "refused while its peer is open" held peer
result "refused while a map file is open" held mapfile
result "refused while a map lives" held map
result "refused while a map of a sealed ring lives" held sealed-map
result "refused while somebody sleeps in read(2)" held read
result "refused while somebody sleeps in write(2)" held write
result "refused while io_uring has a read pending" held uring-read
result "refused while io_uring has a receive pending behind a wait" held uring-recv
result "unloads though an epoll instance watched an end" held epoll unload
result "loads after that" load
result "unloads afterwards" unload
result "loads again" load
result "loads and unloads $cycles times" cycle
[ -z "$mounted" ] || mount -t fastipcfs fastipcfs /run/fastipc
exit $failed
