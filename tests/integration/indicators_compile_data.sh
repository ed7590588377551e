#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The Hinomi authors
# Real lists, counted by other means than ours. Skipped where the data is not at hand.
# shellcheck source=tests/integration/tap.sh
. "$(dirname "$0")/tap.sh"

data=${HINOMI_DATA:-$HINOMI_SOURCE/../shared/data}
[ -d "$data/indicators" ] || { echo "1..0 # SKIP no data"; exit 0; }
count() { "$HINOMI_BIN/hinomi-indicators" compile --json -o "$TAP_DIR/x.him" --set t "$1" |
	python3 -c 'import json, sys; print(json.load(sys.stdin)["entries"])'; }

list=$data/indicators/malicious-ip/full-40k.txt.zst
is "addresses" "$(count "$list")" "$(zstd -dqc "$list" | sort -u | wc -l)"
list=$data/indicators/ipsum.txt.zst
is "addresses with a count behind them" "$(count "$list")" "$(zstd -dqc "$list" | grep -v '^#' | cut -f1 | sort -u | wc -l)"
list=$data/dns/malicious-domains/full-domains-aa.txt.zst
is "names" "$(count "$list")" "$(zstd -dqc "$list" | sort -u | wc -l)"
list=$data/indicators/stalkerware/samples.csv.zst
is "digests in CSV" "$(count "$list")" "$(zstd -dqc "$list" | grep -oE '^[0-9a-fA-F]{64}' | tr A-F a-f | sort -u | wc -l)"
zstd -dqc "$data/stix/amnesty.tar.zst" | tar -C "$TAP_DIR" -xf -
list=$(find "$TAP_DIR" -name pegasus.stix2)
is "names in STIX" "$(count "$list")" "$(grep -oE "domain-name:value ?= ?'[^']+" "$list" | sed "s/.*'//" | tr A-Z a-z | sort -u | wc -l)"

done_testing
