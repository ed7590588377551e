#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The Hinomi authors
# A set's life: compiled, asked, changed by overlays, merged, stripped, verified, damaged.
# shellcheck source=tests/integration/tap.sh
. "$(dirname "$0")/tap.sh"

cd "$TAP_DIR" || exit 1
i() { "$HINOMI_BIN/hinomi" indicators "$@"; }
answer() { i match --json "$@" | python3 -c 'import json, sys; print(*[json.loads(line).get("entry", "-") for line in sys.stdin])'; }
summary() { i show --json "$1" | python3 -c 'import json, sys; print(json.loads(sys.stdin.readline())["'"$2"'"])'; }

printf '192.0.2.7\n198.51.100.0/24\n2001:db8::/32\n*.bad.example\nevil.example\nhttp://evil.example/x?y\n' >base.txt
printf 'www.bad.example\n203.0.113.9\n' >new.txt
printf '192.0.2.7\n' >gone.txt
ok "a base" i compile -o base.him --set c2 --act act-1 base.txt
ok "an overlay" i compile -o monday.him --set c2 --act act-1 --base base.him --remove gone.txt new.txt
ok "both verify" i verify base.him monday.him
is "the base holds" "$(summary base.him entries)" 6
is "the overlay takes away" "$(summary monday.him removed)" 1
is "the overlay names its base" "$(summary monday.him base)" "$(summary base.him version)"

is "the base answers" "$(answer base.him 192.0.2.7 198.51.100.9 2001:db8::9 x.bad.example bad.example http://EVIL.example:80/x?y)" \
	"192.0.2.7 198.51.100.0/24 2001:db8::/32 *.bad.example - evil.example/x?y"
is "a prefix is found by a wider one" "$(answer base.him 198.51.100.64/26 '*.www.bad.example')" "198.51.100.0/24 *.bad.example"
is "with the overlay" "$(answer base.him monday.him 192.0.2.7 www.bad.example 203.0.113.9 x.bad.example)" \
	"- www.bad.example 203.0.113.9 *.bad.example"
is "one that matches is enough" "$(code i match base.him 192.0.2.9 192.0.2.7)" 0
is "none matches" "$(code i match base.him 192.0.2.9)" 1
is "no value at all" "$(code i match base.him)" 2
is "no such value" "$(code i match base.him 'a b')" 2
is "in Japanese" "$(HINOMI_LANG=ja i match base.him 192.0.2.9)" "192.0.2.9: 一致なし"

ok "a merge" i merge -o merged.him base.him monday.him
sed '/^192/d' base.txt >both.txt
ok "its entries are those in force" test "$(i show --entries --json merged.him | grep -c '"entry"')" = 7
is "it answers as both" "$(answer merged.him 192.0.2.7 www.bad.example 203.0.113.9)" "- www.bad.example 203.0.113.9"
ok "a merge of the merge" i merge -o again.him merged.him
ok "has the same bytes" cmp merged.him again.him
ok "without metadata" i merge --without-metadata -o bare.him base.him
ok "which verifies" i verify bare.him
is "and tells where it comes from" "$(summary bare.him origin)" "$(summary base.him version)"
is "and takes the full overlay" "$(answer bare.him monday.him 192.0.2.7 evil.example)" "- evil.example"
is "and cannot be merged" "$(code i merge -o x.him bare.him monday.him)" 3
ok "nothing is written then" test ! -e x.him

is "an overlay alone is no set" "$(code i match monday.him 192.0.2.7)" 3
is "nor with another base" "$(code i match merged.him monday.him 192.0.2.7)" 3
is "a list is no set" "$(code i show base.txt)" 3
is "nor verifies" "$(code i verify base.txt)" 1
is "a file that is not there" "$(code i verify absent.him)" 3
head -c 3000 base.him >cut.him
is "a cut file" "$(code i verify cut.him)" 1
is "is not opened" "$(code i match cut.him 192.0.2.7)" 3
cp base.him flipped.him
printf '\377' | dd of=flipped.him bs=1 seek=2200 conv=notrunc status=none
is "a flipped byte" "$(i verify flipped.him 2>&1)" \
	"hinomi indicators: flipped.him: SHA-256: the file is not what it states; fetch it again"
is "is not merged" "$(code i merge -o x.him flipped.him)" 3
is "a full disk is told" "$(code i merge -o /dev/full/x.him base.him)" 5
done_testing
