#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# run.sh reader|module SECONDS - fuzz for so long the library's ring code, or the
# kernel module; prints TAP.
# run.sh planted - does the corpus of the module find mistakes?
# run.sh replay FILE... - run programs for the module again, 20 times each.
#
# First the kept inputs run: the corpus, and crashes of the past.  Mistakes that
# are planted in a copy, one at a time, must each be found by the corpus alone: so
# that a fuzzer which sees nothing cannot pass for a code without faults.  (For the
# module that is a step of its own, as each takes a guest.)  Then inputs are
# invented.  One that crashes is kept in tests/fuzz/crashes/; what shows
# something new in build/fuzz/, for the next run on this machine.
#
# reader: inputs of tests/fuzz/reader_fuzz.c, invented by libFuzzer.  Needs clang
# and libclang-rt-dev.
#
# module: programs of calls, which tests/fuzz/module_fuzz.c makes and runs in a
# guest with KASAN and lockdep.  One execution is one program, from its first call
# to the last close.  FUZZ_WORKERS (2), FUZZ_SEED.
#
# Exit status: 0 if all is ok, else 1; 130 if interrupted.
set -euo pipefail
cd "$(dirname "$0")/../.."
trap 'exit 130' INT

out=build/fuzz
number=0 failed=0
limits=(-timeout=25 -rss_limit_mb=2048)
export ASAN_OPTIONS=${ASAN_OPTIONS-}:handle_abort=1

ok() { echo "ok $((++number)) - $*"; }
not_ok() {
	echo "not ok $((++number)) - $*"
	failed=1
}

# Mistakes in lib/ring.h, each a name and a script for sed -E.
reader_planted=(
	"a word read twice|/^static inline int fastipc_consumer_look/,/^}/s/return 1;/return *len = fastipc_consumer_at(c)->word ^ FASTIPC_WORD_COMMIT, 1;/"
	"no limit to a length|s/\*len <= c->max_message/*len <= c->max_message + 1/"
	"a poisoned ring read on|/^static inline void fastipc_consumer_poison/,/^}/s/c->limit = 0/(void)c/"
	"no end to the end|s/ && c->position < c->limit/ \&\& c->limit/"
	"released beyond what was sent|s/ \|\| released > shown \|\|/ ||/"
	"released out of a batch|s/shown = p->batch_word \? p->batch :/shown =/"
	"released back|s/if \(released < p->released \|\| /if (/"
	"no room for the zero|s/len\) \+ FASTIPC_ALIGN;/len);/"
	"no zero behind|/find no word|finds no word/,/RELAXED/s/->word, 0,/->word, 1,/"
	"a batch that shows its first|s/if \(more && !p->batch_word\) \{/if (0) {/"
	"a walk without a bound|s/walked > p->bytes\)/walked > ~0ULL - 1)/"
	"no look at alert|s/if \(!fastipc_alert\(.*\)\) \{/if (0) {/"
	"the calm asked for each time|s/ && !\(n & \(n - 1\)\);/;/"
)

# Mistakes in the module, of tests/mutants/: a missing bound, references too few and
# too many, a lock that stays, what is left behind.
module_planted=(fault-repetition map-file-no-get map-file-no-put
	endpoint-put-twice send-stays-locked channel-stays-listed)

# build PROGRAM SOURCE FLAG...
build() {
	mkdir -p "$out"
	clang -std=gnu11 -O2 -g -Wall -Wextra -Wno-unused-variable \
		-D_GNU_SOURCE "${@:3}" -Iuapi -Ilib -Itests/native \
		-fsanitize=fuzzer,address,undefined \
		-fno-sanitize-recover=all "$2" -o "$1"
}

# inputs NAME: the kept ones
inputs() {
	find "tests/fuzz/corpus/$1" "tests/fuzz/crashes/$1" -type f \
		! -name README | sort
}

# replay PROGRAM LOG INPUT...: each of them, or up to the first crash
replay() {
	"$1" "${limits[@]}" -artifact_prefix="$out/" "${@:3}" >"$2" 2>&1
}

