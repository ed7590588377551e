/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "hub/tls_keys.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <sodium.h>

#include "base/file.h"
#include "base/lang.h"
#include "http/server.h"
#include "hub/config.h"

#define FILE_MAX (64u << 10) /* bytes of PEM */

/* Straight into the room, so that no copy of a key is left behind. */
static int read_text(const char *path, char *room, struct fault *fault)
{
	size_t len = 0;
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	int rc = fd < 0 ? hn_err_of_errno(errno) : fd_read_full(fd, room, FILE_MAX, &len);
	const char *why = rc == HN_OK ? "" : hn_errno_text(errno);
	if (fd >= 0)
		(void)close(fd);
	if (rc == HN_OK && len == FILE_MAX) {
		rc = HN_ELIMIT;
		why = tr("is larger than 64 KiB", "64 KiBを超えている");
	}
	room[len < FILE_MAX ? len : FILE_MAX - 1] = '\0';
	return rc == HN_OK ? HN_OK : fault_set(fault, rc, path, "%s", why);
}

int tls_keys_read(const struct hub_http *config, struct tls_keys *out, struct fault *fault)
{
	struct tls_keys keys = {calloc(1, FILE_MAX), sodium_malloc(FILE_MAX)};
	if (!keys.certificate || !keys.key) {
		tls_keys_clear(&keys);
		(void)fault_set(fault, HN_ENOMEM, "", "%s", hn_strerror(HN_ENOMEM));
		return HN_ENOMEM;
	}
	int rc = read_text(config->certificate, keys.certificate, fault);
	if (rc == HN_OK)
		rc = read_text(config->key, keys.key, fault);
	if (rc == HN_OK)
		*out = keys;
	else
		tls_keys_clear(&keys);
	return rc;
}

void tls_keys_clear(struct tls_keys *keys)
{
	free(keys->certificate);
	sodium_free(keys->key);
	*keys = (struct tls_keys){0};
}

struct server_tls tls_keys_options(const struct tls_keys *keys)
{
	return (struct server_tls){.certificate = keys->certificate, .key = keys->key};
}

void tls_keys_fault(const struct hub_http *config, struct fault *fault)
{
	const char *path = NULL;
	if (fault && strcmp(fault->place, "certificate") == 0)
		path = config->certificate;
	else if (fault && strcmp(fault->place, "key") == 0)
		path = config->key;
	if (path)
		(void)snprintf(fault->place, sizeof(fault->place), "%s", path);
}

int tls_keys_reload(const struct hub_http *config, struct server *server, struct fault *fault)
{
	struct tls_keys keys;
	int rc = tls_keys_read(config, &keys, fault);
	if (rc != HN_OK)
		return rc;
	const struct server_tls options = tls_keys_options(&keys);
	rc = server_tls_replace(server, &options, fault);
	if (rc != HN_OK)
		tls_keys_fault(config, fault);
	tls_keys_clear(&keys);
	return rc;
}
