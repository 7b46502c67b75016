#!/bin/sh
# With --deliver fd the context is on a descriptor. A shell hands it on to the
# commands that it starts, and each of them can read it from its start.
set -eu

# get-secret prints the value, nothing added. "$( )" drops newlines at its end;
# where that matters, use a pipe or a file.
user=$("$LAUNCHER_BIN" get-secret DB_USER)
password=$("$LAUNCHER_BIN" get-secret db-password) # as get_secret does: DB_PASSWORD answers
printf 'DB_USER: %.1s***\nDB_PASSWORD: %.1s***\n' "$user" "$password"

# Status 1: there is none. Any other says that nobody could be asked.
status=0
proxy=$("$LAUNCHER_BIN" get-secret PROXY_PASSWORD 2>/dev/null) || status=$?
case $status in
0) printf 'PROXY_PASSWORD: %.1s***\n' "$proxy" ;;
1) echo 'PROXY_PASSWORD: none' ;;
*) exit "$status" ;;
esac

echo "in the environment: ${DB_PASSWORD-nothing}"

# With --deliver stdin jq reads the context. Once, as standard input cannot be
# read again:
#
#   context=$(cat)
#   password=$(printf '%s' "$context" | jq -j .secrets.DB_PASSWORD)
#   bucket=$(printf '%s' "$context" | jq -j .spec.parameters.bucket)
#
# printf is the shell's own, so no value is among a process's arguments.
