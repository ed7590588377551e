/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_TESTS_UNIT_STORE_DB_WORLD_H
#define HINOMI_TESTS_UNIT_STORE_DB_WORLD_H

/*
 * A fresh database for a test: a SQLite file in a temporary folder or, with HINOMI_STORE=postgres, a schema
 * of its own in a PostgreSQL cluster that the test program starts (Unix socket only, nothing made durable)
 * and that ends with it. Where PostgreSQL is not installed the test is skipped.
 */
#include <errno.h>
#include <ftw.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../check.h"
#include "store/db.h"

#define WORLD_POSTGRES_BIN "/usr/lib/postgresql/15/bin"

struct store;

/** What a test holds. */
struct store_world {
	char dir[64];
	char url[256];
	struct store *store;
	int64_t now_us; /* the store's clock: a test sets it */
};

/* The cluster of this program; one, started by the first who needs it. */
static struct world_cluster {
	char dir[64];
	pid_t pid, owner;
	unsigned schemas;
} world_cluster;

static inline bool world_is_postgres(void)
{
	const char *kind = getenv("HINOMI_STORE");
	return kind != NULL && strcmp(kind, "postgres") == 0;
}

static inline int world_remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st, (void)type, (void)ftw;
	return remove(path);
}

static inline void world_remove(const char *dir)
{
	(void)nftw(dir, world_remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

/* PostgreSQL refuses to run as root. */
static inline void world_become_nobody(const struct passwd *user)
{
	if (geteuid() != 0)
		return;
	if (setgid(user->pw_gid) != 0 || setuid(user->pw_uid) != 0)
		_exit(126);
}

static inline pid_t world_spawn(const struct passwd *user, char *const argv[])
{
	pid_t pid = fork();
	assert_true(pid >= 0);
	if (pid > 0)
		return pid;
	world_become_nobody(user);
	/* It does not outlive a test that crashes. */
	(void)prctl(PR_SET_PDEATHSIG, SIGQUIT);
	if (freopen("/dev/null", "w", stdout) == NULL || freopen("/dev/null", "w", stderr) == NULL)
		_exit(126);
	(void)execv(argv[0], argv);
	_exit(127);
}

static inline void world_stop_cluster(void)
{
	if (world_cluster.pid == 0 || world_cluster.owner != getpid())
		return;
	(void)kill(world_cluster.pid, SIGQUIT);
	(void)waitpid(world_cluster.pid, NULL, 0);
	world_remove(world_cluster.dir);
	world_cluster.pid = 0;
}

static inline void world_initdb(const struct passwd *user, char *data)
{
	char program[] = WORLD_POSTGRES_BIN "/initdb", dir[] = "-D", name[] = "-Upostgres",
	     auth[] = "-Atrust", nosync[] = "-N", locale[] = "--locale=C", encoding[] = "--encoding=UTF8";
	char *const argv[] = {program, dir, data, name, auth, nosync, locale, encoding, NULL};
	int status;
	pid_t pid = world_spawn(user, argv);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

static inline void world_start_postgres(const struct passwd *user, char *data)
{
	char program[] = WORLD_POSTGRES_BIN "/postgres", dir[] = "-D", socket[] = "-k", none[] = "-h",
	     empty[] = "", nosync[] = "-F", c[] = "-c", buffers[] = "shared_buffers=32MB",
	     full[] = "full_page_writes=off", most[] = "max_connections=40";
	char *const argv[] = {program, dir,   data,   socket, world_cluster.dir,
			      none,    empty, nosync, c,      buffers,
			      c,       full,  c,      most,   NULL};
	world_cluster.pid = world_spawn(user, argv);
}

static inline const struct passwd *world_user(void)
{
	const struct passwd *user = getpwnam("postgres");
	return user != NULL ? user : getpwnam("nobody");
}

static inline void world_wait_for_postgres(const struct passwd *user)
{
	char program[] = WORLD_POSTGRES_BIN "/pg_isready", host[] = "-h";
	char *const argv[] = {program, host, world_cluster.dir, NULL};
	int status = -1;
	for (unsigned tries = 0; status != 0; tries++) {
		assert_true(tries < 1500);
		(void)usleep(20000);
		pid_t pid = world_spawn(user, argv);
		assert_int_equal(waitpid(pid, &status, 0), pid);
	}
}

/** Starts the cluster, or skips the test. */
static inline void world_start_cluster(void)
{
	char data[80];
	const struct passwd *user = world_user();
	if (access(WORLD_POSTGRES_BIN "/initdb", X_OK) != 0 || user == NULL)
		skip();
	if (world_cluster.pid != 0)
		return;
	(void)snprintf(world_cluster.dir, sizeof(world_cluster.dir), "/tmp/hinomi-pg-XXXXXX");
	assert_non_null(mkdtemp(world_cluster.dir));
	if (geteuid() == 0)
		assert_int_equal(chown(world_cluster.dir, user->pw_uid, user->pw_gid), 0);
	(void)snprintf(data, sizeof(data), "%s/data", world_cluster.dir);
	world_initdb(user, data);
	world_start_postgres(user, data);
	world_cluster.owner = getpid();
	(void)atexit(world_stop_cluster);
	world_wait_for_postgres(user);
}

/** Kills the cluster and starts it again: what a hub sees when its database's machine goes down. */
static inline void world_restart_cluster(void)
{
	char data[80];
	(void)kill(world_cluster.pid, SIGQUIT);
	(void)waitpid(world_cluster.pid, NULL, 0);
	(void)snprintf(data, sizeof(data), "%s/data", world_cluster.dir);
	world_start_postgres(world_user(), data);
	world_wait_for_postgres(world_user());
}

/** An absent database and its URL, for tests of db.h; nothing is opened. */
static inline void world_init(struct store_world *w)
{
	*w = (struct store_world){.dir = "/tmp/hinomi-store-XXXXXX", .now_us = 1700000000000000};
	if (world_is_postgres()) {
		world_start_cluster();
		(void)snprintf(w->url, sizeof(w->url), "postgresql://postgres@/postgres?host=%s&schema=w%u",
			       world_cluster.dir, ++world_cluster.schemas);
	}
	assert_non_null(mkdtemp(w->dir));
	if (!world_is_postgres())
		(void)snprintf(w->url, sizeof(w->url), "sqlite:%s/hub.db", w->dir);
}

/** Removes all; its connections are closed. */
static inline void world_clear(struct store_world *w)
{
	world_remove(w->dir);
}

#endif
