/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */

/*
 * Each allocation of each public constructor fails once: the answer is HN_ENOMEM, nothing is left behind, and
 * the next attempt succeeds. Ours go through the linker's wraps; those of jansson go through base/json.h,
 * those of Vectorscan through the function that it lets us set. OpenSSL and libc keep theirs.
 */
#include <hs.h>
#include <sys/mman.h>

#include "../check.h"
#include "../sensor/output_world.h"
#include "base/file.h"
#include "base/json.h"
#include "ledger/ledger.h"
#include "ledger/private.h"
#include "ledger/proof.h"
#include "ledger/tlog.h"
#include "ledger/verify.h"
#include "match/import.h"
#include "match/warning_list.h"
#include "sensor/facilities.h"
#include "sensor/payload.h"
#include "sensor/stream.h"
#include "wire/capture.h"
#include "wire/fragment.h"

#include "fails.h"

/* NOLINTBEGIN(bugprone-reserved-identifier): the names that the linker's --wrap gives. */
char *__real_strdup(const char *text);
void *__real_sodium_malloc(size_t size);
void __real_sodium_free(void *memory);
void *__real_mmap64(void *at, size_t size, int protection, int flags, int fd, off_t offset);

char *__wrap_strdup(const char *text);
void *__wrap_sodium_malloc(size_t size);
void __wrap_sodium_free(void *memory);
void *__wrap_mmap64(void *at, size_t size, int protection, int flags, int fd, off_t offset);

char *__wrap_strdup(const char *text)
{
	return fails() ? NULL : given(__real_strdup(text));
}

void *__wrap_sodium_malloc(size_t size)
{
	return fails() ? NULL : given(__real_sodium_malloc(size));
}

void __wrap_sodium_free(void *memory)
{
	live -= memory != NULL;
	__real_sodium_free(memory);
}

void *__wrap_mmap64(void *at, size_t size, int protection, int flags, int fd, off_t offset)
{
	/* Not counted: what is mapped may be given back in pieces. */
	return fails() ? MAP_FAILED : __real_mmap64(at, size, protection, flags, fd, offset);
}
/* NOLINTEND(bugprone-reserved-identifier) */

/* What the constructors work on; made before anything fails. */

static struct output_world world;
static struct capture_pool *pool;
static struct lookup lookup;
static struct buf trust_file, authorization_payload_bytes, stix, misp, warnings, capture_bytes, him_bytes;
static int dir = -1;
static struct fault fault;

static void corpus(const char *name, struct buf *out)
{
	char path[512];
	const char *source = getenv("HINOMI_SOURCE");
	(void)snprintf(path, sizeof(path), "%s/tests/fuzz/corpus/%s", source == NULL ? ".." : source, name);
	buf_init(out, 1u << 22);
	assert_int_equal(file_read(path, out), HN_OK);
}

static struct cur input_of(const struct buf *b)
{
	return cur_of((const uint8_t *)b->data, b->len);
}

static int make_json(void)
{
	static const char text[] = "{\"a\":[1,2,{\"b\":\"text\"}],\"c\":{\"d\":null}}";
	json_t *o;
	int rc = json_object_read(text, sizeof(text) - 1, &o, &fault);
	if (rc == HN_OK)
		json_decref(o);
	return rc;
}

static int make_buf(void)
{
	struct buf b;
	buf_init(&b, 1u << 20);
	for (unsigned i = 0; i < 3000; i++)
		buf_addf(&b, "%u ", i);
	int rc = buf_err(&b);
	buf_clear(&b);
	return rc;
}

static int make_pool(void)
{
	struct capture_pool *p;
	bool locked;
	int rc = capture_pool_new(4, &p, &locked);
	if (rc == HN_OK)
		capture_pool_free(p);
	return rc;
}

static int make_capture(void)
{
	struct capture *c;
	int fd = memfd_create("capture", MFD_CLOEXEC);
	assert_true(fd >= 0 && fd_write_all(fd, capture_bytes.data, capture_bytes.len) == HN_OK &&
		    lseek(fd, 0, SEEK_SET) == 0);
	int rc = capture_open(fd, "capture", pool, &c, &fault);
	if (rc == HN_OK)
		capture_close(c);
	return rc;
}

static void ignore_drop(void *context, const struct fragment_sum *sum)
{
	(void)context;
	(void)sum;
}

static int make_fragments(void)
{
	static const uint8_t key[16];
	struct fragment_table *t;
	bool locked;
	int rc = fragment_table_new(key, ignore_drop, NULL, &t, &locked);
	if (rc == HN_OK)
		fragment_table_free(t);
	return rc;
}

