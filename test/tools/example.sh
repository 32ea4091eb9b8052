#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# Runs an example: its exit status must be 0, and its output what stands here.
#
#   example.sh [EMULATOR..] PROGRAM
set -u
example=${!#}
example=${example##*/}

case $example in
hello)
	wanted="success: platform 'example', version 7, base protocol 2.1, I am 'hello'"
	;;
async)
	wanted="sensor 3: the call was cancelled
sensor 1: success, 21
sensor 2: success, 22
sensor 4: success, 24
sensor 5: the deadline passed before the reply came"
	;;
notify)
	wanted="sensor 0 went down
sensor 0 went up
2 events, and 1 for nobody"
	;;
own_transport)
	wanted="message 7 has the attributes 0x107"
	;;
sensor)
	wanted="success: 42500 mdegC"
	;;
virtio)
	wanted="success: platform 'example', base protocol 2.1, I am 'guest'
queues of 16 and 16 entries, 6 buffers came back, 7 doorbells"
	;;
*)
	echo "nothing is known of the example '$example'"
	exit 2
	;;
esac

output=$("$@" </dev/null)
status=$?
[ "$status" = 0 ] || echo "FAULT: exit status $status"
[ "$output" = "$wanted" ] || printf 'FAULT: the output is\n%s\nand should be\n%s\n' "$output" "$wanted"
[ "$status" = 0 ] && [ "$output" = "$wanted" ]
