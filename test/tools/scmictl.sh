#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# Runs each command of scmictl, and each mistake that one can make with it.
#
#   scmictl.sh [EMULATOR..] PROGRAM
set -u
scmictl=("$@")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cases=0
faults=0

fault() {
	echo "FAULT: $1"
	echo "  command: ${line[*]}"
	sed 's/^/  stdout: /' "$work/out"
	sed 's/^/  stderr: /' "$work/err"
	faults=$((faults + 1))
}

# run STATUS ARG..: the exit status must be this one; what is printed is kept for the checks that follow.
run() {
	local expected=$1 status
	shift
	line=("$@")
	cases=$((cases + 1))
	"${scmictl[@]}" "$@" >"$work/out" 2>"$work/err" </dev/null
	status=$?
	[ "$status" = "$expected" ] || fault "exit status $status, not $expected"
}

# out LINE.., err LINE..: each of these lines stands there, and in this order.
holds_lines() {
	local file=$1 wanted number=0 found
	shift
	for wanted; do
		found=$(tail -n "+$((number + 1))" "$work/$file" | grep -n -x -F -m 1 -e "$wanted" | cut -d: -f1)
		if [ -z "$found" ]; then
			fault "std$file lacks the line '$wanted', or has it too early"
			return
		fi
		number=$((number + found))
	done
}
out() { holds_lines out "$@"; }
err() { holds_lines err "$@"; }

# all LINE..: standard output is this, and nothing else.
all() {
	printf '%s\n' "$@" | cmp -s - "$work/out" || fault "stdout is not as it should be: $(printf '\n    %s' "$@")"
}

silent() { [ ! -s "$work/$1" ] || fault "something on std$1"; }

# lines FILE COUNT PATTERN: so many lines match.
lines() {
	local count
	count=$(grep -c -E -e "$3" "$work/$1")
	[ "$count" = "$2" ] || fault "$count lines of std$1 match '$3', not $2"
}

# wrong MESSAGE ARG..: a mistake on the command line: status 2, this on stderr, nothing on stdout.
wrong() {
	local message=$1
	shift
	run 2 "$@"
	silent out
	err "scmictl: $message"
}

# ---- each command, on both kinds of link; the long time-out is for slow machines only ----

