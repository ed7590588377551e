/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "tests/fuzz/decoded.h"
#include "tests/fuzz/target.h"
#include "wire/http.h"

/* Input: one byte, the size of pieces; then a direction. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static const struct decoder http = {.name = "http", .protocol = 6, .decode = http_decode};
	if (len > 0)
		decoded_alike(&http, data + 1, len - 1, 1u + data[0]);
	return 0;
}
