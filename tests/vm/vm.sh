#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# vm.sh - run a command under another kernel, in a virtual machine.
#
# The guest sees this machine's own root file system, read-only, under a layer
# in its memory: so what was built here runs there in place, and nothing the
# guest does reaches the disk.  Only amd64 hosts.
#
#   vm.sh [OPTION...] -- COMMAND [ARGUMENT...]
#
#   -k DIR        kernel, as fetch.sh or debug-kernel.sh leave it, or a build tree
#   -m "KO ARG.." insmod this before COMMAND, rmmod it afterwards (may repeat);
#                 no spaces in its path
#   -o DIR        what the guest writes below DIR stays
#   -L            end with a search for leaked memory (kernels with kmemleak)
#   -c N          CPUs (2)
#   -M N          memory in MiB (1024)
#   -t SECONDS    give up after (300); if that is more than 30, COMMAND may take so
#                 long, and the machine a minute more
#   -a STRING     more kernel command line
#   -l FILE       keep the kernel's log there
#   -x ACCEL      kvm; tcg; or icount, where one CPU takes a nanosecond for each
#                 instruction.  Without it kvm, if this kernel is seen to boot so
#   -h            this text
#
# COMMAND runs in the caller's folder, as root, with an empty standard input,
# without the caller's environment (PATH is the default one).  Its standard
# output and error both come on standard output.
#
# Exit status: COMMAND's if that is 0 to 99, else 100 and it is said; 101 kernel
# complaint; 102 the guest ended without a verdict; 103 could not start; 124
# time-out.  Success is only what the guest itself says, on a port of its own.
set -u

arguments=("$@")
here=$(dirname "$(readlink -f "$0")")
cache=${FASTIPC_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/fastipc}
kernel='' modules=() out='' leaks='' cpus=2 memory=1024 limit=300 append='' log='' accel=''

usage() { sed -n '4,/^set/s/^# \{0,1\}//p' "$0" | grep -v '^set'; }
die() {
	echo "vm: $*" >&2
	exit 103
}

while getopts k:m:o:Lc:M:t:a:l:x:h option; do
	case $option in
	k) kernel=$(readlink -m "$OPTARG") ;;
	m) modules+=("$OPTARG") ;;
	o) out=$(readlink -m "$OPTARG") ;;
	L) leaks=1 ;;
	c) cpus=$OPTARG ;;
	M) memory=$OPTARG ;;
	t) limit=$OPTARG ;;
	a) append=$OPTARG ;;
	l) log=$OPTARG ;;
	x) accel=$OPTARG ;;
	h)
		usage
		exit 0
		;;
	*)
		usage >&2
		exit 103
		;;
	esac
done
shift $((OPTIND - 1))
if [ $# = 0 ]; then
	usage >&2
	exit 103
fi
[ "$(uname -m)" = x86_64 ] || die "only amd64 machines can run this"
command -v qemu-system-x86_64 >/dev/null || die "needs qemu-system-x86_64"
busybox=$(command -v busybox) || die "needs busybox-static"

work=$(mktemp -d) || exit 103
qemu=
cleanup() {
	# To timeout(1), which passes it on: killed, it would leave QEMU behind.
	[ -z "$qemu" ] || { kill "$qemu" && wait "$qemu"; } 2>/dev/null
	rm -rf "$work"
}
trap cleanup EXIT
trap 'exit 130' INT TERM HUP
log=${log:-$work/log}
: >"$log" || die "cannot write $log"

# The kernel's image, and the modules that it needs to see its root.
version=
if [ -f "$kernel/image" ]; then
	image=$kernel/image
	# One of debug-kernel.sh has them built in.
	[ ! -f "$kernel/version" ] || version=$(cat "$kernel/version")
elif [ -f "$kernel/arch/x86/boot/bzImage" ]; then
	image=$kernel/arch/x86/boot/bzImage
else
	die "no kernel in '$kernel' (-k \"\$(tests/vm/fetch.sh kernel 6.12)\")"
fi
for module in "${modules[@]}"; do
	[ -f "${module%% *}" ] || die "no module ${module%% *}"
done
case $limit in *[!0-9]* | '') die "-t takes seconds" ;; esac
if [ -n "$out" ]; then
	mkdir -p "$out" || die "cannot write $out"
fi

# Everything the guest needs before its root is there.
make_initramfs() {
	local root=$work/initramfs file name module
	mkdir -p "$root"/{bin,dev,proc,sys,modules,lower,layer,root,vm}
	cp "$busybox" "$root/bin/busybox"
	cp "$here/guest-init" "$root/init"
	cp "$here/guest-run" "$root/vm/run"
	: >"$root/modules/order"
	if [ -n "$version" ]; then
		for name in virtio_pci 9pnet_virtio 9p overlay; do
			modprobe -d "$kernel" -S "$version" --show-depends "$name"
		done 2>/dev/null | awk '$1 == "insmod" && !seen[$2]++ { print $2 }' |
			while read -r file; do
				name=$(basename "$file" .xz)
				case $file in
				*.xz) xz -dc "$file" ;;
				*) cat "$file" ;;
				esac >"$root/modules/$name"
				echo "$name" >>"$root/modules/order"
			done
		grep -q '^9p\.ko$' "$root/modules/order" ||
			die "this kernel has no 9p module (a cloud kernel?)"
	fi
	pwd >"$root/vm/directory"
	printf '%q ' "$@" >"$root/vm/command"
	for module in "${modules[@]}"; do
		printf '%s %s\n' "$(readlink -f "${module%% *}")" \
			"$(case $module in *' '*) echo "${module#* }" ;; esac)"
	done >"$root/vm/modules"
	echo "$limit" >"$root/vm/limit"
	echo "$out" >"$root/vm/out"
	[ -z "$leaks" ] || : >"$root/vm/leaks"
	(cd "$root" && find . | cpio -o -H newc --quiet) >"$work/initrd"
}

