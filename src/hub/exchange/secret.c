/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "hub/exchange/secret.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <sodium.h>

#include "hub/config.h"
#include "hub/keys.h"

static uint8_t *key; /* locked memory; constant while requests are read */

static int start(struct hub *hub, struct fault *fault)
{
	int fd = open(hub->config->data, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return fault_set(fault, hn_err_of_errno(errno), hub->config->data, "%s",
				 hn_errno_text(errno));
	int err = hub_key(fd, "sources", crypto_secretbox_KEYBYTES, &key, fault);
	(void)close(fd);
	return err;
}

static void stop(struct hub *hub)
{
	(void)hub;
	sodium_free(key);
	key = NULL;
}

const struct hub_part SOURCE_SECRETS = {.name = "source secrets", .start = start, .stop = stop};

int source_secret_seal(const char *secret, size_t len, struct buf *out)
{
	size_t size = crypto_secretbox_NONCEBYTES + crypto_secretbox_MACBYTES + len;
	if (len > SOURCE_SECRET_MAX)
		return HN_ELIMIT;
	uint8_t *sealed = malloc(size);
	if (sealed == NULL)
		return HN_ENOMEM;
	randombytes_buf(sealed, crypto_secretbox_NONCEBYTES);
	(void)crypto_secretbox_easy(sealed + crypto_secretbox_NONCEBYTES, (const uint8_t *)secret, len,
				    sealed, key);
	buf_add(out, sealed, size);
	free(sealed);
	return buf_err(out);
}

int source_secret_open(const uint8_t *sealed, size_t sealed_len, char **out, size_t *len_out)
{
	size_t more = crypto_secretbox_NONCEBYTES + crypto_secretbox_MACBYTES;
	if (sealed_len < more || sealed_len - more > SOURCE_SECRET_MAX)
		return HN_EFORMAT;
	size_t len = sealed_len - more;
	char *secret = sodium_malloc(len + 1);
	if (secret == NULL)
		return HN_ENOMEM;
	if (crypto_secretbox_open_easy((uint8_t *)secret, sealed + crypto_secretbox_NONCEBYTES,
				       sealed_len - crypto_secretbox_NONCEBYTES, sealed, key) != 0) {
		sodium_free(secret);
		return HN_EFORMAT;
	}
	secret[len] = '\0';
	*out = secret;
	*len_out = len;
	return HN_OK;
}
