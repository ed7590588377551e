/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "resolver/forwarder.h"

#include <arpa/inet.h>
#include <assert.h>
#include <errno.h>
#include <pthread.h>
#include <sodium.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "resolver/forwarder_message.h"

#define UDP_MAX           65507
#define QUESTIONS_A_ROUND 64
#define ASKERS_MAX        4    /* of one question: libunbound asks again before the first answer */
#define CONNECTIONS       2    /* kept to one upstream */
#define CONNECTION_BUSY   128  /* questions on the first before the second is opened */
#define TRIES_MAX         3    /* upstreams or connections, for one question */
#define TRY_MS            1000 /* then another upstream is asked too */
#define GIVE_UP_MS        2300 /* then libunbound is told, before it asks again: below FORWARDER_WAIT_MS */
#define SILENCE_MAX       4    /* questions in a row that an upstream let wait: the connection is dead */
#define BACKOFF_FIRST_MS  250
#define BACKOFF_LAST_MS   10000
#define BACKOFF_DOUBLINGS 6 /* from first to last */
#define NS_A_MS           UINT64_C(1000000)
#define BUCKETS           1024
#define IDS               65536
#define CONFIG_PATH_SIZE  64

struct query;
struct upstream;

struct link { /* one of an upstream's connections */
	struct upstream *upstream;
	struct connection *connection; /* NULL: none */
	struct query *queries;         /* that wait for it */
	size_t count;
	unsigned silent; /* questions in a row without an answer in time */
	bool ready, answered;
};

struct upstream {
	struct forwarder *forwarder;
	struct recursor_forward options;
	char *tls_name;
	struct link links[CONNECTIONS];
	uint64_t closed_until_ns; /* after failures it is left alone for a while */
	unsigned failures;        /* in a row */

	_Atomic uint64_t asked, answered, timed_out, connections, refused_certificates, latency_us;
	_Atomic uint64_t latency[RECURSOR_LATENCY_SLOTS];
	_Atomic bool connected, failing;
	pthread_mutex_t mutex; /* guards error, which others read */
	char error[128];
};

struct asker {
	struct sockaddr_in from;
	uint16_t id;
};

struct query {
	struct reactor_timer timer; /* first */
	struct forwarder *forwarder;
	struct query *next; /* in its bucket */
	struct link *link;  /* asked there; NULL: nowhere */
	struct query *next_there, *previous_there;
	uint64_t since_ns, sent_ns;
	unsigned tries;
	uint32_t tried; /* a bit an upstream */
	uint16_t id;
	uint16_t flags;
	bool dnssec_ok;
	size_t asker_count;
	struct asker askers[ASKERS_MAX];
	size_t question_len;
	uint8_t question[FORWARDER_QUESTION_MAX];
};

struct forwarder {
	struct reactor_event socket; /* first */
	struct reactor *reactor;
	struct forwarder_tls *tls;
	struct endpoint endpoint;
	int config_fd;
	char config_path[CONFIG_PATH_SIZE];
	char secret[FORWARDER_SECRET_LEN + 1];
	size_t upstream_count;
	struct upstream *upstreams;
	size_t query_count;
	struct query *buckets[BUCKETS];
	struct query *by_id[IDS];
	uint8_t key[crypto_shorthash_KEYBYTES];
	uint8_t message[UDP_MAX + 1];
};

static void dispatch(struct forwarder *f, struct query *q);

static void count(_Atomic uint64_t *counter, uint64_t by)
{
	atomic_fetch_add_explicit(counter, by, memory_order_relaxed);
}

static void set_error(struct upstream *u, const char *why)
{
	pthread_mutex_lock(&u->mutex);
	snprintf(u->error, sizeof(u->error), "%s", why);
	pthread_mutex_unlock(&u->mutex);
}

/* ---- the questions under way ---- */

static struct query **bucket_of(struct forwarder *f, const uint8_t *question, size_t len)
{
	uint64_t hash;
	crypto_shorthash((uint8_t *)&hash, question, len, f->key);
	return &f->buckets[hash % BUCKETS];
}

