#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The fastipc command: sending and receiving, what goes wrong there, signals, and
# senders that nobody should trust.
# shellcheck disable=SC2016 # what is run expands these

# shellcheck source=tests/tool_lib.sh
. "$(dirname "$0")/tool_lib.sh"
vanished='fastipc recv: the sender vanished: what came may be incomplete'

# Sending and receiving -------------------------------------------------------

test_messages() {
	local kind
	result "lines, empty ones too" run 0 $'one\n\nthree\n' \
		"printf 'one\n\nthree\n\n' | fastipc send" 'fastipc recv'
	result "a last line without a newline" run 0 $'one\ntwo' \
		"printf 'one\ntwo' | fastipc send" 'fastipc recv'
	result "nothing" run 0 \
		'{"messages":0,"bytes":0,"seconds":S,"orderly":true}' \
		'fastipc send /dev/null' 'fastipc recv --json'
	result "summaries" run 0 \
		$'\n\nx\n{"messages":3,"bytes":1,"seconds":S,"orderly":true}' \
		"printf '\n\nx' | fastipc send --json 2>sent" \
		'fastipc recv --json'
	result "the sender's" diff <(sed -n '$p' out) \
		<(sed 's/"seconds":[0-9.]*/"seconds":S/' sent)
	result "lengths" run 0 $'abc\n\nz' \
		"printf '\3\0\0\0abc\0\0\0\0\1\0\0\0z' |
			fastipc send --prefix" 'fastipc recv --lines'
	result "several files" run 0 $'a\nb\nc' \
		"printf a >a; printf 'b\nc' >b; fastipc send a b" 'fastipc recv'
	result "one sender after the other" run 0 $'a\nb\nc' \
		'fastipc send a; fastipc send - <b' 'fastipc recv'
	result "at once, if no more is there" answers_at_once
	for kind in --direct --sealed; do
		result "binary lines, $kind" copies $kind --lines --lines
		result "small blocks, $kind" copies $kind '--size 100' --size
		result "large blocks, $kind" copies $kind '--size 200K' --size
		result "blocks and lengths, $kind" lengths $kind
		result "files, $kind" files $kind
	done
	result "progress on a terminal" shows_progress
	result "recv's progress" shows_progress_of_recv
	result "recv's progress with files" shows_progress_of_files
	result "no progress among the messages" shows_messages_alone
}

# copies KIND SENDING RECEIVING: that part, with these options
copies() {
	run 0 '' "$1" "fastipc send $2 part" "fastipc recv $3 >copy" &&
		cmp part copy
}

lengths() {
	run 0 '' "$1" 'fastipc send --size 1000 part' \
		'fastipc recv --prefix >first' &&
		run 0 '' "$1" 'fastipc send --prefix first' \
			'fastipc recv --prefix >second' &&
		cmp first second && [ "$(stat -c %s first)" = $((blocks * 1004 + 5)) ]
}

# files KIND: those of the tree, by a list and by arguments
files() {
	rm -rf files && mkdir files &&
		run 0 '' "$1" \
			'cd tree && find . -type f | fastipc send --files' \
			'fastipc recv --files -C files' && same_tree files &&
		run 0 '' "$1" \
			'cd tree && fastipc send --files big "deep/er/a name"' \
			'cd files && fastipc recv --files' && same_tree files
}

# What is sent and received waits for nothing that comes later.
answers_at_once() {
	run 0 $'one\ntwo' \
		'(echo one; read -r x <fifo; echo two) | fastipc send' \
		'fastipc recv | (read -r x; echo "$x"; echo >fifo; cat)'
}

# shown COMMAND TEXT: the last that is on the terminal, and then taken off it
shown() {
	sed -E 's/\^C//; s/[0-9.]+ MB/N MB/g' out | tr '\r' '\n' | tail -n 2 |
		diff <(printf '\e[K%s: N MB, %s, N MB/s\n\e[K' "$1" "$2") -
}

# 201 messages, and those after more than a second are the last that is shown.
slowly='head -c 200000 /dev/zero; sleep 1; head -c 1000 /dev/zero; sleep'

shows_progress() {
	script -qec "fastipc run '($slowly 1) | fastipc send --size 1000' \
		'fastipc recv --size >/dev/null 2>&1'" /dev/null \
		>out 2>&1 </dev/null
	shown send '201 messages'
}

shows_progress_of_recv() {
	script -qec "fastipc run \
		'($slowly 1) | fastipc send --size 1000 2>/dev/null' \
		'fastipc recv --size >/dev/null'" /dev/null \
		>out 2>&1 </dev/null
	shown recv '201 messages'
}

