/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include <assert.h>
#include <string.h>

#include "base/json.h"
#include "tests/fuzz/target.h"

/* What is read and written gives the same bytes when it is read and written again. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	json_t *value = NULL, *again = NULL;
	struct fault fault = {"", ""};
	struct buf one, two;

	if (json_object_read((const char *)data, len, &value, &fault) != HN_OK) {
		assert(value == NULL && fault.message[0] != '\0');
		return 0;
	}
	buf_init(&one, 8 * len + 64);
	buf_init(&two, 8 * len + 64);
	json_add(&one, value);
	assert(buf_err(&one) == HN_OK);
	assert(json_object_read(one.data, one.len, &again, &fault) == HN_OK);
	json_add(&two, again);
	assert(buf_err(&two) == HN_OK);
	assert(one.len == two.len && memcmp(one.data, two.data, one.len) == 0);
	json_decref(value);
	json_decref(again);
	buf_clear(&one);
	buf_clear(&two);
	return 0;
}
