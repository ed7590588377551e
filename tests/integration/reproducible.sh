#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The Hinomi authors
# Two builds in two folders give the same bytes: the second from a copy of the sources elsewhere.
# shellcheck source=tests/integration/tap.sh
. "$(dirname "$0")/tap.sh"

copy=$TAP_DIR/somewhere/else/hinomi
copy_source "$copy"

# The same options as the first; they decide the bytes.
mapfile -t options < <(meson introspect --buildoptions "$(dirname "$HINOMI_BIN")" | python3 -c '
import json, sys
for option in json.load(sys.stdin):
    if option["name"] in ("optimization", "debug", "b_lto", "b_pie", "b_ndebug", "werror"):
        value = option["value"]
        print("-D%s=%s" % (option["name"], str(value).lower() if isinstance(value, bool) else value))')

build() {
	(cd "$copy" && CC=$HINOMI_CC meson setup out "${options[@]}" -Dtests=disabled && ninja -C out) >"$TAP_DIR/log" 2>&1 ||
		{ tail -n 30 "$TAP_DIR/log"; return 1; }
}

ok "a copy elsewhere builds" build
for program in "$HINOMI_BIN"/hinomi*; do
	[ -f "$program" ] && [ -x "$program" ] || continue
	name=$(basename "$program")
	ok "$name is the same, byte for byte" cmp "$program" "$copy/out/bin/$name"
	is "$name names no folder of this machine" "$(grep -a -c -F "$HINOMI_SOURCE" "$program")" 0
done
done_testing
