#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The Hinomi authors
#
# Nanoseconds for what a name server does with one DNS message, the kernel left out.
set -eu
ninja -C "$HINOMI_SOURCE/build" tests/bench/bench_dnsmsg >/dev/null
exec "$HINOMI_SOURCE/build/tests/bench/bench_dnsmsg" "$@"