static void leave_link(struct query *q)
{
	struct link *l = q->link;
	if (l == NULL)
		return;
	if (q->next_there != NULL)
		q->next_there->previous_there = q->previous_there;
	if (q->previous_there != NULL)
		q->previous_there->next_there = q->next_there;
	else
		l->queries = q->next_there;
	l->count--;
	q->link = NULL;
}

static void enter_link(struct query *q, struct link *l)
{
	q->link = l;
	q->previous_there = NULL;
	q->next_there = l->queries;
	if (q->next_there != NULL)
		q->next_there->previous_there = q;
	l->queries = q;
	l->count++;
}

static void query_free(struct query *q)
{
	struct forwarder *f = q->forwarder;
	leave_link(q);
	reactor_timer_clear(f->reactor, &q->timer);
	struct query **at = bucket_of(f, q->question, q->question_len);
	while (*at != q)
		at = &(*at)->next;
	*at = q->next;
	f->by_id[q->id] = NULL;
	f->query_count--;
	free(q);
}

/* Gives a message to all who asked, each under its own number. */
static void reply(struct forwarder *f, const struct query *q, uint8_t *message, size_t len)
{
	for (size_t i = 0; i < q->asker_count; i++) {
		message[0] = (uint8_t)(q->askers[i].id >> 8);
		message[1] = (uint8_t)q->askers[i].id;
		/* One that is lost libunbound asks for again. */
		(void)!sendto(f->socket.fd, message, len, MSG_NOSIGNAL | MSG_DONTWAIT,
			      (const struct sockaddr *)&q->askers[i].from, sizeof(q->askers[i].from));
	}
}

static void give_up(struct forwarder *f, struct query *q)
{
	uint8_t failure[FORWARDER_QUERY_MAX];
	size_t len = forwarder_failure_write(q->flags, q->question, q->question_len, failure);
	reply(f, q, failure, len);
	query_free(q);
}

/* ---- upstreams ---- */

static void upstream_failed(struct upstream *u, const char *why)
{
	set_error(u, why);
	atomic_store_explicit(&u->failing, true, memory_order_relaxed);
	uint64_t wait_ms = BACKOFF_FIRST_MS;
	for (unsigned i = 0; i < u->failures && wait_ms < BACKOFF_LAST_MS; i++)
		wait_ms *= 2;
	if (wait_ms > BACKOFF_LAST_MS)
		wait_ms = BACKOFF_LAST_MS;
	u->failures++;
	u->closed_until_ns = reactor_now_ns(u->forwarder->reactor) + wait_ms * NS_A_MS;
}

static void note_connected(struct upstream *u)
{
	bool connected = false;
	for (size_t i = 0; i < CONNECTIONS; i++)
		connected = connected || u->links[i].ready;
	atomic_store_explicit(&u->connected, connected, memory_order_relaxed);
}

/* Closes it and asks elsewhere what waits for it. */
static void link_close(struct link *l)
{
	struct forwarder *f = l->upstream->forwarder;
	connection_free(l->connection);
	l->connection = NULL;
	l->ready = false;
	l->answered = false;
	l->silent = 0;
	note_connected(l->upstream);
	struct query *rest = l->queries;
	l->queries = NULL;
	l->count = 0;
	/* One that is asked here again stands in the new list. */
	for (struct query *q = rest; q != NULL; q = q->next_there)
		q->link = NULL;
	while (rest != NULL) {
		struct query *q = rest;
		rest = q->next_there;
		dispatch(f, q);
	}
}

static void on_ready(void *context)
{
	struct link *l = context;
	l->ready = true;
	note_connected(l->upstream);
}

static void on_ended(void *context, enum connection_end end, const char *why)
{
	struct link *l = context;
	struct upstream *u = l->upstream;
	if (end == CONNECTION_REFUSED) {
		count(&u->refused_certificates, 1);
		/* Somebody must mend that; it does not pass in a moment. */
		u->failures = BACKOFF_DOUBLINGS;
	}
	/* One that worked and was closed is simply made anew. */
	if (end != CONNECTION_CLOSED || !l->answered)
		upstream_failed(u, why);
	link_close(l);
}

