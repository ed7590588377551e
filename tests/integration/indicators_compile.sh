#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The Hinomi authors
# `hinomi indicators compile` from every form to a set, with what it tells and how it ends.
# shellcheck source=tests/integration/tap.sh
. "$(dirname "$0")/tap.sh"

compile() { "$HINOMI_BIN/hinomi-indicators" compile "$@"; }
entries() { "$HINOMI_BIN/hinomi-indicators" show --entries --json "$1" | python3 -c '
import json, sys
rows = [json.loads(line) for line in sys.stdin]
print(" ".join(sorted(r["entry"] for r in rows if "entry" in r and not r["removed"])))'; }
field() { python3 -c 'import json, sys
value = json.load(sys.stdin)
for key in sys.argv[1].split("."):
    value = value[int(key) if key.isdigit() else key]
print(value)' "$1"; }

cd "$TAP_DIR" || exit 1

cat >list.txt <<'END'
# a list
192.0.2.1
192.0.2.1:443
hxxp://evil[.]example/x
*.bad.example
not an indicator
10.0.0.1
top.example
END
cat >psl.dat <<'END'
// ===BEGIN ICANN DOMAINS===
example
END
printf 'top.example\n' >top.txt

is "a set is made" "$(code compile -o a.him --set s list.txt)" 0
is "with what may stay" "$(entries a.him)" "*.bad.example 192.0.2.1 evil.example/x top.example"
is "the same input gives the same bytes" "$(compile -o b.him --set s list.txt >report.txt; cmp a.him b.him && echo same)" same
is "the report says where a line was left out" "$(grep -c "list.txt:6  'not an indicator'" report.txt)" 1
is "the report is Japanese where asked" "$(HINOMI_LANG=ja compile -o b.him --set s list.txt | grep -c '除外: 2')" 1

compile -o b.him --set s --allow top.txt --allow psl.dat --json list.txt >report.json
is "a warning list leaves out" "$(entries b.him)" "*.bad.example 192.0.2.1 evil.example/x"
is "and is named" "$(field left_out.by_reason.innocent <report.json) $(field left_out.items.2.detail <report.json)" "1 top.txt"
is "ports are counted" "$(field inputs.0.ports <report.json)" 1
is "duplicates are counted" "$(field duplicates <report.json)" 1
is "the digest is the file's" "$(field digest <report.json)" "$("$HINOMI_BIN/hinomi-indicators" show --json b.him | field version)"

is "--strict fails" "$(code compile -o c.him --set s --strict list.txt)" 1
is "and writes nothing" "$(ls c.him 2>/dev/null)" ""
compile -o c.him --set s --list-left-out left.tsv list.txt >/dev/null
is "everything left out is listed" "$(cut -f1,2 left.tsv | tr '\t\n' '  ')" "not-indicator list.txt:6 special list.txt:7 "

# Overlays.
printf '192.0.2.1\nnew.example\n' >more.txt
printf 'top.example\n' >gone.txt
compile -o o.him --base a.him --remove gone.txt --json more.txt >report.json
is "an overlay holds what the base does not" "$(entries o.him | tr ' ' '\n' | grep -c new.example) $(field entries <report.json) $(field in_base <report.json) $(field tombstones <report.json)" "1 1 1 1"
is "it belongs to the base" "$("$HINOMI_BIN/hinomi-indicators" match a.him o.him new.example >/dev/null && echo found)" found
is "another set's base is refused" "$(code compile -o p.him --set other --base a.him more.txt)" 2
is "--remove alone is a mistake" "$(code compile -o p.him --set s --remove gone.txt more.txt)" 2

# Acts.
printf 'indicator,act\n192.0.2.1,act-1\n192.0.2.2,\n' >acts.csv
is "one act is every entry's" "$(code compile -o p.him --set s --act act-1 acts.csv)" 0
is "several acts must be named in the input" "$(code compile -o p.him --set s --act act-1 --act act-2 acts.csv)" 2
is "an act must be among those given" "$(code compile -o p.him --set s --act act-2 acts.csv)" 2
is "no act is given, the input's hold" "$(code compile -o p.him --set s acts.csv)" 0

# Allow entries and holdings.
printf '192.0.2.0/24 town\n2001:db8::/32,"a hospital"\n' >holdings.txt
compile -o q.him --set s --allow-entries top.txt --holdings holdings.txt --json list.txt >report.json
is "allow entries and holdings" "$(field allow <report.json) $(field holdings <report.json)" "1 2"
printf '192.0.2.1/24 town\n' >holdings.txt
is "a holding with host bits is refused with its line" "$(compile -o q.him --set s --holdings holdings.txt list.txt 2>&1 | grep -c 'holdings.txt:1')" 1

# Packed, piped, and folders.
gzip -k list.txt
zstd -q list.txt 2>/dev/null || printf '' >list.txt.zst
is "gzip is unpacked" "$(compile -o r.him --set s list.txt.gz >/dev/null && entries r.him)" "$(entries a.him)"
[ -s list.txt.zst ] && is "zstd is unpacked" "$(compile -o r.him --set s list.txt.zst >/dev/null && entries r.him)" "$(entries a.him)"
is "standard input is '-'" "$(compile -o r.him --set s - <list.txt >/dev/null && entries r.him)" "$(entries a.him)"
head -c 40 list.txt.gz >cut.gz
is "a cut file is refused" "$(code compile -o s.him --set s cut.gz)" 3
mkdir feed
printf '{"Event":{"Attribute":[{"type":"ip-dst","value":"192.0.2.7","to_ids":true}]}}' >feed/b.json
printf '{"Event":{"Attribute":[{"type":"domain","value":"feed.example","to_ids":true}]}}' >feed/a.json
printf '{"b":{}}' >feed/manifest.json
is "a feed's folder is its events" "$(compile -o r.him --set s feed >/dev/null && entries r.him)" "192.0.2.7 feed.example"

# Bad input: one line, exit 3, nothing written.
head -c 3000 "$HINOMI_BIN/hinomi-indicators" >binary
is "binary is refused" "$(code compile -o s.him --set s binary)" 3
printf '{"type":"bundle","objects":[{"type":"indicator"' >broken.json
is "broken JSON is refused with its place" "$(compile -o s.him --set s broken.json 2>&1 | grep -c 'broken.json:/objects/0')" 1
is "an input that is not there" "$(code compile -o s.him --set s nowhere.txt)" 3
is "one bad input spoils all" "$(code compile -o s.him --set s list.txt binary)" 3
is "nothing was written" "$(ls s.him .s.him* 2>/dev/null)" ""
is "a folder that is not there" "$(code compile -o nowhere/s.him --set s list.txt)" 5
is "no set id" "$(code compile -o s.him list.txt)" 2
python3 -c 'import sys; sys.stdout.write("[" * 1000000)' >deep.json
printf '{"objects":' | cat - deep.json >deeper.json
is "deep nesting is refused" "$(code compile -o s.him --set s deeper.json)" 3
python3 -c 'import sys
sys.stdout.write("192.0.2.1\n" + "a" * 100000000 + "\n192.0.2.2\n")' >long.txt
is "a line of 100 MB is left out" "$(compile -o r.him --set s long.txt >/dev/null && entries r.him)" "192.0.2.1 192.0.2.2"
printf '192.0.2.1\n\377\376\300 x\n' >bytes.txt
is "bytes that are no UTF-8 are left out" "$(compile -o r.him --set s --json bytes.txt | field left_out.total)" 1

done_testing
