#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The manual pages: complete, without broken references, and with examples that
# build.  The programs are left in build/man for man_test.sh.  Prints TAP.
set -uo pipefail
cd "$(dirname "$0")/.." || exit 1

programs=build/man
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
count=0 failed=0

# result NAME COMMAND...: ok if it succeeds and says nothing
result() {
	local name=$1 status
	shift
	count=$((count + 1))
	"$@" >"$work/out" 2>&1
	status=$?
	if [ $status = 0 ] && [ ! -s "$work/out" ]; then
		echo "ok $count - $name"
	else
		failed=1
		echo "not ok $count - $name"
		sed 's/^/# /' "$work/out"
	fi
}

# section PAGE TITLE: its lines
section() {
	awk -v title=".Sh $2" '/^\.Sh / { on = $0 == title } on' "$1"
}

names() {
	section "$1" NAME | sed -nE 's/^\.Nm ([a-z_]+).*/\1/p'
}

lint_is_silent() {
	mandoc -Tlint -W warning man/*.[1-8]
}

# Every exported call has one page.
calls_have_a_page() {
	diff <(sed -nE 's/^\t(fastipc_[a-z_]+);/\1/p' lib/libfastipc.map |
		sort) \
		<(for page in man/*.3; do names "$page"; done | sort)
}

sections_are_there() {
	local page title titles
	for page in man/*.[1-8]; do
		titles=(NAME DESCRIPTION EXAMPLES)
		case $page in
		*.1) titles+=(SYNOPSIS) ;;
		*.3) titles+=(SYNOPSIS 'RETURN VALUES' ERRORS 'SEE ALSO') ;;
		*.4)
			titles+=(SYNOPSIS ERRORS 'SEE ALSO')
			# For mdoc(7) such a section is of other chapters.
			grep -qx '.Ss Return values' "$page" ||
				echo "$page: no section on return values"
			;;
		*.5) titles+=(SYNOPSIS 'SEE ALSO') ;;
		*.7) titles+=('SEE ALSO') ;;
		esac
		for title in "${titles[@]}"; do
			grep -qxF ".Sh $title" "$page" ||
				echo "$page: no section $title"
		done
	done
}

references_lead_somewhere() {
	local name number
	scripts/install-man.sh "$work/man" || return
	grep -hoE 'Xr (lib)?fastipc[a-z_]* [1-8]' man/*.[1-8] | sort -u |
		while read -r _ name number; do
			[ -f "$work/man/man$number/$name.$number" ] ||
				echo "no page $name($number)"
		done
}

# What the header says that a call returns, and what the calls return whose
# errors it says are the same.
errnos_of() {
	local text call
	text=$(awk -v call="$1() - " '
		index($0, call) { on = 1; said = /\*\// }
		/Return:/ { said = 1 }
		on && said
		on && /\*\// { exit }' lib/fastipc.h)
	grep -oE -e '-E[A-Z0-9]+' <<<"$text" | tr -d -
	for call in $(grep -oE 'fastipc_[a-z_]+\(' <<<"$text" | tr -d '('); do
		[ "$call" = "$1" ] || errnos_of "$call"
	done
}

# expect PAGE: its ERRORS have each errno that is read
expect() {
	local errno
	sort -u | while read -r errno; do
		section "$1" ERRORS | grep -qw "Er $errno" ||
			echo "$1: $errno is not among the ERRORS"
	done
}

errnos_are_named() {
	local page name
	for page in man/*.3; do
		for name in $(names "$page"); do errnos_of "$name"; done |
			expect "$page"
	done
	# All words in the contract that are an errno.
	grep -owE 'E[A-Z0-9]+' uapi/linux/fastipc.h | sort -u |
		grep -wF "$(gcc -E -dM -include errno.h - </dev/null |
			awk '/^#define E[A-Z0-9]+ / { print $2 }')" |
		expect man/fastipc.4
}

# The programs in a page's EXAMPLES: PAGE-1.c, and so on.
extract() {
	section "$1" EXAMPLES |
		sed -e 's/^\\&//' -e 's/\\-/-/g' -e "s/\\\\(aq/'/g" \
			-e 's/\\(ha/^/g' -e 's/\\(ti/~/g' -e 's/\\e/\\/g' |
		awk -v stem="$programs/${1##*/}" '
			/^\.Ed/ { file = "" }
			file { print >file }
			/^\.Bd -literal/ { file = stem "-" ++n ".c" }'
}

examples_build() {
	local page source libraries
	rm -rf "$programs"
	mkdir -p "$programs"
	make -s lib || return
	for page in man/*.[347]; do
		extract "$page"
		[ -f "$programs/${page##*/}-1.c" ] || echo "$page: no program"
	done
	for source in "$programs"/*.c; do
		libraries=(build/lib/libfastipc.a)
		! grep -q liburing.h "$source" || libraries+=(-l:liburing.a)
		gcc -Wall -Wextra -Werror -Iuapi -Ilib "$source" \
			"${libraries[@]}" -o "${source%.c}"
	done
}

echo "TAP version 13"
echo "1..6"
result "mandoc has nothing to say" lint_is_silent
result "every exported call has one page" calls_have_a_page
result "the sections are there" sections_are_there
result "references lead somewhere" references_lead_somewhere
result "every errno of a call is on its page" errnos_are_named
result "the examples build" examples_build
exit $failed