static int take_entry(void *context, const struct entry_key *key, const struct entry_meta *meta,
		      struct fault *f)
{
	(void)f;
	return him_build_add(context, key, meta);
}

static int leave_out(void *context, const struct import_left_out *what, struct fault *f)
{
	(void)context;
	(void)what;
	(void)f;
	return HN_OK;
}

static int make_set(const struct buf *input)
{
	struct him_build *b = NULL;
	struct import_summary summary;
	const uint8_t *data;
	uint8_t digest[32];
	size_t size;
	int rc = him_build_new("lab", NULL, &b);
	const struct import_sink sink = {.context = b, .entry = take_entry, .left_out = leave_out};
	if (rc == HN_OK)
		rc = import_read("input", input_of(input), &sink, &IMPORT_DEFAULTS, &summary, &fault);
	if (rc == HN_OK)
		rc = him_build_finish(b, &data, &size, digest);
	him_build_free(b);
	return rc;
}

static int make_set_of_stix(void)
{
	return make_set(&stix);
}

static int make_set_of_misp(void)
{
	return make_set(&misp);
}

static int open_set(void)
{
	const void *const files[] = {him_bytes.data};
	const size_t sizes[] = {him_bytes.len};
	struct set *s;
	int rc = set_open_bytes(files, sizes, 1, &s, &fault);
	if (rc == HN_OK)
		set_close(s);
	return rc;
}

static int make_warnings(void)
{
	struct warning_lists *w;
	struct warning_summary summary;
	int rc = warning_lists_new(NULL, &w);
	if (rc != HN_OK)
		return rc;
	rc = warning_lists_add(w, "list", input_of(&warnings), &summary, &fault);
	warning_lists_free(w);
	return rc;
}

static int make_ledger(void)
{
	const struct ledger_options options = {.origin = "hinomi/test",
					       .secret_key = key_secret(world.identity)};
	struct ledger *l;
	int fd = memfd_create("unused", MFD_CLOEXEC);
	char path[100];
	(void)close(fd);
	(void)snprintf(path, sizeof(path), "%s/new", world.root);
	if (mkdir(path, 0700) != 0 || (fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)) < 0)
		return HN_EIO;
	int rc = ledger_open(fd, &options, &l, &fault);
	if (rc == HN_OK) {
		rc = ledger_append(l, "kind", WORLD_TIME, "record", 6, NULL);
		if (rc == HN_OK)
			rc = ledger_commit(l);
		ledger_close(l);
	}
	(void)close(fd);
	assert_int_equal(nftw(path, output_world_remove, 16, FTW_DEPTH | FTW_PHYS), 0);
	return rc;
}

static int open_log(void)
{
	struct tlog *t;
	int rc = tlog_open(dir, NULL, &t, &fault);
	if (rc == HN_OK)
		tlog_free(t);
	return rc;
}

static int open_private(void)
{
	struct private *p;
	int rc = private_open(dir, false, &p);
	if (rc == HN_OK)
		private_free(p);
	return rc;
}

static int verify_log(void)
{
	struct verify_report report;
	return ledger_verify(dir, NULL, &report, &fault);
}

static int make_proof(void)
{
	struct tlog *t;
	struct buf out;
	int rc = tlog_open(dir, NULL, &t, &fault);
	if (rc != HN_OK)
		return rc;
	buf_init(&out, PROOF_SIZE_MAX);
	rc = proof_make(t, 0, &out, &fault);
	buf_clear(&out);
	tlog_free(t);
	return rc;
}

static struct buf proof_text;

static int read_proof(void)
{
	struct proof proof = {0};
	int rc = proof_read(proof_text.data, proof_text.len, NULL, &proof, &fault);
	if (rc == HN_OK)
		buf_clear(&proof.record);
	return rc;
}

static int make_domestic(void)
{
	static const char text[] = "192.0.2.0/24\n198.51.100.0/25\n2001:db8::/36\n";
	struct domestic *d;
	int rc = domestic_parse(text, sizeof(text) - 1, &d, &fault);
	if (rc == HN_OK)
		domestic_free(d);
	return rc;
}

static int make_trust(void)
{
	static struct trust t;
	return trust_parse(trust_file.data, trust_file.len, &t, &fault);
}

static int make_authorization(void)
{
	struct authorization *a;
	int rc = authorization_read(authorization_payload_bytes.data, authorization_payload_bytes.len,
				    &limits_builtin, &a, &fault);
	if (rc == HN_OK)
		authorization_free(a);
	return rc;
}

static int make_signature(void)
{
	struct jws j;
	int rc = jws_draft("{}", 2, &j);
	if (rc != HN_OK)
		return rc;
	rc = jws_sign(&j, world.identity);
	jws_clear(&j);
	return rc;
}

