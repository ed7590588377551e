#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The Hinomi authors
# shellcheck shell=bash
# What tests told by a script share. Source it, call `is` and `ok`, end with `done_testing`.
set -uo pipefail

tap_number=0 tap_failed=0
TAP_DIR=$(mktemp -d)
trap 'rm -rf "$TAP_DIR"' EXIT

# ok NAME COMMAND...: the command must succeed; its output is shown when it does not.
ok() {
	local name=$1
	shift
	tap_number=$((tap_number + 1))
	if "$@" >"$TAP_DIR/tap.out" 2>&1; then
		echo "ok $tap_number - $name"
	else
		echo "not ok $tap_number - $name"
		sed 's/^/# /' "$TAP_DIR/tap.out"
		tap_failed=$((tap_failed + 1))
	fi
}

# is NAME GOT WANTED
is() {
	tap_number=$((tap_number + 1))
	if [ "$2" = "$3" ]; then
		echo "ok $tap_number - $1"
	else
		echo "not ok $tap_number - $1"
		printf '# got:    %s\n# wanted: %s\n' "${2//$'\n'/ \\n }" "${3//$'\n'/ \\n }"
		tap_failed=$((tap_failed + 1))
	fi
}

# skip NAME WHY
skip() {
	tap_number=$((tap_number + 1))
	echo "ok $tap_number - $1 # SKIP $2"
}

# code COMMAND...: prints the exit code alone.
code() {
	local status=0
	"$@" >/dev/null 2>&1 || status=$?
	echo "$status"
}

done_testing() {
	echo "1..$tap_number"
	[ "$tap_failed" = 0 ]
}

# copy_source DIR: our sources without what was built from them.
copy_source() {
	mkdir -p "$1"
	tar -C "$HINOMI_SOURCE" --exclude='./build' --exclude='./build-*' --exclude=./.git --exclude=./tmp \
		--exclude=node_modules --exclude=./lab/nation.pcapng.zst -cf - . | tar -C "$1" -xf -
}