# A name and four pieces; another name.
shows_progress_of_files() {
	mkdir slow
	head -c 200000 data >large
	: >none
	script -qec "fastipc run '(echo large; sleep 1; echo none; sleep 1) |
		fastipc send --files 2>/dev/null' \
		'fastipc recv --files -C slow'" /dev/null >out 2>&1 </dev/null
	shown recv '6 messages' && rm none && cmp large slow/large
}

shows_messages_alone() {
	script -qec "fastipc run '(echo a; sleep 1; echo b; sleep 1) |
		fastipc send 2>/dev/null' 'fastipc recv'" /dev/null \
		>out 2>&1 </dev/null
	printf 'a\r\nb\r\n' | cmp - out
}

# What goes wrong -------------------------------------------------------------

# fails TEXT SENDING [RECEIVING]: what the sender says, if anything; then it is
# gone without an end, and the receiver says so and has what came before
fails() {
	local text=$1 sending=$2 receiving=${3-recv}
	run 1 "${text:+fastipc send: $text$'\n'}$vanished" --ring 4K \
		"$sending" "fastipc $receiving >got" &&
		diff <(printf 'short\n') got
}

test_failures() {
	local long='long: a line of more than 1008 bytes' text
	(echo short && head -c 1009 /dev/zero | tr '\0' x && echo) >long
	result "a line that is too long" fails "$long" 'fastipc send long'
	truncate -s -1 long
	result "the last line is too long" fails "$long" 'fastipc send long'
	truncate -s -1 long
	result "the longest line" run 0 "$(cat long)" --ring 4K \
		'fastipc send long' 'fastipc recv'
	echo short >short
	result "blocks that are too long" run 1 \
		"fastipc send: --size 1009 is more than the limit, 1008 bytes
$vanished" --ring 4K 'fastipc send --size 1009 data' 'fastipc recv'
	result "a length that is too long" fails \
		'standard input: a message of 1009 bytes, the limit is 1008' \
		"printf '\5\0\0\0short\361\3\0\0' | fastipc send --prefix"
	result "an end within a message" fails \
		'standard input: ends within a message' \
		"printf '\5\0\0\0short\5\0\0\0shor' | fastipc send --prefix"
	result "an end within a length" fails \
		'standard input: ends within a message' \
		"printf '\5\0\0\0short\5\0\0' | fastipc send --prefix"
	result "no such file" fails 'none: No such file or directory' \
		'fastipc send short none'
	result "a folder" fails 'tree: Is a directory' 'fastipc send short tree'
	result "not a file" run 1 "fastipc send: fifo: not a regular file
$vanished" 'fastipc send --files fifo' 'fastipc recv --files'
	text='{"messages":1,"bytes":5,"seconds":S,"orderly":false}'
	result "summaries of failures" run 1 \
		"fastipc send: none: No such file or directory
$text
$vanished
$text" \
		'fastipc send --json short none' 'fastipc recv --json >got'
	result "the sender is killed" run 137 $'one\n'"$vanished" \
		'exec 4<>fifo; mkfifo go; echo one >&4
			fastipc send <&4 & read -r x <go; kill -9 $!; wait $! 2>/dev/null' \
		'fastipc recv | (read -r x; echo "$x"; echo >go; cat)'
	result "the receiver is gone" run 1 \
		'fastipc send: the receiver vanished' 'fastipc send data' true
	result "the receiver has ended" run 1 \
		'fastipc send: the receiver has ended' \
		'fastipc send data' 'fastipc send /dev/null'
	result "nowhere to write" run 1 \
		'fastipc recv: standard output: No space left on device
fastipc send: the receiver vanished' 'fastipc send data' \
		'fastipc recv >/dev/full'
}

# Signals ---------------------------------------------------------------------

# sh signalled SIGNAL CONDITION COMMAND...: gets it once that is so
make_signalled() {
	cat >signalled <<-'END'
		signal=$1 condition=$2 try=0
		shift 2
		env --default-signal="$signal" "$@" &
		until eval "$condition" || [ $try = 300 ]; do
			sleep 0.1
			try=$((try + 1))
		done
		kill -s "$signal" $!
		wait $! 2>/dev/null
	END
}

