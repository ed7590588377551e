/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_TESTS_UNIT_STORE_FAILING_DISK_H
#define HINOMI_TESTS_UNIT_STORE_FAILING_DISK_H

/* A disk under SQLite that fails when it is told to: its default VFS with calls counted. */
#include <pthread.h>
#include <sqlite3.h>

#include "../check.h"

/** What the failing calls answer. */
enum disk_failure {
	DISK_ERROR, /* an input/output error */
	DISK_TORN,  /* that, after half of the bytes */
	DISK_FULL,
};

static struct failing_disk {
	pthread_mutex_t lock; /* guards what follows */
	unsigned calls;       /* that change something */
	unsigned fail_at;     /* the number of the one that fails; 0: none */
	bool for_good;        /* and all after it */
	enum disk_failure failure;
	sqlite3_vfs *real;
	sqlite3_vfs vfs;
} failing_disk = {.lock = PTHREAD_MUTEX_INITIALIZER};

struct failing_file {
	sqlite3_file base;
	sqlite3_file *real; /* behind this struct */
};

static sqlite3_file *failing_real(sqlite3_file *file)
{
	return ((struct failing_file *)(void *)file)->real;
}

/** Sets when it fails from now on; 0: never. */
static inline void disk_fail(unsigned fail_at, bool for_good, enum disk_failure failure)
{
	(void)pthread_mutex_lock(&failing_disk.lock);
	failing_disk.calls = 0;
	failing_disk.fail_at = fail_at;
	failing_disk.for_good = for_good;
	failing_disk.failure = failure;
	(void)pthread_mutex_unlock(&failing_disk.lock);
}

/** How many calls there were since then. */
static inline unsigned disk_calls(void)
{
	(void)pthread_mutex_lock(&failing_disk.lock);
	unsigned calls = failing_disk.calls;
	(void)pthread_mutex_unlock(&failing_disk.lock);
	return calls;
}

static bool failing_now(enum disk_failure *failure_out)
{
	(void)pthread_mutex_lock(&failing_disk.lock);
	unsigned call = ++failing_disk.calls, at = failing_disk.fail_at;
	bool fails = at != 0 && (call == at || (failing_disk.for_good && call > at));
	*failure_out = failing_disk.failure;
	(void)pthread_mutex_unlock(&failing_disk.lock);
	return fails;
}

static int failing_write(sqlite3_file *file, const void *data, int len, sqlite3_int64 offset)
{
	sqlite3_file *real = failing_real(file);
	enum disk_failure failure;
	if (!failing_now(&failure))
		return real->pMethods->xWrite(real, data, len, offset);
	if (failure == DISK_TORN)
		(void)real->pMethods->xWrite(real, data, len / 2, offset);
	return failure == DISK_FULL ? SQLITE_FULL : SQLITE_IOERR_WRITE;
}

static int failing_truncate(sqlite3_file *file, sqlite3_int64 size)
{
	sqlite3_file *real = failing_real(file);
	enum disk_failure failure;
	return failing_now(&failure) ? SQLITE_IOERR_TRUNCATE : real->pMethods->xTruncate(real, size);
}

static int failing_sync(sqlite3_file *file, int flags)
{
	sqlite3_file *real = failing_real(file);
	enum disk_failure failure;
	return failing_now(&failure) ? SQLITE_IOERR_FSYNC : real->pMethods->xSync(real, flags);
}

static int failing_close(sqlite3_file *file)
{
	sqlite3_file *real = failing_real(file);
	return real->pMethods->xClose(real);
}

static int failing_read(sqlite3_file *file, void *data, int len, sqlite3_int64 offset)
{
	sqlite3_file *real = failing_real(file);
	return real->pMethods->xRead(real, data, len, offset);
}

static int failing_size(sqlite3_file *file, sqlite3_int64 *out)
{
	sqlite3_file *real = failing_real(file);
	return real->pMethods->xFileSize(real, out);
}

static int failing_lock(sqlite3_file *file, int lock)
{
	sqlite3_file *real = failing_real(file);
	return real->pMethods->xLock(real, lock);
}

static int failing_unlock(sqlite3_file *file, int lock)
{
	sqlite3_file *real = failing_real(file);
	return real->pMethods->xUnlock(real, lock);
}

static int failing_reserved(sqlite3_file *file, int *out)
{
	sqlite3_file *real = failing_real(file);
	return real->pMethods->xCheckReservedLock(real, out);
}

static int failing_control(sqlite3_file *file, int op, void *argument)
{
	sqlite3_file *real = failing_real(file);
	return real->pMethods->xFileControl(real, op, argument);
}

static int failing_sector(sqlite3_file *file)
{
	sqlite3_file *real = failing_real(file);
	return real->pMethods->xSectorSize(real);
}

static int failing_device(sqlite3_file *file)
{
	sqlite3_file *real = failing_real(file);
	return real->pMethods->xDeviceCharacteristics(real);
}

static int failing_shm_map(sqlite3_file *file, int page, int size, int extend, void volatile **out)
{
	sqlite3_file *real = failing_real(file);
	return real->pMethods->xShmMap(real, page, size, extend, out);
}

static int failing_shm_lock(sqlite3_file *file, int offset, int count, int flags)
{
	sqlite3_file *real = failing_real(file);
	return real->pMethods->xShmLock(real, offset, count, flags);
}

static void failing_shm_barrier(sqlite3_file *file)
{
	sqlite3_file *real = failing_real(file);
	real->pMethods->xShmBarrier(real);
}

static int failing_shm_unmap(sqlite3_file *file, int delete)
{
	sqlite3_file *real = failing_real(file);
	return real->pMethods->xShmUnmap(real, delete);
}

static int failing_open(sqlite3_vfs *vfs, const char *name, sqlite3_file *file, int flags, int *flags_out)
{
	static const sqlite3_io_methods METHODS = {
		.iVersion = 2,
		.xClose = failing_close,
		.xRead = failing_read,
		.xWrite = failing_write,
		.xTruncate = failing_truncate,
		.xSync = failing_sync,
		.xFileSize = failing_size,
		.xLock = failing_lock,
		.xUnlock = failing_unlock,
		.xCheckReservedLock = failing_reserved,
		.xFileControl = failing_control,
		.xSectorSize = failing_sector,
		.xDeviceCharacteristics = failing_device,
		.xShmMap = failing_shm_map,
		.xShmLock = failing_shm_lock,
		.xShmBarrier = failing_shm_barrier,
		.xShmUnmap = failing_shm_unmap,
	};
	(void)vfs;
	struct failing_file *f = (struct failing_file *)(void *)file;
	f->real = (sqlite3_file *)(void *)(f + 1);
	f->base.pMethods = NULL;
	int code = failing_disk.real->xOpen(failing_disk.real, name, f->real, flags, flags_out);
	if (f->real->pMethods != NULL)
		f->base.pMethods = &METHODS;
	return code;
}

/** Puts it under every database that is opened from now on. */
static inline void disk_install(void)
{
	failing_disk.real = sqlite3_vfs_find(NULL);
	assert_non_null(failing_disk.real);
	failing_disk.vfs = *failing_disk.real;
	failing_disk.vfs.zName = "failing";
	failing_disk.vfs.szOsFile += (int)sizeof(struct failing_file);
	failing_disk.vfs.xOpen = failing_open;
	assert_int_equal(sqlite3_vfs_register(&failing_disk.vfs, 1), SQLITE_OK);
}

#endif
