#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The fastipc command: programs that know only bytes, running two commands, help
# and errors, info and bench, the examples in print.  What it prints, to the letter, and exit statuses.
# shellcheck disable=SC2016 # what is run expands these

# shellcheck source=tests/tool_lib.sh
. "$(dirname "$0")/tool_lib.sh"

# Programs that know only bytes -----------------------------------------------

test_stdio() {
	local text sum
	sum=$(sha256sum <part)
	result "cat, sha256sum" run 0 "$sum" \
		--stdio 'cat part' 'sha256sum >&2'
	result "cat, sha256sum, direct" run 0 "$sum" \
		--stdio --direct 'cat part' 'sha256sum >&2'
	result "through a ring of a page" run 0 "$sum" \
		--stdio --ring 4K 'cat part' 'sha256sum >&2'
	result "dd: large blocks to small ones" dd_copies 1M 1000
	result "dd: small blocks to large ones" dd_copies 1000 1M
	result "dd: what it counts" dd_counts
	result "pv" pv_copies
	result "pv: what it counts" pv_counts
	result "tar" tar_copies
	result "head ends early" head_ends_early
	result "both ways" run 0 'answer to question' --stdio \
		'echo question; read -r x; echo "$x" >&2' \
		'read -r x; echo "answer to $x"'
	text=$(head -c 100000 data | sha256sum)
	result "a writer is killed" run 137 "$text" \
		--stdio 'head -c 100000 data; kill -9 $$' 'sha256sum >&2'
	text='cat: write error: Connection reset by peer'
	result "writing to who was killed" run 1 "$text" \
		--stdio 'kill -9 $$' 'cat >/dev/null; cat data'
	result "writing to who failed" run 1 "$text" \
		--stdio 'echo x; exit 1' 'cat >/dev/null; cat data'
	text='cat: write error: Broken pipe'
	result "writing to who has ended" run 1 "$text" \
		--stdio 'true' 'cat >/dev/null; cat data'
	result "writing to who has written and ended" run 1 "$text" \
		--stdio 'echo x' 'cat >/dev/null; cat data'
}

# dd_copies OUT IN: with blocks of these sizes
dd_copies() {
	run 0 '' --stdio "dd if=part bs=$1 status=none" \
		"dd of=copy bs=$2 status=none" && cmp part copy
}

pv_copies() {
	run 0 '' --stdio 'pv -q part' 'pv -q >copy' && cmp part copy
}

# Not a byte more or less, and blocks as they are in a file
dd_counts() {
	local records="$blocks+1 records in
$blocks+1 records out"
	run 0 '' --stdio 'dd if=part bs=1000 status=noxfer 2>from' \
		'dd of=copy bs=1000 iflag=fullblock status=noxfer 2>to' &&
		diff <(echo "$records") from && diff <(echo "$records") to &&
		cmp part copy
}

pv_counts() {
	run 0 '' --stdio 'pv -nb part 2>from' 'pv -nb >copy 2>to' &&
		[ "$(tail -n 1 from) $(tail -n 1 to)" = \
			"${blocks}001 ${blocks}001" ] &&
		cmp part copy
}

tar_copies() {
	mkdir tar &&
		run 0 '' --stdio 'tar c -C tree .' 'tar x -p -C tar' &&
		same_tree tar
}

head_ends_early() {
	run 1 'cat: write error: Broken pipe' \
		--stdio 'cat data' 'head -c 100000 >copy' &&
		cmp <(head -c 100000 data) copy
}

# Running ---------------------------------------------------------------------