# planted NAME SOURCE HEADER FLAG...: whether the inputs find this mistake
planted() {
	local name=$1 source=$2 header=$3 edit=$4 dir=$out/planted
	mkdir -p "$dir"
	sed -E "$edit" "lib/$header" >"$dir/$header"
	if cmp -s "lib/$header" "$dir/$header"; then
		not_ok "$name: the mistake could not be planted"
	elif ! build "$dir/program" "$source" "-I$dir" >"$dir/log" 2>&1; then
		not_ok "$name: does not build"
		sed 's/^/# /' "$dir/log"
	elif limits=(-timeout=5) replay "$dir/program" "$dir/log" \
		"${kept[@]}"; then
		not_ok "$name: not found"
	else
		ok "the corpus finds: $name"
	fi
}

# fuzz PROGRAM NAME SECONDS FLAG...
fuzz() {
	local program=$1 name=$2 seconds=$3 log=$out/$2.log status=0 runs
	local grown=$out/$name-corpus before after
	mkdir -p "$grown"
	before=$(find "tests/fuzz/crashes/$name" -type f | wc -l)
	# Lines about each new input are for the log only.
	"$program" "${limits[@]}" "${@:4}" -max_total_time="$seconds" \
		-artifact_prefix="tests/fuzz/crashes/$name/" \
		-print_final_stats=1 "$grown" "tests/fuzz/corpus/$name" 2>&1 |
		tee "$log" |
		awk '!/\t(NEW|REDUCE|RELOAD) |recommended dict|# Uses:/ {
			print "# " $0
			fflush()
		}' || status=$?
	after=$(find "tests/fuzz/crashes/$name" -type f | wc -l)
	runs=$(sed -n 's/^stat::number_of_executed_units: *//p' "$log")
	if [ "$status" = 0 ] && [ "$before" = "$after" ]; then
		ok "$runs executions in $seconds s"
	else
		not_ok "a crash: see tests/fuzz/crashes/$name/ and $log"
	fi
}

reader() {
	local program=$out/reader source=tests/fuzz/reader_fuzz.c mistake kept
	echo "1..$((2 + ${#reader_planted[@]}))"
	build "$program" "$source"
	mapfile -t kept < <(inputs reader)
	if replay "$program" "$out/replay.log" "${kept[@]}"; then
		ok "the corpus: ${#kept[@]} inputs"
	else
		not_ok "the corpus"
		sed 's/^/# /' "$out/replay.log"
	fi
	for mistake in "${reader_planted[@]}"; do
		planted "${mistake%%|*}" "$source" ring.h "${mistake#*|}"
	done
	fuzz "$program" reader "$1" -max_len=256
}

# build_module DIR: of the sources there
build_module() {
	make -s -j2 -C "$kernel/headers" M="$PWD/$1" KCOV_INSTRUMENT=y modules
}

# guest MODULE SECONDS ARGUMENT...: have module_fuzz run, in a machine of its own,
# the programs of files, and then for so long what comes out of them
guest() {
	local to=$PWD/$out/guest
	rm -rf "$to"
	mkdir -p "$to"
	tests/vm/vm.sh -k "$kernel" -t $((300 + $2)) -o "$to" \
		-l "$out/guest.log" -a kasan_multi_shot \
		-m "$PWD/$1/module/fastipc.ko recheck=1" \
		-- "$out/module_fuzz" -o "$to" -t "$2" "${@:3}" 2>&1 |
		while read -r line; do echo "# ${line#\# }"; done
}

# keep_crash: the program with which the guest failed.  If it could not tell, the
# workers have left what they ran last, and running that again may.
keep_crash() {
	local found kept
	kept=tests/fuzz/crashes/module/$(date +%Y%m%d-%H%M%S)
	found=$(find "$out/guest" -name 'crash-*' | sort | head -n 1)
	if [ -z "$found" ] && compgen -G "$out/guest/running-*" >/dev/null; then
		found=$out/running
		cat "$out"/guest/running-* >"$found"
		echo "# looking for the program among those that ran last"
		if ! guest "$out/module" 0 -n 5 "$found"; then
			found=$(find "$out/guest" -type f | sort | head -n 1)
		fi
	fi
	if [ -n "$found" ]; then
		"$out/module_fuzz" -p "$found" >"$kept"
		echo "# kept: $kept"
	fi
}

