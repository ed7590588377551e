#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The Hinomi authors
# The quick half of ./x lint; the analysers run in ./x lint itself.
exec "$HINOMI_SOURCE/scripts/lint.sh" --quick