test_signals() {
	local kind summary
	summary='{"messages":1,"bytes":3,"seconds":S,"orderly":false}'
	make_signalled
	for kind in --direct --sealed; do
		result "recv interrupted writes what it gave back, $kind" \
			recv_interrupted $kind
		result "send interrupted in a full ring, $kind" \
			send_blocked $kind
	done
	rm -f got
	result "recv interrupted when it waits" run 130 "$summary" \
		'(echo one; read -r x <fifo) | fastipc send 2>/dev/null' \
		'sh signalled INT "[ -s got ]" fastipc recv --json >got
			status=$?; echo >fifo; exit $status'
	rm -f got
	result "send interrupted when it reads" run 1 "$summary
130
$vanished" 'exec 4<>fifo; echo one >&4
			sh signalled INT "[ -s got ]" fastipc send --json fifo
			echo $? >&2' 'fastipc recv >got'
	result "send interrupted when it opens" run 130 '' \
		'sh signalled INT "sleep 1" fastipc send fifo' true
	result "a signal that is ignored" run 0 $'a\nb' \
		"trap '' HUP; (echo a; sleep 1; echo b) | fastipc send &
			sleep 0.5; kill -s HUP \$!; wait \$!" 'fastipc recv'
	result "recv whose reader does not read" recv_into_full_pipe
	result "recv whose reader is gone" recv_into_broken_pipe
	result "send interrupted clears its line" \
		interrupted_at_terminal send '' '2>&1'
	result "recv interrupted clears its line" \
		interrupted_at_terminal recv '2>/dev/null' ''
}

# A message of a byte has 32 bytes in the ring, in a sealed pair 80.
recv_interrupted() {
	local each=32 lines
	[ "$1" = --direct ] || each=80
	rm -f got
	run 130 'fastipc send: the receiver vanished' "$1" \
		'yes | fastipc send' \
		'sh signalled INT "[ -s got ]" fastipc recv --json >got 2>sum
		status=$?
		fastipc info | sed -n "s/^released *//p" >released
		exit $status' || return
	lines=$(wc -l <got)
	echo "# $lines lines, $(cat released) bytes given back"
	[ "$(cat released)" = $((lines * each)) ] && [ "$lines" != 0 ] &&
		grep -q "^{\"messages\":$lines,.*\"orderly\":false}\$" sum
}

# asleep POSITION: a condition for signalled: it has got so far, and waits
asleep() {
	# shellcheck disable=SC2016 # expanded there
	printf 'fastipc info | grep -q "^%s *[1-9]" &&
		grep -q "^State:.S" /proc/$!/status' "$1"
}

# Nobody receives.
send_blocked() {
	local mode condition
	condition=$(asleep sent)
	export condition
	for mode in --lines '--size 100' '--size 8K' --files; do
		run 143 '' "$1" "sh signalled TERM \"\$condition\" \
			fastipc send --json $mode data 2>sum
			status=\$?; echo >fifo; exit \$status" \
			'read -r x <fifo' &&
			grep -q '"orderly":false}$' sum || return
	done
}

# It is ended when the pipe is full, and gives back only what it has written.
recv_into_full_pipe() {
	local lines condition
	condition=$(asleep released)
	export condition
	run 143 '' 'yes | fastipc send 2>/dev/null' \
		'mkfifo pipe; exec 5<>pipe
		sh signalled TERM "$condition" fastipc recv >&5
		status=$?
		fastipc info | sed -n "s/^released *//p" >released
		printf "\nend\n" >&5 &
		sed "/^end\$/q" <&5 >got
		exit $status' || return
	lines=$(grep -c "^y" got)
	echo "# $lines lines, $(cat released) bytes given back"
	[ "$(cat released)" != 0 ] &&
		[ "$(cat released)" -le $((lines * 32)) ]
}

recv_into_broken_pipe() {
	run 1 '' 'yes | fastipc send 2>/dev/null' \
		'(fastipc recv --json 2>sum; echo $? >status) |
			head -n 1 >/dev/null' &&
		[ "$(cat status)" = 141 ] && grep -q '"orderly":false}$' sum
}

# interrupted_at_terminal COMMAND SEND RECV: Ctrl-C when it has shown all, with
# these redirections
interrupted_at_terminal() {
	: >out
	(once_shown && printf '\3') |
		script -qefc "fastipc run '($slowly 60) |
		fastipc send --size 1000 $2' 'fastipc recv --size >/dev/null $3'" \
			/dev/null >out 2>&1
	shown "$1" '201 messages'
}

once_shown() {
	local try
	for try in $(seq 300); do
		! grep -q '201 messages' out || return 0
		sleep 0.1
	done
	echo "# nothing shown after $try tries" >&2
}

# Files that were cut off -----------------------------------------------------

