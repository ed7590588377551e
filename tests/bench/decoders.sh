#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The Hinomi authors
#
# Nanoseconds a message for each decoder of application protocols.
set -eu
ninja -C "$HINOMI_SOURCE/build" tests/bench/bench_decoders >/dev/null
exec "$HINOMI_SOURCE/build/tests/bench/bench_decoders" "$@"
