#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The Hinomi authors
# `hinomi` finds the programs beside it and says so where it cannot. Its copy here stands among made-up ones.
# shellcheck source=tests/integration/tap.sh
. "$(dirname "$0")/tap.sh"

bin=$TAP_DIR/bin
mkdir "$bin"
cp "$HINOMI_BIN/hinomi" "$bin/hinomi"
printf '#!/bin/sh\necho "select:" "$@"\nexit 4\n' >"$bin/hinomi-select"
printf '#!/bin/sh\necho extra\n' >"$bin/hinomi-extra2"
printf '#!/bin/sh\necho no\n' >"$bin/hinomi-ledger"
chmod +x "$bin/hinomi-select" "$bin/hinomi-extra2"
hinomi=$bin/hinomi

is "arguments are handed on as they are" "$($hinomi select --x 'a b' '')" "select: --x a b "
is "the program's exit code is ours" "$(code $hinomi select)" 4
is "help COMMAND asks the program" "$($hinomi help select)" "select: --help"
is "a program of someone else's is found too" "$($hinomi extra2)" extra
is "help lists what is there" "$($hinomi help | grep -c '^  select ')" 1
is "and not what is not" "$($hinomi --help | grep -c -E '^  (sensor|ledger) ')" 0
is "help in Japanese" "$(HINOMI_LANG=ja $hinomi --help | head -n 1)" "使い方: hinomi コマンド [引数]..."
is "Japanese without any locale" "$(env -i HINOMI_LANG=ja $hinomi help | grep -c 自動選別)" 1
is "no command is a usage error" "$(code $hinomi)" 2
is "help is none" "$(code $hinomi help)" 0
is "an unknown command is a usage error" "$(code $hinomi frobnicate)" 2
is "a slip of the finger" "$($hinomi slect 2>&1)" "hinomi: no command 'slect'; did you mean 'select'?"
is "a beginning" "$($hinomi sel 2>&1)" "hinomi: no command 'sel'; did you mean 'select'?"
is "nothing like it" "$($hinomi frobnicate 2>&1)" "hinomi: no command 'frobnicate'; hinomi help lists them"
is "a file that may not run is no command" "$(code $hinomi ledger)" 2
is "no way out of the directory" "$(code $hinomi ../../../bin/sh)" 2
is "no empty name" "$(code $hinomi '')" 2
is "no name of any length" "$(code $hinomi "$(printf 'a%.0s' {1..5000})")" 2
ok "the version has a build id" grep -qE '^hinomi [0-9.]+ \([0-9a-f]{40}\)$' <($hinomi --version)
ln -s "$hinomi" "$TAP_DIR/link"
is "through a link it finds them as well" "$("$TAP_DIR/link" extra2)" extra
done_testing
