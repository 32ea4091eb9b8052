# SPDX-License-Identifier: BSD-3-Clause
# Completion for bash: source this file, or install it as bash-completion/completions/scmid.
#
# bash takes ':' and '=' for the end of a word, so a reply is what stands behind the last of them; the line itself is
# looked at for the rest.

# Behind the last colon or comma of a link.
_scmid_link() {
	local last=${1##*[:,]}
	case $1 in
	vhost-user:*,*) mapfile -t COMPREPLY < <(compgen -W 'agents= mode= uid= features= slots=1 inflight=1 memory= poll=' -- "$last") ;;
	vhost-user:*) mapfile -t COMPREPLY < <(compgen -W 'fd=' -- "$last"; compgen -f -- "$last") ;;
	*=*,*) mapfile -t COMPREPLY < <(compgen -W 'agents= size= mode= uid=' -- "$last") ;;
	*unix=*) mapfile -t COMPREPLY < <(compgen -f -- "${1##*unix=}") ;;
	mailbox:*) mapfile -t COMPREPLY < <(compgen -W 'unix= shm=/' -- "$last") ;;
	*) mapfile -t COMPREPLY < <(compgen -W 'mailbox: vhost-user:' -- "$1") ;;
	esac
	compopt -o nospace 2>/dev/null
}

_scmid() {
	local line=${COMP_LINE:0:COMP_POINT} words
	COMPREPLY=()
	read -r -a words <<<"$line"
	[[ $line != *[[:space:]] ]] || words+=('')
	local cur=${words[-1]} before=${words[-2]:-}
	case $before in
	-l | --listen) _scmid_link "$cur" ;;
	-s | --set) mapfile -t COMPREPLY < <(compgen -W 'demo linux many' -- "$cur") ;;
	*)
		case $cur in
		--listen=*) _scmid_link "${cur#--listen=}" ;;
		--set=*) mapfile -t COMPREPLY < <(compgen -W 'demo linux many' -- "${cur#--set=}") ;;
		*)
			mapfile -t COMPREPLY < <(compgen -W '--listen= --set= --print-capabilities --help --usage --version' -- "$cur")
			[[ ${COMPREPLY[*]} != *= ]] || compopt -o nospace 2>/dev/null
			;;
		esac
		;;
	esac
}

complete -F _scmid scmid
