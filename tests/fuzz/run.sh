#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# run.sh reader SECONDS - fuzz the library's ring code for so long; prints TAP.
#
# First the kept inputs run: the corpus, and crashes of the past.  Then mistakes
# are planted in a copy of lib/ring.h, one at a time, and the corpus alone must
# find each: so that a fuzzer which sees nothing cannot pass for a ring without
# faults.  Then libFuzzer invents inputs.  What makes it crash is kept in
# tests/fuzz/crashes/; what shows something new in build/fuzz/, for the next run
# on this machine.
#
# Exit status: 0 if all is ok, else 1; 130 if interrupted.  Needs clang and
# libclang-rt-dev.
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
	"a word read twice|/^static inline int fastipc_consumer_look/,/^}/s/\*len = word/*len = fastipc_consumer_at(c)->word/"
	"no limit to a length|s/^(\t *\(word & FASTIPC_WORD_LEN\)) <= max_message/\1 <= max_message + 1/"
	"a poisoned ring read on|/^static inline int fastipc_consumer_look/,/^}/s/if \(c->poisoned\)/if (c->bytes == 0)/"
	"no end to the end|s/\(c->last && c->position >= c->last\)/(c->last \&\& c->bytes == 0)/"
	"released beyond what was sent|s/ \|\| released > shown \|\|/ ||/"
	"released out of a batch|s/shown = p->batch_word \? p->batch :/shown =/"
	"released back|s/if \(released < p->released \|\| /if (/"
	"no room for the zero|s/len\) \+ FASTIPC_ALIGN;/len);/"
	"no zero behind|/find no word|finds no word/,/RELAXED/s/->word, 0,/->word, 1,/"
	"a batch that shows its first|s/if \(more && !p->batch_word\) \{/if (0) {/"
	"a walk without a bound|s/walked > p->bytes\)/walked > ~0ULL - 1)/"
)

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

case "${1-} ${2-}" in
"reader "[0-9]*) reader "$2" ;;
*)
	echo "usage: run.sh reader SECONDS" >&2
	exit 2
	;;
esac
exit $failed
