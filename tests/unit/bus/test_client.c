/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "bus/client.h"

#include <signal.h>
#include <stdio.h>
#include <sys/stat.h>

#include "base/digest.h"
#include "base/file.h"
#include "base/utc.h"
#include "bus/head.h"
#include "bus/pump.h"
#include "tests/unit/bus/folder.h"
#include "tests/unit/bus/tls_server.h"

#define TURNS 20000 /* of a loop, before a test gives up */

struct world {
	struct tls_server server;
	struct client_loop *loop;
	struct client *client;
	struct key *identity;
	struct uuid edge;
	char *key;         /* of the certificate */
	char *certificate; /* the edge's */
	bool done;
	struct client_result result;
};

static struct world w;

static struct client_options options_of(void)
{
	struct client_options o = {.host = "127.0.0.1",
				   .port = w.server.port,
				   .certificate = w.certificate,
				   .key = w.key,
				   .backoff_least_ms = 1,
				   .backoff_most_ms = 8};
	pki_root_digest(w.server.pki, o.root);
	return o;
}

static void new_client(const struct client_options *o)
{
	client_free(w.client);
	w.client = NULL;
	assert_int_equal(client_new(w.loop, o, &w.client), HN_OK);
}

static int begin(void **state)
{
	struct client_options o;
	struct buf csr, pem;
	assert_int_equal(folder_make(state), 0);
	memset(&w, 0, sizeof(w));
	tls_server_start(&w.server, folder);
	assert_int_equal(client_loop_new(&w.loop), HN_OK);
	assert_int_equal(key_make("sensor", &w.identity), HN_OK);
	key_sensor_id(key_public(w.identity), &w.edge);
	assert_int_equal(pki_key_make(&w.key), HN_OK);
	buf_init(&csr, PKI_CSR_MAX);
	buf_init(&pem, PKI_PEM_MAX);
	assert_int_equal(pki_csr_make(w.key, &csr), HN_OK);
	assert_int_equal(
		pki_sign_edge(w.server.pki, csr.data, csr.len, &w.edge, utc_now_ns(), &pem, NULL, NULL),
		HN_OK);
	w.certificate = pem.data;
	buf_clear(&csr);
	o = options_of();
	new_client(&o);
	return 0;
}

static int end(void **state)
{
	client_free(w.client);
	client_loop_free(w.loop);
	tls_server_stop(&w.server);
	key_free(w.identity);
	pki_secret_free(w.key);
	free(w.certificate);
	return folder_remove(state);
}

static void run(const bool *until)
{
	for (int i = 0; i < TURNS && !*until; i++)
		assert_int_equal(client_loop_turn(w.loop, 100), HN_OK);
	assert_true(*until);
}

static void ended(void *context, const struct client_result *r)
{
	(void)context;
	w.result = *r;
	w.done = true;
}

/* ---- enrolling ---- */

static void enrolled(void *context, const struct client_result *r, struct enrol_answer *answer)
{
	ended(context, r);
	assert_int_equal(answer != NULL, r->err == HN_OK);
	if (answer != NULL) {
		assert_memory_equal(&answer->edge, &w.edge, sizeof(w.edge));
		enrol_answer_clear(answer);
	}
}

static int enrol(const struct code *code)
{
	static const struct enrol_program program = {"hinomi-edge", "0.1.0", "abc"};
	struct client_options o = options_of();
	struct buf csr, request;
	buf_init(&csr, PKI_CSR_MAX);
	buf_init(&request, ENROL_REQUEST_MAX);
	assert_int_equal(pki_csr_make(w.key, &csr), HN_OK);
	assert_int_equal(enrol_request_write(code, w.identity, ENROL_SENSOR, &program, csr.data, &request),
			 HN_OK);
	o.certificate = NULL;
	memcpy(o.root, code->root, 32);
	new_client(&o);
	w.done = false;
	assert_int_equal(client_enrol(w.client, &request, &w.edge, w.key, enrolled, NULL), HN_OK);
	buf_clear(&request);
	buf_clear(&csr);
	run(&w.done);
	return w.result.err;
}

static void an_edge_enrols_by_its_code_alone(void **state)
{
	struct code *code;
	uint8_t root[32];
	(void)state;
	pki_root_digest(w.server.pki, root);
	assert_int_equal(code_make("127.0.0.1", w.server.port, root, &code), HN_OK);
	memcpy(w.server.secret, code->secret, 16);
	assert_int_equal(enrol(code), HN_OK);
	assert_int_equal(w.result.status, 201);
	w.server.secret[0] ^= 1;
	assert_int_equal(enrol(code), HN_EAUTH);
	assert_string_equal(w.result.fault.message, "403 No: for a reason");
	w.server.secret[0] ^= 1;
	w.server.other_edge = true;
	assert_int_equal(enrol(code), HN_EAUTH);
	w.server.other_edge = false;
	code->root[31] ^= 1; /* somebody between has another root: nothing is sent to him */
	assert_int_equal(enrol(code), HN_EAUTH);
	assert_int_equal(w.result.status, 0);
	assert_non_null(strstr(w.result.fault.message, "another root"));
	code_free(code);
}