# Does this kernel boot with hardware help?  Asked once for each pair of kernels.
choose_accel() {
	local known
	known=$cache/kvm-$(uname -r)-$(basename "$kernel")
	if [ ! -w /dev/kvm ]; then
		echo tcg
		return
	fi
	if [ ! -f "$known" ]; then
		mkdir -p "$cache"
		if "$0" -x kvm -k "$kernel" -t 25 -- true >/dev/null 2>&1; then
			echo kvm
		else
			echo tcg
		fi >"$known"
	fi
	cat "$known"
}

make_initramfs "$@" || die "cannot make the initramfs"
: "${accel:=$(choose_accel)}"
case $accel in
# Without erms: TCG runs "rep movsb" byte by byte.  Without cx16: once the kernel's
# allocator died of flags that a cmpxchg16b had left as no instruction does.
tcg) machine=(-accel 'tcg,thread=multi' -cpu 'max,-erms,-cx16') ;;
icount)
	[ "$cpus" = 1 ] || die "-x icount takes one CPU (-c 1)"
	machine=(-accel tcg -icount 'shift=0,sleep=on' -cpu 'max,-erms,-cx16')
	;;
kvm) machine=(-accel kvm -cpu host) ;;
*) die "-x takes kvm, tcg or icount" ;;
esac
shares=(-virtfs 'local,path=/,mount_tag=host,security_model=none,readonly=on,multidevs=remap')
[ -z "$out" ] || shares+=(-virtfs "local,path=$out,mount_tag=out,security_model=none")
[ -z "$leaks" ] || append+=" kmemleak=on"

# Until COMMAND begins a busy host may need half a minute.
[ "$limit" -le 30 ] || limit=$((limit + 60))
timeout -k 5 "$limit" qemu-system-x86_64 "${machine[@]}" -M pc -smp "$cpus" \
	-m "$memory" -nodefaults -no-user-config -display none -no-reboot \
	-kernel "$image" -initrd "$work/initrd" \
	-append "console=ttyS0 loglevel=7 panic=-1 oops=panic panic_on_warn=0 \
nokaslr tsc=reliable no_timer_check pci=noacpi random.trust_cpu=on \
init_on_alloc=0 rcupdate.rcu_cpu_stall_timeout=60 $append" \
	-serial file:"$log" -chardev stdio,id=out,signal=on -serial chardev:out \
	-device isa-debug-exit,iobase=0xf4,iosize=0x01 -device virtio-rng-pci \
	"${shares[@]}" </dev/null 2>"$work/qemu.err" &
qemu=$!
wait "$qemu"
status=$?
qemu=
grep -v 'multidevs\|9p: Multiple devices' "$work/qemu.err" >&2

# The verdict.  isa-debug-exit makes QEMU's own status 2 x the guest's + 1.
tr -d '\r' <"$log" >"$work/log.clean"
sed -n '/guest: start/,$p' "$work/log.clean" >"$work/log.run"
if [ $status = 124 ] || [ $status = 137 ]; then
	echo "vm: no end after $limit s" >&2
	result=124
elif [ $((status % 2)) = 1 ] && grep -q 'guest: end' "$work/log.run"; then
	result=$((status / 2))
elif [ -s "$work/log.run" ]; then
	echo "vm: the guest ended without a verdict (panic or reset)" >&2
	result=102
elif [ "$accel" = tcg ] && [ "${FASTIPC_VM_TRY:-1}" -lt 3 ]; then
	# Emulating two CPUs, QEMU now and then trips over the code that a
	# kernel patches in itself while it boots.  Nothing of ours has run yet.
	echo "vm: the guest died before it started; trying again" >&2
	cleanup
	FASTIPC_VM_TRY=$((${FASTIPC_VM_TRY:-1} + 1)) exec "$0" "${arguments[@]}"
else
	echo "vm: the guest did not start" >&2
	result=103
fi

complaints=$(grep -aE -f "$here/complaints" "$work/log.run")
# A data race in the kernel itself is not ours: only modules are named so.
complaints=$(grep -avE 'BUG: KCSAN: [^[]*$' <<<"$complaints")
if [ "$result" = 124 ]; then
	# The guest's own account of who hangs is no further complaint.
	complaints=$(grep -aE '^\[[^]]*\] *(BUG|WARNING|INFO):' <<<"$complaints")
fi
if [ -n "$complaints" ]; then
	echo "vm: the kernel complains:" >&2
	head -n 20 <<<"$complaints" >&2
	[ "$result" != 0 ] || result=101
fi
if [ "$result" -ge 101 ]; then
	echo "vm: the end of the kernel's log:" >&2
	tail -n 40 "$work/log.clean" >&2
fi
exit "$result"
