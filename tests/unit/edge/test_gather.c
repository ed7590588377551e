/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
/* What a sensor or a resolver wrote goes into the spool once each, in order, wherever the edge was killed. */
#include "edge/gather.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <zstd.h>

#include "authority/receipt.h"
#include "base/file.h"
#include "base/json.h"
#include "tests/unit/bus/folder.h"

#define ERASE_BY "2040-01-01T00:00:00.000000Z"

static struct key *identity;
static json_t *template;

/* Nothing here is cut off from power. */
static int no_sync(void *ctx, int fd)
{
	(void)ctx, (void)fd;
	return 0;
}

struct world {
	struct edge_files files;
	struct gather gather;
	struct spool *spool;
	struct ledger_io io;
	uint64_t number, offset; /* of the receipts that were written */
	uint64_t acked[STREAM_COUNT];
};

static void open_spool(struct world *w)
{
	const struct spool_options o = {
		.dir = in_folder("spool"),
		.bytes_max = UINT64_C(64) << 20,
		.wanted = {[STREAM_RECORDS] = SPOOL_TO_HUB,
			   [STREAM_EVENTS] = SPOOL_TO_HUB,
			   [STREAM_RECEIPTS] = SPOOL_TO_HUB},
		.io = &w->io,
	};
	struct fault fault = {0};
	assert_int_equal(spool_open(&o, &w->spool, NULL, &fault), HN_OK);
}

static void world_open(struct world *w)
{
	memset(w, 0, sizeof(*w));
	assert_int_equal(folder_make(NULL), 0);
	assert_int_equal(mkdir(in_folder("beside"), 0700), 0);
	(void)snprintf(w->files.sensor, sizeof(w->files.sensor), "%s", in_folder("beside"));
	(void)snprintf(w->files.events, sizeof(w->files.events), "%s", in_folder("beside"));
	w->io = ledger_io_system;
	w->io.sync = no_sync;
	open_spool(w);
}

static void world_close(struct world *w)
{
	spool_close(w->spool);
	assert_int_equal(folder_remove(NULL), 0);
}

/* As after a kill: what it knew is forgotten, what was durable is there. */
static void kill_it(struct world *w)
{
	spool_close(w->spool);
	memset(&w->gather, 0, sizeof(w->gather));
	open_spool(w);
}

static void append(const char *name, const char *data, size_t len)
{
	char path[128];
	(void)snprintf(path, sizeof(path), "beside/%s", name);
	FILE *file = fopen(in_folder(path), "ae");
	assert_non_null(file);
	assert_int_equal(fwrite(data, 1, len, file), len);
	assert_int_equal(fclose(file), 0);
}

/* ---- a sensor ---- */

/* Records and the receipt that covers them, as a sensor ends an interval. */
static void write_interval(struct world *w, uint64_t records)
{
	struct buf lines, text, line;
	json_t *r = json_deep_copy(template), *part = json_object_get(r, "records");
	buf_init(&lines, 8u << 20);
	buf_init(&text, RECEIPT_MAX);
	buf_init(&line, RECEIPT_LINE_MAX);
	w->number++;
	for (uint64_t i = 0; i < records; i++)
		buf_addf(&lines, "{\"r\":\"%llu.%llu\"}\n", (unsigned long long)w->number,
			 (unsigned long long)i);
	json_object_set_new(r, "number", json_integer((json_int_t)w->number));
	json_object_set_new(part, "offset", json_integer((json_int_t)w->offset));
	json_object_set_new(part, "bytes", json_integer((json_int_t)lines.len));
	json_object_set_new(part, "count", json_integer((json_int_t)records));
	json_object_set_new(part, "erase_by", json_string(ERASE_BY));
	if (w->number > 1)
		json_object_set(r, "former", json_object_get(template, "trust"));
	json_add(&text, r);
	assert_int_equal(receipt_seal(text.data, text.len, identity, &line), HN_OK);
	append("selected.ndjson", lines.data == NULL ? "" : lines.data, lines.len);
	append("receipt.json", line.data, line.len);
	w->offset += lines.len;
	json_decref(r);
	buf_clear(&lines);
	buf_clear(&text);
	buf_clear(&line);
}

static int gather_all(struct world *w, struct fault *fault)
{
	bool more = true;
	int err = HN_OK;
	while (err == HN_OK && more)
		err = gather_sensor(&w->files, &w->gather, w->spool, &more, fault);
	return err;
}

static void must_gather(struct world *w)
{
	struct fault fault = {0};
	int err = gather_all(w, &fault);
	if (err != HN_OK)
		fail_msg("%d: %s: %s", err, fault.place, fault.message);
}

