#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The Hinomi authors
# ./x new wire/THING: copies a small decoder with its header, test, fuzz target and corpus from scripts/templates,
# under its own name, and adds the build lines. It builds and its test passes at once.
set -euo pipefail
cd "$(dirname "$0")/.."
# shellcheck source=scripts/lib.sh
. scripts/lib.sh

what=${1:-}
[[ $what =~ ^wire/[a-z][a-z0-9_]*$ ]] ||
	die 2 "name it as wire/THING, in lower-case letters, digits and _" "wire/名前 の形で書く。名前は英小文字、数字、_"
thing=${what#wire/}
source_file=src/wire/$thing.c
[ ! -e "$source_file" ] || die 2 "$source_file is there already" "$source_file は既にある"

# fill TEMPLATE TARGET: the template's words thing and THING become the new name.
fill() {
	mkdir -p "$(dirname "$2")"
	sed -e "s/THING/${thing^^}/g" -e "s/thing/$thing/g" "scripts/templates/$1" >"$2"
	echo "$2"
}

# insert FILE PATTERN LINE: puts a line's text right behind the first match of a fixed text.
insert() {
	python3 - "$@" <<'PYTHON'
import pathlib
import re
import sys

file, pattern, text = sys.argv[1:]
path = pathlib.Path(file)
before = path.read_text(encoding="utf-8")
after, count = re.subn(pattern, lambda found: found[0] + text, before, count=1)
if count == 0:
    sys.exit(f"x: {file}: nothing matches {pattern}; add {text.strip()} by hand")
path.write_text(after, encoding="utf-8")
print(file)
PYTHON
}

fill thing.h.in "src/wire/$thing.h"
fill thing.c.in "$source_file"
fill test_thing.c.in "tests/unit/wire/test_$thing.c"
fill fuzz_thing.c.in "tests/fuzz/fuzz_$thing.c"
corpus=tests/fuzz/corpus/$thing
mkdir -p "$corpus"
printf '\001\015relay.example' >"$corpus/hello"
printf '\001\000' >"$corpus/empty-name"
insert src/wire/meson.build "static_library\(\s*'wire'," " '$thing.c',"
insert tests/unit/wire/meson.build "foreach name : \[" "'$thing', "
insert tests/fuzz/meson.build "fuzz_targets = \{" "
  '$thing': [wire_dep],"

# The new name has another length than the templates'.
if command -v clang-format >/dev/null; then
	clang-format -i "src/wire/$thing.h" "$source_file" "tests/unit/wire/test_$thing.c" "tests/fuzz/fuzz_$thing.c"
fi

say "
Now:
 1. write the protocol's own rules into src/wire/$thing.c, its cases into tests/unit/wire/test_$thing.c
 2. add its row to the table in src/wire/decoder.c:   &${thing}_decoder fields as in src/wire/$thing.h
 3. ./x test wire-$thing, ./x fuzz $thing, ./x lint; then a line in ARCHITECTURE.md" "
次に:
 1. プロトコルの規則を src/wire/$thing.c に、事例を tests/unit/wire/test_$thing.c に書く
 2. src/wire/decoder.c の表に一行を足す (src/wire/$thing.h を参照)
 3. ./x test wire-$thing、./x fuzz $thing、./x lint。ARCHITECTURE.md にも一行"
