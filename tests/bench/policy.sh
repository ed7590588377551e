#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The Hinomi authors
#
# Policies of the resolver: reading, memory, replacing, an overlay, a judgement; with one and two million names, the
# first of them from the lists below HINOMI_DATA (../shared/data), the others made like them.
set -eu
ninja -C "$HINOMI_SOURCE/build" tests/bench/bench_policy >/dev/null
lists=${HINOMI_DATA:-$HINOMI_SOURCE/../shared/data}/dns
names=$(mktemp)
trap 'rm -f "$names"' EXIT
for list in malicious-domains/full-domains-aa.txt phishing-database/phishing-domains-ACTIVE2.txt \
	hagezi/domains__light.txt; do
	if [ -e "$lists/$list.zst" ]; then
		zstdcat "$lists/$list.zst" | grep -v '^#' >>"$names"
	fi
done
LC_ALL=C sort -u -o "$names" "$names"
"$HINOMI_SOURCE/build/tests/bench/bench_policy" "$names"