static void the_name_is_verified_too(void **state)
{
	struct client_options o = options_of();
	(void)state;
	o.host = "127.0.0.2"; /* loopback as well, but not in the certificate */
	new_client(&o);
	uint8_t digest[32] = {1};
	assert_int_equal(client_blob(w.client, digest, 1, NULL, ended, NULL), HN_OK);
	run(&w.done);
	assert_true(w.result.err == HN_EAUTH || w.result.err == HN_EIO);
	assert_int_equal(w.result.status, 0);
}

static void renewed(void *context, const struct client_result *r, const char *certificate)
{
	ended(context, r);
	if (certificate != NULL)
		assert_int_equal(client_certificate(w.client, certificate, NULL), HN_OK);
}

static void a_certificate_is_renewed(void **state)
{
	struct buf csr;
	(void)state;
	buf_init(&csr, PKI_CSR_MAX);
	assert_int_equal(pki_csr_make(w.key, &csr), HN_OK);
	for (int i = 0; i < 2; i++) {
		w.done = false;
		assert_int_equal(client_renew(w.client, csr.data, w.key, renewed, NULL), HN_OK);
		run(&w.done);
		assert_int_equal(w.result.err, HN_OK);
	}
	char *other;
	assert_int_equal(pki_key_make(&other), HN_OK);
	w.done = false;
	assert_int_equal(client_renew(w.client, csr.data, other, renewed, NULL), HN_OK);
	run(&w.done);
	assert_int_equal(w.result.err, HN_EAUTH); /* for another key than ours */
	pki_secret_free(other);
	buf_clear(&csr);
}

static struct uuid seen_edge;

static void see_edge(void *context, const struct client_result *r, const char *certificate)
{
	struct pki_certificate said;
	ended(context, r);
	assert_non_null(certificate);
	assert_int_equal(pki_certificate_read(certificate, strlen(certificate), &said), HN_OK);
	seen_edge = said.edge;
}

static struct uuid who_am_i(struct client *c, const char *csr)
{
	w.done = false;
	assert_int_equal(client_renew(c, csr, w.key, see_edge, NULL), HN_OK);
	run(&w.done);
	return seen_edge;
}

/* Connections that are kept open are never those of another client of the loop. */
static void clients_of_one_loop_stay_apart(void **state)
{
	struct client_options o = options_of();
	struct uuid other = uuid_v4();
	struct client *second;
	struct buf csr, pem;
	(void)state;
	buf_init(&csr, PKI_CSR_MAX);
	buf_init(&pem, PKI_PEM_MAX);
	assert_int_equal(pki_csr_make(w.key, &csr), HN_OK);
	assert_int_equal(
		pki_sign_edge(w.server.pki, csr.data, csr.len, &other, utc_now_ns(), &pem, NULL, NULL),
		HN_OK);
	o.certificate = pem.data;
	assert_int_equal(client_new(w.loop, &o, &second), HN_OK);
	for (int i = 0; i < 3; i++) {
		struct uuid one = who_am_i(w.client, csr.data), two = who_am_i(second, csr.data);
		assert_memory_equal(&one, &w.edge, sizeof(one));
		assert_memory_equal(&two, &other, sizeof(two));
	}
	assert_int_equal(w.server.connection_count, 2); /* and they are kept */
	client_free(second);
	buf_clear(&pem);
	buf_clear(&csr);
}

/* ---- heads ---- */

struct heads {
	struct key *key;
	struct head_held held;
	unsigned taken, refused, connected, lost;
	bool enough;
};

static void take_head(void *context, const char *text, size_t len)
{
	struct heads *h = context;
	struct head head;
	assert_int_equal(head_read(text, len, key_public(h->key), &head, NULL), HN_OK);
	int err = head_follows(&head, &h->held, NULL);
	h->taken += err == HN_OK;
	h->refused += err == HN_ESTATE;
	if (err == HN_OK) {
		h->held.version = head.version;
		memcpy(h->held.digest, head.digest, 32);
	}
	head_clear(&head);
}

static void connected(void *context, const struct client_result *r)
{
	struct heads *h = context;
	if (r == NULL)
		h->connected++;
	else
		h->lost++;
	h->enough = h->lost >= 3;
	if (h->enough)
		client_unfollow(w.client);
}

