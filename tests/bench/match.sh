#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The Hinomi authors
#
# Indicator sets: bytes an entry, compiling, opening, looking up, of one and ten million entries; --quick: of one million.
set -eu
ninja -C "$HINOMI_SOURCE/build" tests/bench/bench_match >/dev/null
exec "$HINOMI_SOURCE/build/tests/bench/bench_match" "$@"
