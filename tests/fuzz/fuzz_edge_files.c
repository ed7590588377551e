/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */

/* edge.json of any bytes: refused, or kept again and read as the same. */
#include <assert.h>
#include <string.h>

#include "edge/files.h"
#include "tests/fuzz/directory.h"
#include "tests/fuzz/target.h"

static void check_same(const struct edge_files *a, const struct edge_files *b)
{
	assert(memcmp(&a->id, &b->id, sizeof(a->id)) == 0 && a->kind == b->kind);
	assert(strcmp(a->sensor, b->sensor) == 0 && strcmp(a->events, b->events) == 0);
	assert(strcmp(a->control, b->control) == 0);
	for (int i = 0; i < SIDE_COUNT; i++) {
		const struct edge_side *one = &a->sides[i], *two = &b->sides[i];
		assert(one->enrolled == two->enrolled && one->port == two->port);
		assert(strcmp(one->host, two->host) == 0 && strcmp(one->name, two->name) == 0);
		assert(memcmp(one->root, two->root, sizeof(one->root)) == 0);
		assert(memcmp(one->head_key.ed25519, two->head_key.ed25519, 32) == 0);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static struct edge_files first, second;
	struct fault fault = {0};
	directory_put(directory_open(), "edge.json", data, len, len);
	if (edge_files_open(directory_path, false, &first, &fault) == HN_OK) {
		assert(edge_files_save(&first, &fault) == HN_OK);
		assert(edge_files_open(directory_path, false, &second, &fault) == HN_OK);
		check_same(&first, &second);
		edge_files_close(&second);
	} else {
		assert(fault.message[0] != '\0');
	}
	edge_files_close(&first);
	return 0;
}
