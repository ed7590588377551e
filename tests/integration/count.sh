#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The Hinomi authors
# How ./x test counts: every TAP line, and whatever else went wrong, so that nothing is green by accident.
# shellcheck source=tests/integration/tap.sh
. "$(dirname "$0")/tap.sh"

# counted RESULT EXIT_CODE OUTPUT: the last line for one test with this output.
counted() {
	python3 - "$@" >"$TAP_DIR/part.json" <<'E2'
import json
import sys

result, code, out = sys.argv[1:]
print(json.dumps({"name": "x", "result": result, "returncode": int(code), "stdout": out.replace("|", "\n")}))
E2
	python3 "$HINOMI_SOURCE/scripts/summary.py" "$TAP_DIR/part" >"$TAP_DIR/printed"
	local status=$?
	printf '%s, exit %s' "$(tail -n 1 "$TAP_DIR/printed")" "$status"
}

is "each line counts" "$(counted OK 0 '1..3|ok 1 - a|ok 2 - b|ok 3')" "3 passed, 0 failed, 0 skipped, exit 0"
is "one failed" "$(counted FAIL 1 '1..2|ok 1 - a|not ok 2 - b')" "1 passed, 1 failed, 0 skipped, exit 1"
is "a skip is none" "$(counted OK 0 '1..2|ok 1 - a|ok 2 - b # SKIP no data')" "1 passed, 0 failed, 1 skipped, exit 0"
is "cmocka's way to say skip" "$(counted FAIL 0 '1..2|ok 1 - a|not ok 2 # SKIP b')" "1 passed, 0 failed, 1 skipped, exit 0"
is "a crash after good lines" "$(counted ERROR -11 '1..3|ok 1 - a')" "1 passed, 1 failed, 0 skipped, exit 1"
is "an early end after a skip" "$(counted ERROR 0 '1..3|not ok 1 # SKIP a')" "0 passed, 1 failed, 1 skipped, exit 1"
is "a timeout" "$(counted TIMEOUT -15 '1..1')" "0 passed, 1 failed, 0 skipped, exit 1"
is "a sanitizer's exit code" "$(counted ERROR 1 '1..1|ok 1 - a')" "1 passed, 1 failed, 0 skipped, exit 1"
is "nothing but skips is not enough" "$(counted SKIP 0 '1..1|ok 1 - a # skip x')" "0 passed, 0 failed, 1 skipped, exit 1"
is "what a test prints is no line" "$(counted OK 0 '1..1|okay|not okay|# not ok 1|ok 1 - a')" "1 passed, 0 failed, 0 skipped, exit 0"
ok "a failure is shown by name" grep -q 'b$' <(counted FAIL 1 '1..1|not ok 1 - b' >/dev/null; cat "$TAP_DIR/printed")
is "nothing ran" "$(python3 "$HINOMI_SOURCE/scripts/summary.py" "$TAP_DIR/none" | tail -n 1)" \
	"0 passed, 0 failed, 0 skipped"
is "nothing ran is a failure" "$(code python3 "$HINOMI_SOURCE/scripts/summary.py" "$TAP_DIR/none")" 1
done_testing
