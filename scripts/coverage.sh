#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# coverage.sh - which lines of the module and of the library do the kselftests
# reach?
#
# In a copy of the tree, below build/coverage, both are built with gcov; the
# kselftests run on the KASAN kernel, with one failure injected after the other.
# Shows each file, and the lines that are not reached and have no reason in
# tests/unreached.  Fails below 95 % of either, and if an err_ label is not
# reached.  The marked sources are build/coverage/*.gcov.
set -euo pipefail
cd "$(dirname "$0")/.."
out=$PWD/build/coverage
tree=$out/tree
counts=$tree/build/lib
least=95

say() { echo "==> $*" >&2; }

rm -rf "$out"
mkdir -p "$counts"
git ls-files -z | xargs -0 cp --parents -t "$tree"
# A child that ends by _exit(2) counts too.
cat >"$counts/exit.c" <<'END'
#include <stdlib.h>
void __gcov_dump(void);
void __real__exit(int status) __attribute__((noreturn));
void __wrap__exit(int status) __attribute__((noreturn));
void __wrap__exit(int status)
{
	__gcov_dump();
	__real__exit(status);
}
END
gcc -c "$counts/exit.c" -o "$counts/exit.o"

say "running the kselftests (build/coverage/kselftest.log)"
tests/vm/fetch.sh kernel kasan >/dev/null
(
	cd "$tree"
	export CFLAGS='-O1 -g --coverage -fprofile-update=atomic'
	export LDFLAGS=--coverage LDLIBS="-Wl,--wrap=_exit $counts/exit.o"
	export MODULE_ARGUMENTS=GCOV_PROFILE=y COVERAGE=$counts
	VM_OPTIONS="-o $counts" scripts/kselftest.sh kasan
) >"$out/kselftest.log" 2>&1 || say "some failed"
read -r passed failed _ < <(awk -f scripts/tapcount.awk "$out/kselftest.log")
say "$passed passed, $failed failed"

# One .gcov for each source of ours.  gcov wants to be where the compiler was.
module=$tree/build/module-kasan/module
cp "$counts"/module/*.gcda "$module/" || {
	say "no counts of the module: see the end of build/coverage/kselftest.log"
	exit 1
}
(
	cd "$tree"
	gcov -o "$module" "$module"/*.gcda
	gcov -o "$counts" "$counts"/*.gcda
) >"$out/gcov.log" 2>&1
mv "$tree"/*.gcov "$out"
root=$PWD
cd "$out"
mkdir -p other
find . -maxdepth 1 -name '*.gcov' | while read -r file; do
	source=$(sed -n '1s/.*Source://p' "$file")
	case $source in
	*/module/*.[ch] | module/*.[ch]) name=module_${source##*/} ;;
	*/lib/*.[ch] | lib/*.[ch]) name=lib_${source##*/} ;;
	*) name=other/${source##*/} ;;
	esac
	mv "$file" "$name.gcov"
done

awk -v least=$least -f "$root/scripts/coverage.awk" \
	"$root/tests/unreached" module_*.gcov lib_*.gcov