static int make_key(void)
{
	struct key *k;
	int rc = key_make("name", &k);
	if (rc == HN_OK)
		key_free(k);
	return rc;
}

static int make_pseudonyms(void)
{
	struct pseudonym_secret *s;
	int rc = pseudonym_secret_new(NULL, &s);
	if (rc == HN_OK)
		pseudonym_secret_free(s);
	return rc;
}

static int make_patterns(void)
{
	static const uint8_t bytes[] = {0xde, 0xad, 0xbe, 0xef}, mask[] = {0xff, 0xff, 0xff, 0xff};
	static const struct pattern_source source = {
		.id = "p", .offset_max = 64, .len = 4, .bytes = bytes, .mask = mask};
	struct patterns *p;
	struct patterns_scratch *s;
	int rc = patterns_new(&source, 1, &p, &fault);
	if (rc != HN_OK)
		return rc;
	rc = patterns_scratch_new(p, &s);
	if (rc == HN_OK)
		patterns_scratch_free(s);
	patterns_free(p);
	return rc;
}

static int make_facilities(void)
{
	struct facilities *f;
	int rc = facilities_new(&world.sensor.authorization, &f);
	if (rc == HN_OK)
		facilities_free(f);
	return rc;
}

static void ignore_end(void *context, struct flow *flow, enum flow_end why)
{
	(void)context;
	(void)flow;
	(void)why;
}

static int make_flows(void)
{
	struct flow_table *t;
	int rc = flow_table_new(64, ignore_end, NULL, &t);
	if (rc == HN_OK)
		flow_table_free(t);
	return rc;
}

static int make_streams(void)
{
	struct stream_pool *p;
	bool locked;
	int rc = stream_pool_new(4, &p, &locked);
	if (rc == HN_OK)
		stream_pool_free(p);
	return rc;
}

static int make_payload(void)
{
	static struct sums sums;
	const struct payload_options options = {
		.lookup = &lookup, .patterns = world.sensor.patterns, .streams_max = 4, .sums = &sums};
	struct payload *p;
	bool locked;
	int rc = payload_new(&options, &p, &locked);
	if (rc == HN_OK)
		payload_free(p);
	return rc;
}

static int make_prepare(void)
{
	const struct prepare_options options = {.authorization = &world.sensor.authorization,
						.domestic = world.sensor.domestic};
	struct prepare *p;
	bool locked;
	int rc = prepare_new(&options, &p, &locked);
	if (rc == HN_OK)
		prepare_free(p);
	return rc;
}

static void ignore_selected(void *context, const struct flow *flow, const struct selection *selection)
{
	(void)context;
	(void)flow;
	(void)selection;
}

static int make_engine(void)
{
	const struct engine_options options = {.sets = (const struct set *const *)&world.sensor.set,
					       .set_count = 1,
					       .patterns = world.sensor.patterns,
					       .flows_max = 16,
					       .streams_max = 4,
					       .ended = ignore_selected};
	struct engine *e;
	bool locked;
	int rc = engine_new(&options, &e, &locked);
	if (rc == HN_OK)
		engine_free(e);
	return rc;
}

static struct {
	size_t len;
	char text[65536];
} receipt_of_world;

static int make_receipt(void)
{
	static const struct message_sums sums = {.sums = {.seen = {{1, 2}}, .erased = {{{0}, {1, 2}}}}};
	const struct receipt r = {
		.number = 1, .made_ns = WORLD_TIME, .input = "x", .input_state = "kept", .sums = &sums};
	struct buf line;
	buf_init(&line, 1u << 20);
	int rc = receipt_add(&world.context, &r, &line);
	/* Whole or none: the first one, to which nothing failed, is what each must be. */
	if (rc == HN_OK && receipt_of_world.len == 0)
		memcpy(receipt_of_world.text, line.data, receipt_of_world.len = line.len);
	if (rc == HN_OK &&
	    (line.len != receipt_of_world.len || memcmp(line.data, receipt_of_world.text, line.len) != 0))
		rc = HN_EFORMAT;
	buf_clear(&line);
	return rc;
}

static int open_output(void)
{
	struct output *o;
	struct output_mended mended;
	int rc = output_open(world.dir, &world.edge, world.identity, &o, &mended, &fault);
	if (rc == HN_OK)
		output_close(o);
	return rc;
}