# planted_module MUTANT: whether the inputs find it
planted_module() {
	local dir=$out/planted name status=0
	name=$(sed -n 's/^What: //p' "tests/mutants/$1.diff")
	rm -rf "$dir"
	mkdir -p "$dir"
	cp -r Kbuild VERSION uapi module "$dir"
	if ! patch -s -d "$dir" -p1 <"tests/mutants/$1.diff" ||
		! build_module "$dir" >&2; then
		not_ok "$name: does not build"
		return
	fi
	guest "$dir" 0 -n 3 "${kept[@]}" >"$out/planted.log" || status=$?
	case $status in
	0) not_ok "$name: not found" ;;
	103) not_ok "$name: the guest did not start" ;;
	*)
		ok "the corpus finds: $name"
		# What it was seen by.
		grep -hoE '(BUG|WARNING): .*|Oops: .*|.* are left$|.* does not end' \
			"$out/planted.log" "$out/guest.log" |
			sed -n '1s/^[# ]*/# /p' || true
		;;
	esac
}

# prepare_module: the kernel, the module, and who makes and runs the programs
prepare_module() {
	kernel=$(tests/vm/fetch.sh kernel kasan)
	mkdir -p "$out"
	${CC:-gcc} -std=gnu11 -O2 -g -Wall -Wextra -D_GNU_SOURCE -Iuapi -Ilib \
		tests/fuzz/module_*.c -o "$out/module_fuzz"
	scripts/build-module.sh "$kernel/headers" "$out/module" \
		KCOV_INSTRUMENT=y >&2
}

module() {
	local kernel kept blocks log=$out/module.log
	local grown=$out/module-corpus more=()
	echo "1..2"
	prepare_module
	blocks=$(objdump -dr -j .text "$out/module/module/fastipc.ko" |
		grep -c __sanitizer_cov_trace_pc)
	mapfile -t kept < <(inputs module)
	if guest "$out/module" 0 "${kept[@]}"; then
		ok "the corpus; the module has $blocks blocks"
	else
		keep_crash
		not_ok "the corpus: see $out/guest.log"
		exit 1 # what follows would mean nothing
	fi
	[ ! -s "$grown" ] || more=("$grown")
	if guest "$out/module" "$1" -j "${FUZZ_WORKERS:-2}" \
		${FUZZ_SEED:+-s "$FUZZ_SEED"} "${kept[@]}" "${more[@]}" |
		tee "$log"; then
		cp "$out/guest/corpus" "$grown"
		ok "$(sed -n 's/.* s: \([0-9]* executions\).*/\1/p' "$log" |
			tail -n 1) in $1 s"
	else
		keep_crash
		not_ok "see tests/fuzz/crashes/module/ and $out/guest.log"
	fi
}

module_finds_planted() {
	local kernel kept mutant
	echo "1..${#module_planted[@]}"
	prepare_module
	mapfile -t kept < <(inputs module)
	for mutant in "${module_planted[@]}"; do
		planted_module "$mutant"
	done
}

replay_module() {
	local kernel
	echo "1..1"
	prepare_module
	if guest "$out/module" 0 -n 20 "$@"; then
		ok "$*"
	else
		not_ok "$*: see $out/guest.log"
	fi
}

case "${1-} ${2-}" in
"reader "[0-9]*) reader "$2" ;;
"module "[1-9]*) module "$2" ;;
"planted ") module_finds_planted ;;
"replay "?*) replay_module "${@:2}" ;;
*)
	echo "usage: run.sh reader|module SECONDS, planted, or replay FILE..." >&2
	exit 2
	;;
esac
exit $failed
