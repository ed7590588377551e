/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "hub/exchange/importer.h"

/* The first byte says the form and how large the pieces are. */
#define OUT_MAX (16u << 20)

static uint64_t lines_of(const struct buf *out)
{
	uint64_t lines = 0;
	for (size_t i = 0; i < out->len; i++)
		lines += out->data[i] == '\n';
	return lines;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static const enum importer_format formats[] = {IMPORTER_MISP, IMPORTER_CSV, IMPORTER_LIST};
	const struct importer_terms terms = {.name = "fuzz", .created_ns = 1, .imported_ns = 1};
	struct importer *imp;
	struct importer_report report;
	struct fault fault;
	struct buf out;
	if (len == 0)
		return 0;
	size_t piece = 1u + (size_t)(data[0] / 3u) * 7u;
	if (importer_new(formats[data[0] % 3u], &terms, &imp) != HN_OK)
		return 0;
	buf_init(&out, OUT_MAX);
	int err = HN_OK;
	for (size_t at = 1; at < len && err == HN_OK; at += piece) {
		size_t n = len - at < piece ? len - at : piece;
		err = importer_feed(imp, data + at, n, &out, &fault);
	}
	if (err == HN_OK)
		err = importer_end(imp, &out, &fault);
	importer_report(imp, &report);
	assert(report.left_count <= IMPORTER_TOLD_MAX && report.left_count <= report.left_out);
	if (err == HN_OK)
		assert(lines_of(&out) == report.objects);
	for (size_t i = 0; i < report.left_count; i++)
		assert(report.left[i].reason != NULL &&
		       memchr(report.left[i].value, '\0', IMPORTER_VALUE_MAX + 1) != NULL);
	buf_clear(&out);
	importer_free(imp);
	return 0;
}
