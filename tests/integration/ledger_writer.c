/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */

/* Appends COUNT records to the log in DIR with the key KEY, BATCH at a time: ledger_writer DIR KEY COUNT
 * BATCH */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>

#include "authority/key.h"
#include "ledger/ledger.h"

static int write_records(struct ledger *l, unsigned long count, unsigned long batch)
{
	for (unsigned long i = 0; i < count; i++) {
		char record[64];
		unsigned long long index = ledger_size(l) + ledger_pending(l);
		int n = snprintf(record, sizeof(record), "{\"record\":%llu,\"text\":\"火の見\"}", index);
		int rc = ledger_append(l, "receipt",
				       INT64_C(1790000000000000000) + (int64_t)index * 1000000000, record,
				       (size_t)n, NULL);
		if (rc == HN_OK && (i + 1) % batch == 0)
			rc = ledger_commit(l);
		if (rc != HN_OK)
			return rc;
	}
	return ledger_commit(l);
}

int main(int argc, char **argv)
{
	struct fault fault = {{0}, {0}};
	struct key *key = NULL;
	struct ledger *l = NULL;

	if (argc != 5)
		return 2;
	int fd = open(argv[1], O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int rc = key_read(argv[2], NULL, &key, &fault);
	if (fd < 0 || rc != HN_OK)
		return 3;
	struct ledger_options options = {.origin = "hinomi/edge-1", .secret_key = key_secret(key)};
	rc = ledger_open(fd, &options, &l, &fault);
	if (rc == HN_OK)
		rc = write_records(l, strtoul(argv[3], NULL, 10), strtoul(argv[4], NULL, 10));
	ledger_close(l);
	key_free(key);
	if (rc != HN_OK)
		fprintf(stderr, "%s: %s %s\n", hn_strerror(rc), fault.place, fault.message);
	return rc == HN_OK ? 0 : 1;
}
