#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The Hinomi authors
# ./x setup calls apt only for what is missing, and then without asking anything. The system here is made up.
# shellcheck source=tests/integration/tap.sh
. "$(dirname "$0")/tap.sh"

fakes=$TAP_DIR/fakes
mkdir "$fakes"
printf '#!/bin/sh\ncase "$*" in *-lost*) exit 1 ;; *-half*) echo config-files ;; *) echo installed ;; esac\n' >"$fakes/dpkg-query"
printf '#!/bin/sh\necho "apt-get $DEBIAN_FRONTEND $*" >>"%s/calls"\n[ ! -e "%s/offline" ]\n' "$TAP_DIR" "$TAP_DIR" >"$fakes/apt-get"
printf '#!/bin/sh\necho 0\n' >"$fakes/id"
chmod +x "$fakes"/*

# install LINE...: what install_missing does for a list with these lines.
install() {
	rm -f "$TAP_DIR/calls"
	printf '%s\n' "$@" >"$TAP_DIR/list"
	PATH=$fakes:$PATH bash -c 'set -euo pipefail; . "$1/scripts/lib.sh"; install_missing "$2"' - "$HINOMI_SOURCE" "$TAP_DIR/list"
}

ok "a complete system needs nothing" install "# a comment" gcc "meson # another" ""
is "and apt is not called" "$(cat "$TAP_DIR/calls" 2>&1 | grep -c apt-get)" 0
ok "what is missing is installed" install gcc tool-lost lib-half
is "it alone, in one call, without questions" "$(grep -o 'noninteractive.* install .*' "$TAP_DIR/calls" | sed 's/ -o [^ ]*//g')" \
	"noninteractive -q install -y --no-install-recommends tool-lost lib-half"
is "after the lists were refreshed" "$(head -n 1 "$TAP_DIR/calls" | grep -c ' update$')" 1
touch "$TAP_DIR/offline"
is "a failed installation is not done (5)" "$(code install tool-lost)" 5
printf '#!/bin/sh\necho 1000\n' >"$fakes/id"
is "without root and sudo it says so (2)" "$(PATH=/usr/bin:/bin code install tool-lost)" \
	"$(command -v sudo >"$TAP_DIR/sudo" && echo 5 || echo 2)"
# npm is not to be found, nor to be had.
mkdir "$TAP_DIR/bare"
ln -s "$(command -v bash)" "$(command -v sed)" "$(command -v env)" "$TAP_DIR/bare"
printf '#!/bin/sh\ncase "$*" in *npm*) exit 1 ;; *) echo installed ;; esac\n' >"$fakes/dpkg-query"
without_npm() { PATH=$fakes:$TAP_DIR/bare bash -c 'set -euo pipefail; . "$1/scripts/lib.sh"; install_missing "$2"' - "$HINOMI_SOURCE" "$TAP_DIR/list"; }
printf 'gcc\nnpm\n' >"$TAP_DIR/list"
is "npm alone can be gone without" "$(code without_npm)" 0
is "an unknown command is a usage error" "$(code "$HINOMI_SOURCE/x" frobnicate)" 2
ok "the help is in Japanese too" grep -q 使い方 <(HINOMI_LANG=ja "$HINOMI_SOURCE/x" help)
done_testing
