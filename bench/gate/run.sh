#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# run.sh [KERNEL] - count the instructions of each operation, in a guest on that
# Debian kernel (6.12), and judge them; prints TAP.
# run.sh --baseline [KERNEL] - count, and keep that as the baseline.
#
# What is counted hardly depends on the machine, nor on what else it does.  Each
# count may be 2 % and 0.05 above the one in the file baseline for the same kernel and
# compiler; for another kernel or compiler there is none, and that is said.  Ratios,
# and bytes, must keep the limits in the file bounds, whatever the kernel.  Last it is
# shown that this can fail: a system call more, and a lock more, must be noticed.
#
# Exit status: 0 if all is ok, else 1; 130 if interrupted.
set -euo pipefail
cd "$(dirname "$0")/../.."
trap 'exit 130' INT

out=$PWD/build/gate
tolerance=1.02 slack=0.05 # the latter for counts of one or two
others='^(null-call|pipe-round-trip|seqpacket-.*|bare-round-trip) '
number=0 failed=0

ok() { echo "ok $((++number)) - $*"; }
not_ok() {
	echo "not ok $((++number)) - $*"
	failed=1
}

# build TREE DIR: its module, its library, and who counts, to DIR
build() {
	make -s -C "$1" lib >&2
	"$1/scripts/build-module.sh" "$kernel/headers" "$2/module" >&2
	${CC:-gcc} -std=gnu11 -O2 -g -Wall -Wextra -D_GNU_SOURCE -I"$1/uapi" \
		-I"$1/lib" "$1"/bench/gate/*.c "$1/build/lib/libfastipc.a" \
		-o "$2/ops"
}

# count DIR: lines "NAME COUNT"
count() {
	tests/vm/vm.sh -x icount -c 1 -k "$kernel" -t 120 -l "$out/log" \
		-m "$out/bare/bare.ko" -m "$1/module/module/fastipc.ko" \
		-- "$1/ops"
}

# judged COUNTS LIMITS: TAP without numbers; LIMITS are lines "NAME LIMIT"
judged() {
	awk 'NR == FNR { limit[$1] = $2; next }
	!($1 in limit) { print "#", $1, $2; next }
	{
		verdict = $2 <= limit[$1] ? "ok" : "not ok"
		print verdict, $1, $2, "(at most", limit[$1] ")"
		delete limit[$1]
	}
	END { for (name in limit) print "not ok", name, "was not counted" }' \
		"$2" "$1"
}

# limits COUNTS: "NAME LIMIT", of ours
limits() {
	awk -v others="$others" -v tolerance=$tolerance -v slack=$slack \
		'$0 !~ others { printf "%s %.2f\n", $1, $2 * tolerance + slack }' \
		"$1"
}

# baseline: the counts of this kernel and compiler
baseline() {
	awk -v key="$key" '$1 " " $2 == key { print $3, $4 }' bench/gate/baseline
}

# ratios COUNTS: lines "NAME/OVER RATIO"
ratios() {
	awk 'NR == FNR { count[$1] = $2; next }
	/^[^#]/ {
		if ($2 == "1")
			print $1, count[$1]
		else if (count[$2])
			printf "%s/%s %.3f\n", $1, $2, count[$1] / count[$2]
	}' "$1" bench/gate/bounds
}

bounds() {
	awk '/^[^#]/ { print $2 == "1" ? $1 : $1 "/" $2, $3 }' \
		bench/gate/bounds
}

# report: judged lines, numbered
report() {
	local line
	while read -r line; do
		case $line in
		'ok '*) ok "${line#ok }" ;;
		'not ok '*) not_ok "${line#not ok }" ;;
		*) echo "$line" ;;
		esac
	done
}

# better COUNTS: what a new baseline would be worth
better() {
	awk 'NR == FNR { base[$1] = $2; next }
	$1 in base && $2 < base[$1] * 0.98 {
		print "# " $1 ": better than", base[$1] ", see run.sh --baseline"
	}' <(baseline) "$1"
}

# mistake NAME FILE SED: put it into a copy; what is counted then must not pass
mistake() {
	local tree=$out/mistake
	rm -rf "$tree"
	mkdir -p "$tree/out"
	cp -r Kbuild Makefile VERSION uapi module lib bench scripts "$tree"
	mkdir "$tree/tests"
	cp tests/uring.h tests/raw.h "$tree/tests"
	sed -i -E "$3" "$tree/$2"
	if cmp -s "$2" "$tree/$2"; then
		not_ok "$1: could not be made"
	elif ! build "$tree" "$tree/out" || ! count "$tree/out" >"$tree/counts"; then
		not_ok "$1: does not run"
	elif judged "$tree/counts" "$out/limits" | grep '^not ok' >"$tree/noticed"; then
		ok "$1 is noticed"
		sed -n '1,3s/^not ok/#/p' "$tree/noticed"
	else
		not_ok "$1 is not noticed"
	fi
}

keep=
case ${1-} in
--baseline)
	keep=1
	shift
	;;
-*)
	sed -n '4,/^set/s/^# \{0,1\}//p' "$0" | grep -v '^set' >&2
	exit 2
	;;
esac
kernel=$(tests/vm/fetch.sh kernel "${1:-6.12}")
key="$(cat "$kernel/version") gcc-$(${CC:-gcc} -dumpfullversion)"
mkdir -p "$out/bare" "$out/now"
cp bench/gate/bare/* "$out/bare"
make -s -C "$kernel/headers" M="$out/bare" modules >&2
build . "$out/now"
count "$out/now" >"$out/counts"

if [ -n "$keep" ]; then
	awk -v key="$key" '$1 " " $2 != key' bench/gate/baseline >"$out/baseline"
	grep -vE "$others" "$out/counts" | sed "s/^/$key /" >>"$out/baseline"
	cp "$out/baseline" bench/gate/baseline
	exit
fi
echo "# Linux $key"
baseline | limits /dev/stdin >"$out/limits"
if [ -s "$out/limits" ]; then
	report < <(judged "$out/counts" "$out/limits")
	better "$out/counts"
else
	echo "# no baseline for this kernel and compiler; these are the counts:"
	sed 's/^/# /' "$out/counts"
	limits "$out/counts" >"$out/limits"
fi
ratios "$out/counts" >"$out/ratios"
bounds >"$out/bounds"
report < <(judged "$out/ratios" "$out/bounds")
mistake "a system call more" lib/exchange.c \
	's/(\twake = to_wake\(f\);)/\1\n\t\tioctl(-1, 0);/'
mistake "a lock more" module/pair_send.c \
	's/(\tfastipc_endpoint_own\(sending->endpoint\);)/\1\n\tfastipc_wait_calm(\&sending->endpoint->wait[0]);/'
echo "1..$number"
exit $failed
