/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "resolver/cookie_file.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include <sodium.h>

#include "base/lang.h"

/* One key: 32 hex digits and a line's end. @return whether it is one */
static bool key_read(FILE *file, uint8_t key[SIPHASH_KEY])
{
	char line[2 * SIPHASH_KEY + 4];
	size_t len = 0;
	bool read = fgets(line, sizeof(line), file) &&
		    sodium_hex2bin(key, SIPHASH_KEY, line, strcspn(line, "\r\n"), NULL, &len, NULL) == 0 &&
		    len == SIPHASH_KEY;
	sodium_memzero(line, sizeof(line));
	return read;
}

int cookie_secrets_read(const char *path, struct cookie_secrets **out, struct fault *fault)
{
	struct cookie_secrets *secrets = sodium_malloc(sizeof(*secrets));
	if (!secrets)
		return fault_set(fault, HN_ENOMEM, "", "%s", hn_strerror(HN_ENOMEM));
	memset(secrets, 0, sizeof(*secrets));
	if (!path) {
		randombytes_buf(secrets->made_with, SIPHASH_KEY);
		*out = secrets;
		return HN_OK;
	}
	FILE *file = fopen(path, "re");
	if (!file) {
		int rc = hn_err_of_errno(errno);
		sodium_free(secrets);
		return fault_set(fault, rc, path, "%s", hn_errno_text(errno));
	}
	bool good = key_read(file, secrets->made_with);
	if (good && getc(file) != EOF && fseek(file, -1, SEEK_CUR) == 0) {
		secrets->two = key_read(file, secrets->accepted);
		good = secrets->two && getc(file) == EOF;
	}
	(void)fclose(file);
	if (!good) {
		sodium_free(secrets);
		return fault_set(
			fault, HN_EFORMAT, path,
			tr("one or two keys of 32 hex digits are expected, each on a line of its own",
			   "16 進 32 桁の鍵が 1 行に 1 つ、1 つか 2 つ要る"));
	}
	*out = secrets;
	return HN_OK;
}
