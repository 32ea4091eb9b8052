# SPDX-License-Identifier: BSD-3-Clause
# Completion for bash: source this file, or install it as bash-completion/completions/scmictl.
#
# Clocks and sensors are completed by name, as the platform of the line's --link tells them. bash takes ':' and '=' for
# the end of a word, so a reply is what stands behind the last of them.

# The words behind the colon or comma of a link; or of what stands before it.
_scmictl_link() {
	if [[ $1 == loopback:* ]]; then
		local last=${1#loopback:}
		local before=${last%"${last##*,}"}
		mapfile -t COMPREPLY < <(compgen -P "$before" -W 'demo linux many threaded file=' -- "${last##*,}")
		[[ ${COMPREPLY[*]} != *= ]] || compopt -o nospace 2>/dev/null
	elif [[ $1 == mailbox:unix=* && $1 != *,* ]]; then
		mapfile -t COMPREPLY < <(compgen -f -- "${1#mailbox:unix=}")
	elif [[ $1 == vhost-user:* && $1 != *,* ]]; then
		mapfile -t COMPREPLY < <(compgen -f -- "${1#vhost-user:}")
	elif [[ $1 == @(mailbox|vhost-user):*,* ]]; then
		mapfile -t COMPREPLY < <(compgen -W 'wait= reconnect= timeout=' -- "${1##*,}")
		compopt -o nospace 2>/dev/null
	elif [[ $1 == mailbox:* ]]; then
		mapfile -t COMPREPLY < <(compgen -W 'unix= shm=/ uio=/dev/uio' -- "${1#mailbox:}")
		compopt -o nospace 2>/dev/null
	elif [[ $1 != *:* ]]; then
		mapfile -t COMPREPLY < <(compgen -W 'loopback: mailbox: vhost-user:' -- "$1")
		compopt -o nospace 2>/dev/null
	fi
}

# Names of a table that scmictl prints (clocks, sensors), a line each; blanks and quotes escaped.
_scmictl_names() {
	local name
	"${COMP_WORDS[0]}" "${link[@]}" --json "$1" 2>/dev/null </dev/null |
		sed -n 's/^ *{"id": [0-9]*, "name": "\(\([^"\\]\|\\.\)*\)".*/\1/p' | sed 's/\\\(.\)/\1/g' |
		while IFS= read -r name; do
			[[ $name != "$cur"* ]] || printf '%q\n' "$name"
		done
}

_scmictl_words() { mapfile -t COMPREPLY < <(compgen -W "$1" -- "$cur"); }

# Words of a command: how many stand behind it, and the last of these.
_scmictl_command() {
	local protocols='base power system perf clock sensor reset voltage powercap pinctrl telemetry'
	case $1 in
	'')
		_scmictl_words 'info protocols agents clocks clock sensors sensor raw notify stats bench'
		;;
	clock)
		if [[ $2 == 0 || $3 == parent ]]; then
			mapfile -t COMPREPLY < <(_scmictl_names clocks)
		elif [[ $3 =~ ^[0-9] && $2 != 1 ]]; then
			_scmictl_words 'down up auto enable disable parent'
		else
			_scmictl_words 'rate enable disable parent'
		fi
		;;
	sensor)
		if [[ $2 == 0 ]]; then
			mapfile -t COMPREPLY < <(_scmictl_names sensors)
		elif [[ $2 == 1 ]]; then
			_scmictl_words 'read info enable disable'
		fi
		;;
	raw | notify | stats | bench)
		[[ $2 != 0 && $3 != , ]] || _scmictl_words "$protocols"
		;;
	esac
}

# The words of the line up to the cursor: words[], of which the last is the one to be completed. From the line itself:
# in COMP_WORDS a blank behind a colon could not be seen. Backslashes count, quotes do not.
_scmictl_split() {
	local line=${COMP_LINE:0:COMP_POINT}
	# shellcheck disable=SC2162 # backslashes are meant to escape
	read -a words <<<"$line"
	[[ $line != *[[:space:]] || $line == *\\[[:space:]] ]] || words+=('')
	words=("${words[@]:1}")
}

_scmictl() {
	local options='--link= --timeout= --trace --json --count= --for= --async --watch --depth= --payload= --help --usage --version'
	local words cur command='' last='' behind=0 i link=()
	COMPREPLY=()
	_scmictl_split
	cur=${words[-1]:-}
	for ((i = 0; i < ${#words[@]} - 1; i++)); do
		case ${words[i]} in
		--link=*) link=("${words[i]}") ;;
		-l | --link)
			link=(-l "${words[i + 1]}")
			i=$((i + 1))
			;;
		-t | -n | --timeout | --count | --for | --depth | --payload) i=$((i + 1)) ;;
		-*) ;;
		*)
			if [[ -z $command ]]; then
				command=${words[i]}
			else
				behind=$((behind + 1))
				last=${words[i]}
			fi
			;;
		esac
	done
	if ((i == ${#words[@]})); then # the option before has taken the last word
		case ${words[-2]} in
		-l | --link) _scmictl_link "$cur" ;;
		esac
	elif [[ $cur == --link=* ]]; then
		_scmictl_link "${cur#--link=}"
	elif [[ $cur == -* ]]; then
		_scmictl_words "$options"
		[[ ${COMPREPLY[*]} != *= ]] || compopt -o nospace 2>/dev/null
	else
		_scmictl_command "$command" "$behind" "$last"
	fi
}

complete -F _scmictl scmictl
