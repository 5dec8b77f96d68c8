#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Names and the tools that people have: they see, list, change and remove channels, move
# bytes through them, and lose nothing by only looking.  And the fastipc command's own:
# create, ls, stat, rm, send, recv.  What is printed, to the letter, and exit statuses.
# shellcheck disable=SC2016 # what is run expands these

# shellcheck source=tests/tool_lib.sh
. "$(dirname "$0")/tool_lib.sh"

names=$work/names
export FASTIPC_DIR=$names LC_ALL=C
umask 077
mkdir "$names"
mount -t fastipcfs -o mode=755,max_bytes=1M names "$names" || exit 1
trap 'cd / && umount "$names"; rm -rf "$work"' EXIT

# shell STATUS TEXT COMMANDS: what a shell in the directory of names prints
shell() {
	prints "$1" "$2" bash -c "cd '$names' && $3"
}

# Making and looking ------------------------------------------------------------

test_create() {
	result "create" prints 0 '' fastipc create a
	result "create with options" prints 0 '' \
		fastipc create --keep --mode 640 --ring 4K --max-message 100 b
	result "create what is there" prints 1 \
		"fastipc create: there is a channel 'a' already" fastipc create a
	result "create nothing" prints 2 "fastipc create: which NAME?
Try 'fastipc create --help'." fastipc create
	result "create with a mode that is none" prints 2 \
		"fastipc create: --mode takes an octal number up to 777, not '888'
Try 'fastipc create --help'." fastipc create --mode 888 x
	result "create where nothing is mounted" prints 1 \
		"fastipc create: '/tmp/x' is no channel, or not in a mount of fastipcfs" \
		fastipc create /tmp/x
	result "create in no directory" prints 1 \
		"fastipc create: '/no/x': no such directory (is fastipcfs mounted?)" \
		fastipc create /no/x
	result "create what is too large for the mount" prints 1 \
		"fastipc create: 'x': No space left on device" \
		fastipc create --ring 1M x
	result "that left nothing" shell 0 'a
b' 'ls'
}

test_ls() {
	result "ls" prints 0 \
		'KIND MODE      OWNER    GROUP    ENDS       WAITING     BYTES NAME
pair rw------- root     root     -              0/0    139264 a
pair rw-r----- root     root     -              0/0     16384 b' fastipc ls
	result "ls --json" prints 0 \
		'[{"name":"a","mode":"600","uid":0,"gid":0,"kind":"pair","sealed":true,"stream":false,"fenced":false,"keep":false,"ends":[],"waiting_to_1":0,"waiting_to_0":0,"ring_bytes":65536,"max_message":16320,"bytes":139264},{"name":"b","mode":"640","uid":0,"gid":0,"kind":"pair","sealed":true,"stream":false,"fenced":false,"keep":true,"ends":[],"waiting_to_1":0,"waiting_to_0":0,"ring_bytes":4096,"max_message":100,"bytes":16384}]' \
		fastipc ls --json "$names"
	result "ls elsewhere" prints 1 "fastipc ls: /tmp is no mount of fastipcfs" \
		fastipc ls /tmp
	result "stat" prints 0 'name          b
mode          rw-r----- root root
kind          sealed keep pair
ends          -
waiting_to_1  0
waiting_to_0  0
ring_bytes    4096
max_message   100
bytes         16384' fastipc stat b
	result "stat of no name" prints 1 "fastipc stat: no channel 'no'" \
		fastipc stat no
	result "stat of a name that is not set up" shell 0 'name          c
mode          rw------- root root
kind          not set up' ': >>c && fastipc stat c && rm c'
}

# Other people's tools ------------------------------------------------------------

