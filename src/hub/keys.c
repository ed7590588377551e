/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "hub/keys.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <sodium.h>

#include "base/file.h"
#include "base/lang.h"

#define PATH_ROOM 128

static int read_key(int fd, const char *path, uint8_t *key, size_t size, struct fault *fault)
{
	struct stat st;
	size_t got = 0;
	if (fstat(fd, &st) != 0)
		return fault_set(fault, HN_EIO, path, "%s", hn_errno_text(errno));
	if ((st.st_mode & 077) != 0)
		return fault_set(fault, HN_EAUTH, path, "%s",
				 tr("others may read this secret; chmod 600",
				    "他人が読める秘密。chmod 600 とすること"));
	int rc = fd_read_full(fd, key, size, &got);
	if (rc == HN_OK && (got != size || st.st_size != (off_t)size))
		rc = HN_EFORMAT;
	return rc == HN_OK ? HN_OK : fault_set(fault, rc, path, "%s", hn_strerror(rc));
}

static int make_key(int data_fd, const char *path, const uint8_t *key, size_t size, struct fault *fault)
{
	if (mkdirat(data_fd, "keys", 0700) != 0 && errno != EEXIST)
		return fault_set(fault, hn_err_of_errno(errno), "keys", "%s", hn_errno_text(errno));
	int rc = file_write_whole_at(data_fd, path, key, size, 0600, false);
	return rc == HN_OK ? HN_OK : fault_set(fault, rc, path, "%s", hn_strerror(rc));
}

static void fill_random(uint8_t *key, size_t size)
{
	randombytes_buf(key, size);
}

static void fill_pair(uint8_t *key, size_t size)
{
	uint8_t public[crypto_sign_PUBLICKEYBYTES];
	(void)size;
	(void)crypto_sign_keypair(public, key);
}

static int get(int data_fd, const char *name, size_t size, void (*fill)(uint8_t *key, size_t size),
	       uint8_t **out, struct fault *fault)
{
	char path[PATH_ROOM];
	(void)snprintf(path, sizeof(path), "keys/%s", name);
	uint8_t *key = sodium_malloc(size);
	if (!key)
		return fault_set(fault, HN_ENOMEM, path, "%s", hn_strerror(HN_ENOMEM));
	int fd = openat(data_fd, path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	int rc = HN_OK;
	if (fd >= 0) {
		rc = read_key(fd, path, key, size, fault);
		(void)close(fd);
	} else if (errno == ENOENT) {
		fill(key, size);
		rc = make_key(data_fd, path, key, size, fault);
	} else {
		rc = fault_set(fault, HN_EIO, path, "%s", hn_errno_text(errno));
	}
	if (rc == HN_OK)
		*out = key;
	else
		sodium_free(key);
	return rc;
}

int hub_key(int data_fd, const char *name, size_t size, uint8_t **out, struct fault *fault)
{
	return get(data_fd, name, size, fill_random, out, fault);
}

int hub_ledger_key(int data_fd, uint8_t **out, struct fault *fault)
{
	return get(data_fd, "ledger", crypto_sign_SECRETKEYBYTES, fill_pair, out, fault);
}
