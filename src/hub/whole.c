/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "hub/whole.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/lang.h"
#include "hub/config.h"
#include "ledger/export.h"
#include "ledger/verify.h"
#include "store/store.h"

#define PATH_ROOM 4096
#define PIECE     65536
#define TRIES     50 /* while the log grows under our hands */
#define DEPTH_MAX 12

static int fail(struct fault *fault, const char *place)
{
	return fault_set(fault, hn_err_of_errno(errno), place, "%s", hn_errno_text(errno));
}

static int copy_bytes(int from, int to)
{
	char piece[PIECE];
	for (;;) {
		ssize_t n = read(from, piece, sizeof(piece));
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return HN_EIO;
		if (n == 0)
			return fsync(to) == 0 ? HN_OK : hn_err_of_errno(errno);
		int rc = fd_write_all(to, piece, (size_t)n);
		if (rc != HN_OK)
			return rc;
	}
}

static int copy_file(int from_dir, int to_dir, const char *name, struct fault *fault)
{
	int from = openat(from_dir, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (from < 0)
		return errno == ENOENT ? HN_OK : fail(fault, name); /* outgrown meanwhile */
	int to = openat(to_dir, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	int rc = to < 0 ? HN_EIO : copy_bytes(from, to);
	if (rc != HN_OK)
		(void)fail(fault, name);
	(void)close(from);
	if (to >= 0)
		(void)close(to);
	return rc;
}

static int copy_folder(int from_dir, int to_dir, const char *name, unsigned depth, struct fault *fault);

static int copy_one(int from_dir, int to_dir, const struct dirent *d, unsigned depth, struct fault *fault)
{
	struct stat st;
	if (strcmp(d->d_name, ".") == 0 || strcmp(d->d_name, "..") == 0)
		return HN_OK;
	if (fstatat(from_dir, d->d_name, &st, AT_SYMLINK_NOFOLLOW) != 0)
		return errno == ENOENT ? HN_OK : fail(fault, d->d_name);
	if (S_ISDIR(st.st_mode))
		return copy_folder(from_dir, to_dir, d->d_name, depth + 1, fault);
	return S_ISREG(st.st_mode) ? copy_file(from_dir, to_dir, d->d_name, fault) : HN_OK;
}

/* Its depth is bounded: our own folders are not deeper. */
static int copy_folder(int from_dir, int to_dir, const char *name, unsigned depth, struct fault *fault)
{
	if (depth > DEPTH_MAX)
		return fault_set(fault, HN_ELIMIT, name, "%s", hn_strerror(HN_ELIMIT));
	int from = openat(from_dir, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	if (from < 0)
		return errno == ENOENT ? HN_OK : fail(fault, name);
	DIR *dir = fdopendir(from);
	int to = -1, rc = HN_OK;
	if (!dir || mkdirat(to_dir, name, 0700) != 0 ||
	    (to = openat(to_dir, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC)) < 0)
		rc = fail(fault, name);
	for (struct dirent *d = rc == HN_OK ? readdir(dir) : NULL; d && rc == HN_OK; d = readdir(dir))
		rc = copy_one(from, to, d, depth, fault);
	if (rc == HN_OK && fsync(to) != 0)
		rc = fail(fault, name);
	if (to >= 0)
		(void)close(to);
	if (dir)
		(void)closedir(dir);
	else
		(void)close(from);
	return rc;
}

static int open_folder(const char *path, bool make, int *fd_out, struct fault *fault)
{
	if (make && mkdir(path, 0700) != 0)
		return fail(fault, path);
	*fd_out = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return *fd_out >= 0 ? HN_OK : fail(fault, path);
}

/* As it is: the hub that serves from it may be of another version. */
static int open_store(const struct hub_config *config, struct store **out, struct fault *fault)
{
	const struct store_options options = {.database = config->database, .as_it_is = true};
	return store_open(&options, out, fault);
}

/* ---- backup ---- */

static int backup_database(const struct hub_config *config, const char *path, struct fault *fault)
{
	char file[PATH_ROOM];
	struct store *store;
	if ((size_t)snprintf(file, sizeof(file), "%s/database", path) >= sizeof(file))
		return fault_set(fault, HN_ELIMIT, path, "%s", hn_strerror(HN_ELIMIT));
	int rc = open_store(config, &store, fault);
	if (rc != HN_OK)
		return rc;
	rc = store_backup(store, file, fault);
	store_close(store);
	return rc;
}

/* A file of a checkpoint may be outgrown while it is copied: then once more, from the newer one. */
static int backup_log(int data_fd, int to_dir, struct fault *fault)
{
	int rc = HN_ENOENT;
	for (unsigned i = 0; i < TRIES && rc == HN_ENOENT; i++) {
		char name[32];
		struct tlog *log;
		(void)snprintf(name, sizeof(name), "ledger.%u", i);
		rc = tlog_open(data_fd, NULL, &log, fault);
		if (rc != HN_OK)
			return rc;
		int to = mkdirat(to_dir, name, 0700) == 0
				 ? openat(to_dir, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
				 : -1;
		rc = to < 0 ? fail(fault, name) : export_copy(log, to, fault);
		if (rc == HN_OK && renameat(to_dir, name, to_dir, "ledger") != 0)
			rc = fail(fault, name);
		tlog_free(log);
		if (to >= 0)
			(void)close(to);
	}
	return rc;
}

static int backup_files(const struct hub_config *config, int to_dir, struct fault *fault)
{
	int data_fd;
	int rc = open_folder(config->data, false, &data_fd, fault);
	if (rc != HN_OK)
		return rc;
	rc = backup_log(data_fd, to_dir, fault);
	if (rc == HN_OK)
		rc = copy_folder(data_fd, to_dir, "private", 0, fault);
	if (rc == HN_OK)
		rc = copy_folder(data_fd, to_dir, "keys", 0, fault);
	if (rc == HN_OK && fsync(to_dir) != 0)
		rc = fail(fault, "");
	(void)close(data_fd);
	return rc;
}

int whole_backup(const struct hub_config *config, const char *path, struct fault *fault)
{
	int to_dir = -1;
	if (access(config->data, F_OK) != 0)
		return fail(fault, config->data);
	int rc = open_folder(path, true, &to_dir, fault);
	if (rc != HN_OK)
		return rc;
	rc = backup_database(config, path, fault);
	if (rc == HN_OK)
		rc = backup_files(config, to_dir, fault);
	(void)close(to_dir);
	return rc;
}

/* ---- restore ---- */

static int is_empty(const struct hub_config *config, int data_fd, struct fault *fault)
{
	static const char *const names[] = {"ledger", "private", "keys", "hub.db"};
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (faccessat(data_fd, names[i], F_OK, AT_SYMLINK_NOFOLLOW) == 0)
			return fault_set(
				fault, HN_EEXIST, config->data, "%s",
				tr("there is a hub already; a backup is restored into an empty folder",
				   "すでにハブがある。バックアップは空のフォルダーに戻すこと"));
	return HN_OK;
}

int whole_restore(const struct hub_config *config, const char *path, struct fault *fault)
{
	static const char *const folders[] = {"ledger", "private", "keys"};
	char file[PATH_ROOM];
	int from_dir, data_fd;
	if ((size_t)snprintf(file, sizeof(file), "%s/database", path) >= sizeof(file))
		return fault_set(fault, HN_ELIMIT, path, "%s", hn_strerror(HN_ELIMIT));
	if (mkdir(config->data, 0700) != 0 && errno != EEXIST)
		return fail(fault, config->data);
	int rc = open_folder(path, false, &from_dir, fault);
	if (rc != HN_OK)
		return rc;
	rc = open_folder(config->data, false, &data_fd, fault);
	if (rc == HN_OK) {
		rc = is_empty(config, data_fd, fault);
		if (rc == HN_OK)
			rc = store_restore(file, config->database, fault);
		for (size_t i = 0; i < 3 && rc == HN_OK; i++)
			rc = copy_folder(from_dir, data_fd, folders[i], 0, fault);
		if (rc == HN_OK && fsync(data_fd) != 0)
			rc = fail(fault, config->data);
		(void)close(data_fd);
	}
	(void)close(from_dir);
	return rc;
}

/* ---- check ---- */

static int check_ledger(const struct hub_config *config, void (*finding)(void *context, const char *text),
			void *context, uint64_t *wrong, struct fault *fault)
{
	struct verify_report report = {.entries = 0};
	int data_fd;
	int rc = open_folder(config->data, false, &data_fd, fault);
	if (rc != HN_OK)
		return rc;
	rc = ledger_verify(data_fd, NULL, &report, fault);
	(void)close(data_fd);
	if (rc != HN_EAUTH && rc != HN_EFORMAT)
		return rc;
	char text[sizeof(fault->place) + sizeof(fault->message) + 16];
	(void)snprintf(text, sizeof(text), "ledger: %s: %s", fault->place, fault->message);
	finding(context, text);
	(*wrong)++;
	return HN_OK;
}

int whole_check(const struct hub_config *config, void (*finding)(void *context, const char *text),
		void *context, uint64_t *wrong_out, struct fault *fault)
{
	struct store *store;
	if (access(config->data, F_OK) != 0)
		return fail(fault, config->data);
	int rc = open_store(config, &store, fault);
	if (rc != HN_OK)
		return rc;
	rc = store_check(store, finding, context, wrong_out, fault);
	store_close(store);
	return rc == HN_OK ? check_ledger(config, finding, context, wrong_out, fault) : rc;
}
