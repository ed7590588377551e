/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "witness/witness.h"

#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/lang.h"
#include "base/utc.h"
#include "bus/pki.h"
#include "ledger/note.h"

int witness_path(const struct witness *w, const char *name, char out[4096])
{
	return snprintf(out, 4096, "%s/%s", w->config->data, name) < 4096 ? HN_OK : HN_ELIMIT;
}

static int make_folder(const char *path, struct fault *fault)
{
	if (mkdir(path, 0700) != 0 && errno != EEXIST)
		return fault_set(fault, hn_err_of_errno(errno), path, "%s", hn_errno_text(errno));
	return HN_OK;
}

static int read_secret(int fd, uint8_t *secret)
{
	size_t got = 0;
	struct stat st;
	if (fstat(fd, &st) != 0 || (st.st_mode & 077) != 0)
		return HN_EAUTH;
	int err = fd_read_full(fd, secret, NOTE_SECRET_SIZE, &got);
	return err == HN_OK && got != NOTE_SECRET_SIZE ? HN_EFORMAT : err;
}

static int load_secret(struct witness *w, struct fault *fault)
{
	char path[4096];
	uint8_t public_key[crypto_sign_PUBLICKEYBYTES];
	int err = witness_path(w, "ledger.key", path);
	w->secret = sodium_malloc(NOTE_SECRET_SIZE);
	if (err == HN_OK && w->secret == NULL)
		err = HN_ENOMEM;
	int fd = err == HN_OK ? open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW) : -1;
	if (fd >= 0) {
		err = read_secret(fd, w->secret);
		(void)close(fd);
	} else if (err == HN_OK && errno == ENOENT) {
		(void)crypto_sign_keypair(public_key, w->secret);
		err = file_write_whole(path, w->secret, NOTE_SECRET_SIZE, 0600, false);
	} else if (err == HN_OK) {
		err = HN_EIO;
	}
	return err == HN_OK ? HN_OK
			    : fault_set(fault, err, path, "%s",
					err == HN_EAUTH ? tr("others may read this secret; chmod 600",
							     "他人が読める秘密。chmod 600 とすること")
							: hn_strerror(err));
}

int witness_open(const struct witness_config *config, struct witness *out, struct fault *fault)
{
	*out = (struct witness){.config = config};
	(void)snprintf(out->origin, sizeof(out->origin), "hinomi/witness/%s", config->name);
	int err = make_folder(config->data, fault);
	if (err == HN_OK)
		err = load_secret(out, fault);
	return err == HN_OK ? state_open(config->data, &out->state, fault) : err;
}

int witness_open_pki(struct witness *w, struct fault *fault)
{
	char path[4096];
	int err = witness_path(w, "edges", path);
	if (err == HN_OK)
		err = make_folder(path, fault);
	return err == HN_OK ? pki_open(path, w->origin, utc_now_ns(), &w->pki, NULL, fault) : err;
}

void witness_close(struct witness *w)
{
	pki_close(w->pki);
	state_close(w->state);
	sodium_free(w->secret);
	w->pki = NULL;
	w->state = NULL;
	w->secret = NULL;
}
