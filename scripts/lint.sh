#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# lint.sh [CHECK...] - silent and successful if the tree is clean.
#
# Each function check_* below is one check and prints what is wrong.  By default
# all run.
set -uo pipefail
cd "$(dirname "$0")/.." || exit 1

kernels=${KERNELS:-6.1 6.12}
kernel_c=(module/*.[ch] uapi/linux/*.h tests/vm/planted/*.c bench/gate/bare/*.c)
user_c=(lib/*.[ch] tools/*.[ch] examples/*.c)
test_c=(tests/*.[ch] tests/native/*.[ch] tests/fuzz/*.[ch] bench/*.[ch] bench/gate/*.[ch])
mapfile -t scripts < <(git ls-files -co --exclude-standard |
	grep -E '\.sh$|^\.ci/run$|tests/vm/guest-' | sort)

kernel_dir() { tests/vm/fetch.sh kernel "$1"; }
source_dir() { tests/vm/fetch.sh source; }

# The module builds without a word under W=1 and sparse, on each kernel.
check_module() {
	local name dir
	for name in $kernels; do
		dir=$(kernel_dir "$name") || return
		rm -rf "build/lint-$name"
		scripts/build-module.sh "$dir/headers" "build/lint-$name" \
			W=1 C=2 2>&1 |
			grep -v '^Skipping BTF generation' |
			sed "s/^/$name: /"
	done
}

# The library builds without a word with both compilers; its header in C++ too.
check_library() {
	local cc file
	for cc in gcc clang; do
		for file in "${user_c[@]}"; do
			case $file in *.h) continue ;; esac
			$cc -std=gnu11 -O2 -Wall -Wextra -Wshadow \
				-Wstrict-prototypes -Wmissing-prototypes \
				-D_GNU_SOURCE -DFASTIPC_VERSION_NUMBER=1 \
				-Iuapi -Ilib -c "$file" -o /dev/null 2>&1
		done
	done
	g++ -std=c++11 -Wall -Wextra -Wpedantic -Iuapi -x c++ -c lib/fastipc.h \
		-o /dev/null 2>&1 | grep -v 'pragma once'
}

check_checkpatch() {
	local pl style=(--no-tree --strict --terse --no-summary --show-types)
	pl=$(source_dir)/scripts/checkpatch.pl || return
	local kernel=() file
	for file in "${kernel_c[@]}"; do
		case $file in
		# The one that names versions, and the one of macros.
		module/compat.h)
			perl "$pl" "${style[@]}" --ignore \
				LINUX_VERSION_CODE,CONSTANT_COMPARISON -f "$file"
			;;
		module/trace.h)
			perl "$pl" "${style[@]}" --ignore \
				OPEN_ENDED_LINE,PARENTHESIS_ALIGNMENT -f "$file"
			;;
		*) kernel+=("$file") ;;
		esac
	done
	perl "$pl" "${style[@]}" --ignore BIT_MACRO -f "${kernel[@]}"
	# User space has no u64, no ARRAY_SIZE, and its tests assert in macros.
	perl "$pl" "${style[@]}" --ignore \
		PREFER_KERNEL_TYPES,BIT_MACRO,VOLATILE,ARCH_DEFINES,CAMELCASE,ARRAY_SIZE,BRACES,MACRO_WITH_FLOW_CONTROL,LINE_SPACING,NEW_TYPEDEFS,MULTISTATEMENT_MACRO_USE_DO_WHILE,PREFER_DEFINED_ATTRIBUTE_MACRO,MACRO_ARG_REUSE \
		-f "${user_c[@]}" "${test_c[@]}"
}

check_kernel_doc() {
	local pl
	pl=$(source_dir)/scripts/kernel-doc || return
	perl "$pl" -none -Wall "${kernel_c[@]}" lib/*.h 2>&1 |
		grep -v 'no structured comments found'
}

check_format() {
	local file
	for file in "${kernel_c[@]}" "${user_c[@]}" \
		tests/native/*.[ch] tests/fuzz/*.[ch] bench/*.[ch] bench/*.cc \
		bench/gate/*.[ch]; do
		case $file in module/trace.h) continue ;; esac
		clang-format --style=file --dry-run "$file" 2>&1
	done
}

# No cache line has two writers.
check_lines() {
	local object
	object=$(mktemp --suffix .o)
	printf '%s\n' '#include "handle.h"' 'struct fastipc f;' \
		'struct fastipc_control c;' |
		gcc -x c -g -D_GNU_SOURCE -Iuapi -Ilib -c - -o "$object"
	own_lines "$object" fastipc_control sent 'released taken' recv send
	own_lines "$object" fastipc_waitline 'want ended' alert
	own_lines "$object" fastipc 'ready fd info takes spin_ns map_lock' \
		'tx puttable reserved staging staging_bytes tx_spin' \
		'rx taken rx_spin'
	rm -f "$object"
}

# own_lines OBJECT STRUCTURE MEMBERS...: of these groups each has lines of its own
own_lines() {
	local object=$1 structure=$2
	shift 2
	pahole -C "$structure" "$object" |
		awk -v structure="$structure" -v groups="$(printf '%s,' "$@")" '
		BEGIN {
			n = split(groups, group, ",")
			for (i = 1; i < n; i++) {
				m = split(group[i], member, " ")
				for (k = 1; k <= m; k++)
					of[member[k]] = i
			}
		}
		match($0, /[a-z_]+(\[[0-9]+\])?( __attribute__.*)?; *\/\* *[0-9]+ +[0-9]+ \*\//) {
			text = substr($0, RSTART, RLENGTH)
			name = text
			sub(/[^a-z_].*/, "", name)
			sub(/.*\/\* */, "", text)
			split(text, number, " ")
			if (!(name in of))
				next
			seen[name] = 1
			for (i = int(number[1] / 64); i <= int((number[1] + number[2] - 1) / 64); i++) {
				if (i in owner && owner[i] != of[name])
					print "lines: " structure "." name " shares a line with others"
				owner[i] = of[name]
			}
		}
		END {
			for (name in of)
				if (!(name in seen))
					print "lines: " structure " has no " name
		}'
}

