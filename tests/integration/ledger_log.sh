#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The Hinomi authors
# `hinomi ledger` on a log that our writer makes, and an independent program's word on the same files.
# shellcheck source=tests/integration/tap.sh
. "$(dirname "$0")/tap.sh"

writer=$(realpath "$1")
here=$HINOMI_SOURCE/tests/integration
ledger=$HINOMI_BIN/hinomi-ledger
cd "$TAP_DIR" || exit 1
mkdir out

public_hex() { # FILE.pub: the Ed25519 key in hex
	python3 -c '
import base64, json, sys
key = json.load(open(sys.argv[1]))
found = [k for k in key["keys"] if k["crv"] == "Ed25519"] if "keys" in key else [key]
x = found[0].get("x") or found[0]["ed25519"]
print(base64.urlsafe_b64decode(x + "=" * (-len(x) % 4)).hex())' "$1"
}

ok "keys" "$HINOMI_BIN/hinomi-authority" keygen -o edge.key --name edge-1
ok "and a cosigner's" "$HINOMI_BIN/hinomi-authority" keygen -o witness.key --name commission.example/w1
edge=$(public_hex edge.key.pub)
witness=$(public_hex witness.key.pub)

ok "a log is written" "$writer" out edge.key 600 100
ok "it verifies" "$ledger" verify --key edge.key.pub out
is "and says what it checked" "$($ledger verify --key edge.key.pub --json out | tr -d ' \n' | grep -o '"entries":600.*"records":600,"erased":0')" \
	'"entries":600,"bundles":3,"tiles":5,"private":true,"records":600,"erased":0'
is "with another key it does not" "$(code "$ledger" verify --key witness.key.pub out)" 1
ok "its first state is cosigned" "$ledger" cosign --key edge.key.pub --cosigner witness.key --state state -o first out
cp -r out old
ok "the log goes on" "$writer" out edge.key 66000 10000
ok "and is cosigned again" "$ledger" cosign --key edge.key.pub --cosigner witness.key --state state -o second out
is "a rollback is not" "$(code "$ledger" cosign --key edge.key.pub --cosigner witness.key --state state old)" 1
ok "which names both sizes" grep -q 'rollback: cosigned was size 66600 with root [0-9a-f]*, now it is size 600 with' \
	<($ledger cosign --key edge.key.pub --cosigner witness.key --state state old 2>&1)
ok "a record is disclosed" "$ledger" prove --key edge.key.pub out 12345 -o proof.json
ok "and verifies without the log" "$ledger" verify-proof --key edge.key.pub proof.json
is "as what was written" "$($ledger verify-proof --key edge.key.pub proof.json | tail -n 1)" '{"record":12345,"text":"火の見"}'
sed 's/火の見/火の元/' proof.json >forged.json
is "another text does not" "$(code "$ledger" verify-proof --key edge.key.pub forged.json)" 1

# The independent program has the last word; its lines are ours.
while read -r line; do
	case $line in
	"ok "*) ok "independent: ${line#* - }" true ;;
	"not ok "*) ok "independent: ${line#* - }" false ;;
	esac
done < <(python3 "$here/verify_log.py" out/ledger --key "$edge" --proof proof.json --cosigned second \
	--cosigner "commission.example/w1:$witness" || echo "not ok 0 - all of it")

ok "the public part is exported" "$ledger" export out -o public
ok "it verifies alone" "$ledger" verify --key edge.key.pub public
is "and holds nothing private" "$(find public -type f | grep -vc -e '^public/tile/' -e '^public/checkpoint$')" 0
is "exported as many files as listed" "$(find public -type f | wc -l)" "$($ledger export out | wc -l)"
ok "an independent program verifies the copy too" python3 "$here/verify_log.py" public --key "$edge"

ok "records are erased when retention ends" "$ledger" erase --before 2026-09-21T14:13:21Z out
is "which is counted" "$($ledger verify --json out | tr -d ' \n' | grep -o '"records":66599,"erased":1,')" '"records":66599,"erased":1,'
is "an erased record cannot be disclosed" "$(code "$ledger" prove out 0)" 1
is "what is not there cannot either" "$(code "$ledger" prove out 66600)" 1
printf x | dd of=out/ledger/tile/entries/017 bs=1 seek=500 conv=notrunc 2>/dev/null
is "a changed entry is named" "$($ledger verify --key edge.key.pub out 2>&1)" \
	"hinomi ledger: 'out', ledger/tile/entries/017: entry 4355 is not in the form of an entry"
is "with exit code 1" "$(code "$ledger" verify --key edge.key.pub out)" 1
is "and not by the independent program either" "$(code python3 "$here/verify_log.py" out/ledger --key "$edge")" 1
is "no log is no log" "$(code "$ledger" verify "$TAP_DIR")" 3
is "no directory is none" "$(code "$ledger" verify nowhere)" 3
is "usage" "$(code "$ledger" verify)" 2
is "help in Japanese" "$(HINOMI_LANG=ja $ledger --help | head -n 1)" "使い方: hinomi ledger コマンド [オプション]... ディレクトリ"
done_testing
