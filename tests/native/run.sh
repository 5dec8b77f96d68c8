#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# run.sh [TEST...]
#
# Build and run the tests of the library's ring code, on this machine's own
# kernel: under AddressSanitizer and UndefinedBehaviorSanitizer; those with two
# threads under ThreadSanitizer; and that of the fence as it is.
#
# Then what those two prove must hang on what they are about: without its fence,
# and with one acquire or release less, lib/ring.h must fail.
#
# With names (ring_test, ...) only these run, and nothing is taken from lib/ring.h.
#
# Prints TAP, one plan for each program.
set -euo pipefail
cd "$(dirname "$0")/../.."

out=build/native
tests=tests/native
mkdir -p "$out"
status=0

# The older thread sanitizers do not bear much randomness in addresses.
fixed=()
! setarch -R true 2>/dev/null || fixed=(setarch -R)

# wants TEST: is it among those named, if any were?
names=" $* "
wants() { [ "$names" = '  ' ] || [[ $names == *" $1 "* ]]; }

# build PROGRAM SOURCE FLAG...
build() {
	# The fence that ThreadSanitizer does not know: see race_test.c.
	${CC:-gcc} -std=gnu11 -g -Wall -Wextra -Wno-tsan -D_GNU_SOURCE "${@:3}" \
		-Iuapi -Ilib -fno-omit-frame-pointer "$2" -o "$1" -lpthread
}

# plant DIR EDIT: lib/ring.h, edited, into there
plant() {
	mkdir -p "$1"
	sed "$2" lib/ring.h >"$1/ring.h"
	if cmp -s lib/ring.h "$1/ring.h"; then
		echo "Bail out! no place in lib/ring.h for: $2"
		exit 1
	fi
}

for source in "$tests"/*_test.c; do
	name=$(basename "$source" .c)
	if [ "$name" = fence_test ] || ! wants "$name"; then
		continue
	fi
	build "$out/$name" "$source" -O1 -fsanitize=address,undefined \
		-fno-sanitize-recover=all
	"$out/$name" || status=1
done

if wants race_test; then
	echo "# under ThreadSanitizer"
	build "$out/race_tsan" $tests/race_test.c -O1 -fsanitize=thread
	"${fixed[@]}" "$out/race_tsan" || status=1
fi
if wants fence_test; then
	build "$out/fence" $tests/fence_test.c -O2
	"$out/fence" || status=1
fi
[ $# = 0 ] || exit $status

# In which function which order is gone.
orders=(
	"fastipc_producer_publish RELEASE"
	"fastipc_producer_flush RELEASE"
	"fastipc_producer_fits ACQUIRE"
	"fastipc_consumer_look ACQUIRE"
	"fastipc_consumer_release RELEASE"
)
echo "1..${#orders[@]}"
number=0
for order in "${orders[@]}"; do
	read -r function kind <<<"$order"
	number=$((number + 1))
	plant "$out/order" "/[ *]$function(/,/^}/s/__ATOMIC_$kind/__ATOMIC_RELAXED/"
	build "$out/race_order" $tests/race_test.c "-I$out/order" -O1 \
		-fsanitize=thread
	if TSAN_OPTIONS=halt_on_error=1 "${fixed[@]}" "$out/race_order" \
		>"$out/race_order.log" 2>&1 ||
		! grep -q 'ThreadSanitizer: data race' "$out/race_order.log"; then
		echo "not ok $number - without its $kind, $function()"
		sed 's/^/# /' "$out/race_order.log"
		status=1
	else
		echo "ok $number - without its $kind, $function() is a race"
	fi
done

plant "$out/no-fence" '/__atomic_thread_fence(__ATOMIC_SEQ_CST);/d'
build "$out/no_fence" $tests/fence_test.c "-I$out/no-fence" -O2 \
	-DFASTIPC_NO_FENCE
"$out/no_fence" || status=1
exit $status
