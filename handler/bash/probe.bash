#!/usr/bin/env bash
# The conformance suite's probe of launcher_context.bash: see ../README.md.
set -euo pipefail

mapfile -t questions <"$1"
source ./launcher_context.bash

as_hex() { od -An -v -tx1 | tr -d ' \n'; }

# said KIND COMMAND...: the answer that the command's output and status are.
said() {
	local kind=$1 status=0 hex problem
	shift
	exec {out}>&1
	problem=$({ hex=$("$@" | as_hex) || exit; printf '%s %s\n' "$kind" "$hex" >&"$out"; } 2>&1) || status=$?
	exec {out}>&-
	case $status in
	0) ;;
	1) echo none ;;
	*) printf 'error %s\n' "$(printf '%s' "$problem" | as_hex)" ;;
	esac
}

# as_json NAME: get_param gives a string as it is, and the object has it quoted.
as_json() {
	local value
	value=$(get_param "$1") || return
	case $1 in
	string) printf '%s' "$value" | quoted ;;
	*) printf '%s' "$value" ;;
	esac
}

quoted() { sed 's/[\\"]/\\&/g' | { printf '"'; sed ':a;N;$!ba;s/\n/\\n/g' | tr -d '\n'; printf '"'; }; }

for line in "${questions[@]}"; do
	name=${line#* }
	case $line in
	"context "*) mv "$name" "${name%/*}/context.json" && echo none ;;
	"secret "*) said value get_secret "$name" ;;
	"default "*) said value get_secret "$name" "the default" ;;
	"param "*) said json as_json "$name" ;;
	parameters) said json parameters ;;
	metadata) said json metadata ;;
	child) said text cat /dev/stdin ;;
	*) said text eval 'set -x; get_secret TEXT >/dev/null; { set +x; } 2>&1; declare -f' 2>&1 ;;
	esac
done
