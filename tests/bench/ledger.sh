#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The Hinomi authors
#
# Appends a second and microseconds a proof. First argument: entries of the log for the proofs (10,000,000; some
# 4 GB below TMPDIR while it runs).
set -eu
ninja -C "$HINOMI_SOURCE/build" tests/bench/bench_ledger >/dev/null
entries=${1:-10000000}
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
free=$(df -Pk "$dir" | awk 'NR == 2 {print $4}')
if [ "$free" -lt $((entries / 2)) ]; then
	echo "bench: $dir has too little room for $entries entries; set TMPDIR or give fewer" >&2
	exit 5
fi
"$HINOMI_SOURCE/build/tests/bench/bench_ledger" "$dir" "$entries"