static void add_event(const struct key *key, uint64_t version)
{
	struct head h = {.kind = HEAD_TRUST,
			 .id = HEAD_NATION,
			 .version = version,
			 .issued_ns = NS_SECOND,
			 .expires_ns = 2 * NS_SECOND,
			 .file_count = 1};
	struct buf text;
	buf_init(&text, HEAD_TEXT_MAX);
	assert_int_equal(head_sign(&h, key, &text), HN_OK);
	size_t at = strlen(w.server.heads);
	(void)snprintf(w.server.heads + at, sizeof(w.server.heads) - at, ": tick\n\nevent: head\ndata: %s\n",
		       text.data);
	buf_clear(&text);
}

static void heads_come_again_after_each_connection_and_never_roll_back(void **state)
{
	struct heads h = {0};
	(void)state;
	assert_int_equal(key_make("heads", &h.key), HN_OK);
	add_event(h.key, 2);
	add_event(h.key, 1); /* rolled back by the network, or by a hub that lost its head */
	add_event(h.key, 3);
	w.server.end_heads = true;
	w.server.busy = 1;
	assert_int_equal(client_follow(w.client, take_head, connected, &h), HN_OK);
	assert_int_equal(client_follow(w.client, take_head, connected, &h), HN_EEXIST);
	run(&h.enough);
	assert_int_equal(h.connected, 2); /* the first was told to come back */
	assert_int_equal(h.taken, 2);
	assert_int_equal(h.refused, 3);
	assert_int_equal(w.server.streams_of_heads, 2);
	key_free(h.key);
}

/* ---- blobs ---- */

static int blob(const char *name, struct stat *st)
{
	uint8_t digest[32];
	sha256(w.server.blob, sizeof(w.server.blob), digest);
	w.done = false;
	assert_int_equal(client_blob(w.client, digest, sizeof(w.server.blob),
				     name == NULL ? NULL : in_folder(name), ended, NULL),
			 HN_OK);
	assert_false(w.done); /* never from the call */
	run(&w.done);
	if (name != NULL && stat(in_folder(name), st) != 0)
		st->st_size = -1;
	return w.result.err;
}

static void a_blob_comes_whole_or_not_at_all(void **state)
{
	struct stat st;
	struct buf data;
	(void)state;
	assert_int_equal(blob("one", &st), HN_OK);
	assert_int_equal(st.st_size, sizeof(w.server.blob));
	assert_int_equal(w.server.ranges, 0);
	w.server.cut_blob = 3;
	w.server.busy = 2;
	assert_int_equal(blob("two", &st), HN_OK);
	assert_int_equal(w.server.ranges, 3); /* taken up where it was cut */
	buf_init(&data, sizeof(w.server.blob));
	assert_int_equal(file_read(in_folder("two"), &data), HN_OK);
	assert_memory_equal(data.data, w.server.blob, sizeof(w.server.blob));
	buf_clear(&data);
	assert_int_equal(stat(in_folder("two.part"), &st), -1);
	assert_int_equal(blob("two", &st), HN_OK); /* it is there already: nobody is asked */
	assert_int_equal(w.result.status, 0);
	w.server.cut_blob = 1;
	assert_int_equal(blob(NULL, NULL), HN_OK);
}

static void a_wrong_blob_is_thrown_away(void **state)
{
	struct stat st;
	(void)state;
	w.server.wrong_blob = true;
	assert_int_equal(blob("wrong", &st), HN_EAUTH);
	assert_int_equal(st.st_size, -1);
	assert_int_equal(stat(in_folder("wrong.part"), &st), -1);
	w.server.wrong_blob = false;
	w.server.blob[sizeof(w.server.blob) - 1] ^= 1;
	/* What somebody wrote into the part is not believed either. */
	assert_int_equal(file_write_whole(in_folder("part.part"), "rubbish", 7, 0600, true), HN_OK);
	assert_int_equal(blob("part", &st), HN_EAUTH);
	assert_int_equal(blob("part", &st), HN_OK);
}

static void a_blob_that_is_not_there_is_not_asked_for_again(void **state)
{
	uint8_t none[32] = {0};
	(void)state;
	assert_int_equal(client_blob(w.client, none, 10, in_folder("none"), ended, NULL), HN_OK);
	run(&w.done);
	assert_int_equal(w.result.err, HN_ENOENT);
	assert_int_equal(w.result.status, 404);
}

