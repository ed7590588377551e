#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The Hinomi authors
# ./x run selection: the main job, told step by step, on the lab's capture. Needs no network once the packages are there. Each run
# works in a new directory below tmp/ and leaves it for you to look at.
set -euo pipefail
cd "$(dirname "$0")/.."
# shellcheck source=scripts/lib.sh
. scripts/lib.sh

[ $# = 0 ] || die 2 "./x run selection takes no arguments; its last lines tell how to run on a capture of your own" \
	"./x run selection に引数はない。自分のキャプチャでの実行方法は最後に表示される"

./x build
mkdir -p tmp
work=$(mktemp -d tmp/selection-XXXXXX)
bin=$ROOT/build/bin
cd "$work"
export PATH=$bin:$PATH
ln -s "$ROOT/lab" lab

number=0
step() {
	number=$((number + 1))
	printf '\n%s\n' "$(t "== $number. $1" "== $number. $2")"
}
note() { printf '%s\n' "$(t "$1" "$2")"; }

# Shows the command as one could type it here, folded, and runs it.
run() {
	local word line='$'
	for word; do
		case $word in
		*[!A-Za-z0-9_./:,=@%+-]*) word="'$word'" ;;
		esac
		if [ $((${#line} + ${#word})) -gt 105 ]; then
			printf '%s \\\n' "$line"
			line='   '
		fi
		line="$line $word"
	done
	printf '%s\n' "$line"
	"$@"
}

# refused COMMAND...: the command must end with exit code 4.
refused() {
	local code=0
	run "$@" || code=$?
	[ $code = 4 ] || die 1 "this should have been refused with exit 4, but ended with $code" \
		"終了コード4で拒否されるはずが、$code で終わった"
	note "-> refused, exit 4" "-> 拒否された (終了コード4)"
}

step "The input: the lab's capture, its times moved to now (an authorisation is valid for a while only)" \
	"入力: ラボのキャプチャ。承認書には有効期間があるため、時刻を現在に移す"
run lab/shift.py lab/nation.pcapng.zst nation.pcapng
stat -c '%s bytes: %n' nation.pcapng

step "The commission: three commissioners and their trust file, two signatures needed, marked as a demonstration" \
	"委員会: 委員三名の鍵と信頼ファイル。必要な署名は二名、実演用の印付き"
for name in a b c; do
	run hinomi authority keygen --name "Demo commissioner $name" -o "commissioner-$name.key"
done
run hinomi authority keygen --name "Demo sensor" -o sensor.key
run hinomi authority trust --threshold 2 commissioner-a.key.pub commissioner-b.key.pub commissioner-c.key.pub \
	--domestic lab/domestic.txt --mark demo -o TRUST.json

step "The indicators of one target act, from five formats; what would hit the innocent is left out and named" \
	"指標: 一つの対象不正行為の指標を五つの形式から作る。無関係の者に当たるものは除かれ、示される"
run hinomi indicators compile -o lab.him --set lab --act act-2026-001 --holdings lab/holdings.txt \
	--allow lab/indicators/warning.txt --allow lab/indicators/warning.misp.json \
	lab/indicators/act-2026-001.txt lab/indicators/act-2026-001.stix.json lab/indicators/act-2026-001.misp.json \
	lab/indicators/act-2026-001.rpz lab/indicators/act-2026-001.csv

step "The authorisation: which foreign facilities, which directions, which act, which set, which sensor, how long" \
	"承認書: 対象の国外設備、通信の区分、対象不正行為、指標集合、センサー、期間"
run hinomi authority issue --trust TRUST.json --basis specified \
	--direction foreign-domestic --direction domestic-foreign \
	--facility 203.0.113.53 --facility 203.0.113.64/26 --facility 203.0.113.128/28 --facility 198.51.100.64/26 \
	--facility 2001:db8:f000::10 --facility 2001:db8:f000::53 --facility 2001:db8:f000:6::/64 --facility 2001:db8:f000:66::/64 \
	--facility 2001:db8:f000:80::/64 \
	--purpose "$(t "To learn how act-2026-001 is carried out" "act-2026-001 の実態の把握")" --act act-2026-001 \
	--from "$(date -u -d '1 hour ago' +%Y-%m-%dT%H:%M:%SZ)" --until P30D --retention P30D --recipient national-police \
	--sensor sensor.key.pub --set lab:ipv4,ipv6,ipv4-prefix,name,wildcard,url,ja4,sha256:1000 -o A.json
select_lab=(hinomi select --authorization A.json --trust TRUST.json --indicators lab.him --domestic lab/domestic.txt
	--identity sensor.key --recorded)
run hinomi authority sign --key commissioner-a.key A.json

step "One signature is not enough: nothing is read, nothing selected" \
	"署名一つでは足りない。何も読まれず、何も選別されない"
refused "${select_lab[@]}" -o refused nation.pcapng
note "The refusal is an entry of the ledger:" "拒否したことも台帳の項目となる:"
run hinomi ledger prove --key sensor.key.pub -o refusal.json refused 0
run hinomi ledger verify-proof --key sensor.key.pub refusal.json

step "The second commissioner signs" "二人目の委員が署名する"
run hinomi authority sign --key commissioner-b.key A.json
run hinomi authority verify --trust TRUST.json A.json

step "Automatic selection" "自動選別"
run "${select_lab[@]}" -o out nation.pcapng

step "What came out, and nothing else: records by the field that matched, and one of them" \
	"出力はこれだけである。一致したフィールド別の記録数と、記録の一例"
run ls out
grep -o '"field":"[^"]*"' out/selected.ndjson | sort | uniq -c
grep -m 1 '"field":"tls.ja4"' out/selected.ndjson

step "Proof: the ledger verifies, and one entry is disclosed: the commitment to the receipt" \
	"証明: 台帳を検証し、受領証のコミットメントである項目を一つ開示する"
run hinomi ledger verify --key sensor.key.pub out
run hinomi ledger prove --key sensor.key.pub -o proof.json out 1
run hinomi ledger verify-proof --key sensor.key.pub proof.json

step "Anybody with the sensor's public key checks all of it: each receipt and each record against the ledger" \
	"センサーの公開鍵があれば、誰でもすべてを検証できる: 受領証と記録を一つずつ台帳と照合する"
run hinomi select --verify --key sensor.key.pub out
cp -r out changed
printf x | dd of=changed/selected.ndjson bs=1 seek=100 conv=notrunc status=none
note "One byte of a copy is changed:" "複製の1バイトを書き換えると:"
code=0
run hinomi select --verify --key sensor.key.pub changed || code=$?
[ $code = 1 ] || die 1 "this should not have verified, but ended with $code" "検証に失敗するはずが、$code で終わった"
note "-> does not fit, exit 1" "-> 一致しない (終了コード1)"

note "
All of it is in $work. On a capture of your own (pcap or pcapng, gzip and zstd too), with your own keys:

    build/bin/hinomi select --authorization A.json --trust TRUST.json --indicators SET.him \\
        --domestic PREFIXES --identity sensor.key --recorded -o DIR CAPTURE...

The steps above show how to make each file; 'hinomi COMMAND --help' and docs/ say the rest." "
すべて $work にある。自分のキャプチャ (pcap、pcapng。gzip、zstdも可) では、自分の鍵で次のとおり:

    build/bin/hinomi select --authorization A.json --trust TRUST.json --indicators SET.him \\
        --domestic PREFIXES --identity sensor.key --recorded -o DIR CAPTURE...

各ファイルの作り方は上の手順のとおり。詳しくは 'hinomi コマンド --help' と docs/ を参照。"
