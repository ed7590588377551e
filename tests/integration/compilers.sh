#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The Hinomi authors
# The programs build without a warning by the other compiler too, optimised and hardened as they are shipped, and
# what one must not call does not compile.
# shellcheck source=tests/integration/tap.sh
. "$(dirname "$0")/tap.sh"

case $HINOMI_CC in
*clang*) other=gcc ;;
*) other=clang ;;
esac

build() {
	(cd "$HINOMI_SOURCE" && CC=$other meson setup "$TAP_DIR/out" -Dtests=disabled && ninja -C "$TAP_DIR/out") \
		>"$TAP_DIR/log" 2>&1 || { tail -n 30 "$TAP_DIR/log"; return 1; }
}
ok "everything builds by $other" build

refuses() {
	printf '%s\nvoid f(char *a, const char *b);\nvoid f(char *a, const char *b)\n{\n(void)a;(void)b;\n%s\n}\n' "$2" "$3" >"$TAP_DIR/f.c"
	! "$1" -D_GNU_SOURCE -O2 -D_FORTIFY_SOURCE=2 -Wall -Wextra -Werror -include "$HINOMI_SOURCE/src/base/banned.h" -fsyntax-only "$TAP_DIR/f.c"
}
for compiler in gcc clang; do
	ok "$compiler takes what is allowed" eval '! refuses $compiler "#include <string.h>" "memcpy(a, b, 1);"'
	ok "$compiler refuses strcpy" refuses $compiler '#include <string.h>' 'strcpy(a, b);'
	ok "$compiler refuses sprintf" refuses $compiler '#include <stdio.h>' 'sprintf(a, "%s", b);'
	ok "$compiler refuses atoi" refuses $compiler '#include <stdlib.h>' '(void)atoi(b);'
	ok "$compiler refuses strtok" refuses $compiler '#include <string.h>' '(void)strtok(a, b);'
	ok "$compiler refuses localtime" refuses $compiler '#include <time.h>' 'time_t t = 0; (void)localtime(&t);'
	ok "$compiler refuses rand" refuses $compiler '#include <stdlib.h>' '(void)rand();'
	ok "$compiler refuses system" refuses $compiler '#include <stdlib.h>' '(void)system(b);'
done
done_testing
