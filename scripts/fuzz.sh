#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The Hinomi authors
# ./x fuzz [NAME] [--seconds N]: libFuzzer under ASan and UBSan. What it finds new lies in build-fuzz/found/NAME;
# what breaks the target is copied into its corpus, where ./x test replays it from then on.
set -euo pipefail
cd "$(dirname "$0")/.."
# shellcheck source=scripts/lib.sh
. scripts/lib.sh

seconds=60 names=()
while [ $# -gt 0 ]; do
	case $1 in
	--seconds) seconds=${2:-} && shift ;;
	--seconds=*) seconds=${1#*=} ;;
	-*) die 2 "unknown option '$1'; fuzz takes --seconds N" "不明なオプション '$1'。fuzz には --seconds N がある" ;;
	*) names+=("$1") ;;
	esac
	shift
done
[[ $seconds =~ ^[1-9][0-9]*$ ]] || die 2 "--seconds takes a whole number, not '$seconds'" "--seconds は正の整数。'$seconds' は不可"

mapfile -t known < <(find tests/fuzz -maxdepth 1 -name 'fuzz_*.c' -printf '%f\n' | sed 's/^fuzz_//;s/\.c$//' | LC_ALL=C sort)
[ ${#names[@]} -gt 0 ] || names=("${known[@]}")
for name in "${names[@]}"; do
	[ -e "tests/fuzz/fuzz_$name.c" ] ||
		die 2 "no fuzz target '$name'; there are: ${known[*]}" "'$name' という対象はない。あるもの: ${known[*]}"
done

CC=clang configure build-fuzz -Dtests=enabled -Dfuzz=libfuzzer -Db_sanitize=address,undefined -Db_lundef=false
compile build-fuzz "${names[@]/#/tests/fuzz/fuzz_}"

broke=0
for name in "${names[@]}"; do
	found=build-fuzz/found/$name
	crashes=build-fuzz/crashes/$name
	corpus=tests/fuzz/corpus/$name
	mkdir -p "$found" "$crashes" "$corpus"
	options=(-max_total_time="$seconds" -timeout=10 -rss_limit_mb=2048 -print_final_stats=1 -verbosity=1)
	[ ! -e "tests/fuzz/$name.dict" ] || options+=(-dict="tests/fuzz/$name.dict")
	say "== fuzz $name, $seconds s" "== fuzz $name、$seconds 秒"
	if ASAN_OPTIONS=allocator_may_return_null=1 UBSAN_OPTIONS=halt_on_error=1:print_stacktrace=1 \
		"build-fuzz/tests/fuzz/fuzz_$name" "${options[@]}" -artifact_prefix="$crashes/" "$found" "$corpus" \
		>"build-fuzz/$name.log" 2>&1; then
		grep -E 'DONE|number_of_executed_units' "build-fuzz/$name.log" | tail -2
		continue
	fi
	broke=1
	tail -60 "build-fuzz/$name.log"
	for crash in "$crashes"/*; do
		[ -e "$crash" ] || continue
		cp "$crash" "$corpus/"
		say "it breaks on $corpus/$(basename "$crash"); mend the code and commit the file: ./x test replays it" \
			"$corpus/$(basename "$crash") で壊れる。直してこのファイルもコミットすること。./x test が再現する"
	done
	rm -rf "$crashes"
done
exit $broke
