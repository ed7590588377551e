#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The Hinomi authors
# shellcheck shell=bash
# What tests told by a script share. Source it, call `is` and `ok`, end with `done_testing`.
set -uo pipefail
# shellcheck source=scripts/tap.sh
. "$HINOMI_SOURCE/scripts/tap.sh"

# is NAME GOT WANTED
is() {
	local status=0
	[ "$2" = "$3" ] || status=1
	tap_line "$status" "$1" || printf '# got:    %s\n# wanted: %s\n' "${2//$'\n'/ \\n }" "${3//$'\n'/ \\n }"
}

# skip NAME WHY
skip() {
	tap_line 0 "$1 # SKIP $2"
}

# code COMMAND...: prints the exit code alone.
code() {
	local status=0
	"$@" >/dev/null 2>&1 || status=$?
	echo "$status"
}

# copy_source DIR: our sources without what was built from them.
copy_source() {
	mkdir -p "$1"
	tar -C "$HINOMI_SOURCE" --exclude='./build' --exclude='./build-*' --exclude=./.git --exclude=./tmp \
		--exclude=node_modules --exclude=./lab/nation.pcapng.zst -cf - . | tar -C "$1" -xf -
}