/* ---- what goes up ---- */

static int add_line(void *context, uint64_t seq, const char *line, size_t len)
{
	(void)seq;
	buf_add(context, line, len);
	buf_addc(context, '\n');
	return HN_OK;
}

/* All that waits, which is then acknowledged. @return how many batches */
static unsigned take(struct world *w, enum stream stream, struct buf *out)
{
	struct buf body;
	struct batch b;
	struct fault fault = {0};
	unsigned count = 0;
	buf_init(&body, BATCH_BODY_MAX);
	for (; spool_next(w->spool, stream, SPOOL_HUB, &b, &body) == HN_OK; count++) {
		assert_int_equal(b.first, w->acked[stream] + 1);
		assert_int_equal(batch_check(&b, body.data, body.len, add_line, out, &fault), HN_OK);
		w->acked[stream] = batch_through(&b);
		assert_int_equal(spool_acked(w->spool, stream, SPOOL_HUB, &b.epoch, w->acked[stream]), HN_OK);
	}
	buf_clear(&body);
	return count;
}

static void assert_waits(struct world *w, enum stream stream, const char *lines)
{
	struct buf out;
	buf_init(&out, 32u << 20);
	(void)take(w, stream, &out);
	assert_string_equal(out.data == NULL ? "" : out.data, lines);
	buf_clear(&out);
}

static void records_go_with_the_receipts_that_cover_them(void **state)
{
	(void)state;
	struct world w;
	world_open(&w);
	must_gather(&w); /* there is nothing yet */
	write_interval(&w, 2);
	write_interval(&w, 0);
	append("selected.ndjson", "{\"r\":\"3.0\"}\n", 12); /* not covered yet */
	must_gather(&w);
	must_gather(&w);
	assert_waits(&w, STREAM_RECORDS, "{\"r\":\"1.0\"}\n{\"r\":\"1.1\"}\n");
	struct spool_state s;
	spool_state(w.spool, &s);
	assert_int_equal(s.streams[STREAM_RECEIPTS].added, 2);
	assert_int_equal(s.streams[STREAM_CHECKPOINTS].added, 0);
	write_interval(&w, 0);
	must_gather(&w);
	assert_waits(&w, STREAM_RECORDS, "");
	world_close(&w);
}

static void each_goes_once_wherever_it_was_killed(void **state)
{
	(void)state;
	struct world w;
	struct buf out;
	world_open(&w);
	buf_init(&out, 1u << 20);
	for (uint64_t i = 1; i <= 12; i++) {
		write_interval(&w, i % 3);
		if (i % 2 == 0)
			must_gather(&w);
		if (i % 4 == 0)
			kill_it(&w);
		if (i % 5 == 0)
			(void)take(&w, STREAM_RECORDS, &out);
	}
	kill_it(&w);
	must_gather(&w);
	(void)take(&w, STREAM_RECORDS, &out);
	assert_string_equal(out.data,
			    "{\"r\":\"1.0\"}\n{\"r\":\"2.0\"}\n{\"r\":\"2.1\"}\n{\"r\":\"4.0\"}\n"
			    "{\"r\":\"5.0\"}\n{\"r\":\"5.1\"}\n{\"r\":\"7.0\"}\n{\"r\":\"8.0\"}\n"
			    "{\"r\":\"8.1\"}\n{\"r\":\"10.0\"}\n{\"r\":\"11.0\"}\n{\"r\":\"11.1\"}\n");
	struct spool_state s;
	spool_state(w.spool, &s);
	assert_int_equal(s.streams[STREAM_RECEIPTS].added, 12);
	buf_clear(&out);
	world_close(&w);
}

static void more_than_a_batch_holds_goes_in_several(void **state)
{
	(void)state;
	struct world w;
	struct buf out;
	const uint64_t many = BATCH_LINES_MAX + 500;
	world_open(&w);
	buf_init(&out, 8u << 20);
	write_interval(&w, many);
	write_interval(&w, 1);
	must_gather(&w);
	assert_int_equal(take(&w, STREAM_RECORDS, &out), 3);
	uint64_t lines = 0;
	for (size_t i = 0; i < out.len; i++)
		lines += out.data[i] == '\n';
	assert_int_equal(lines, many + 1);
	assert_string_equal(out.data + out.len - 12, "{\"r\":\"2.0\"}\n");
	buf_clear(&out);
	world_close(&w);
}

