/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */

/*
 * Between the store and PostgreSQL stands a relay that cuts the line at a commit: before the question has
 * passed, or after it has and before the answer. Either way the job is there exactly once, and is told so.
 */
#include <poll.h>
#include <pthread.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "store/asker.h"
#include "store/db.h"
#include "store_world.h"

enum cut { CUT_NOTHING, CUT_QUESTION, CUT_ANSWER };

static struct relay {
	pthread_mutex_t lock; /* guards what follows */
	enum cut cut;         /* at the next commit */
	unsigned cuts;
	char dir[64];
	struct sockaddr_un server;
	int listener;
} relay = {.lock = PTHREAD_MUTEX_INITIALIZER};

/* What to do with what the store says; a commit is cut once. */
static enum cut cut_of(const char *data, size_t len)
{
	if (memmem(data, len, "COMMIT", 6) == NULL)
		return CUT_NOTHING;
	(void)pthread_mutex_lock(&relay.lock);
	enum cut cut = relay.cut;
	relay.cut = CUT_NOTHING;
	relay.cuts += cut != CUT_NOTHING;
	(void)pthread_mutex_unlock(&relay.lock);
	return cut;
}

static bool pass(int to, const char *data, size_t len)
{
	while (len > 0) {
		ssize_t n = send(to, data, len, MSG_NOSIGNAL);
		if (n <= 0)
			return false;
		data += n;
		len -= (size_t)n;
	}
	return true;
}

/* @return whether the line still stands */
static bool pass_question(int client, int server)
{
	char data[65536], answer[4096];
	ssize_t n = recv(client, data, sizeof(data), 0);
	if (n <= 0)
		return false;
	enum cut cut = cut_of(data, (size_t)n);
	if (cut == CUT_QUESTION || !pass(server, data, (size_t)n))
		return false;
	/* The server has answered, so it has committed; nobody hears it. */
	if (cut == CUT_ANSWER)
		return recv(server, answer, sizeof(answer), 0) < 0;
	return true;
}

static bool pass_answer(int client, int server)
{
	char data[65536];
	ssize_t n = recv(server, data, sizeof(data), 0);
	return n > 0 && pass(client, data, (size_t)n);
}

static void *serve_one(void *context)
{
	int client = (int)(intptr_t)context, server = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	bool stands = server >= 0 &&
		      connect(server, (const struct sockaddr *)&relay.server, sizeof(relay.server)) == 0;
	while (stands) {
		struct pollfd fds[2] = {{.fd = client, .events = POLLIN}, {.fd = server, .events = POLLIN}};
		if (poll(fds, 2, -1) < 0)
			break;
		if (fds[0].revents != 0)
			stands = pass_question(client, server);
		if (stands && fds[1].revents != 0)
			stands = pass_answer(client, server);
	}
	(void)close(client);
	if (server >= 0)
		(void)close(server);
	return NULL;
}

static void *serve(void *context)
{
	(void)context;
	int client;
	while ((client = accept4(relay.listener, NULL, NULL, SOCK_CLOEXEC)) >= 0) {
		pthread_t thread;
		if (pthread_create(&thread, NULL, serve_one, (void *)(intptr_t)client) == 0)
			(void)pthread_detach(thread);
		else
			(void)close(client);
	}
	return NULL;
}

static void relay_start(pthread_t *thread_out)
{
	struct sockaddr_un here = {.sun_family = AF_UNIX};
	(void)snprintf(relay.dir, sizeof(relay.dir), "/tmp/hinomi-relay-XXXXXX");
	assert_non_null(mkdtemp(relay.dir));
	(void)snprintf(here.sun_path, sizeof(here.sun_path), "%s/.s.PGSQL.5432", relay.dir);
	relay.server.sun_family = AF_UNIX;
	(void)snprintf(relay.server.sun_path, sizeof(relay.server.sun_path), "%s/.s.PGSQL.5432",
		       world_cluster.dir);
	relay.listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_true(relay.listener >= 0);
	assert_int_equal(bind(relay.listener, (const struct sockaddr *)&here, sizeof(here)), 0);
	assert_int_equal(listen(relay.listener, 16), 0);
	assert_int_equal(pthread_create(thread_out, NULL, serve, NULL), 0);
}

static void relay_stop(pthread_t thread)
{
	(void)shutdown(relay.listener, SHUT_RDWR);
	assert_int_equal(pthread_join(thread, NULL), 0);
	(void)close(relay.listener);
	world_remove(relay.dir);
}

/* ---- jobs ---- */

static int make_things(struct writing *w, void *context)
{
	(void)context;
	return db_run(writing_db(w), "CREATE TABLE thing (number BIGINT)");
}

static int add_thing(struct writing *w, void *context)
{
	return db_run(writing_db(w), "INSERT INTO thing (number) VALUES ($1)",
		      db_number(*(const int64_t *)context));
}

static void a_commit_whose_answer_is_lost_holds_once(void **state)
{
	(void)state;
	struct store_world w;
	pthread_t thread;
	char url[256];
	/* SQLite is no peer. */
	if (!world_is_postgres())
		return;
	world_init(&w);
	relay_start(&thread);
	(void)snprintf(url, sizeof(url), "postgresql://postgres@/postgres?schema=w%u&host=%s",
		       world_cluster.schemas, relay.dir);
	(void)snprintf(w.url, sizeof(w.url), "%s", url);
	world_open_store(&w);
	assert_int_equal(store_write(w.store, make_things, NULL), HN_OK);
	for (int64_t i = 0; i < 12; i++) {
		(void)pthread_mutex_lock(&relay.lock);
		relay.cut = i % 3 == 0 ? CUT_ANSWER : (i % 3 == 1 ? CUT_QUESTION : CUT_NOTHING);
		(void)pthread_mutex_unlock(&relay.lock);
		assert_int_equal(store_write(w.store, add_thing, &i), HN_OK);
		assert_int_equal(world_things(&w, i), 1);
	}
	assert_int_equal(relay.cuts, 8);
	world_close(&w);
	relay_stop(thread);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_commit_whose_answer_is_lost_holds_once),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