static unsigned latency_slot(uint64_t us)
{
	unsigned slot = us == 0 ? 0 : 64 - (unsigned)__builtin_clzll(us);
	return slot < RECURSOR_LATENCY_SLOTS ? slot : RECURSOR_LATENCY_SLOTS - 1;
}

static void note_answer(struct forwarder *f, struct link *l, const struct query *q)
{
	struct upstream *u = l->upstream;
	uint64_t us = (reactor_now_ns(f->reactor) - q->sent_ns) / 1000;
	count(&u->answered, 1);
	count(&u->latency[latency_slot(us)], 1);
	count(&u->latency_us, us);
	l->answered = true;
	l->silent = 0;
	u->failures = 0;
	u->closed_until_ns = 0;
	atomic_store_explicit(&u->failing, false, memory_order_relaxed);
}

static void on_message(void *context, const uint8_t *data, size_t len)
{
	struct link *l = context;
	struct forwarder *f = l->upstream->forwarder;
	struct query *q = f->by_id[load_be16(data)];
	/* One that was given up meanwhile, or that this upstream was not asked. */
	if (q == NULL || q->link != l)
		return;
	note_answer(f, l, q);
	if (len > UDP_MAX || !forwarder_answer_fits(cur_of(data, len), q->question, q->question_len)) {
		give_up(f, q);
		return;
	}
	memcpy(f->message, data, len);
	reply(f, q, f->message, len);
	query_free(q);
}

static int link_open(struct link *l)
{
	struct upstream *u = l->upstream;
	const struct connection_calls calls = {on_message, on_ready, on_ended, l};
	count(&u->connections, 1);
	int err =
		connection_new(u->forwarder->reactor, u->forwarder->tls, &u->options, &calls, &l->connection);
	if (err == HN_EIO)
		upstream_failed(u, hn_errno_text(errno));
	return err;
}

/* The connection to use: the less busy one; the second is made when the first has much to do. */
static struct link *link_of(struct upstream *u)
{
	struct link *best = NULL;
	for (size_t i = 0; i < CONNECTIONS; i++) {
		struct link *l = &u->links[i];
		if (l->connection != NULL && (best == NULL || l->count < best->count))
			best = l;
	}
	for (size_t i = 0; i < CONNECTIONS; i++) {
		struct link *l = &u->links[i];
		if (l->connection == NULL && (best == NULL || best->count >= CONNECTION_BUSY))
			return link_open(l) == HN_OK ? l : best;
	}
	return best;
}

/* The first that was not tried and is not left alone; else any that is not left alone. */
static struct upstream *upstream_of(struct forwarder *f, const struct query *q)
{
	uint64_t now = reactor_now_ns(f->reactor);
	struct upstream *again = NULL;
	for (size_t i = 0; i < f->upstream_count; i++) {
		struct upstream *u = &f->upstreams[i];
		if (now < u->closed_until_ns)
			continue;
		if ((q->tried & (1u << i)) == 0)
			return u;
		if (again == NULL)
			again = u;
	}
	return again;
}

/* Sends it to an upstream. @return false: that one takes nothing now */
static bool query_send(struct forwarder *f, struct query *q, struct upstream *u)
{
	struct link *l = link_of(u);
	q->tried |= 1u << (u - f->upstreams);
	if (l == NULL)
		return false;
	const struct forwarder_question question = {0, q->flags, q->dnssec_ok, q->question, q->question_len};
	uint8_t message[FORWARDER_QUERY_MAX];
	size_t len = forwarder_query_write(&question, message);
	message[0] = (uint8_t)(q->id >> 8);
	message[1] = (uint8_t)q->id;
	if (connection_send(l->connection, message, len) != HN_OK)
		return false;
	count(&u->asked, 1);
	enter_link(q, l);
	q->sent_ns = reactor_now_ns(f->reactor);
	return true;
}