static void what_is_begun_ends_with_its_client(void **state)
{
	uint8_t none[32] = {9};
	(void)state;
	for (int turns = 0; turns < 4; turns++) {
		struct client_options o = options_of();
		new_client(&o);
		assert_int_equal(client_blob(w.client, none, 10, in_folder("none"), ended, NULL), HN_OK);
		assert_int_equal(client_follow(w.client, take_head, NULL, NULL), HN_OK);
		for (int i = 0; i < turns; i++)
			assert_int_equal(client_loop_turn(w.loop, 10), HN_OK);
	}
}

/* ---- batches ---- */

static void pump_sent(void *context, const struct batch *b)
{
	(void)b;
	(*(unsigned *)context)++;
}

static struct spool *open_spool(void)
{
	struct spool_options o = {.dir = in_folder("spool"), .bytes_max = SPOOL_BYTES_LEAST};
	struct spool *s;
	for (enum stream i = 0; i < STREAM_COUNT; i++)
		o.wanted[i] = SPOOL_TO_HUB;
	assert_int_equal(spool_open(&o, &s, NULL, NULL), HN_OK);
	return s;
}

static bool all_sent(struct spool *s)
{
	struct spool_state st;
	uint64_t waiting = 0;
	spool_state(s, &st);
	for (enum stream i = 0; i < STREAM_COUNT; i++)
		waiting += st.streams[i].waiting;
	return waiting == 0;
}

static void each_line_arrives_once_whatever_breaks(void **state)
{
	static const struct pump_events events = {.sent = pump_sent};
	struct spool_item item = {.lines = "{\"a\":1}\n{\"a\":2}\n", .len = 16, .position = "p"};
	unsigned sent = 0;
	struct pump *p;
	(void)state;
	struct spool *s = open_spool();
	for (int i = 0; i < 20; i++) {
		item.stream = (enum stream)(i % STREAM_COUNT);
		assert_int_equal(spool_add(s, &item, NULL), HN_OK);
	}
	w.server.lose = 5;
	w.server.cut_batch = 3;
	w.server.busy = 4;
	assert_int_equal(pump_new(w.client, s, SPOOL_HUB, &events, &sent, &p), HN_OK);
	for (int i = 0; i < TURNS && !all_sent(s); i++)
		assert_int_equal(client_loop_turn(w.loop, 100), HN_OK);
	assert_true(all_sent(s));
	item.stream = STREAM_RECEIPTS;
	assert_int_equal(spool_add(s, &item, NULL), HN_OK);
	pump_kick(p);
	for (int i = 0; i < TURNS && !all_sent(s); i++)
		assert_int_equal(client_loop_turn(w.loop, 100), HN_OK);
	for (enum stream i = 0; i < STREAM_COUNT; i++)
		assert_int_equal(w.server.lines[i], i == STREAM_RECEIPTS ? 10 : 8);
	assert_int_equal(w.server.kept_batches, 21);
	pump_free(p);
	spool_close(s);
}

static void outrun(void *context, enum stream stream)
{
	(void)stream;
	*(bool *)context = true;
}

/* The hub has more than this spool ever had: it is an old copy, and must not go on under that epoch. */
static void an_old_copy_of_a_spool_begins_anew(void **state)
{
	static const struct pump_events events = {.outrun = outrun};
	struct spool_item item = {.stream = STREAM_EVENTS, .lines = "{\"a\":1}\n", .len = 8};
	bool seen = false;
	struct pump *p;
	(void)state;
	struct spool *s = open_spool();
	assert_int_equal(spool_add(s, &item, NULL), HN_OK);
	w.server.epoch = spool_epoch(s);
	w.server.through[STREAM_EVENTS] = 7;
	assert_int_equal(pump_new(w.client, s, SPOOL_HUB, &events, &seen, &p), HN_OK);
	run(&seen);
	assert_int_equal(w.server.kept_batches, 0);
	assert_int_equal(spool_renew(s), HN_OK);
	w.server.through[STREAM_EVENTS] = 0;
	pump_kick(p);
	for (int i = 0; i < TURNS && !all_sent(s); i++)
		assert_int_equal(client_loop_turn(w.loop, 100), HN_OK);
	assert_int_equal(w.server.lines[STREAM_EVENTS], 1);
	pump_free(p);
	spool_close(s);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(an_edge_enrols_by_its_code_alone),
		TEST(the_name_is_verified_too),
		TEST(a_certificate_is_renewed),
		TEST(clients_of_one_loop_stay_apart),
		TEST(heads_come_again_after_each_connection_and_never_roll_back),
		TEST(a_blob_comes_whole_or_not_at_all),
		TEST(a_wrong_blob_is_thrown_away),
		TEST(a_blob_that_is_not_there_is_not_asked_for_again),
		TEST(what_is_begun_ends_with_its_client),
		TEST(each_line_arrives_once_whatever_breaks),
		TEST(an_old_copy_of_a_spool_begins_anew),
	};
	(void)signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
