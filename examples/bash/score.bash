#!/usr/bin/env bash
# A handler written in Bash. In an image, launcher_context.bash is a file beside it.
set -euo pipefail
source ../../handler/bash/launcher_context.bash

printf '%s of %s, labels %s\n' "$(metadata name)" "$(metadata project)" "$(metadata labels)" # JSON
printf 'db_name: %s\n' "$(get_param db_name test)"

key=$(get_secret signing-key) # SIGNING_KEY answers; without it, the script ends here
printf 'SIGNING_KEY: %d lines\n' "$(wc -l <<<"$key")"
token=$(get_secret API_TOKEN)
printf 'API_TOKEN: %s***\n' "${token:0:1}"
empty=$(get_secret EMPTY) # an empty value is a value
printf 'EMPTY: %d characters\n' "${#empty}"
printf 'PROXY_PASSWORD: %s\n' "$(get_secret PROXY_PASSWORD none)"
