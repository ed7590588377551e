/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "tests/fuzz/decoded.h"
#include "tests/fuzz/target.h"
#include "wire/tls.h"

/* Input: one byte, the size of pieces; then a direction. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static const struct decoder tls = {.name = "tls", .protocol = 6, .decode = tls_decode};
	struct client_hello hello;

	if (len == 0)
		return 0;
	decoded_alike(&tls, data + 1, len - 1, 1u + data[0]);
	/* A hello that is whole can also be taken for a cut one. */
	struct cur body = cur_of(data + 1, len - 1);
	if (client_hello_parse(body, true, &hello) == HN_OK)
		MUST(client_hello_parse(body, false, &hello) == HN_OK);
	return 0;
}
