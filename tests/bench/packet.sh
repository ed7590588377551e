#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The Hinomi authors
#
# Nanoseconds a packet for reading captures and decoding headers; with a file, for that capture.
set -eu
ninja -C "$HINOMI_SOURCE/build" tests/bench/bench_packet >/dev/null
exec "$HINOMI_SOURCE/build/tests/bench/bench_packet" "$@"