/* A killed edge begins again inside of a receipt's records. */
static void what_was_half_taken_goes_on(void **state)
{
	(void)state;
	struct world w;
	world_open(&w);
	write_interval(&w, 3);
	const struct spool_item first = {
		.stream = STREAM_RECORDS, .lines = "{\"r\":\"1.0\"}\n", .len = 12, .position = "0 1 12"};
	assert_int_equal(spool_add(w.spool, &first, NULL), HN_OK);
	kill_it(&w);
	must_gather(&w);
	assert_waits(&w, STREAM_RECORDS, "{\"r\":\"1.0\"}\n{\"r\":\"1.1\"}\n{\"r\":\"1.2\"}\n");
	world_close(&w);
}

static void what_was_erased_leaves_its_numbers(void **state)
{
	(void)state;
	struct world w;
	char empty[24];
	world_open(&w);
	write_interval(&w, 2);
	write_interval(&w, 1);
	memset(empty, '\n', sizeof(empty));
	int fd = open(in_folder("beside/selected.ndjson"), O_WRONLY | O_CLOEXEC);
	assert_int_equal(pwrite(fd, empty, sizeof(empty), 0), sizeof(empty));
	assert_int_equal(close(fd), 0);
	must_gather(&w);
	assert_waits(&w, STREAM_RECORDS, "{\"erased\":true}\n{\"erased\":true}\n{\"r\":\"2.0\"}\n");
	world_close(&w);
}

static void what_no_sensor_writes_is_told(void **state)
{
	(void)state;
	static const char *const wrong[] = {"{}\n", "rubbish\n", "\n"};
	for (size_t i = 0; i < COUNT(wrong); i++) {
		struct world w;
		struct fault fault = {0};
		world_open(&w);
		write_interval(&w, 1);
		append("receipt.json", wrong[i], strlen(wrong[i]));
		assert_int_equal(gather_all(&w, &fault), HN_EFORMAT);
		world_close(&w);
	}
	/* A line without its end is not written yet. */
	struct world w;
	world_open(&w);
	write_interval(&w, 1);
	append("receipt.json", "{\"receipt\"", 10);
	must_gather(&w);
	assert_waits(&w, STREAM_RECORDS, "{\"r\":\"1.0\"}\n");
	world_close(&w);
	/* Records that a receipt names and that are not there. */
	struct fault fault = {0};
	world_open(&w);
	write_interval(&w, 2);
	assert_int_equal(truncate(in_folder("beside/selected.ndjson"), 5), 0);
	assert_int_not_equal(gather_all(&w, &fault), HN_OK);
	assert_waits(&w, STREAM_RECORDS, "");
	world_close(&w);
}

/* ---- a resolver ---- */

static void write_events(const char *name, const char *text, size_t len)
{
	size_t room = ZSTD_compressBound(len);
	char *packed = malloc(room);
	assert_non_null(packed);
	size_t size = ZSTD_compress(packed, room, text, len, 1);
	assert_false(ZSTD_isError(size));
	append(name, packed, size);
	free(packed);
}

static int gather_files(struct world *w, struct fault *fault)
{
	bool more = true;
	int err = HN_OK;
	while (err == HN_OK && more)
		err = gather_events(&w->files, w->spool, &more, fault);
	return err;
}

static void files_go_oldest_first_and_are_removed(void **state)
{
	(void)state;
	struct world w;
	struct fault fault = {0};
	world_open(&w);
	write_events("events-2.ndjson.zst", "{\"e\":3}\n", 8);
	write_events("events-1.ndjson.zst", "{\"e\":1}\n{\"e\":2}\n", 16);
	write_events("events-1.ndjson.zst.open", "{\"e\":9}\n", 8);
	write_events("other.ndjson.zst", "{\"e\":9}\n", 8);
	write_events("events-0.ndjson", "{\"e\":9}\n", 8);
	assert_int_equal(gather_files(&w, &fault), HN_OK);
	assert_waits(&w, STREAM_EVENTS, "{\"e\":1}\n{\"e\":2}\n{\"e\":3}\n");
	assert_int_not_equal(access(in_folder("beside/events-1.ndjson.zst"), F_OK), 0);
	assert_int_not_equal(access(in_folder("beside/events-2.ndjson.zst"), F_OK), 0);
	assert_int_equal(access(in_folder("beside/events-1.ndjson.zst.open"), F_OK), 0);
	assert_int_equal(access(in_folder("beside/other.ndjson.zst"), F_OK), 0);
	kill_it(&w);
	assert_int_equal(gather_files(&w, &fault), HN_OK);
	assert_waits(&w, STREAM_EVENTS, "");
	world_close(&w);
}

