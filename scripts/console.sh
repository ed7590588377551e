#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The Hinomi authors
# Builds the console and makes a C source of it. Usage: console.sh OUT.c WORK auto|enabled|disabled
# Where Node.js 18 or its packages cannot be had, auto makes an empty one and leaves WORK/missing, which says why.
set -euo pipefail
cd "$(dirname "$0")/.."
# shellcheck source=scripts/lib.sh
. scripts/lib.sh

old=$OLDPWD
absolute() { case $1 in /*) echo "$1" ;; *) echo "$old/$1" ;; esac; }
out=$(absolute "$1")
work=$(absolute "$2")
want=$3
mkdir -p "$work"
rm -rf "$work/dist" "$work/missing"

none() {
	[ "$want" != enabled ] || die 5 "the console cannot be built: $1" "コンソールをビルドできない: $2"
	t "$1" "$2" >"$work/missing"
	[ "$want" = disabled ] || say "without the console: $1" "コンソールなし: $2"
	scripts/embed_console.py "$out"
	exit 0
}

# The packages as package-lock.json names them, once for all build folders.
packages() {
	[ console/package-lock.json -nt console/node_modules/.package-lock.json ] || return 0
	(cd console && timeout 300 npm ci --ignore-scripts --no-audit --no-fund --prefer-offline --fetch-retries=1 \
		--fetch-retry-mintimeout=1000 --fetch-retry-maxtimeout=2000) >"$work/npm.log" 2>&1 || return 1
	touch console/node_modules/.package-lock.json
}

[ "$want" != disabled ] || none "it was not asked for" "指定による"
command -v npm >/dev/null || none "npm is not installed" "npmがない"
node -e 'process.exit(parseInt(process.versions.node, 10) < 18 ? 1 : 0)' 2>/dev/null ||
	none "Node.js 18 or newer is not installed" "Node.js 18以降がない"
exec 9<console
flock 9
packages || none "npm ci failed, see $work/npm.log" "npm ciに失敗した。$work/npm.log を参照"
(cd console && HINOMI_CONSOLE_OUT=$work/dist node node_modules/vite/bin/vite.js build --logLevel warn)
scripts/embed_console.py "$out" "$work/dist"
