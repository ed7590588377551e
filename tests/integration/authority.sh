#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The Hinomi authors
# An authorisation's life as commissioners live it: keys, trust, issue, signatures, revocation, re-identification.
# shellcheck source=tests/integration/tap.sh
. "$(dirname "$0")/tap.sh"

seal_record=$(realpath "$1")
cd "$TAP_DIR" || exit 1
a() { "$HINOMI_BIN/hinomi" authority "$@"; }
field() { python3 -c 'import json, sys; print(json.load(sys.stdin)["'"$1"'"])'; }
common=(--trust TRUST.json --purpose "botnet control" --act act-1 --set "c2:ipv4,name:1000")
agreement=(--basis agreement --party ACME --link ix1)

for k in a b c stranger sensor; do a keygen --name "Commissioner $k" -o $k.key >/dev/null; done
is "a secret key is its owner's" "$(stat -c %a a.key)" 600
is "a key is never replaced" "$(code a keygen -o a.key)" 2
printf 'correct horse battery staple\n' >pass
a keygen -o locked.key --passphrase-file pass >/dev/null
printf '203.0.113.0/24\n2001:db8:1::/48\n' >domestic.txt
ok "a trust file of two out of three" a trust --threshold 2 a.key.pub b.key.pub c.key.pub locked.key.pub --domestic domestic.txt -o TRUST.json
is "more signatures than keys" "$(code a trust --threshold 2 a.key.pub -o T2.json)" 2
is "a file that is there is left alone" "$(code a trust --threshold 1 a.key.pub -o TRUST.json)" 2

issue() { rm -f "${!#}"; a issue "${common[@]}" "$@" >/dev/null; }
ok "an agreement" issue "${agreement[@]}" --until P30D --sensor sensor.key.pub --recipient NCO -o A.json
is "nobody has signed" "$(a verify --trust TRUST.json --json A.json | field refusal)" signatures-too-few
is "the answer is no" "$(code a verify --trust TRUST.json A.json)" 1
ok "one signs" a sign --key a.key A.json
is "not twice" "$(code a sign --key a.key A.json)" 1
is "one is not enough" "$(a verify --trust TRUST.json --json A.json | field detail)" "1 of 2"
# Offline: another directory, with nothing but the file and the key.
mkdir offline && cp A.json b.key offline/
without_network=()
unshare -n true 2>/dev/null && without_network=(unshare -n)
offline() { (cd offline && "${without_network[@]}" "$HINOMI_BIN/hinomi" authority sign --key b.key A.json); }
ok "another signs offline" offline
cp offline/A.json A.json
ok "it verifies" a verify --trust TRUST.json A.json
ok "a key under a passphrase signs" a sign --key locked.key --passphrase-file pass A.json
is "not without it" "$(code a sign --key locked.key offline/A.json)" 2
is "who signed is named" "$(a verify --trust TRUST.json A.json | grep -c 'Commissioner [ab] (')" 2
is "in Japanese" "$(HINOMI_LANG=ja a verify --trust TRUST.json A.json | head -n 1)" "A.json: 承認されている"
is "before it begins" "$(a verify --trust TRUST.json --json --at 2020-01-01T00:00:00Z A.json | field refusal)" clock-behind
is "after it ended" "$(a verify --trust TRUST.json --json --at 2200-01-01T00:00:00Z A.json | field refusal)" no-longer-valid
is "its own sensor" "$(a verify --trust TRUST.json --json --sensor "$(a show --json A.json | python3 -c 'import json,sys; print(json.load(sys.stdin)["sensors"][0]["id"])')" A.json | field refusal)" none
is "another sensor" "$(a verify --trust TRUST.json --json --sensor 6f1c2a34-0000-4000-8000-000000000001 A.json | field refusal)" sensor-other
is "its table" "$(a verify --trust TRUST.json --json --domestic domestic.txt A.json | field refusal)" none
printf '203.0.112.0/23\n' >other.txt
: >empty.txt
is "another table" "$(a verify --trust TRUST.json --json --domestic other.txt A.json | field refusal)" domestic-other
is "an empty table" "$(a verify --trust TRUST.json --json --domestic empty.txt A.json | field refusal)" domestic-empty
cp A.json stranger.json
a sign --key stranger.key stranger.json >/dev/null
is "a stranger's signature spoils it" "$(a verify --trust TRUST.json --json stranger.json | field refusal)" key-unknown
sed 's/"signature":"./"signature":"_/' A.json >wrong.json
is "a wrong signature" "$(a verify --trust TRUST.json --json wrong.json | field refusal)" signature-wrong
is "half a file" "$(head -c 500 A.json >half.json; code a verify --trust TRUST.json half.json)" 1
is "no file" "$(code a verify --trust TRUST.json none.json)" 3
a trust --threshold 2 a.key.pub b.key.pub -o OTHER.json >/dev/null
is "the same keys under another trust file" "$(a verify --trust OTHER.json --json offline/A.json | field refusal)" trust-unknown