test_run() {
	local only_end='[ "$(find /proc/self/fd -printf "%f %l\n" |
		grep -E " (/dev/|anon_inode:.)fastipc" | cut -c 1)" = 3 ] &&
			[ "$FASTIPC_FD" = 3 ]'
	result "exit status: B's" run 4 '' 'exit 3' 'exit 4'
	result "exit status: A's if B's is 0" run 3 '' 'exit 3' 'true'
	result "exit status: a signal" run 143 '' 'exit 3' 'kill $$'
	result "summary" run 4 '{"a":137,"b":4,"seconds":S}' \
		--json 'kill -9 $$' 'exit 4'
	result "each has one end, and it is 3" run 0 '' \
		"$only_end" "$only_end"
	result "a ring for long messages" run 0 \
		$'ring_bytes     8388608\nmax_message    1048576' \
		--max-message 1M \
		'fastipc info | grep -E "^(ring_bytes|max_message)"' true
	result "what cannot start leaves nobody waiting" one_cannot_start
	result "neither can start" prints 125 \
		"fastipc run: cannot start 'true': Permission denied" \
		unshare -m bash -c 'mount --bind /dev/null /bin/sh &&
			exec fastipc run true true'
	result "no device" prints 125 \
		'fastipc run: no /dev/fastipc: is the module loaded?' \
		unshare -m bash -c 'mount -t tmpfs none /dev &&
			exec fastipc run true true'
	result "interrupted" interrupted 5 $'late\nsignal 2' \
		fastipc run 'exec sleep 60' \
		'trap "sleep 1; echo late; exit" INT; while sleep 5; do :; done'
	result "interrupted in a stream" interrupted 4 'signal 2' \
		fastipc run --stdio 'exec cat /dev/zero' 'exec cat >/dev/null'
	result "terminated" terminated
}

# A control group for two processes: the second command is the third.
one_cannot_start() {
	local group=/sys/fs/cgroup/fastipc-tool status
	echo +pids >/sys/fs/cgroup/cgroup.subtree_control && mkdir "$group" &&
		echo 2 >"$group/pids.max" || return
	prints 125 "fastipc run: cannot start 'true': Resource temporarily \
unavailable" \
		bash -c "echo \$\$ >$group/cgroup.procs &&
			exec fastipc run 'exec sleep 1000' true"
	status=$?
	rmdir "$group" && return "$status"
}

# members GROUP: how many processes it has
members() { pgrep -c -g "$1"; }

# interrupted MEMBERS TEXT COMMAND...: what is printed if, as by a terminal, a
# group gets SIGINT once it has so many processes: perl, the tool, and others.
# Perl tells of what the tool died.
interrupted() {
	local members=$1 text=$2 group try
	shift 2
	setsid env --default-signal=INT perl -e \
		'$s = system @ARGV; print "signal ", $s & 127, "\n"' \
		"$@" >out 2>&1 &
	group=$!
	for try in $(seq 300); do
		[ "$(members "$group")" -lt "$members" ] || break
		sleep 0.1
	done
	kill -s INT -- "-$group"
	wait "$group"
	[ "$(members "$group")" = 0 ] && [ "$(cat out)" = "$text" ] &&
		nothing_is_left && return
	echo "# after $try tries; left: $(members "$group")"
	sed 's/^/# /' out
	return 1
}

# SIGTERM to the tool alone
terminated() {
	local pid try
	fastipc run 'exec sleep 60' 'exec sleep 60' &
	pid=$!
	for try in $(seq 300); do
		[ "$(pgrep -c -P "$pid" -x sleep)" != 2 ] || break
		sleep 0.1
	done
	kill "$pid"
	wait "$pid"
	[ $? = 143 ] && nothing_is_left && return
	echo "# after $try tries"
	return 1
}

# What it says about itself ---------------------------------------------------

# usage COMMAND TEXT ARGUMENT...: a usage error
usage() {
	local command=$1 text=$2
	shift 2
	prints 2 "fastipc $command: $text
Try 'fastipc $command --help'." fastipc "$command" "$@"
}