for link in loopback: loopback:threaded; do
	run 0 --link "$link" --timeout 60000 info
	silent err
	all 'vendor           scmictl' \
	    'sub-vendor       demo' \
	    'implementation   0x00000100' \
	    'base protocol    2.1, spoken 2.1' \
	    'protocols        1 beside base' \
	    'agents           3' \
	    'this agent       scmictl' \
	    '' \
	    'id   agent' \
	    '0    platform' \
	    '1    scmictl          this agent' \
	    '2    somebody else'

	run 0 -l "$link" -t 60000 protocols
	silent err
	all 'id    name              version       attributes' \
	    '0x10  base              2.1           0x00000301' \
	    '0x80  vendor protocol   1.0           0x00000002'

	run 0 -l "$link" -t 60000 stats
	silent err
	# version, attributes, vendor, sub-vendor, implementation, list, who am I, and the version of 0x80
	out 'submitted                   8' \
	    '  ok                        8' \
	    '  sum                       8  equals submitted' \
	    'received                    8' \
	    '  accepted                  8' \
	    '  sum                       8  equals received' \
	    'slots                      16'
	lines out 30 '^ *[a-z_]+ +[0-9]+( |$)' # 28 counters and 2 sums

	run 0 -l "$link" -t 60000 raw base BASE_DISCOVER_VENDOR
	silent err
	all 'reply 0x10:0x03 BASE_DISCOVER_VENDOR: success (0), 16 bytes' \
	    '  offset  word           decimal  bytes        text' \
	    '  0       0x696d6373  1768776563  73 63 6d 69  scmi' \
	    '  4       0x006c7463     7107683  63 74 6c 00  ctl.' \
	    '  8       0x00000000           0  00 00 00 00  ....' \
	    '  12      0x00000000           0  00 00 00 00  ....'

	# Permissions that one command takes away, the next one misses; the third has another device.
	run 1 -l "$link" -t 60000 raw base BASE_SET_DEVICE_PERMISSIONS 1 1 0 , 0x80 3 1 , 0x80 3 0
	silent err
	out 'reply 0x10:0x09 BASE_SET_DEVICE_PERMISSIONS: success (0), 0 bytes' \
	    'reply 0x80:0x03: denied (-3), 0 bytes' \
	    'reply 0x80:0x03: success (0), 16 bytes' \
	    '  0       0x74726175  1953653109  75 61 72 74  uart'

	# An error event, once it was asked for: agent 1, one report: header and status of the command that failed.
	run 1 -l "$link" -t 60000 raw base BASE_NOTIFY_ERRORS 1 , 0x80 4 0
	silent err
	out 'reply 0x10:0x08 BASE_NOTIFY_ERRORS: success (0), 0 bytes' \
	    'event 0x10:0x00 BASE_ERROR_EVENT: 16 bytes' \
	    '  0       0x00000001           1  01 00 00 00  ....' \
	    '  4       0x00000001           1  01 00 00 00  ....' \
	    '  12      0xfffffff7  4294967287  f7 ff ff ff  ....' \
	    'reply 0x80:0x04: hardware error (-9), 0 bytes'
	run 1 -l "$link" -t 60000 raw 0x80 4 0
	all 'reply 0x80:0x04: hardware error (-9), 0 bytes'

	# A command that is never answered: the time-out is the one that was asked for. What follows goes on.
	run 1 -l "$link" -t 50 raw 0x80 5 0
	silent out
	err "scmictl: 0x80:0x05: the deadline passed before the reply came (link $link, time-out 50 ms)"
done

# ---- numbers, names, and what the platform says of them ----

run 0 raw 16 0
out 'reply 0x10:0x00 PROTOCOL_VERSION: success (0), 4 bytes'
run 0 raw 0X10 0x7 0xFFFFFFFF
out 'reply 0x10:0x07 BASE_DISCOVER_AGENT: success (0), 20 bytes' \
    '  0       0x00000001           1  01 00 00 00  ....'
run 0 raw Base base_discover_agent 4294967295
out 'reply 0x10:0x07 BASE_DISCOVER_AGENT: success (0), 20 bytes'
run 1 raw base BASE_DISCOVER_AGENT 3
all 'reply 0x10:0x07 BASE_DISCOVER_AGENT: not found (-4), 0 bytes'
run 1 raw base BASE_DISCOVER_AGENT
all 'reply 0x10:0x07 BASE_DISCOVER_AGENT: protocol error (-10), 0 bytes'
run 1 raw clock PROTOCOL_VERSION
all 'reply 0x14:0x00 PROTOCOL_VERSION: not supported (-1), 0 bytes'
run 1 raw 255 255
all 'reply 0xff:0xff: not supported (-1), 0 bytes'
run 1 raw 0x80 5 2
all 'reply 0x80:0x05: not found (-4), 0 bytes'
run 1 raw -t 50 0x80 5 0 , 0x80 5 1
all 'reply 0x80:0x05: busy (-6), 0 bytes'

# 33 words are what a payload of 132 bytes carries; the link refuses one more.
run 1 raw base 3 $(seq 33)
all 'reply 0x10:0x03 BASE_DISCOVER_VENDOR: protocol error (-10), 0 bytes'
run 1 raw base 3 $(seq 34)
silent out
err 'scmictl: 0x10:0x03: the message is larger than the transport can carry (link loopback:)'

# ---- trace ----

run 0 --trace raw base 3
out 'reply 0x10:0x03 BASE_DISCOVER_VENDOR: success (0), 16 bytes'
lines err 1 '^send link 0 slot [0-9]+ 0x10:0x03 BASE_DISCOVER_VENDOR token [0-9]+ len 0: success$'
lines err 1 '^recv link 0 slot [0-9]+ 0x10:0x03 BASE_DISCOVER_VENDOR token [0-9]+ len 20: success$'
lines err 1 '^scmictl: loopback: 16 commands in flight at most'

