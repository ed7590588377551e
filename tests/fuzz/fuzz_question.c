/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */

/* A question's arguments of any bytes, behind one that says what is asked: refused, or one command of as many
 * words as it has. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "edge/ask.h"
#include "tests/fuzz/target.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static const struct {
		const char *command;
		size_t spaces;
	} asks[HEAD_ASK_COUNT] = {[HEAD_EXPLAIN] = {"explain ", 3},
				  [HEAD_STATISTICS] = {"stats", 0},
				  [HEAD_SKETCH] = {"sketch ", 1}};
	char words[ASK_WORDS_SIZE];
	if (len == 0)
		return 0;
	enum head_ask ask = (enum head_ask)(data[0] % HEAD_ASK_COUNT);
	char *arguments = malloc(len);
	assert(arguments != NULL);
	memcpy(arguments, data + 1, len - 1);
	arguments[len - 1] = '\0';
	if (ask_words(ask, arguments, words) == HN_OK) {
		size_t spaces = 0;
		assert(strlen(words) < sizeof(words));
		assert(strncmp(words, asks[ask].command, strlen(asks[ask].command)) == 0);
		for (const char *c = words; *c != '\0'; c++) {
			assert((unsigned char)*c >= ' ' && *c != 0x7f);
			assert(*c != ' ' || (c[1] != ' ' && c[1] != '\0'));
			spaces += *c == ' ';
		}
		assert(spaces == asks[ask].spaces);
	}
	free(arguments);
	return 0;
}