test_cut_off() {
	local name='\244\1\0\0' signal
	local sends="exec perl hostile 1 '${name}whole' 0 1st 1 '${name}sub/old'"
	result "the sender is killed within a file" cut_off 1 "$vanished" \
		"$sends 0 part die" 'fastipc recv --files -C in'
	for signal in INT TERM HUP; do
		result "SIG$signal to the receiver of a file" \
			cut_off $((128 + $(kill -l $signal))) '' \
			"$sends 0 part stay" "sh signalled $signal \
			'grep -qrs part in' fastipc recv --files -C in
			status=\$?; echo >fifo; exit \$status"
	done
	result "a message that is refused within a file" cut_off 1 \
		"fastipc recv: refused: a message that is not of 'send --files'" \
		"$sends 0 part 2 x" 'fastipc recv --files -C in'
	result "a name that is refused after a file" cut_off 1 \
		"fastipc recv: refused: '..'" \
		"$sends 0 old '1' '${name}..'" 'fastipc recv --files -C in'
}

# cut_off STATUS TEXT SENDER RECEIVER: the file that is whole is there, the other
# is as it was before, and nothing else is there.
cut_off() {
	rm -rf in
	mkdir -p in/sub
	echo -n old >in/sub/old
	run "$@" && diff <(printf '%s\n' in/sub/old:old in/whole:1st) \
		<(grep -r . in | sort)
}

# Hostile senders -------------------------------------------------------------

# A sender that sends any tags and bytes, and then ends in order; or at last "die":
# by SIGKILL; "stay": when it is told to.
make_hostile() {
	cat >hostile <<-'END'
		open my $end, '+<&=', 3 or die "$!\n";
		while (@ARGV > 1) {
			my ($tag, $data) = splice @ARGV, 0, 2;
			$data = eval qq("$data");
			my $send = pack 'LLQQQQQLL', 56, 0,
				unpack('Q', pack 'P', $data), length $data,
				$tag, ~0, 0, 0, 0;
			ioctl $end, 0xFA05, $send or die "send: $!\n";
		}
		my ($last) = (@ARGV, '');
		kill 'KILL', $$ if $last eq 'die';
		if ($last eq 'stay') {
			open my $told, '<', 'fifo' or die "$!\n";
			<$told>;
			exit 1;
		}
		my $shutdown = pack 'LL', 8, 2;
		ioctl $end, 0xFA0B, $shutdown or die "shutdown: $!\n";
	END
}

# receives STATUS TEXT [TAG DATA]...: from such a sender
receives() {
	local status=$1 text=$2 send
	shift 2
	printf -v send " '%s'" "$@"
	run "$status" "$text" "perl hostile$send" \
		'fastipc recv --files -C in'
}

test_hostile() {
	local head='\244\1\0\0' long name
	local foreign="a message that is not of 'send --files'"
	rm -rf in
	mkdir -p in/folder outside
	echo mine >outside/file
	ln -s ../outside in/link
	ln -s ../outside/file in/file
	for name in /etc/x / ../x .. a/../../outside/x a/.. '' . a/. a/; do
		result "refused: '$name'" receives 1 \
			"fastipc recv: refused: '$name'" 1 "$head$name"
	done
	result "refused: a zero in a name" receives 1 \
		"fastipc recv: refused: 'a'" 1 "${head}a\\0b"
	result "control characters are not shown" receives 1 \
		"fastipc recv: refused: '/?[2J??'" 1 "$head/\\e[2J\\302\\233"
	long=$(head -c 4096 /dev/zero | tr '\0' x)
	result "refused: an endless name" receives 1 \
		"fastipc recv: refused: $foreign" 1 "$head$long"
	result "refused: less than a name" receives 1 \
		"fastipc recv: refused: $foreign" 1 abc
	result "refused: an unknown tag" receives 1 \
		"fastipc recv: refused: $foreign" 2 "${head}name"
	result "refused: bytes of no file" receives 1 \
		"fastipc recv: refused: bytes of no file" 0 abc
	result "a folder that is a link" receives 1 \
		"fastipc recv: link/x: Not a directory" 1 "${head}link/x"
	result "a folder is not replaced" receives 1 \
		"fastipc recv: folder: Is a directory" 1 "${head}folder"
	result "a link is replaced, not followed" receives 0 '' \
		1 "${head}file" 0 their 0 s
	result "by what was sent" diff <(echo -n theirs) \
		<([ -L in/file ] || cat in/file)
	result "only the usual permissions" receives 0 '' \
		1 '\377\15\0\0./a//b'
	result "those" [ "$(stat -c %a in/a/b)" = 777 ]
	result "no temporary file is left" diff /dev/null \
		<(find in outside -name '.fastipc*')
	result "nothing got out" diff <(echo outside/file: mine) \
		<(cd outside && grep -r . . | sed 's|^\./|outside/|; s/:/: /')
}

make_hostile
test_messages
test_failures
test_signals
test_cut_off
test_hostile
finish
