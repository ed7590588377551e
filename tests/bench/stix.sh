#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The Hinomi authors
#
# STIX: cutting objects out of a bundle, reading and checking each, its canonical form, and memory; of files, or of objects made here.
set -eu
ninja -C "$HINOMI_SOURCE/build" tests/bench/bench_stix >/dev/null
exec "$HINOMI_SOURCE/build/tests/bench/bench_stix" "$@"
