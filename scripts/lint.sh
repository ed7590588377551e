#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The Hinomi authors
# ./x lint: each check prints one TAP line, and what is wrong where. --quick leaves out the two slow analysers.
set -euo pipefail
cd "$(dirname "$0")/.."
# shellcheck source=scripts/lib.sh
. scripts/lib.sh
# shellcheck source=scripts/tap.sh
. scripts/tap.sh

quick=
case ${1:-} in
--quick) quick=yes ;;
'') ;;
*) die 2 "unknown option '$1'; lint takes --quick" "不明なオプション '$1'。lint には --quick がある" ;;
esac

jobs=$(nproc)

c_files() { find src tests -name '*.[ch]' | LC_ALL=C sort; }
headers() { find src tests -name '*.h' | LC_ALL=C sort; }

# Only the places; clang-format -i mends them.
format() {
	c_files | xargs -P "$jobs" -n 40 clang-format --dry-run -Werror 2>"$TAP_DIR/format" && return 0
	sed -n 's/^\([^:]*\):\([0-9]*\):.*error:.*/\1:\2: clang-format -i lays it out/p' "$TAP_DIR/format" | awk -F: '!seen[$1]++'
	return 1
}

# A header that needs another one included before it breaks whoever includes it first.
alone() {
	local libraries
	read -ra libraries < <(pkg-config --cflags-only-I libpq)
	headers | xargs -P "$jobs" -I{} "$@" "${libraries[@]}" -std=gnu17 -D_GNU_SOURCE -Wall -Wextra -Wno-unused-function \
		-Werror -Isrc -I. -fsyntax-only -x c {}
}

shells() {
	local script
	while read -r script; do
		bash -n "$script" || return 1
	done < <(find x .ci scripts lab tests -type f \( -name '*.sh' -o -name x -o -name run \) | LC_ALL=C sort)
}

# What the analysers read: the commands that clang compiles each source with, as the build files say now.
commands() {
	CC=clang configure build-tidy -Dtests=enabled
	# What is made by the build is read too.
	compile build-tidy build.ninja src/hub/schemas.c src/hub/console_files.c
}

tidy() {
	commands
	run-clang-tidy -quiet -p build-tidy -j "$jobs" '/(src|tests)/.*\.c$' \
		>"$TAP_DIR/tidy" 2>"$TAP_DIR/tidy.err" || true
	# A header is read with each source that includes it; its findings are told once.
	if grep -E '(warning|error):' "$TAP_DIR/tidy" | sed -e 's/\x1b\[[0-9;]*m//g' -e 's/^[^ ]*\.\.\///' | sort -u; then
		return 1
	fi
}

analyse() {
	commands
	cppcheck --project=build-tidy/compile_commands.json -j "$jobs" --quiet --error-exitcode=1 --inline-suppr \
		--enable=warning,portability --suppressions-list=scripts/cppcheck.txt \
		--template='{file}:{line}: {severity}: {message} [{id}]'
}

ok "layout is clang-format's" format
ok "rooms include only rooms before them" python3 scripts/lint.py rooms
ok "public functions are documented" python3 scripts/lint.py comments
ok "licence lines" python3 scripts/lint.py licence
ok "no stray words, no machine paths" python3 scripts/lint.py words
ok "each text stands in both languages" python3 scripts/lint.py languages
ok "scripts parse" shells
ok "each header compiles alone (gcc)" alone gcc -fmax-errors=1
ok "each header compiles alone (clang)" alone clang -ferror-limit=1
if [ -z "$quick" ]; then
	ok "clang-tidy" tidy
	ok "cppcheck" analyse
fi
done_testing