# What issue refuses: exit 4 for what the law forbids, 2 for what contradicts itself.
refused() { code a issue "${common[@]}" "$@" --sensor sensor.key.pub -o refused.json; }
is "an agreement is for foreign-domestic only" "$(refused "${agreement[@]}" --until P30D --direction domestic-foreign)" 4
is "never domestic-domestic" "$(refused "${agreement[@]}" --until P30D --direction domestic-domestic)" 4
is "too long" "$(refused "${agreement[@]}" --until P400D)" 4
is "kept too long" "$(refused "${agreement[@]}" --until P30D --retention P4000D)" 4
is "an agreement without a party" "$(refused --basis agreement --until P30D)" 2
is "a facility is named" "$(refused --basis specified --direction foreign-domestic --until P30D)" 2
is "for each class" "$(refused --basis specified --direction foreign-domestic --direction domestic-foreign --facility foreign-domestic=198.51.100.0/24 --until P30D)" 2
is "not too wide" "$(refused --basis specified --direction foreign-domestic --facility 198.51.0.0/16 --until P30D)" 4
is "foreign-foreign only of its own" "$(refused --basis foreign-foreign --direction foreign-domestic --until P30D)" 4
ok "nothing was written" test ! -e refused.json
ok "specified" issue --basis specified --direction foreign-domestic --facility 198.51.100.0/24 --until P30D --sensor sensor.key.pub -o S.json
ok "foreign-foreign, identified" issue --basis foreign-foreign --until P30D --identified "attack on the grid" --sensor 6f1c2a34-0000-4000-8000-000000000001 -o F.json
pattern() { printf '[{"id":"p1","act":"%s","position":"%s","offset":[0,%s],"bytes":"%s"}]' "$@" >p.json; }
pattern act-1 tcp.opening 16 'de ad ?? be ef 00 01'
ok "command information" issue "${agreement[@]}" --until P30D --sensor sensor.key.pub --pattern p.json -o P.json
is "is shown in full" "$(a show P.json | grep -c 'de ad ?? be ef 00 01')" 1
for bad in "act-1|http.body|16|de ad be ef" "act-1|tcp.opening|1021|de ad be ef" "act-1|tcp.opening|0|de ad be" "act-2|tcp.opening|0|de ad be ef"; do
	IFS='|' read -r act position last bytes <<<"$bad"
	pattern "$act" "$position" "$last" "$bytes"
	is "not $bad" "$(refused "${agreement[@]}" --until P30D --pattern p.json)" 2
done

# The trust file changes hands.
a trust --threshold 2 a.key.pub stranger.key.pub c.key.pub --predecessor TRUST.json -o NEXT.json >/dev/null
ok "a successor is signed by its predecessor's keys" eval 'a sign --key a.key NEXT.json && a sign --key b.key NEXT.json'
ok "it follows" a verify --trust TRUST.json NEXT.json
is "but not from itself" "$(a verify --trust NEXT.json --json NEXT.json | field refusal)" key-unknown
a trust --threshold 2 a.key.pub b.key.pub --predecessor TRUST.json -o UNSIGNED.json >/dev/null
is "nor does one that nobody signed" "$(code a verify --trust TRUST.json UNSIGNED.json)" 1
printf '{"prefix4_widest":8}' >wide.json
is "limits cannot be widened" "$(code a trust --threshold 1 a.key.pub --limits wide.json -o W.json)" 2
ok "but for a test" a trust --threshold 1 a.key.pub --limits wide.json --mark test -o W.json

# Revocation.
id=$(a verify --trust TRUST.json --json A.json | python3 -c 'import json,sys; print(json.load(sys.stdin)["authorization"]["id"])')
ok "an empty list" a revoke --key c.key --trust TRUST.json -o R1.json
is "nothing is revoked yet" "$(a verify --trust TRUST.json --json --revocations R1.json A.json | field refusal)" none
ok "one alone revokes" a revoke --key c.key --trust TRUST.json --list R1.json --id "$id" -o R2.json
is "it is revoked" "$(a verify --trust TRUST.json --json --revocations R2.json A.json | field refusal)" revoked
is "the number rises" "$(a show --json R2.json | field number)" 2
is "a stranger cannot revoke" "$(code a revoke --key stranger.key --trust TRUST.json --id "$id" -o R3.json)" 1
is "a stale list" "$(a verify --trust TRUST.json --json --revocations R1.json --at 2200-01-01T00:00:00Z A.json | field refusal)" revocations-stale

# Re-identification: two records, one of them named by the order.
one=00000000-0000-4000-8000-000000000001 two=00000000-0000-4000-8000-000000000002
{
	"$seal_record" TRUST.json $one src 203.0.113.7
	"$seal_record" TRUST.json $two dst 2001:db8:1::7
} >selected.ndjson
a order --trust TRUST.json --record $two --ground "victim notification" -o ORDER.json >/dev/null
# reidentify KEY RECORDS
reidentify() { a reidentify --trust TRUST.json --key "$1" --order ORDER.json --records "$2" --ledger commission; }
is "an unsigned order opens nothing" "$(code reidentify a.key selected.ndjson)" 4
a sign --key b.key ORDER.json >/dev/null
a sign --key c.key ORDER.json >/dev/null
is "a signed one what it names" "$(reidentify a.key selected.ndjson)" "{\"uid\":\"$two\",\"ip\":\"2001:db8:1::7\"}"
is "another key cannot" "$(code reidentify b.key selected.ndjson)" 4
sed "s/$one/x/; s/$two/y/; s/x/$two/; s/y/$one/" selected.ndjson >moved.ndjson
is "a sealed address cannot be moved to another record" "$(code reidentify a.key moved.ndjson)" 1
sed 's/"dst"/"src"/' selected.ndjson >turned.ndjson
is "nor to the other end of its own" "$(code reidentify a.key turned.ndjson)" 1
ok "the ledger holds each attempt" grep -q "^4$" <(sed -n 2p commission/ledger/checkpoint)
ok "but no address" eval '! grep -ra "2001:db8:1::7" commission'
done_testing