test_looking() {
	local text='600 root fifo a
640 root fifo b'
	result "send something" prints 0 '' fastipc send --lines b "$work/line"
	result "stat(1)" shell 0 "$text" 'stat -c "%a %U %F %n" * '
	result "ls -s" shell 0 '136 a
 16 b' 'ls -s --block-size=1K a b'
	result "file" shell 0 'a: fifo (named pipe)
b: fifo (named pipe)' 'file a b'
	result "find" shell 0 './a
./b' 'find . -type p | sort'
	result "grep -r" shell 1 '' 'grep -r line .'
	result "file names in a pattern" shell 0 'a b' 'echo *'
	result "chmod" shell 0 'prw-rw---- b' \
		'chmod 660 b && stat -c "%A %n" b && chmod 640 b'
	result "tar" shell 0 'prw------- a
prw-r----- b' 'tar cf - a b | tar tvf - | awk "{ print \$1, \$6 }"'
	result "fuser, lsof" shell 0 'fuser
lsof' 'exec 9<b; fuser b 2>/dev/null | grep -qw $$ && echo fuser; lsof -t b | grep -qx $$ && echo lsof'
	result "df" shell 0 '1024K 872K' \
		'df --output=size,avail -B1K . | awk "NR == 2 { print \$1 \"K\", \$2 \"K\" }"'
	result "mv, rm" shell 0 'b' 'mv a x && rm x && ls'
	result "nothing was taken" prints 0 'a line' fastipc recv --now b
}

# The same, while two processes are the ends of a channel: they notice nothing, and
# nobody else becomes an end.
test_looking_at_ends() {
	local reader
	fastipc create --keep c
	fastipc recv c >"$work/received" &
	reader=$!
	exec {writer}> >(exec fastipc send c)
	echo one >&$writer
	until grep -q one "$work/received"; do sleep 0.1; done
	result "both ends are there" shell 0 '0,1' \
		"fastipc stat c | sed -n 's/^ends *//p'"
	result "stat, file, fastipc stat, ls, find" shell 0 '600 fifo c
c: fifo (named pipe)
name          c
c
./c' 'stat -c "%a %F %n" c && file c && fastipc stat c | head -n 1 && fastipc ls | grep -o "c$" && find . -name c'
	result "both ends are there, and no other" shell 0 '0,1' \
		"fastipc stat c | sed -n 's/^ends *//p'"
	echo two >&$writer
	exec {writer}>&-
	until grep -q two "$work/received"; do sleep 0.1; done
	kill $reader
	wait $reader
	result "all was received, once" prints 0 'one
two' cat "$work/received"
	result "gone" prints 0 '' fastipc rm c
}

test_moving() {
	result "echo, cat" shell 0 'hello' \
		'fastipc create --stream c && echo hello >c && cat c'
	result "its end is over" shell 1 \
		'bash: line 1: echo: write error: Connection reset by peer' \
		'echo more >c'
	result "dd both ways" shell 0 "$(sha256sum <part)" \
		'rm c; fastipc create --stream c && (dd if=../part of=c bs=64K status=none & dd if=c bs=1K status=none | sha256sum; wait)'
	result "redirections wait for each other" shell 0 'x y' \
		'rm c; fastipc create --stream --keep c; (read -r a <c; read -r b <c; echo "$a $b") & echo x >c; echo y >c; wait'
	result "lines" shell 0 'one
two' 'fastipc create d; printf "one\ntwo\n" | fastipc send d; fastipc recv d'
	result "that was all" shell 1 \
		"fastipc recv: that end of 'd' is over" 'fastipc recv d'
	result "lines, again and again" shell 0 'one
two' 'rm d; fastipc create --keep d; echo one | fastipc send d; echo two | fastipc send d; fastipc recv --now d'
	result "no name" prints 1 "fastipc send: no channel 'no'" fastipc send no
	result "no name at all" prints 1 \
		"fastipc send: no end: give a NAME, or use 'fastipc run' without --stdio, or --fd" \
		fastipc send
	result "a stream" prints 1 \
		"fastipc recv: 'c' is a stream and has no messages: read and write it" \
		fastipc recv c
	result "rm" prints 0 '' fastipc rm b c d
	result "rm what is not there" prints 1 "fastipc rm: no channel 'b'" \
		fastipc rm b
	result "all gone" shell 0 '' 'ls -A'
}

echo 'a line' >"$work/line"
test_create
test_ls
test_looking
test_looking_at_ends
test_moving
cd / && umount "$names"
result "nothing is left" nothing_is_left
echo "1..$count"
trap 'rm -rf "$work"' EXIT
exit $failed
