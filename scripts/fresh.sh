#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# fresh.sh - do the commands of the README work on a machine that has nothing?
#
#   fresh.sh run|check...   install Debian 12's smallest variant with git and
#                           make below build/fresh, clone the committed HEAD
#                           into it, and run "make run", "make check" in there
#                           (the latter with the kernels of $KERNELS)
#   fresh.sh unchanged      status 0 if the set-up files are as they were when
#                           both commands last passed, as the README has them
#   fresh.sh sum            what is recorded then
#
# So a package that setup.sh does not install shows.  Downloads are not shared
# with this machine: a fresh one has none.  Needs root.  What runs inside has
# processes and mounts of its own, which the kernel ends with the first of them.
set -euo pipefail
cd "$(dirname "$0")/.."
export LC_ALL=C
umask 022

logs=build/fresh
machine=$PWD/$logs/machine	# removed at the end
root=$machine/root
clone=$root/root/fastipc
record=tests/fresh.passed
first=''

say() { echo "==> $*"; }
die() {
	echo "fresh: $*" >&2
	exit 1
}

# sum_of DIR: one sum over the set-up files of a checkout: whatever installs
# packages, or calls tools that must have been installed
sum_of() {
	(cd "$1" && sha256sum .ci/run Makefile tests/Makefile \
		scripts/*.{sh,awk} tests/*.sh tests/*/*.sh tests/vm/guest-* \
		bench/*/*.sh |
		sha256sum | sed 's/-$/set-up files with which both passed/')
}

unchanged() {
	local sum
	sum=$(sum_of .) && grep -qsxF "$sum" "$record"
}

# Debian 12's archives, as this machine reaches them: mirrors and proxies.
describe_apt() {
	# shellcheck disable=SC2016 # variables of apt's
	apt-get indextargets 'Created-By: Packages' 'Origin: Debian' \
		--format 'deb $(REPO_URI) $(RELEASE) $(COMPONENT)' |
		awk '$3 ~ /^bookworm/' | sort -u >"$machine/sources.list"
	[ -s "$machine/sources.list" ] ||
		die "apt has no archive of Debian 12 (bookworm) here"
	apt-config dump | grep '^Acquire::' |
		grep -v '^Acquire::IndexTargets' >"$machine/apt.conf"
}

make_machine() {
	local include=git,make
	! grep -q ' https:' "$machine/sources.list" || include+=,ca-certificates
	TMPDIR=$machine/tmp mmdebstrap --variant=minbase --include="$include" \
		--aptopt="$machine/apt.conf" bookworm "$root" \
		"$machine/sources.list" &&
		cp /etc/resolv.conf /etc/hosts "$root/etc/" &&
		git clone --no-local . "$clone" &&
		git -C "$clone" reset --hard "$(git rev-parse HEAD)" &&
		mount -t proc proc "$root/proc" &&
		mount --rbind /dev "$root/dev"
}

# in_machine [VARIABLE=VALUE]... COMMAND...: with that environment and no other
in_machine() {
	local name proxies=()
	for name in http_proxy https_proxy no_proxy; do
		[ -z "${!name-}" ] || proxies+=("$name=${!name}")
	done
	chroot "$root" /usr/bin/env -i -C "${clone#"$root"}" HOME=/root \
		PATH=/usr/sbin:/usr/bin:/sbin:/bin "${proxies[@]}" "$@"
}

# inside COMMAND...: what the first process inside does
inside() {
	local command begin=$SECONDS status=0
	say "installing Debian 12 with git and make alone"
	if ! make_machine >"$logs/machine.log" 2>&1; then
		tail -n 20 "$logs/machine.log" | sed 's/^/    | /'
		say "that failed: $logs/machine.log"
		return 1
	fi
	say "that took $((SECONDS - begin)) s"
	for command in "$@"; do
		begin=$SECONDS
		say "make $command, in there"
		# One sees that nobody is there to ask, the other is told so.
		case $command in
		run) in_machine make run ;;
		check) in_machine YES=1 make check KERNELS="$KERNELS" ;;
		esac 2>&1 | tee "$logs/$command.log" || status=$?
		# The logs that it keeps itself.
		(cd "$clone" && find build -name '*.log' \
			-exec cp --parents -t "$OLDPWD/$logs" {} +) || true
		if [ $status != 0 ]; then
			say "make $command failed (status $status):" \
				"$logs/$command.log, $logs/build"
			return 1
		fi
		say "make $command passed there, in $((SECONDS - begin)) s"
	done
}

clean_up() {
	# The first process inside takes all others and the mounts with it.
	if [ -n "$first" ]; then
		pkill -KILL -P "$first" || kill -KILL "$first"
		wait "$first"
	fi 2>/dev/null
	rm -rf --one-file-system "$machine"
}

outside() {
	local command status=0
	for command in "$@"; do
		case $command in
		run | check) ;;
		*) die "say run, check or both, not '$command'" ;;
		esac
	done
	[ $# != 0 ] || die "say run, check or both"
	[ "$(id -u)" = 0 ] ||
		die "installs a Debian below build/: sudo make check-fresh"
	scripts/setup.sh fresh
	mkdir -p "$logs"
	exec 9>"$logs/lock"
	flock -n 9 || die "another make check-fresh is under way here"
	rm -rf --one-file-system "$machine" "$logs/build" "$logs"/*.log
	trap 'set +e; clean_up' EXIT
	trap 'say "stopped"; exit 130' INT TERM HUP
	mkdir -p "$machine/tmp"
	describe_apt
	say "testing $(git log -1 --format='%h (%s)')"
	git diff --quiet HEAD || say "without what is not committed"
	setpriv --pdeathsig KILL unshare --mount --pid --fork --kill-child \
		scripts/fresh.sh inside "$@" </dev/null 2>"$machine/errors" &
	first=$!
	wait "$first" || status=$?
	first=''
	if [ $status != 0 ]; then
		cat "$machine/errors"
		say "FAILED, in $((SECONDS / 60)) min $((SECONDS % 60)) s;" \
			"logs: $logs"
		return 1
	fi
	if [[ " $* " = *' run '* && " $* " = *' check '* ]] &&
		[ "$KERNELS" = "$(sed -n 's/^KERNELS ?= //p' Makefile)" ]; then
		sum_of "$clone" >"$record"
	fi
	say "$*: all is well on a fresh machine, in" \
		"$((SECONDS / 60)) min $((SECONDS % 60)) s; logs: $logs"
}

case ${1-} in
unchanged) unchanged ;;
sum) sum_of . ;;
inside) "$@" ;;
*) outside "$@" ;;
esac
