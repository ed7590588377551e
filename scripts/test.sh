#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The Hinomi authors
# ./x test: builds, runs, prints what failed; the last line is "N passed, N failed, N skipped" over everything.
set -euo pipefail
cd "$(dirname "$0")/.."
# shellcheck source=scripts/lib.sh
. scripts/lib.sh

results=$(mktemp -d)
trap 'rm -rf "$results"' EXIT

# broken PART WORD: the part could not be built; that is one failed test, and the summary still comes last.
broken() {
	printf '{"name": "%s", "result": "FAIL", "returncode": 1, "stdout": "not ok 1 - %s"}\n' "$2" "$2" >"$results/$1.json"
}

# part NAME DIR TIMEOUT_FACTOR [ARGUMENT OF meson test]...: runs what is built in DIR and keeps its log.
part() {
	local name=$1 dir=$2 factor=$3
	shift 3
	rm -f "$dir/meson-logs/testlog.json"
	# meson's own verdict is not needed: the summary reads the log, where a crash counts too.
	# Many of them wait for a disk or a clock: three at a time keep two cores busy.
	meson test -C "$dir" --no-rebuild --num-processes $(($(nproc) * 3 / 2)) --timeout-multiplier "$factor" "$@" >"$results/out" 2>&1 || true
	if [ -e "$dir/meson-logs/testlog.json" ]; then
		cp "$dir/meson-logs/testlog.json" "$results/$name.json"
		python3 scripts/summary.py --lines "$results/$name.json" >&2
	else
		cat "$results/out" >&2
	fi
}

plain() {
	configure build -Dtests=enabled
	# A build that was set up before cmocka was there has no tests yet.
	if ! grep -q 'tests/unit' build/build.ninja; then
		meson configure build -Dtests=enabled --clearcache >&2
	fi
	if compile build; then
		part plain build 1 "$@"
	else
		broken plain build
	fi
}

# Clang finds more there than gcc, and so every source passes both compilers.
sanitize() {
	CC=${CC:-clang} configure build-asan -Dtests=enabled -Db_sanitize=address,undefined -Db_lundef=false
	if compile build-asan; then
		part sanitize build-asan 5 --no-suite house --no-suite scenarios "${short[@]}" "$@"
	else
		broken sanitize build-asan
	fi
}

# Only what the tests of threads need is built.
thread() {
	local targets
	CC=${CC:-clang} configure build-tsan -Dtests=enabled -Db_sanitize=thread -Db_lundef=false
	mapfile -t targets < <(python3 scripts/summary.py --targets build-tsan thread)
	[ ${#targets[@]} -gt 0 ] || return 0
	if compile build-tsan "${targets[@]}"; then
		part thread build-tsan 5 --suite thread "$@"
	else
		broken thread build-tsan
	fi
}

# Left out under sanitizers unless that part is asked for by its name.
short=()
parts=() names=()
for word in "$@"; do
	case $word in
	plain | sanitize | thread) parts+=("$word") ;;
	--bless) export HINOMI_BLESS=1 ;;
	-*) die 2 "unknown option '$word'; see ./x help" "不明なオプション '$word'。./x help を参照" ;;
	*) names+=("$word") ;;
	esac
done
if [ ${#parts[@]} = 0 ]; then
	parts=(plain sanitize thread) short=(--no-suite long)
	[ ${#names[@]} = 0 ] && [ -z "${HINOMI_BLESS:-}" ] || parts=(plain)
fi
for name in "${parts[@]}"; do
	say "== $name" "== $name"
	"$name" "${names[@]}"
done
python3 scripts/summary.py "${parts[@]/#/$results/}"
