/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "bus/enrol.h"
#include "tests/fuzz/target.h"

/* Requests and answers of any bytes: refused, or within their limits. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static char csr[PKI_CSR_MAX + 1];
	struct enrol_request *r = enrol_request_new();
	struct enrol_answer a;
	struct fault fault;
	char *certificate, *root;
	if (r != NULL && enrol_request_read((const char *)data, len, r, &fault) == HN_OK)
		assert(strlen(r->csr) == r->csr_len);
	enrol_request_free(r);
	if (enrol_answer_read((const char *)data, len, &a, &fault) == HN_OK) {
		assert(strlen(a.root) <= PKI_PEM_MAX && a.name[0] != '\0');
		enrol_answer_clear(&a);
	}
	if (renew_request_read((const char *)data, len, csr, &fault) == HN_OK)
		assert(strlen(csr) <= PKI_CSR_MAX);
	if (renew_answer_read((const char *)data, len, &certificate, &root, &fault) == HN_OK) {
		free(certificate);
		free(root);
	}
	return 0;
}