/* When the first of those that are left alone may be asked again. */
static uint64_t next_open(const struct forwarder *f)
{
	uint64_t at = UINT64_MAX;
	for (size_t i = 0; i < f->upstream_count; i++)
		if (f->upstreams[i].closed_until_ns < at)
			at = f->upstreams[i].closed_until_ns;
	return at;
}

/* Sends it to somebody. @return when to look at it again; 0: nobody takes it, nor will in time */
static uint64_t ask_somebody(struct forwarder *f, struct query *q)
{
	uint64_t last = q->since_ns + GIVE_UP_MS * NS_A_MS;
	while (q->tries < TRIES_MAX) {
		struct upstream *u = upstream_of(f, q);
		if (u == NULL) {
			uint64_t at = next_open(f);
			return at < last ? at : 0;
		}
		q->tries++;
		if (query_send(f, q, u)) {
			uint64_t at = q->sent_ns + TRY_MS * NS_A_MS;
			return at < last ? at : last;
		}
	}
	return 0;
}

/* Asks an upstream, or says that none can be asked. The question may be gone after it. */
static void dispatch(struct forwarder *f, struct query *q)
{
	uint64_t at = ask_somebody(f, q);
	if (at == 0 || reactor_timer_set(f->reactor, &q->timer, at) != HN_OK)
		give_up(f, q);
}

/* An upstream let it wait too long, or may be asked again. */
static void on_timer(struct reactor_timer *timer)
{
	struct query *q = (struct query *)timer;
	struct forwarder *f = q->forwarder;
	struct link *l = q->link;
	leave_link(q);
	if (l != NULL)
		count(&l->upstream->timed_out, 1);
	if (reactor_now_ns(f->reactor) - q->since_ns >= GIVE_UP_MS * NS_A_MS)
		give_up(f, q);
	else
		dispatch(f, q);
	if (l != NULL && l->connection != NULL && ++l->silent >= SILENCE_MAX) {
		upstream_failed(l->upstream, "does not answer");
		link_close(l);
	}
}

/* ---- libunbound's side ---- */

static bool same_asker(const struct asker *a, const struct sockaddr_in *from, uint16_t id)
{
	return a->id == id && a->from.sin_port == from->sin_port &&
	       a->from.sin_addr.s_addr == from->sin_addr.s_addr;
}

static bool same_question(const struct query *q, const struct forwarder_question *asked)
{
	return q->flags == asked->flags && q->dnssec_ok == asked->dnssec_ok &&
	       q->question_len == asked->question_len &&
	       memcmp(q->question, asked->question, asked->question_len) == 0;
}

/* A number for the upstreams that nobody can guess and no other question has. */
static uint16_t free_id(const struct forwarder *f)
{
	uint16_t id = (uint16_t)randombytes_random();
	while (f->by_id[id] != NULL)
		id++;
	return id;
}

static struct query *query_new(struct forwarder *f, const struct forwarder_question *asked)
{
	struct query *q = f->query_count < FORWARDER_QUERIES_MAX ? calloc(1, sizeof(*q)) : NULL;
	if (q == NULL)
		return NULL;
	q->forwarder = f;
	q->timer.due = on_timer;
	q->since_ns = reactor_now_ns(f->reactor);
	q->id = free_id(f);
	q->flags = asked->flags;
	q->dnssec_ok = asked->dnssec_ok;
	q->question_len = asked->question_len;
	memcpy(q->question, asked->question, asked->question_len);
	struct query **bucket = bucket_of(f, q->question, q->question_len);
	q->next = *bucket;
	*bucket = q;
	f->by_id[q->id] = q;
	f->query_count++;
	return q;
}