/* The spool had a part of a file, or all of it, when the edge was killed before it removed it. */
static void a_file_goes_on_where_it_was_left(void **state)
{
	(void)state;
	static const struct {
		const char *position, *rest;
	} cases[] = {
		{"events-1.ndjson.zst 8", "{\"e\":2}\n{\"e\":3}\n"},
		{"events-1.ndjson.zst 16", "{\"e\":3}\n"},
		{"events-0.ndjson.zst 8", "{\"e\":1}\n{\"e\":2}\n{\"e\":3}\n"},
	};
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct world w;
		struct fault fault = {0};
		world_open(&w);
		const struct spool_item before = {
			.stream = STREAM_EVENTS, .lines = "{}\n", .len = 3, .position = cases[i].position};
		assert_int_equal(spool_add(w.spool, &before, NULL), HN_OK);
		assert_waits(&w, STREAM_EVENTS, "{}\n");
		kill_it(&w);
		write_events("events-1.ndjson.zst", "{\"e\":1}\n{\"e\":2}\n", 16);
		write_events("events-2.ndjson.zst", "{\"e\":3}\n", 8);
		assert_int_equal(gather_files(&w, &fault), HN_OK);
		assert_waits(&w, STREAM_EVENTS, cases[i].rest);
		world_close(&w);
	}
}

static void a_large_file_goes_in_several(void **state)
{
	(void)state;
	struct world w;
	struct fault fault = {0};
	struct buf text, out;
	world_open(&w);
	buf_init(&text, 16u << 20);
	buf_init(&out, 16u << 20);
	for (unsigned i = 0; text.len < 2 * BATCH_PLAIN_FIT; i++)
		buf_addf(&text, "{\"e\":%u,\"pad\":\"%0100u\"}\n", i, i);
	write_events("events-1.ndjson.zst", text.data, text.len);
	assert_int_equal(gather_files(&w, &fault), HN_OK);
	assert_int_equal(take(&w, STREAM_EVENTS, &out), 3);
	assert_int_equal(out.len, text.len);
	assert_memory_equal(out.data, text.data, text.len);
	buf_clear(&text);
	buf_clear(&out);
	world_close(&w);
}

static void what_no_resolver_writes_stays_and_is_told(void **state)
{
	(void)state;
	struct world w;
	struct fault fault = {0};
	world_open(&w);
	append("events-1.ndjson.zst", "no zstd at all", 14);
	assert_int_equal(gather_files(&w, &fault), HN_EFORMAT);
	assert_non_null(strstr(fault.place, "events-1.ndjson.zst"));
	assert_int_equal(access(in_folder("beside/events-1.ndjson.zst"), F_OK), 0);
	assert_int_equal(unlink(in_folder("beside/events-1.ndjson.zst")), 0);
	write_events("events-2.ndjson.zst", "{\"e\":1}\n", 8);
	assert_int_equal(gather_files(&w, &fault), HN_OK);
	assert_waits(&w, STREAM_EVENTS, "{\"e\":1}\n");
	world_close(&w);
}

static int begin(void **state)
{
	char path[512];
	struct buf line;
	json_t *whole = NULL;
	(void)state;
	(void)snprintf(path, sizeof(path), "%s/tests/fuzz/corpus/receipt_check/whole",
		       getenv("HINOMI_SOURCE"));
	buf_init(&line, RECEIPT_LINE_MAX);
	int err = file_read(path, &line);
	if (err == HN_OK)
		err = json_object_read(line.data, line.len, &whole, NULL);
	if (err == HN_OK)
		template = json_deep_copy(json_object_get(whole, "receipt"));
	json_decref(whole);
	buf_clear(&line);
	return err == HN_OK && template != NULL && key_make("sensor", &identity) == HN_OK ? 0 : -1;
}

static int end(void **state)
{
	(void)state;
	json_decref(template);
	key_free(identity);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(records_go_with_the_receipts_that_cover_them),
		cmocka_unit_test(each_goes_once_wherever_it_was_killed),
		cmocka_unit_test(more_than_a_batch_holds_goes_in_several),
		cmocka_unit_test(what_was_half_taken_goes_on),
		cmocka_unit_test(what_was_erased_leaves_its_numbers),
		cmocka_unit_test(what_no_sensor_writes_is_told),
		cmocka_unit_test(files_go_oldest_first_and_are_removed),
		cmocka_unit_test(a_file_goes_on_where_it_was_left),
		cmocka_unit_test(a_large_file_goes_in_several),
		cmocka_unit_test(what_no_resolver_writes_stays_and_is_told),
	};
	return cmocka_run_group_tests(tests, begin, end);
}
