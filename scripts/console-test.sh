#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The Hinomi authors
# The console's types and what is pure in it, as TAP. Usage: console-test.sh (in the source folder's tree)
set -euo pipefail
cd "$(dirname "$0")/../console"

if ! command -v npm >/dev/null || [ ! -d node_modules/typescript ]; then
	echo "ok 1 - the console's types and texts # SKIP npm or the console's packages are not there"
	echo "1..1"
	exit 0
fi
made=$(mktemp -d)
trap 'rm -rf "$made"' EXIT
failed=0
node scripts/types.mjs
if node node_modules/typescript/bin/tsc --noEmit >"$made/types"; then
	echo "ok 1 - every type fits, both languages have every text"
else
	echo "not ok 1 - every type fits, both languages have every text"
	sed 's/^/# /' "$made/types"
	failed=1
fi
# The tests stand on what a browser has; the few things that are asked when a file is loaded are made here.
cat >"$made/browser.mjs" <<'JS'
globalThis.localStorage ??= { getItem: () => null, setItem: () => undefined };
globalThis.location ??= { pathname: "/", search: "" };
if (!globalThis.navigator) Object.defineProperty(globalThis, "navigator", { value: { languages: ["en"] } });
globalThis.addEventListener ??= () => undefined;
JS
node node_modules/esbuild/bin/esbuild tests/*.test.ts --bundle --platform=node --format=esm --out-extension:.js=.mjs \
	--outdir="$made" --log-level=error
number=1
for file in "$made"/*.test.mjs; do
	number=$((number + 1))
	if node --import "$made/browser.mjs" --test "$file" >"$made/out" 2>&1; then
		echo "ok $number - $(basename "$file" .test.mjs)"
	else
		echo "not ok $number - $(basename "$file" .test.mjs)"
		sed 's/^/# /' "$made/out"
		failed=1
	fi
done
echo "1..$number"
exit $failed
