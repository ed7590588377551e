/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include <assert.h>
#include <jansson.h>
#include <string.h>

#include "resolver/control.h"
#include "tests/fuzz/target.h"

/* Whatever comes, the answer is one line of JSON, and arguments are text without control characters. */

static int echo(void *context, const char *const args[], size_t count, struct buf *answer,
		struct fault *fault)
{
	(void)context;
	(void)fault;
	assert(count <= 3);
	buf_addc(answer, '[');
	for (size_t i = 0; i < count; i++) {
		assert(args[i][0] != '\0');
		if (i > 0)
			buf_addc(answer, ',');
		buf_json_string(answer, args[i], strlen(args[i]));
	}
	buf_addc(answer, ']');
	return HN_OK;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static const struct control_command commands[] = {{"echo", 0, 3, echo}, {"e", 1, 1, echo}, {0}};
	struct buf out;

	buf_init(&out, 1u << 16);
	int rc = control_respond(commands, NULL, (const char *)data, len, false, &out);
	if (rc != HN_OK) {
		assert(rc == HN_ETRUNC && out.len == 0 && len < CONTROL_LINE_MAX);
		assert(len == 0 || memchr(data, '\n', len) == NULL);
		rc = control_respond(commands, NULL, (const char *)data, len, true, &out);
	}
	assert(rc == HN_OK && buf_err(&out) == HN_OK);
	assert(out.len > 0 && memchr(out.data, '\n', out.len) == out.data + out.len - 1);
	json_t *answer = json_loadb(out.data, out.len, 0, NULL);
	assert(json_is_object(answer) && json_is_boolean(json_object_get(answer, "ok")));
	json_decref(answer);
	buf_clear(&out);
	return 0;
}