test_usage() {
	local command
	result "version" prints 0 \
		"fastipc $(cat /sys/module/fastipc/version)" fastipc --version
	result "help" says_how 0 1 '' fastipc --help
	result "help, without dashes" says_how 0 1 '' fastipc help
	result "no command" says_how 2 1 '' fastipc
	result "an unknown command" says_how 2 2 '' fastipc walk
	for command in run send recv info bench; do
		result "help for $command" \
			says_how 0 1 "$command" fastipc "$command" --help
		result "an unknown option of $command" \
			usage "$command" "unrecognized option '--nonsense'" \
			--nonsense
	done
	result "run: no command" usage run 'takes two commands, and got 0'
	result "run: three" usage run 'takes two commands, and got 3' : : :
	result "run: sealed and direct" usage run \
		'--sealed and --direct exclude each other' \
		--sealed --direct : :
	result "run: not a number" usage run \
		"--ring takes a number of bytes, not '12Q'" --ring 12Q : :
	result "run: a negative one" usage run \
		"--ring takes a number of bytes, not '-1'" --ring -1 : :
	result "run: too large" usage run '--ring 1025M is too large' \
		--ring 1025M : :
	result "run: much too large" usage run \
		'--ring 18446744073709551615K is too large' \
		--ring 18446744073709551615K : :
	result "run: messages that do not fit" usage run \
		'messages of that length need a larger --ring' \
		--ring 64K --max-message 64K : :
	result "send: two modes" usage send \
		'one of --lines, --size, --prefix and --files' --lines --prefix
	result "send: blocks of nothing" usage send \
		"--size takes a number of bytes, not '0'" --size 0
	result "send: not a descriptor" usage send \
		"--fd takes a descriptor's number, not '1x'" --fd 1x
	result "recv: an argument" usage recv \
		"takes one NAME, and got 'y' too" x y
	result "recv: a folder for lines" usage recv \
		'-C goes with --files' -C .
	result "bench: no time" usage bench \
		"--seconds takes a number of seconds, not '0'" --seconds 0
	result "bench: not a time" usage bench \
		"--seconds takes a number of seconds, not 'nan'" --seconds nan
}

# says_how STATUS LINE COMMAND ARGUMENT...: shows its usage from that line on, on
# standard output if it was asked for, else on standard error
says_how() {
	local status=$1 line=$2 command=$3
	shift 3
	if [ "$status" = 0 ]; then
		"$@" >out 2>silent
	else
		"$@" >silent 2>out
	fi
	[ $? = "$status" ] && [ ! -s silent ] &&
		sed -n "${line}p" out |
		grep -q "^Usage: fastipc ${command:-COMMAND} \[OPTION"
}

# Ends, and what is known about them ------------------------------------------

test_ends() {
	result "no end" prints 1 "fastipc send: no end: give a NAME, or use \
'fastipc run' without --stdio, or --fd" \
		fastipc send
	result "not an end" prints 1 \
		'fastipc recv: the descriptor is not of a fastipc end' \
		fastipc recv --fd 0
	result "no descriptor" prints 1 \
		'fastipc info: the descriptor is not open' \
		fastipc info --fd 77
	result "an end by --fd" run 0 text \
		'exec 5<&3; unset FASTIPC_FD; echo text | fastipc send --fd 5' \
		'unset FASTIPC_FD; fastipc recv --fd 3'
	result "ends as systemd passes them" run 0 text \
		'unset FASTIPC_FD; export LISTEN_PID=$$ LISTEN_FDS=1
			echo text >text; exec fastipc send text' \
		'unset FASTIPC_FD; exec 4<&3 3</dev/null
			export LISTEN_PID=$$ LISTEN_FDS=2; exec fastipc recv'
	result "those of another process" run 1 \
		"fastipc recv: no end: give a NAME, or use \
'fastipc run' without --stdio, or --fd" true \
		'unset FASTIPC_FD; export LISTEN_PID=1 LISTEN_FDS=1
			exec fastipc recv'
	result "a stream has no messages" run 1 \
		'fastipc send: a stream has no messages: read and write it' \
		--stdio 'fastipc send --fd 1 data' true
	result "info" info
	result "info as JSON" info_json
	result "info of the other end, a stream" run 0 \
		'kind           sealed stream pair, end 1' \
		--stdio true 'fastipc info --fd 0 | head -n 1 >&2'
	result "bench" bench
	result "bench as JSON" bench_json
	result "bench interrupted" interrupted 3 \
		$'  round 1 of 5\nsignal 2' fastipc bench --seconds 3600
}

