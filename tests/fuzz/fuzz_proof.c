/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */

/* Proofs of anybody. Without a key the path still has to lead to the root that the proof names. */
#include <stdlib.h>

#include "ledger/proof.h"
#include "tests/fuzz/target.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct proof proof;
	struct fault fault = {{0}, {0}};

	int rc = proof_read((const char *)data, len, NULL, &proof, &fault);
	if (rc == HN_OK && proof.index >= proof.head.size)
		abort();
	if (rc != HN_OK && (fault.message[0] == '\0' || proof.record.len != 0))
		abort();
	buf_clear(&proof.record);
	return 0;
}
