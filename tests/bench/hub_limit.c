/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */

/*
 * What the hub's figures cannot pass: SQLite alone reading the pages that the hub serves, and the loopback
 * alone carrying them.
 *
 *   hub_limit pages DATABASE SECONDS    pages of 100 objects a second, in the order of their adding
 *   hub_limit ids DATABASE SECONDS      objects a second, each by its identifier
 *   hub_limit send BYTES SECONDS        answers of so many bytes a second, each asked for by 100 bytes
 */
#include <arpa/inet.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static double now(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static _Noreturn void die(const char *what)
{
	fprintf(stderr, "hub_limit: %s\n", what);
	exit(2);
}

static sqlite3_stmt *prepare(sqlite3 *db, const char *sql)
{
	sqlite3_stmt *s;
	if (sqlite3_prepare_v2(db, sql, -1, &s, NULL) != SQLITE_OK)
		die(sqlite3_errmsg(db));
	return s;
}

static sqlite3 *open_database(const char *path)
{
	sqlite3 *db;
	if (sqlite3_open_v2(path, &db, SQLITE_OPEN_READONLY, NULL) != SQLITE_OK)
		die("cannot open the database");
	return db;
}

/* Touches each byte, as a copy into an answer would. */
static uint64_t rows(sqlite3_stmt *s, int column, int64_t *last)
{
	static uint8_t out[16u << 20];
	uint64_t count = 0;
	size_t at = 0;
	while (sqlite3_step(s) == SQLITE_ROW) {
		size_t len = (size_t)sqlite3_column_bytes(s, column);
		if (at + len > sizeof(out))
			at = 0;
		memcpy(out + at, sqlite3_column_blob(s, column), len);
		at += len;
		*last = sqlite3_column_int64(s, 0);
		count++;
	}
	sqlite3_reset(s);
	return count;
}

static void pages(const char *path, double seconds)
{
	sqlite3_stmt *s = prepare(open_database(path),
				  "SELECT seq, bytes FROM content WHERE seq > ? ORDER BY seq LIMIT 100");
	int64_t last = 0;
	uint64_t count = 0;
	double start = now();
	while (now() - start < seconds) {
		sqlite3_bind_int64(s, 1, last);
		if (rows(s, 1, &last) < 100)
			last = 0;
		count++;
	}
	printf("{\"a_second\": %.0f}\n", (double)count / (now() - start));
}

static void ids(const char *path, double seconds)
{
	enum { MAX = 20000 };
	static int64_t halves[MAX][2];
	sqlite3 *db = open_database(path);
	sqlite3_stmt *all = prepare(db, "SELECT uuid_a, uuid_b FROM object LIMIT 20000");
	size_t have = 0;
	while (have < MAX && sqlite3_step(all) == SQLITE_ROW) {
		halves[have][0] = sqlite3_column_int64(all, 0);
		halves[have++][1] = sqlite3_column_int64(all, 1);
	}
	sqlite3_finalize(all);
	if (have == 0)
		die("the database is empty");
	sqlite3_stmt *s =
		prepare(db, "SELECT c.seq, c.bytes FROM object o JOIN content c ON c.seq = o.newest "
			    "WHERE o.uuid_a = ? AND o.uuid_b = ?");
	uint64_t count = 0;
	int64_t last;
	double start = now();
	while (now() - start < seconds) {
		sqlite3_bind_int64(s, 1, halves[count * 7919 % have][0]);
		sqlite3_bind_int64(s, 2, halves[count * 7919 % have][1]);
		(void)rows(s, 1, &last);
		count++;
	}
	printf("{\"a_second\": %.0f}\n", (double)count / (now() - start));
}

static int listener(struct sockaddr_in *at)
{
	socklen_t len = sizeof(*at);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	*at = (struct sockaddr_in){.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	if (fd < 0 || bind(fd, (struct sockaddr *)at, sizeof(*at)) != 0 || listen(fd, 1) != 0 ||
	    getsockname(fd, (struct sockaddr *)at, &len) != 0)
		die("cannot listen");
	return fd;
}

static void serve(int listening, size_t bytes)
{
	int fd = accept(listening, NULL, NULL);
	char *answer = calloc(1, bytes);
	char question[100];
	while (answer != NULL && recv(fd, question, sizeof(question), MSG_WAITALL) == sizeof(question))
		if (send(fd, answer, bytes, MSG_NOSIGNAL) != (ssize_t)bytes)
			break;
	_exit(0);
}

static void send_only(size_t bytes, double seconds)
{
	struct sockaddr_in at;
	int listening = listener(&at);
	pid_t child = fork();
	if (child == 0)
		serve(listening, bytes);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	char *answer = malloc(bytes);
	char question[100] = {0};
	if (fd < 0 || answer == NULL || connect(fd, (struct sockaddr *)&at, sizeof(at)) != 0)
		die("cannot connect");
	uint64_t count = 0;
	double start = now();
	while (now() - start < seconds) {
		if (send(fd, question, sizeof(question), 0) != (ssize_t)sizeof(question) ||
		    recv(fd, answer, bytes, MSG_WAITALL) != (ssize_t)bytes)
			die("the connection broke");
		count++;
	}
	printf("{\"a_second\": %.0f}\n", (double)count / (now() - start));
	close(fd);
	(void)waitpid(child, NULL, 0);
	free(answer);
}

int main(int argc, char **argv)
{
	if (argc != 4)
		die("pages|ids DATABASE SECONDS, or send BYTES SECONDS");
	double seconds = strtod(argv[3], NULL);
	if (strcmp(argv[1], "pages") == 0)
		pages(argv[2], seconds);
	else if (strcmp(argv[1], "ids") == 0)
		ids(argv[2], seconds);
	else
		send_only((size_t)strtoul(argv[2], NULL, 10), seconds);
	return 0;
}