static const struct {
	const char *name;
	int (*make)(void);
	bool may_differ;
	int also; /* what may be answered instead: HN_OK where the result is whole all the same */
} constructors[] = {
	{"buf", make_buf},
	{"json_object_read", make_json},
	{"capture_pool_new", make_pool},
	{"capture_open", make_capture},
	{"fragment_table_new", make_fragments},
	{"him_build of STIX", make_set_of_stix},
	{"him_build of MISP", make_set_of_misp},
	{"set_open_bytes", open_set},
	{"warning_lists_add", make_warnings},
	{"ledger_open, append, commit", make_ledger},
	{"tlog_open", open_log},
	{"private_open", open_private},
	{"ledger_verify", verify_log},
	{"proof_make", make_proof},
	{"proof_read", read_proof},
	{"domestic_parse", make_domestic},
	{"trust_parse", make_trust},
	{"authorization_read", make_authorization},
	{"jws_draft, jws_sign", make_signature},
	{"key_make", make_key},
	{"pseudonym_secret_new", make_pseudonyms},
	{"patterns_new, patterns_scratch_new", make_patterns, true,
	 HN_ELIMIT} /* Vectorscan's compiler does not say why */,
	{"facilities_new", make_facilities},
	{"flow_table_new", make_flows},
	{"stream_pool_new", make_streams},
	{"payload_new", make_payload},
	{"prepare_new", make_prepare},
	{"engine_new", make_engine},
	{"receipt_add", make_receipt, true, HN_OK},
	{"output_open", open_output},
};

static int attempt(size_t i, unsigned at)
{
	memset(&fault, 0, sizeof(fault));
	calls = 0;
	fail_at = at;
	counting = true;
	int rc = constructors[i].make();
	counting = false;
	return rc;
}

static void each_allocation_fails_once(void **state)
{
	(void)state;
	unsigned wrong = 0;
	for (size_t i = 0; i < COUNT(constructors); i++) {
		const char *name = constructors[i].name;
		long before = live;
		assert_int_equal(attempt(i, 0), HN_OK);
		unsigned count = calls;
		assert_int_equal(live, before);
		if (count == 0)
			print_error("%s asks for no memory\n", name);
		wrong += count == 0;
		for (unsigned at = 1; at <= count; at++) {
			int rc = attempt(i, at);
			bool right =
				rc == HN_ENOMEM || (rc == constructors[i].also && constructors[i].may_differ);
			if (!right || live != before) {
				print_error("%s, allocation %u of %u: %d (%s), %ld left: %s %s\n", name, at,
					    count, rc, hn_strerror(rc), live - before, fault.place,
					    fault.message);
				wrong++;
				live = before;
			}
		}
		assert_int_equal(attempt(i, 0), HN_OK);
	}
	assert_int_equal(wrong, 0);
}

static int setup(void **state)
{
	(void)state;
	bool locked;
	struct buf payload;
	struct jws j;
	output_world_init(&world);
	if (hs_set_allocator(__wrap_malloc, __wrap_free) != HS_SUCCESS)
		return 1;
	lookup_init(&lookup, (const struct set *const *)&world.sensor.set, 1);
	assert_int_equal(capture_pool_new(8, &pool, &locked), HN_OK);
	corpus("trust/first", &payload);
	assert_int_equal(jws_draft(payload.data, payload.len, &j), HN_OK);
	buf_init(&trust_file, 1u << 20);
	jws_add(&j, &trust_file);
	jws_clear(&j);
	buf_clear(&payload);
	corpus("authorization/specified", &authorization_payload_bytes);
	corpus("import_stix/bundle", &stix);
	corpus("import_misp/event", &misp);
	corpus("warning_list/misp", &warnings);
	corpus("capture/pcapng", &capture_bytes);
	corpus("him/base.him", &him_bytes);

	struct output *o;
	struct output_mended mended;
	assert_int_equal(output_open(world.dir, &world.edge, world.identity, &o, &mended, &fault), HN_OK);
	assert_int_equal(output_world_interval(&world, o, 3), HN_OK);
	output_close(o);
	dir = open(world.dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct tlog *t;
	assert_int_equal(tlog_open(dir, NULL, &t, &fault), HN_OK);
	buf_init(&proof_text, PROOF_SIZE_MAX);
	assert_int_equal(proof_make(t, 0, &proof_text, &fault), HN_OK);
	tlog_free(t);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	struct buf *const all[] = {&trust_file, &authorization_payload_bytes,
				   &stix,       &misp,
				   &warnings,   &capture_bytes,
				   &him_bytes,  &proof_text};
	for (size_t i = 0; i < COUNT(all); i++)
		buf_clear(all[i]);
	capture_pool_free(pool);
	(void)close(dir);
	output_world_clear(&world);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(each_allocation_fails_once)};
	return cmocka_run_group_tests(tests, setup, teardown);
}