# Whose peer is there and has received one message of 5 bytes.
info() {
	run 0 'kind           direct pair, end 0
rights         recv send
peer_state     attached
endpoint       N
peer_endpoint  N
peer_pid       N
peer_uid       0
peer_gid       0
ring_bytes     65536
max_message    1000
bytes          139264
sent           32
released       0
peer_sent      0
peer_released  32' --ring 64K --max-message 1000 \
		'echo short | fastipc send; read -r x <fifo; fastipc info |
		sed -E "s/^([a-z_]*(endpoint|pid) *).*/\1N/; /^syncs/,\$d"' \
		'fastipc recv | { read -r x; echo >fifo; cat; }'
}

info_json() {
	local keys=(endpoint peer_endpoint peer_pid peer_uid peer_gid
		ring_bytes max_message bytes sent released peer_sent
		peer_released syncs sleeps wakes late_wakes sends recvs bounces alerts
		barriers)
	local text
	printf -v text ',"%s":N' "${keys[@]}"
	run 0 '{"kind":"pair","sealed":true,"stream":false,"fenced":false,"keep":false,"end":1,'"\
\"may_recv\":true,\"may_send\":true,\"peer_state\":\"attached\"$text}" \
		--sealed 'read -r x <fifo' 'fastipc info --json |
			sed -E "s/(\"[a-z_]{4,}\":)[0-9]+/\1N/g"; echo >fifo'
}

# Four contenders and five tests, all of which took time.
bench() {
	local value='[0-9]+\.[0-9]+ [a-zA-Z/]+ +[0-9]+\.[0-9] x'
	fastipc bench --seconds 2 >out 2>/dev/null || return
	[ "$(grep -cE "^(round trip|stream).*( +$value){4}\$" out)" = 5 ]
}

bench_json() {
	local number='[0-9]+[0-9.e+-]*' text
	text="\"median\":$number,\"time_ratio\":$number,\"spread\":$number}"
	fastipc bench --seconds 2 --json >out || return
	[ "$(grep -oE "{\"channel\":\"(sealed|pipe|SEQPACKET)\",$text" out |
		wc -l)" = 15 ] &&
		[ "$(grep -oE '"direct","median":[^,]*,"time_ratio":1,' out |
			wc -l)" = 5 ]
}

# The examples in print -----------------------------------------------------------

test_examples() {
	local page=$here/../man/fastipc.1 readme=$here/../README.md
	mkdir -p try/tmp try/srv/in
	cp -r tree try/src
	cp -r "$here" try/lib
	if [ -f "$page" ] && [ -f "$readme" ]; then
		result "examples of the manual page" man_examples "$page"
		result "examples of the README" readme_examples "$readme"
		result "and of names in there" readme_names "$readme"
	else
		skip "examples in print" "not in the project's tree"
	fi
}

# Folders of the machine are folders of the test here.
man_examples() {
	sed -nE '/^\.Dl /{ s///; s/^\$ //; s/\\ / /g; s/\\e$/\\/; p }' "$1" |
		sed "s|/tmp|$PWD/try/tmp|; s|/srv|$PWD/try/srv|" >examples
	[ "$(grep -c '^fastipc run ' examples)" = 3 ] &&
		prints 0 "$(wc -l </etc/passwd && ls try)" \
			bash -c 'cd try && . ../examples' &&
		diff -r try/src try/tmp/src && diff -r try/lib try/srv/in/lib
}

readme_examples() {
	local listing
	grep '^fastipc run ' "$1" >examples
	touch try/lib/{a,b}.c
	listing=$(cd try && ls && tar c lib | tar t) || return
	[ "$(wc -l <examples)" = 3 ] &&
		prints 0 "$listing" bash -c 'cd try && . ../examples' &&
		diff <(cd try && ls -d lib/*.c) <(cd try/out && ls -d lib/*)
}

readme_names() {
	sed -n '/^fastipc create/,/^fastipc rm/p' "$1" >examples
	[ "$(grep -c fastipc examples)" = 5 ] &&
		(cd try && bash -e ../examples) >printed &&
		diff <(ls try) <(grep -v '^KIND\|^pair' printed) &&
		grep -q '^pair rw-------.* lines$' printed
}

test_stdio
test_run
test_usage
test_ends
test_examples
finish
