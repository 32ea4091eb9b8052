#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# Runs each command of scmictl, and each mistake that one can make with it.
#
#   scmictl.sh [EMULATOR..] PROGRAM
set -u
scmictl=("$@")
work=$(mktemp -d)
cases=0
faults=0

# Where scmid was built ($SCMID, which may be empty; else beside scmictl) its link is tried too: a fresh one for each run,
# as each run on loopback has a fresh device.
scmid=("${@:1:$#-1}" "${SCMID-$(dirname "${!#}")/../scmid/scmid}")
daemon=mailbox:unix=$work/s
running=
links=(loopback: loopback:threaded)
[ ! -x "${scmid[-1]}" ] || links+=("$daemon")
trap '[ -z "$running" ] || kill "$running"; rm -rf "$work"' EXIT

end_daemon() {
	local status=0
	[ -n "$running" ] || return
	kill "$running"
	wait "$running" || status=$?
	running=
	[ "$status" = 0 ] || fault "scmid ended with $status"
	[ ! -e "$work/s" ] || fault "scmid has left its socket behind"
}

fresh_daemon() {
	end_daemon
	"${scmid[@]}" --listen "$daemon,agents=2" &
	running=$!
	for ((i = 0; i < 6000; i++)); do # the socket has its name only when somebody listens at it
		[ ! -S "$work/s" ] || return
		sleep 0.01
	done
}

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
	[[ " $* " != *" $daemon "* ]] || fresh_daemon
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

# replies COUNT: so many are in the histogram, whatever time they took.
replies() {
	local count
	count=$(awk '/^ *from us / { on = 1; next } on { sum += $NF } END { print sum + 0 }' "$work/out")
	[ "$count" = "$1" ] || fault "$count replies in the histogram, not $1"
}

# wrong MESSAGE ARG..: a mistake on the command line: status 2, this on stderr, nothing on stdout.
wrong() {
	local message=$1
	shift
	run 2 "$@"
	silent out
	err "scmictl: $message"
}

# ---- each command, on each kind of link; the long time-out is for slow machines only ----

for link in "${links[@]}"; do
	vendor=scmictl we=scmictl vendor_words=('0x696d6373  1768776563  73 63 6d 69  scmi' \
		'0x006c7463     7107683  63 74 6c 00  ctl.') depth=64 inflight=64
	if [ "$link" = "$daemon" ]; then
		vendor=scmid we=agent-1 depth=32 inflight=32
		vendor_words=('0x696d6373  1768776563  73 63 6d 69  scmi' '0x00000064         100  64 00 00 00  d...')
	fi
	run 0 --link "$link" --timeout 60000 info
	silent err
	agents=('id  name           self' \
	        ' 0  platform' \
	        ' 1  scmictl        this agent' \
	        ' 2  somebody else')
	[ "$link" != "$daemon" ] ||
		agents=('id  name      self' ' 0  platform' ' 1  agent-1   this agent' ' 2  agent-2')
	all "vendor             $vendor" \
	    'sub-vendor         demo' \
	    'implementation     0x00000100' \
	    'base protocol      2.1, spoken 2.1' \
	    'protocols          3 beside base' \
	    'agents             3' \
	    "this agent         $we" \
	    '' \
	    "${agents[@]}"
	run 0 -l "$link" -t 60000 agents
	silent err
	all "${agents[@]}"

	run 0 -l "$link" -t 60000 protocols
	silent err
	all 'id    name             version  attributes' \
	    '0x10  base             2.1      0x00000303' \
	    '0x14  clock            3.0      0x00080006' \
	    '0x15  sensor           3.1      0x00080006' \
	    '0x80  vendor protocol  1.0      0x00000002'

	run 0 -l "$link" -t 60000 stats
	silent err
	# version, attributes, vendor, sub-vendor, implementation, list, who am I, and the versions of the others
	out 'submitted                  10' \
	    '  ok                       10' \
	    '  sum                      10  equals submitted' \
	    'received                   10' \
	    '  accepted                 10' \
	    '  sum                      10  equals received' \
	    'recovered                   0' \
	    'slots                      16' \
	    'max_inflight               16'
	lines out 33 '^ {0,2}[a-z_]+ +[0-9]+( |$)' # 31 counters and 2 sums
	lines out 1 '^ +link 0$'
	replies 10

	# Commands of one's own, twice: one is refused each time, and shown only by the counters.
	run 1 -l "$link" -t 60000 stats base BASE_DISCOVER_VENDOR , base BASE_DISCOVER_AGENT 3 --count 2
	silent err
	out 'submitted                   4' \
	    '  ok                        2' \
	    '  remote                    2' \
	    '  sum                       4  equals submitted' \
	    '  accepted                  4' \
	    '  sum                       4  equals received'
	lines out 0 '^reply '
	replies 4

	# What is not answered is still owed.
	run 1 -l "$link" -t 50 stats 0x80 5 0
	silent err
	out 'submitted                   1' \
	    '  timed_out                 1' \
	    '  sum                       1  equals submitted' \
	    'received                    0' \
	    'quarantined                 1'
	replies 0

	# The platform's own errors, which notify asks for by itself.
	run 0 -l "$link" -t 60000 notify --count 2
	silent err
	lines out 2 '^event '
	out 'event 0x10:0x00 BASE_ERROR_EVENT: 8 bytes' \
	    '  offset  word           decimal  bytes        text' \
	    '  0       0x00000000           0  00 00 00 00  ....' \
	    '  4       0x00000000           0  00 00 00 00  ....' \
	    'event 0x10:0x00 BASE_ERROR_EVENT: 8 bytes'

	# What a command asks for, and nothing but that.
	run 0 -l "$link" -t 60000 notify 0x80 , 0x80 6 1 --count=3
	silent err
	lines out 3 '^event 0x80:0x00: 8 bytes$'
	lines out 3 '^event '
	out 'reply 0x80:0x06: success (0), 0 bytes' \
	    'event 0x80:0x00: 8 bytes' \
	    '  offset  word           decimal  bytes        text' \
	    '  0       0x00000001           1  01 00 00 00  ....'
	run 0 -l "$link" -t 60000 notify base BASE_ERROR_EVENT -n 1 , 0x80 6 1
	silent err
	lines out 1 '^event 0x10:0x00 BASE_ERROR_EVENT: 8 bytes$'
	lines out 1 '^event '

	# No more than were wanted, though another one has come.
	run 1 -l "$link" -t 60000 notify base --count 1 , 0x80 4 0 , 0x80 4 1
	silent err
	lines out 1 '^event '
	lines out 2 '^reply 0x80:0x04: hardware error '

	# Nothing comes: nobody has asked, or nobody wants that one.
	run 0 -l "$link" -t 60000 notify 0x80 --for 1
	silent out
	silent err
	run 1 -l "$link" -t 60000 notify base 0x5 --for 1 --count 2 , base BASE_NOTIFY_ERRORS 1
	all 'reply 0x10:0x08 BASE_NOTIFY_ERRORS: success (0), 0 bytes'
	err "scmictl: 0 of 2 notifications came in 1 s (link $link)"

	run 0 -l "$link" -t 60000 bench --count 100
	silent err
	out 'command     0x10:0x00 PROTOCOL_VERSION, 0 bytes of parameters' \
	    'calls       100, 1 in flight, 0 refused'
	lines out 1 '^time        [0-9]+ us$'
	lines out 1 '^calls/s     [1-9][0-9]*$'
	lines out 1 '^latency     min [0-9]+ us, median below [1-9][0-9]* us, p99 below [1-9][0-9]* us$'
	lines out 5 ''

	# All that the link takes, and one more. 4 + 64 bytes come back as they went.
	run 0 -l "$link" -t 60000 bench 0x80 7 1 --count 1000 --depth "$depth" --payload 64
	silent err
	out 'command     0x80:0x07, 68 bytes of parameters' \
	    "calls       1000, $depth in flight, 0 refused"
	run 1 -l "$link" -t 60000 bench 0x80 7 --depth 65
	silent out
	err "scmictl: depth 65: the link takes $inflight calls at once (link $link)"
	run 1 -l "$link" -t 60000 bench base 3 --count 10 --payload 4
	silent err
	out 'calls       10, 1 in flight, 10 refused'
	run 1 -l "$link" -t 60000 bench base BASE_DISCOVER_AGENT 3 --count 10
	out 'calls       10, 1 in flight, 10 refused'
	run 1 -l "$link" -t 60000 bench --payload 65536
	silent out
	err "scmictl: 0x10:0x00: the message is larger than the transport can carry (link $link)"
	run 1 -l "$link" -t 50 bench 0x80 5 0 --depth 2 --count 9
	# Busy with the first; or, in a mailbox, waiting behind it.
	[ "$link" = "$daemon" ] || out 'calls       2, 2 in flight, 1 refused'
	err "scmictl: 0x80:0x05: the deadline passed before the reply came (link $link, time-out 50 ms)"

	run 0 -l "$link" -t 60000 raw base BASE_DISCOVER_VENDOR
	silent err
	all 'reply 0x10:0x03 BASE_DISCOVER_VENDOR: success (0), 16 bytes' \
	    '  offset  word           decimal  bytes        text' \
	    "  0       ${vendor_words[0]}" \
	    "  4       ${vendor_words[1]}" \
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

# ---- several links: each of these has a platform of its own behind it ----

run 0 -l loopback: -l 0x80=loopback:threaded -t 60000 stats
silent err
out '                       link 0     link 1        all' \
    'submitted                   9          1         10' \
    '  ok                        9          1         10' \
    '  sum                       9          1         10  equals submitted' \
    'slots                      16         16         32'
replies 10
run 0 -l 0x80=loopback: -t 60000 notify 0x80 -n 1 , 0x80 6 1
lines out 1 '^event 0x80:0x00: 8 bytes$'
run 1 -l sensor=loopback: -l 128=loopback:threaded -t 50 raw 0x80 5 0
err 'scmictl: 0x80:0x05: the deadline passed before the reply came (link loopback:, 0x15=loopback:, 0x80=loopback:threaded, time-out 50 ms)'

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
run 1 raw system PROTOCOL_VERSION
all 'reply 0x12:0x00 PROTOCOL_VERSION: not supported (-1), 0 bytes'
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

wrong 'a command is needed: info, protocols, agents, clocks, clock, sensors, sensor, raw, notify, stats or bench'
wrong "unknown command 'inform'; there are info, protocols, agents, clocks, clock, sensors, sensor, raw, notify, stats and bench" inform
wrong "info takes no word, but there is 'base'" info base
wrong "clocks takes no word, but there is 'x'" clocks x
wrong "sensors takes no word, but there is 'x'" sensors x
wrong 'clock needs a clock, by name or by id' clock
wrong 'sensor needs a sensor, by name or by id' sensor
wrong "clock: 'on' is none of rate, enable, disable, parent" clock pll on
wrong "clock: 'rate' is said twice" clock pll rate enable rate
wrong "clock: 'disable' is said twice" clock pll enable disable
for rate in 1.5 24mhzz 1e6 18446744073709551616 0.0000001MHz 5.MHz; do
	wrong "'$rate' is not a rate: whole Hz, or a number with Hz, kHz or MHz behind it" clock pll rate "$rate"
done
wrong 'clock takes --async with a new rate only' clock pll --async rate
wrong "clock does not take the option '--watch'" clock pll --watch
wrong "clocks does not take the option '--async'" clocks --async
wrong "sensor: 'write' is none of read, info, enable, disable" sensor 0 write
wrong "sensor takes two words, but there is 'x'" sensor 0 read x
wrong "sensor 'info' reads no value: --watch and --async have no meaning" sensor 0 info --async
wrong "sensor 'disable' reads no value: --watch and --async have no meaning" sensor 0 disable --watch
wrong 'sensor takes --count and --for with --watch only' sensor 0 --count 3
for seconds in 0 0.009 86401 -1 1s ''; do
	wrong "time '$seconds': not a number of seconds from 0.01 to 86400" "--watch=$seconds" sensor 0
done
wrong "agents takes no word, but there is 'base'" agents base
wrong "protocols takes no word, but there is 'base'" protocols base
wrong "stats '1': the message is missing" stats 1
wrong 'stats needs a protocol and a message at each side of a comma' stats base 3 ,
wrong "notify takes a protocol and a notification, then a comma, but there is '1'" notify base 0 1
wrong 'notify needs a protocol and a message' notify ,
wrong 'notify needs a protocol and a message' notify base ,
wrong 'notify needs a protocol and a message at each side of a comma' notify , , base 3
wrong "notify 'base': the message is missing" notify , base
wrong "'BASE_NOTIFY_ERRORS' is no notification of protocol 0x10: not a number to 255, nor one of" \
	notify base BASE_NOTIFY_ERRORS
err '  0x00  BASE_ERROR_EVENT'
wrong "bench takes one command, but there is ','" bench base 3 , base 3
wrong "bench takes one command, but there is ','" bench ,
wrong "bench 'base': the message is missing" bench base
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
	wrong "'$word' is no protocol: not a number to 255, nor one of $names" notify "$word"
done
wrong "'256' is no message of protocol 0x10: not a number to 255, nor one of" raw base 256
err '  0x03  BASE_DISCOVER_VENDOR' '  0x10  NEGOTIATE_PROTOCOL_VERSION'
wrong "'BASE_DISCOVER_VENDOR' is no message of protocol 0x80: not a number to 255, nor one of" raw 0x80 BASE_DISCOVER_VENDOR
wrong "'BASE_ERROR_EVENT' is no message of protocol 0x10: not a number to 255, nor one of" raw base BASE_ERROR_EVENT
for uri in nowhere: nowhere:threaded loopback '' : loop:; do
	wrong "unknown link '$uri'; known are" --link "$uri" info
	err '  loopback:[demo|linux|many][,threaded][,file=PATH]' '      a demonstration platform inside this program'
done
for rest in thread ',' 'threaded,' 'demo,,linux' file= 'demo,file=' ' ' Linux linuxxxxxxxxxxxxxxxx; do
	wrong "link 'loopback:$rest' is not of the form loopback:[demo|linux|many][,threaded][,file=PATH]" \
		--link "loopback:$rest" info
done
wrong "unknown link 'nowhere:'; known are" --link base=nowhere: info
wrong "protocol '0x15' has two links" --link sensor=loopback: --link 0x15=loopback: info
wrong "protocol '1' has no commands: they begin with 0x10" --link 1=loopback: info
wrong "'sensors' is no protocol: not a number to 255, nor one of $names" --link sensors=loopback: info
for ms in 0 3600001 -1 1s ''; do
	wrong "time-out '$ms': not a number of milliseconds from 1 to 3600000" "--timeout=$ms" info
done
wrong "count '0': not a number from 1 to 1000000000" notify --count 0
wrong "count 'many': not a number from 1 to 1000000000" bench -n many
wrong "time '86401': not a number of seconds from 1 to 86400" notify --for 86401
wrong "depth '1025': not a number of calls from 1 to 1024" bench --depth 1025
wrong "payload '65537': not a number of bytes from 0 to 65536" bench --payload=65537
for command in info protocols agents 'raw base 3'; do
	# shellcheck disable=SC2086 # one word each
	wrong "${command%% *} does not take the option '--count'" --count 1 $command
done
wrong "stats does not take the option '--for'" stats --for 1
wrong "stats does not take the option '--depth'" stats --depth 1
wrong "notify does not take the option '--payload'" notify --payload 0
wrong "bench does not take the option '--for'" bench --for 1
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
lines out 1 '^  agents  '
lines out 1 '^  clocks  '
lines out 1 '^  clock CLOCK '
lines out 1 '^  sensors  '
lines out 1 '^  sensor SENSOR '
lines out 1 '^  raw PROTOCOL MESSAGE '
lines out 1 '^  notify \[PROTOCOL '
lines out 1 '^  stats \[PROTOCOL '
lines out 1 '^  bench \[PROTOCOL '
lines out 1 '^    threaded  '
lines out 0 '^.{80}'
lines out 0 '^[a-z]+$' # a word that argp took to a line of its own

# Nobody reads what was printed into a full file.
if [ -e /dev/full ]; then
	for word in info --help --usage --version; do
		line=("$word" '>/dev/full')
		cases=$((cases + 1))
		"${scmictl[@]}" "$word" >/dev/full 2>"$work/err"
		[ $? = 1 ] || fault 'output was lost, and the exit status is not 1'
		lines err 1 '^scmictl: standard output: '
	done
fi

end_daemon
echo "$cases cases, $faults faults"
[ "$faults" = 0 ]
