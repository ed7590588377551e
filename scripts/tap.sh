#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The Hinomi authors
# shellcheck shell=bash
# What prints TAP: ./x lint and the tests that are scripts. Source it, call `ok`, end with `done_testing`.

tap_number=0 tap_failed=0
TAP_DIR=$(mktemp -d)
trap 'rm -rf "$TAP_DIR"' EXIT

# tap_line HOLDS NAME: one line; HOLDS is 0 when the check held, as an exit code is. Fails when it did not.
tap_line() {
	tap_number=$((tap_number + 1))
	if [ "$1" = 0 ]; then
		echo "ok $tap_number - $2"
		return 0
	fi
	echo "not ok $tap_number - $2"
	tap_failed=$((tap_failed + 1))
	return 1
}

# ok NAME COMMAND...: the command must succeed; its output is shown when it does not.
ok() {
	local name=$1 status=0
	shift
	"$@" >"$TAP_DIR/tap.out" 2>&1 || status=$?
	tap_line "$status" "$name" || sed 's/^/# /' "$TAP_DIR/tap.out"
}

done_testing() {
	echo "1..$tap_number"
	[ "$tap_failed" = 0 ]
}
