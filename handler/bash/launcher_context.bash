# shellcheck shell=bash
# The context of a handler: the secrets and parameters of its task. Version 0.1.0.
# From https://github.com/seed45446ece/launcher, under the Apache License 2.0.
#
# A script that "launcher run" started sources this file:
#
#   source launcher_context.bash
#
#   password=$(get_secret DB_PASSWORD) || exit
#   db_name=$(get_param db_name test)
#
# The launcher reads the context, in every delivery; its path is in LAUNCHER_BIN. On
# standard input (--deliver stdin) the context is there once: sourcing this file
# reads it into a variable of the shell, not exported, and standard input is at its
# end from then on.
#
# Each function prints a value, nothing added. "$( )" drops newlines at its end and
# NUL bytes: where those matter, use a pipe or a file. The status is 0; 1 where
# there is none; 125 where nobody can be asked, with a message on standard error.
#
# One file for Bash 4.4 and later.

# get_secret KEY [DEFAULT]
#
# The secret of exactly that key; else of the one key that is equal when ASCII
# letter case is ignored and "-" and "." count as "_" (where two would fit, neither
# does); else this process's variable of exactly that name; else DEFAULT. An empty
# value is a value.
get_secret() { _launcher_get get-secret "$@"; }

# get_param NAME [DEFAULT]
#
# A parameter: a string as it is, anything else as JSON.
get_param() { _launcher_get get-param "$@"; }

# parameters
#
# All of the task's parameters: a JSON object.
parameters() { _launcher_get get-param; }

# metadata [NAME]
#
# Which run of which task this is: a JSON object of name, uid, project, iteration,
# labels and annotations; or one of these, a string as it is.
metadata() { _launcher_get get-metadata "$@"; }

# _launcher_get COMMAND [NAME [DEFAULT]]
_launcher_get() {
	local - _launcher_out _launcher_problem _launcher_status=0 # a script may have readonly names of its own
	set +x # a trace would show the context
	exec {_launcher_out}>&1
	# What is said on standard error is kept back, as a default needs no words.
	if [[ -n $_launcher_context ]]; then
		_launcher_problem=$(builtin printf '%s' "$_launcher_context" | command "${LAUNCHER_BIN:-launcher}" "$1" -- "${@:2:1}" 2>&1 >&"$_launcher_out") ||
			_launcher_status=$?
	else
		_launcher_problem=$(command "${LAUNCHER_BIN:-launcher}" "$1" -- "${@:2:1}" 2>&1 >&"$_launcher_out") || _launcher_status=$?
	fi
	exec {_launcher_out}>&-
	if ((_launcher_status == 1 && $# > 2)); then
		builtin printf '%s' "$3"
		return 0
	fi
	[[ -z $_launcher_problem ]] || builtin printf '%s\n' "$_launcher_problem" >&2
	return "$_launcher_status"
}

# Reads the context from standard input, where it is there once.
_launcher_load() {
	local -
	set +x
	_launcher_context=$(command cat)
	exec </dev/null
}

if [[ -z ${_launcher_context-} ]]; then
	_launcher_context=
	if [[ ${LAUNCHER_CONTEXT-} == stdin ]]; then
		_launcher_load
	fi
fi