static void take_question(struct forwarder *f, const struct forwarder_question *asked,
			  const struct sockaddr_in *from)
{
	struct query *q = *bucket_of(f, asked->question, asked->question_len);
	while (q != NULL && !same_question(q, asked))
		q = q->next;
	bool fresh = q == NULL;
	if (fresh)
		q = query_new(f, asked);
	if (q == NULL)
		return;
	for (size_t i = 0; i < q->asker_count; i++)
		if (same_asker(&q->askers[i], from, asked->id))
			return;
	/* The latest asker is the one that still listens. */
	size_t place = q->asker_count < ASKERS_MAX ? q->asker_count++ : ASKERS_MAX - 1;
	q->askers[place] = (struct asker){*from, asked->id};
	if (fresh)
		dispatch(f, q);
}

static void on_socket(struct reactor_event *event, unsigned events)
{
	(void)events;
	struct forwarder *f = (struct forwarder *)event;
	for (unsigned i = 0; i < QUESTIONS_A_ROUND; i++) {
		struct sockaddr_in from = {0};
		socklen_t from_len = sizeof(from);
		uint8_t message[FORWARDER_QUERY_MAX * 2];
		ssize_t len = recvfrom(f->socket.fd, message, sizeof(message), MSG_DONTWAIT,
				       (struct sockaddr *)&from, &from_len);
		if (len < 0)
			return;
		struct forwarder_question asked;
		if (forwarder_question_parse(cur_of(message, (size_t)len), f->secret, &asked) == HN_OK)
			take_question(f, &asked, &from);
	}
}

/* ---- making it ---- */

/* On an address of 127/8 and a port that are this run's alone. */
static int open_stub(struct forwarder *f)
{
	f->socket.fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (f->socket.fd < 0)
		return HN_EIO;
	uint8_t address[4] = {127, 0, 0, 0};
	randombytes_buf(address + 1, 2);
	address[3] = (uint8_t)(1 + randombytes_uniform(254));
	struct sockaddr_in at = {.sin_family = AF_INET};
	memcpy(&at.sin_addr, address, sizeof(address));
	socklen_t len = sizeof(at);
	if (bind(f->socket.fd, (const struct sockaddr *)&at, sizeof(at)) != 0 ||
	    getsockname(f->socket.fd, (struct sockaddr *)&at, &len) != 0)
		return HN_EIO;
	f->endpoint.ip.version = 4;
	memcpy(f->endpoint.ip.bytes, address, sizeof(address));
	f->endpoint.port = ntohs(at.sin_port);
	return HN_OK;
}

static void make_secret(struct forwarder *f)
{
	uint8_t bytes[FORWARDER_SECRET_LEN / 2];
	randombytes_buf(bytes, sizeof(bytes));
	sodium_bin2hex(f->secret, sizeof(f->secret), bytes, sizeof(bytes));
}

/* libunbound takes these options only from a file. */
static int make_config(struct forwarder *f)
{
	f->config_fd = memfd_create("libunbound", MFD_CLOEXEC);
	if (f->config_fd < 0)
		return HN_EIO;
	char ip[IP_TEXT_SIZE];
	ip_format(&f->endpoint.ip, ip);
	int written = dprintf(f->config_fd,
			      "server:\n"
			      "edns-client-string-opcode: %d\n"
			      "edns-client-string: %s/32 \"%s\"\n",
			      FORWARDER_SECRET_CODE, ip, f->secret);
	snprintf(f->config_path, sizeof(f->config_path), "/proc/self/fd/%d", f->config_fd);
	return written > 0 ? HN_OK : HN_EIO;
}

static int copy_upstreams(struct forwarder *f, const struct recursor_forward *upstreams, size_t count_given)
{
	f->upstreams = calloc(count_given, sizeof(*f->upstreams));
	if (f->upstreams == NULL)
		return HN_ENOMEM;
	for (size_t i = 0; i < count_given; i++) {
		struct upstream *u = &f->upstreams[f->upstream_count++];
		pthread_mutex_init(&u->mutex, NULL);
		u->forwarder = f;
		u->options = upstreams[i];
		u->options.tls_name = NULL;
		for (size_t j = 0; j < CONNECTIONS; j++)
			u->links[j].upstream = u;
		if (upstreams[i].tls_name == NULL)
			continue;
		u->tls_name = strdup(upstreams[i].tls_name);
		if (u->tls_name == NULL)
			return HN_ENOMEM;
		u->options.tls_name = u->tls_name;
	}
	return HN_OK;
}

