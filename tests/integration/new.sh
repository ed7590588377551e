#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The Hinomi authors
# ./x new wire/THING gives a decoder that builds, passes its test and survives its corpus, before anybody edits it.
# shellcheck source=tests/integration/tap.sh
. "$(dirname "$0")/tap.sh"

copy=$TAP_DIR/hinomi
copy_source "$copy"
cd "$copy" || exit 1

is "a name that is none is refused" "$(code ./x new wire/Bad-Name)" 2
is "a room without decoders is refused" "$(code ./x new match/probe)" 2
ok "it makes the files and the build lines" ./x new wire/probe
is "twice is refused" "$(code ./x new wire/probe)" 2

build() {
	CC=$HINOMI_CC meson setup ../out -Dtests=enabled -Doptimization=0 >../log 2>&1 &&
		ninja -C ../out tests/unit/wire/test_wire_probe tests/fuzz/fuzz_probe >>../log 2>&1 || { tail -n 30 ../log; return 1; }
}
ok "it builds" build
ok "its test passes" ../out/tests/unit/wire/test_wire_probe
ok "its corpus is replayed" ../out/tests/fuzz/fuzz_probe tests/fuzz/corpus/probe
ok "it is laid out as clang-format wants it" clang-format --dry-run -Werror src/wire/probe.[ch] \
	tests/unit/wire/test_probe.c tests/fuzz/fuzz_probe.c
for check in rooms comments licence words; do
	is "./x lint finds nothing in it: $check" "$(python3 scripts/lint.py "$check" | grep probe)" ""
done
done_testing