check_spelling() {
	git ls-files -co --exclude-standard |
		grep -vE '^LICENSES/|^tests/fuzz/(corpus|crashes)/' |
		xargs codespell --ignore-words-list=fpr,ba,clen,nd 2>&1
}

check_shell() {
	shellcheck -x -e SC2317 -f gcc "${scripts[@]}" 2>&1
}

check_man() {
	local page
	for page in man/*.[0-9]; do
		[ ! -f "$page" ] || mandoc -Tlint -W warning "$page" 2>&1
	done
}

# Each room includes only what stands right of it.
check_includes() {
	local rooms='main dev fs endpoint uring command map transfer rw pair
		pair_ends pair_send pair_recv pair_successor pair_wait use channel wait
		user space produce consume ring region args trace compat'
	local lib_rooms='fastipc_uring inherit name channel exchange send recv fast
		sealed wait map handle lag ring fastipc'
	points_right module "$rooms"
	points_right lib "$lib_rooms"
}

points_right() {
	local dir=$1 file
	for file in "$dir"/*.[ch]; do
		awk -v rooms="$2" '
			BEGIN { n = split(rooms, r); for (i = 1; i <= n; i++) rank[r[i]] = i }
			FNR == 1 {
				me = FILENAME
				sub(/.*\//, "", me)
				sub(/\.[ch]$/, "", me)
				if (!(me in rank))
					print FILENAME ": a room that lint does not know"
			}
			/^#include "/ {
				split($2, q, "\"")
				it = q[2]
				sub(/\.h$/, "", it)
				if (!(it in rank) || rank[it] < rank[me])
					print FILENAME ":" FNR ": " $2 " is not right of it"
			}' "$file"
	done
}

# Symbols that only Debian exports, that are private, or that reach into the
# memory map of another process.
check_symbols() {
	local banned='task_work_add|can_nice|__wake_up_pollfree|security_binder_.*|close_fd_get_file|file_close_fd|zap_page_range.*|init_ipc_ns|put_ipc_ns|kallsyms_lookup_name'
	banned+='|get_task_mm|mmput(_async)?|access_(process|remote)_vm|(get|pin)_user_pages_remote|kthread_use_mm'
	local name
	for name in $kernels; do
		nm -u "build/lint-$name/module/fastipc.ko" |
			grep -E " ($banned)\$" | sed "s/^/$name: banned:/"
	done
}

# What the header declares is what the library exports, and the other way round.
check_exports() {
	diff <(sed -nE 's/^[a-z].*[ *](fastipc_[a-z_]+)\(.*/\1/p' lib/fastipc.h |
		sort) \
		<(sed -nE 's/^\t(fastipc_[a-z_]+);/\1/p' lib/libfastipc.map | sort) |
		sed 's/^/header and map: /'
}

# Kernel versions are named in compat.h alone.
check_versions() {
	grep -nE 'LINUX_VERSION_CODE|KERNEL_VERSION\(' module/*.[ch] |
		grep -v '^module/compat.h:'
}

# Every source says its licence in its first lines.
check_licences() {
	local file
	git ls-files -co --exclude-standard |
		grep -E '\.(c|h|sh|pml|rst|awk)$|Kbuild$|Makefile$|^\.ci/run$' |
		while read -r file; do
			head -n 3 "$file" | grep -q SPDX-License-Identifier ||
				echo "$file: no SPDX-License-Identifier"
		done
}

# The program in the README is the one that is built and run.
check_readme() {
	diff <(awk '/^```c$/ { on = 1; next } /^```/ { on = 0 } on' README.md) \
		<(sed -n '/^#include/,$p' examples/hello.c) |
		sed 's/^/README.md and examples\/hello.c: /'
}

# TODOs are issues.
check_left_open() {
	git ls-files -co --exclude-standard |
		grep -vE '^scripts/lint.sh$|^tests/fuzz/(corpus|crashes)/' |
		xargs grep -nE '\b(TODO|FIXME|XXX|HACK)\b'
}

checks=("$@")
[ ${#checks[@]} != 0 ] ||
	mapfile -t checks < <(sed -n 's/^check_\([a-z_]*\)() {$/\1/p' "$0")
status=0
for check in "${checks[@]}"; do
	found=$("check_$check" 2>&1 </dev/null)
	if [ -n "$found" ]; then
		while read -r line; do echo "$check: $line"; done <<<"$found"
		status=1
	fi
done
exit $status
