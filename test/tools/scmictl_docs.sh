#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# The manual page and the completion of scmictl: they know every command and option that --help knows, and work.
#
#   scmictl_docs.sh [EMULATOR..] PROGRAM
set -u
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
page=$root/docs/man/scmictl.1
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
checks=0
faults=0

check() {
	checks=$((checks + 1))
	[ "$1" = "$2" ] && return
	echo "FAULT: $3"
	printf '  got     %q\n  wanted  %q\n' "$1" "$2"
	faults=$((faults + 1))
}

# The completion runs what stands at the start of the line.
printf '#!/bin/sh\nexec %s "$@"\n' "$(printf '%q ' "$@")" >"$work/scmictl"
chmod +x "$work/scmictl"
PATH=$work:$PATH

# ---- what there is, by --help ----

scmictl --help >"$work/help"
commands=$(sed -n '/^Commands:/,/^$/ s/^  \([a-z]\+\) .*/\1/p' "$work/help")
options=$(grep -o -E -- '--[a-z]+' "$work/help" | sort -u)
[ "$(wc -w <<<"$commands")" -ge 11 ] || check "$commands" '' 'few commands in --help'

# ---- the manual page, and that of scmid ----

for file in "$page" "$root/docs/man/scmid.1"; do
	if command -v man >/dev/null; then
		check "$(man --warnings -E UTF-8 -l "$file" 2>&1 >/dev/null)" '' "man --warnings: $file"
	fi
	if command -v mandoc >/dev/null; then
		check "$(mandoc -T lint -W warning "$file")" '' "mandoc -T lint: $file"
	fi
done
sed 's/\\-/-/g; s/\\fI//g; s/\\fP//g' "$page" >"$work/page"
for name in $commands; do
	grep -q -E "^\.(B|BR) \"?$name\b" "$work/page" || check missing "$name" 'a command without a place in the manual page'
done
for name in $options; do
	grep -q -E "^\.(B|BR) (.*[^-a-z])?$name\b" "$work/page" ||
		check missing "$name" 'an option without a place in the manual page'
done
for status in 0 1 2 130 143; do
	check "$(grep -c -x ".B $status" "$work/page")" 1 "exit status $status in the manual page"
done

# What the page shows of notifications does bring one.
example=$(sed 's/\\e$/\\/' "$work/page" | sed -n '/^scmictl notify/,/[^\\]$/p')
check "$(timeout 60 bash -c "$example -n 1" | grep -c '^event ')" 1 "an event by the example: $example"

# ---- completion ----

# shellcheck source=/dev/null
source "$root/examples/scmictl/scmictl.bash"
check "$(complete -p scmictl)" 'complete -F _scmictl scmictl' 'completion is registered'

# completes WORD..: what is offered for the last word.
completes() {
	COMP_WORDS=(scmictl "$@") # as far as it looks at them
	printf -v COMP_LINE '%q ' scmictl "${@:1:$#-1}"
	COMP_LINE+=${!#}
	COMP_POINT=${#COMP_LINE}
	COMPREPLY=()
	_scmictl
	echo "${COMPREPLY[*]}"
}

offered=$(completes '')
for name in $commands; do
	[[ " $offered " == *" $name "* ]] || check "$offered" "$name" 'a command that is not completed'
done
offered=$(completes --)
for name in $options; do
	[[ " $offered " == *" $name "* || " $offered " == *" $name= "* ]] ||
		check "$offered" "$name" 'an option that is not completed'
done
check "$(completes se)" 'sensors sensor' 'se'
check "$(completes --json --ti)" '--timeout=' '--ti'
check "$(completes -l lo)" 'loopback:' 'a link'
check "$(completes --link=lo)" 'loopback:' 'a link behind ='
check "$(completes -l '')" 'loopback: mailbox: vhost-user:' 'all links'
check "$(completes -l vhost-user:/dev/nul)" '/dev/null' 'a path of a back end'
check "$(completes -l vhost-user:/x,wa)" 'wait=' 'a word of any link, of vhost-user'
check "$(completes -l mailbox:u)" 'unix= uio=/dev/uio' 'a way of a mailbox'
check "$(completes -l mailbox:unix=/dev/nul)" '/dev/null' 'a path'
check "$(completes --link=mailbox:unix=/x,wait=3,re)" 'reconnect=' 'a word of any link'
check "$(completes --link=loopback:l)" 'linux' 'a word of a link'
check "$(completes -l loopback:linux,th)" 'linux,threaded' 'a second word of a link'
check "$(completes -l loopback: cl)" 'clocks clock' 'a command behind a link'
check "$(completes -t 5 --trace cl)" 'clocks clock' 'a command behind options'
check "$(completes clock u)" 'uart_clk' 'a clock'
check "$(completes -l loopback:linux clock '')" 'uart_clk spi_clk' 'clocks of another link'
check "$(completes --link=loopback:linux sensor '')" 'cpu_temp board_temp' 'sensors of another link'
check "$(completes sensor f)" 'fan\ \"front\"' 'a name with blanks and quotes'
check "$(completes clock pll '')" 'rate enable disable parent' 'what to do with a clock'
check "$(completes clock pll rate 1000MHz u)" 'up' 'a rounding'
check "$(completes clock uart_clk parent p)" 'pll' 'a parent'
check "$(completes clock 0 e)" 'enable' 'a clock by id'
check "$(completes sensor 'fan "front"' r)" 'read' 'what to do with such a sensor'
check "$(completes sensor cpu_temp '')" 'read info enable disable' 'what to do with a sensor'
check "$(completes sensor cpu_temp read '')" '' 'nothing more for a sensor'
check "$(completes raw s)" 'system sensor' 'a protocol'
check "$(completes notify base , po)" 'power powercap' 'a protocol behind a comma'
check "$(completes raw base '')" '' 'no protocol behind a protocol'
check "$(completes -l nowhere: clock '')" '' 'a link that does not work'

# ---- completion of scmid, by the same means ----

# shellcheck source=/dev/null
source "$root/examples/scmid/scmid.bash"
listens() {
	printf -v COMP_LINE '%q ' scmid "${@:1:$#-1}"
	COMP_LINE+=${!#}
	COMP_POINT=${#COMP_LINE}
	COMPREPLY=()
	_scmid
	echo "${COMPREPLY[*]}"
}
check "$(listens '')" '--listen= --set= --print-capabilities --help --usage --version' 'options of scmid'
check "$(listens --set=l)" 'linux' 'a set'
check "$(listens -l mail)" 'mailbox:' 'where to listen'
check "$(listens --set demo --listen=mailbox:unix=/dev/nul)" '/dev/null' 'a path to listen at'
check "$(listens -l mailbox:unix=/x,ag)" 'agents=' 'a word of a listener'
check "$(listens -l '')" 'mailbox: vhost-user:' 'all places to listen at'
check "$(listens -l vhost-user:/dev/nul)" '/dev/null' 'a path to listen at for guests'
check "$(listens -l vhost-user:fd)" 'fd=' 'a socket that is there'
check "$(listens -l vhost-user:/x,agents=1,inf)" 'inflight=1' 'a word of a listener for guests'

echo "$checks checks, $faults faults"
[ "$faults" = 0 ]