# ---- mistakes ----

wrong 'a command is needed: info, protocols, raw or stats'
wrong "unknown command 'inform'; there are info, protocols, raw and stats" inform
wrong "info takes no word, but there is 'base'" info base
wrong "protocols takes no word, but there is 'base'" protocols base
wrong "stats takes no word, but there is '1'" stats 1
wrong 'raw needs a protocol and a message' raw
wrong "raw 'base': the message is missing" raw base
wrong 'raw needs a protocol and a message at each side of a comma' raw base 3 ,
wrong 'raw needs a protocol and a message at each side of a comma' raw , base 3
wrong 'raw needs a protocol and a message at each side of a comma' raw base 3 , , base 3
wrong "raw 'base': the message is missing" raw base 3 , base
for word in 0x100000000 4294967296 99999999999999999999999 12x 0x 0xg '' ' 1' +1 1.5; do
	wrong "'$word' is not a word of 32 bits, decimal or 0x hexadecimal" raw base 7 "$word"
done
wrong "'-1' is not a word of 32 bits, decimal or 0x hexadecimal" raw -- base 7 -1
names='base power system perf clock sensor reset voltage powercap pinctrl telemetry'
for word in 256 clocks 'unknown protocol' 'vendor protocol' ''; do
	wrong "'$word' is no protocol: not a number to 255, nor one of $names" raw "$word" 0
done
wrong "'256' is no message of protocol 0x10: not a number to 255, nor one of" raw base 256
err '  0x03  BASE_DISCOVER_VENDOR' '  0x10  NEGOTIATE_PROTOCOL_VERSION'
wrong "'BASE_DISCOVER_VENDOR' is no message of protocol 0x80: not a number to 255, nor one of" raw 0x80 BASE_DISCOVER_VENDOR
wrong "'BASE_ERROR_EVENT' is no message of protocol 0x10: not a number to 255, nor one of" raw base BASE_ERROR_EVENT
for uri in nowhere: nowhere:threaded loopback '' : loop:; do
	wrong "unknown link '$uri'; known are" --link "$uri" info
	err '  loopback:[threaded]      a demonstration platform inside this program'
done
wrong "link 'loopback:thread' is not of the form loopback:[threaded]" --link loopback:thread info
for ms in 0 3600001 -1 1s ''; do
	wrong "time-out '$ms': not a number of milliseconds from 1 to 3600000" "--timeout=$ms" info
done
run 2 --nonsense info
silent out
lines err 1 "unrecognized option '--nonsense'"
run 2 --link
silent out

# A mistake anywhere in the line is found before the first command is sent.
run 2 --trace raw base 3 , base NOTHING
lines err 0 '^(send|recv) '

# ---- help and version ----

run 0 --version
here=$(dirname "${BASH_SOURCE[0]}")
version=$(sed -n 's/^#define SCMI_LIB_VERSION_\(MAJOR\|MINOR\|PATCH\) //p' "$here/../../include/scmi/version.h" | paste -sd.)
all "scmictl $version"
run 0 --help
silent err
lines out 1 '^  info  '
lines out 1 '^  protocols  '
lines out 1 '^  raw PROTOCOL MESSAGE '
lines out 1 '^  stats  '
lines out 1 '^  loopback:threaded  '

# Nobody reads what was printed into a full file.
if [ -e /dev/full ]; then
	line=(info '>/dev/full')
	cases=$((cases + 1))
	"${scmictl[@]}" info >/dev/full 2>"$work/err"
	[ $? = 1 ] || fault 'output was lost, and the exit status is not 1'
	lines err 1 '^scmictl: standard output: '
fi

echo "$cases cases, $faults faults"
[ "$faults" = 0 ]
