#!/bin/sh
# The same as handler.py, for a machine without Python.
set -eu
for key in DB_PASSWORD AWS_KEY MY_SECRET API_TOKEN MAIL_PASSWORD MY_AZURE_SECRET; do
	value=$("$LAUNCHER_BIN" get-secret "$key")
	printf '%s: %.1s***\n' "$key" "$value"
done