int forwarder_new(struct reactor *reactor, struct forwarder_tls *tls,
		  const struct recursor_forward *upstreams, size_t count_given, struct forwarder **out)
{
	assert(count_given > 0 && count_given <= RECURSOR_FORWARD_MAX);
	struct forwarder *f = calloc(1, sizeof(*f));
	if (f == NULL)
		return HN_ENOMEM;
	f->reactor = reactor;
	f->tls = tls;
	f->config_fd = -1;
	f->socket = (struct reactor_event){.fd = -1, .ready = on_socket};
	randombytes_buf(f->key, sizeof(f->key));
	make_secret(f);
	int err = copy_upstreams(f, upstreams, count_given);
	if (err == HN_OK)
		err = open_stub(f);
	if (err == HN_OK)
		err = make_config(f);
	if (err == HN_OK)
		err = reactor_want(reactor, &f->socket, REACTOR_READ);
	if (err != HN_OK) {
		int saved = errno;
		forwarder_free(f);
		errno = saved;
		return err;
	}
	*out = f;
	return HN_OK;
}

void forwarder_free(struct forwarder *f)
{
	if (f == NULL)
		return;
	for (size_t i = 0; i < BUCKETS; i++)
		for (struct query *q = f->buckets[i]; q != NULL;) {
			struct query *next = q->next;
			reactor_timer_clear(f->reactor, &q->timer);
			free(q);
			q = next;
		}
	for (size_t i = 0; i < f->upstream_count; i++) {
		for (size_t j = 0; j < CONNECTIONS; j++)
			connection_free(f->upstreams[i].links[j].connection);
		pthread_mutex_destroy(&f->upstreams[i].mutex);
		free(f->upstreams[i].tls_name);
	}
	free(f->upstreams);
	if (f->socket.fd >= 0) {
		reactor_forget(f->reactor, &f->socket);
		close(f->socket.fd);
	}
	if (f->config_fd >= 0)
		close(f->config_fd);
	sodium_memzero(f->secret, sizeof(f->secret));
	free(f);
}

struct endpoint forwarder_endpoint(const struct forwarder *f)
{
	return f->endpoint;
}

const char *forwarder_config_file(const struct forwarder *f)
{
	return f->config_path;
}

const char *forwarder_secret(const struct forwarder *f)
{
	return f->secret;
}

static uint64_t read_count(const _Atomic uint64_t *counter)
{
	return atomic_load_explicit(counter, memory_order_relaxed);
}

size_t forwarder_upstreams(const struct forwarder *f, struct recursor_upstream *out, size_t max)
{
	size_t shown = f->upstream_count < max ? f->upstream_count : max;
	for (size_t i = 0; i < shown; i++) {
		struct upstream *u = &f->upstreams[i];
		out[i].address = u->options.address;
		out[i].connected |= atomic_load_explicit(&u->connected, memory_order_relaxed);
		out[i].failing |= atomic_load_explicit(&u->failing, memory_order_relaxed);
		out[i].asked += read_count(&u->asked);
		out[i].answered += read_count(&u->answered);
		out[i].timed_out += read_count(&u->timed_out);
		out[i].connections += read_count(&u->connections);
		out[i].refused_certificates += read_count(&u->refused_certificates);
		out[i].latency_us += read_count(&u->latency_us);
		for (size_t j = 0; j < RECURSOR_LATENCY_SLOTS; j++)
			out[i].latency[j] += read_count(&u->latency[j]);
		pthread_mutex_lock(&u->mutex);
		if (u->error[0] != 0)
			memcpy(out[i].error, u->error, sizeof(u->error));
		pthread_mutex_unlock(&u->mutex);
	}
	return shown;
}
