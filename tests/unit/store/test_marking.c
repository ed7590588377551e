/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "store/marking.h"

#include "directory_world.h"
#include "object_world.h"
#include "stix/marking.h"
#include "store/view_tag.h"

#define NAMES "'names':[{'language':'en','name':'n'}]"

/* Numbers of identifiers. */
enum { GIVER = 10, READER = 11, STRANGER = 12, RING = 20, OTHER_RING = 21, DEFINITION = 50 };

struct marked_world {
	struct directory_world d;
	int64_t centre, giver, reader, stranger, ring, other_ring;
};

static int64_t put(struct directory_world *d, enum directory_thing thing, unsigned id, const char *text)
{
	struct asker hub;
	asker_hub(&hub);
	world_must_put(d, &hub, thing, id, text);
	return d->number;
}

static void begin_world(struct marked_world *m)
{
	static const char agreed[] =
		"{'kind':'operator'," NAMES ",'memberships':[{'group':@20,'consent':'2020-01-01T00:00:00Z'}],"
		"'agreements':[{'partner':@1,'tlp_max':'red'}]}";
	world_begin(&m->d);
	m->centre = directory_centre(m->d.d);
	m->ring = put(&m->d, DIRECTORY_GROUP, RING, "{" NAMES ",'keeper':@1}");
	m->other_ring = put(&m->d, DIRECTORY_GROUP, OTHER_RING, "{" NAMES ",'keeper':@1}");
	m->giver = put(&m->d, DIRECTORY_ORGANISATION, GIVER, "{'kind':'operator'," NAMES "}");
	m->reader = put(&m->d, DIRECTORY_ORGANISATION, READER, agreed);
	m->stranger = put(&m->d, DIRECTORY_ORGANISATION, STRANGER, "{'kind':'vendor'," NAMES "}");
}

/* ---- definitions ---- */

static struct stix_id definition_id(unsigned number)
{
	static const char type[] = "marking-definition";
	return (struct stix_id){.type = type, .type_len = sizeof(type) - 1, .uuid = world_uuid(number)};
}

/* JSON of a definition with our extension; ' stands for " and @N for an identity's identifier. */
static const char *a_definition(unsigned number, const char *says)
{
	static struct buf b;
	char uuid[UUID_TEXT_SIZE];
	buf_clear(&b);
	buf_init(&b, 1 << 16);
	buf_addf(
		&b,
		"{\"type\":\"marking-definition\",\"spec_version\":\"2.1\",\"id\":\"marking-definition--%s\","
		"\"created\":\"2026-01-01T00:00:00.000Z\",\"extensions\":{\"" STIX_MARKING_EXTENSION
		"\":{\"extension_type\":\"property-extension\"",
		world_uuid_text(number, uuid));
	for (const char *at = says; *at != '\0'; at++) {
		if (*at != '@') {
			buf_addc(&b, *at == '\'' ? '"' : *at);
			continue;
		}
		unsigned id = 0;
		for (; at[1] >= '0' && at[1] <= '9'; at++)
			id = id * 10 + (unsigned)(at[1] - '0');
		buf_addf(&b, "\"identity--%s\"", world_uuid_text(id, uuid));
	}
	buf_adds(&b, "}}}");
	return b.data;
}

struct job {
	const char *json;
	const struct label *base;
	struct stix_id ids[8];
	size_t count;
	int64_t number, seq;
	bool unknown;
	int64_t owner;
};

/* As handing in does: label, add, wait or serve who waits. */
static int hand_in_job(struct writing *w, void *context)
{
	struct job *j = context;
	struct stix_object o;
	struct fault fault = {0};
	enum object_outcome outcome;
	struct object_new new = {.stix = &o, .owner = j->base->owner};
	bool unknown = false;
	stix_object_init(&o);
	int err = stix_object_read(&o, cur_of(j->json, strlen(j->json)), STIX_2_1, &STIX_DEFAULTS, &fault);
	if (err != HN_OK)
		fail_msg("%s: %s %s", j->json, fault.place, fault.message);
	err = marking_label_of(w, j->base, &o, NULL, &new.label, &unknown);
	if (err == HN_OK)
		err = objects_add(w, &new, &outcome, &j->seq);
	if (err == HN_OK && unknown)
		err = marking_unknown(w, j->seq, j->base, NULL, &o);
	if (err == HN_OK && o.family == STIX_META)
		err = marking_arrived(w, &o, j->base->owner, NULL);
	stix_object_clear(&o);
	return err;
}

static void hand_in(struct marked_world *m, const char *json, const struct label *base)
{
	struct job j = {.json = json, .base = base};
	m->d.w.now_us += 1000;
	assert_int_equal(store_write(m->d.w.store, hand_in_job, &j), HN_OK);
}

static int label_job(struct writing *w, void *context)
{
	struct job *j = context;
	struct marking_memo memo = {0};
	/* What was answered before is answered again. */
	for (int i = 0; i < 2; i++) {
		int64_t number = 0;
		bool unknown = false;
		assert_int_equal(marking_label(w, j->base, j->ids, j->count, &memo, &number, &unknown),
				 HN_OK);
		if (i > 0) {
			assert_true(number == j->number);
			assert_int_equal(unknown, j->unknown);
		}
		j->number = number;
		j->unknown = unknown;
	}
	int64_t afresh = 0;
	int err = marking_label(w, j->base, j->ids, j->count, NULL, &afresh, &j->unknown);
	assert_true(err != HN_OK || afresh == j->number);
	return err;
}

static struct stix_id fixed(enum stix_tlp tlp)
{
	struct stix_id id = definition_id(0);
	assert_int_equal(stix_marking_id(tlp, STIX_2_1, &id.uuid), HN_OK);
	return id;
}

/* The label's text, or "both" of two. */
static void label_text(struct marked_world *m, const struct job *j, char *out, size_t size)
{
	struct asker hub;
	struct reader *r = NULL;
	struct label label;
	struct buf text;
	int64_t pair[2];
	asker_hub(&hub);
	buf_init(&text, LABEL_TEXT_MAX);
	assert_int_equal(store_read(m->d.w.store, &hub, &r), HN_OK);
	int err = labels_get(reader_labels(r), j->number, &label, pair);
	if (err == HN_OK)
		label_write(&label, &text);
	else
		buf_adds(&text, err == HN_EUNSUPPORTED ? "both" : "none");
	(void)snprintf(out, size, "%s", text.data);
	buf_clear(&text);
	reader_end(r);
}

/* Labels an object that carries these definitions (0 ends them; negative: a fixed TLP, minus 1). */
static void label_of(struct marked_world *m, const struct label *base, const int *definitions, char *out,
		     size_t size, bool *unknown)
{
	struct job j = {.base = base};
	for (; definitions[j.count] != 0; j.count++)
		j.ids[j.count] = definitions[j.count] < 0 ? fixed((enum stix_tlp)(-definitions[j.count] - 1))
							  : definition_id((unsigned)definitions[j.count]);
	assert_int_equal(store_write(m->d.w.store, label_job, &j), HN_OK);
	*unknown = j.unknown;
	label_text(m, &j, out, size);
}

static void markings_become_labels(void **state)
{
	(void)state;
	struct marked_world m;
	char got[1024];
	char wanted[1024];
	bool unknown;
	begin_world(&m);
	struct label base = a_label(m.giver, TLP_AMBER_STRICT);
	static const char *const says[] = {
		",'recipients':[@11]",           /* 50 */
		",'groups':[@20],'tlp':'amber'", /* 51 */
		",'groups':[@21]",               /* 52 */
		",'groups':[@99],'tlp':'green'", /* 53: nobody is here of whom it speaks */
		(",'clearance':2,'purposes':['defence'],'consent':['police','operator'],"
		 "'originator_control':true,'content':'background','pap':'red'"), /* 54 */
		",'purposes':['defence','exercise']",                             /* 55 */
		",'colour':'mauve'", /* 56: a word that nobody knows */
	};
	for (unsigned i = 0; i < COUNT(says); i++)
		hand_in(&m, a_definition(DEFINITION + i, says[i]), &base);
	const struct {
		int definitions[4];
		const char *label; /* with G giver, R reader, N ring, O other ring */
	} rows[] = {
		{{0},
		 "{\"clearance\":0,\"content\":[\"technical\"],\"owner\":G,\"pap\":\"green\",\"tlp\":\"amber+"
		 "strict\"}"},
		{{-1 - STIX_TLP_GREEN},
		 "{\"clearance\":0,\"content\":[\"technical\"],\"owner\":G,\"pap\":\"green\",\"tlp\":"
		 "\"green\"}"},
		{{-1 - STIX_TLP_GREEN, -1 - STIX_TLP_RED},
		 "{\"clearance\":0,\"content\":[\"technical\"],\"owner\":G,\"pap\":\"green\",\"tlp\":"
		 "\"red\"}"},
		{{-1 - STIX_TLP_RED, 50},
		 "{\"clearance\":0,\"content\":[\"technical\"],\"owner\":G,\"pap\":\"green\",\"recipients\":["
		 "R],\"tlp\":"
		 "\"red\"}"},
		{{51},
		 "{\"clearance\":0,\"content\":[\"technical\"],\"groups\":[N],\"owner\":G,\"pap\":\"green\","
		 "\"tlp\":"
		 "\"amber\"}"},
		{{51, 52}, "both"},
		{{53},
		 "{\"clearance\":0,\"content\":[\"technical\"],\"owner\":G,\"pap\":\"green\",\"recipients\":["
		 "G],\"tlp\":"
		 "\"green\"}"},
		{{54, 55},
		 "{\"clearance\":2,\"consent\":[\"police\",\"operator\"],\"content\":[\"technical\","
		 "\"background\"],"
		 "\"originator_control\":true,\"owner\":G,\"pap\":\"red\",\"purposes\":[\"defence\"],\"tlp\":"
		 "\"amber+"
		 "strict\"}"},
		{{56},
		 "{\"clearance\":0,\"content\":[\"technical\"],\"owner\":G,\"pap\":\"green\",\"tlp\":\"amber+"
		 "strict\","
		 "\"unknown_marking\":true}"},
		{{99},
		 "{\"clearance\":0,\"content\":[\"technical\"],\"owner\":G,\"pap\":\"green\",\"tlp\":\"amber+"
		 "strict\","
		 "\"unknown_marking\":true}"},
	};
	for (size_t i = 0; i < COUNT(rows); i++) {
		size_t len = 0;
		for (const char *at = rows[i].label; *at != '\0'; at++) {
			int64_t number = *at == 'G'   ? m.giver
					 : *at == 'R' ? m.reader
					 : *at == 'N' ? m.ring
					 : *at == 'O' ? m.other_ring
						      : 0;
			len += (size_t)(number != 0
						? snprintf(wanted + len, sizeof(wanted) - len, "%lld",
							   (long long)number)
						: snprintf(wanted + len, sizeof(wanted) - len, "%c", *at));
		}
		label_of(&m, &base, rows[i].definitions, got, sizeof(got), &unknown);
		assert_string_equal(got, wanted);
		assert_int_equal(unknown, rows[i].definitions[0] == 99);
	}
	world_finish(&m.d);
}

static void only_the_owner_and_the_centre_define(void **state)
{
	(void)state;
	struct marked_world m;
	char got[1024];
	bool unknown;
	const int definitions[] = {DEFINITION, 0};
	begin_world(&m);
	struct label base = a_label(m.giver, TLP_RED);
	struct label strange = a_label(m.stranger, TLP_RED);
	struct label central = a_label(m.centre, TLP_RED);
	hand_in(&m, a_definition(DEFINITION, ",'tlp':'clear'"), &strange);
	label_of(&m, &base, definitions, got, sizeof(got), &unknown);
	assert_true(unknown);
	assert_non_null(strstr(got, "unknown_marking"));
	hand_in(&m, a_definition(DEFINITION, ",'tlp':'green'"), &central);
	label_of(&m, &base, definitions, got, sizeof(got), &unknown);
	assert_false(unknown);
	assert_non_null(strstr(got, "\"tlp\":\"green\""));
	hand_in(&m, a_definition(DEFINITION, ",'tlp':'amber'"), &base);
	label_of(&m, &base, definitions, got, sizeof(got), &unknown);
	assert_non_null(strstr(got, "\"tlp\":\"amber\""));
	world_finish(&m.d);
}

/* ---- what waits ---- */

static struct asker someone(struct marked_world *m, int64_t organisation)
{
	struct asker a;
	assert_int_equal(directory_organisation_asker(m->d.d, organisation, m->d.w.now_us, &a), HN_OK);
	return a;
}

static const char *marked(unsigned number, unsigned day, unsigned definition)
{
	char more[160];
	char uuid[UUID_TEXT_SIZE];
	(void)snprintf(more, sizeof(more), ",\"object_marking_refs\":[\"marking-definition--%s\"]",
		       world_uuid_text(definition, uuid));
	return an_indicator(number, day, more);
}

static void what_waits_opens_when_its_marking_comes(void **state)
{
	(void)state;
	struct marked_world m;
	static const struct object_filter all = {.versions = OBJECT_ALL};
	begin_world(&m);
	struct label base = a_label(m.giver, TLP_AMBER_STRICT);
	struct label central = a_label(m.centre, TLP_RED);
	const struct asker reader = someone(&m, m.reader);
	const struct asker stranger = someone(&m, m.stranger);
	const struct asker giver = someone(&m, m.giver);
	const struct asker centre = someone(&m, m.centre);

	/* Two versions under one, a third object under another that the centre will define. */
	hand_in(&m, marked(101, 1, DEFINITION), &base);
	hand_in(&m, marked(101, 2, DEFINITION), &base);
	hand_in(&m, marked(102, 1, DEFINITION + 1), &base);
	assert_string_equal(world_see(&m.d.w, &reader, &all, 10), "");
	assert_string_equal(world_see(&m.d.w, &giver, &all, 10), "101/1 101/2 102/1");
	assert_string_equal(world_see(&m.d.w, &centre, &all, 10), "101/1 101/2 102/1");

	hand_in(&m, a_definition(DEFINITION, ",'tlp':'amber','groups':[@20]"), &base);
	assert_string_equal(world_see(&m.d.w, &reader,
				      &(struct object_filter){.versions = OBJECT_ALL,
							      .types = (const char *[]){"indicator"},
							      .type_count = 1},
				      10),
			    "101/1 101/2");
	assert_string_equal(world_see(&m.d.w, &stranger, &all, 10), "");
	assert_int_equal(world_count(&m.d.w, &reader, "indicator"), 1);
	assert_int_equal(world_count(&m.d.w, &giver, "indicator"), 2);

	hand_in(&m, a_definition(DEFINITION + 1, ",'tlp':'green'"), &central);
	assert_int_equal(world_count(&m.d.w, &reader, "indicator"), 2);
	assert_int_equal(world_count(&m.d.w, &stranger, "indicator"), 1);
	assert_int_equal(world_count(&m.d.w, &giver, "indicator"), 2);
	world_finish(&m.d);
}

static void tag(struct marked_world *m, const struct asker *who, uint8_t out[SHA256_SIZE])
{
	struct reader *r = NULL;
	assert_int_equal(store_read(m->d.w.store, who, &r), HN_OK);
	assert_int_equal(view_tag(r, out), HN_OK);
	reader_end(r);
}

/* One goes, one comes from elsewhere: number and last place are as they were, and it is told all the same. */
static void what_moves_between_labels_changes_the_tag(void **state)
{
	(void)state;
	struct marked_world m;
	uint8_t first[SHA256_SIZE], second[SHA256_SIZE];
	begin_world(&m);
	struct label base = a_label(m.giver, TLP_GREEN);
	struct label central = a_label(m.centre, TLP_RED);
	const struct asker stranger = someone(&m, m.stranger);
	hand_in(&m, marked(101, 1, DEFINITION), &base); /* waits */
	hand_in(&m, an_indicator(102, 1, ""), &base);   /* goes */
	hand_in(&m, an_indicator(103, 1, ""), &base);   /* stays, the last */
	tag(&m, &stranger, first);
	tag(&m, &stranger, second);
	assert_memory_equal(first, second, sizeof(first));
	hand_in(&m, marked(102, 2, DEFINITION + 1), &base);                /* closed */
	hand_in(&m, a_definition(DEFINITION, ",'tlp':'green'"), &central); /* opens the first */
	assert_int_equal(world_count(&m.d.w, &stranger, "indicator"), 2);
	tag(&m, &stranger, second);
	assert_memory_not_equal(first, second, sizeof(first));
	world_finish(&m.d);
}

/* ---- who reads a definition ---- */

static void a_definition_tells_nobody_else_whom_it_names(void **state)
{
	(void)state;
	static const char statement[] =
		"{\"type\":\"marking-definition\",\"spec_version\":\"2.1\",\"id\":\"marking-definition--"
		"8e2e2d2b-17d4-4cbf-938f-000000000054\",\"created\":\"2026-01-01T00:00:00.000Z\","
		"\"definition_type\":\"statement\",\"definition\":{\"statement\":\"terms\"}}";
	struct marked_world m;
	begin_world(&m);
	struct label base = a_label(m.giver, TLP_GREEN);
	const struct asker reader = someone(&m, m.reader);
	const struct asker stranger = someone(&m, m.stranger);
	const struct asker giver = someone(&m, m.giver);
	const struct asker centre = someone(&m, m.centre);
	hand_in(&m, a_definition(DEFINITION, ",'groups':[@20]"), &base);
	hand_in(&m, a_definition(DEFINITION + 1, ",'recipients':[@12]"), &base);
	hand_in(&m, a_definition(DEFINITION + 2, ",'clearance':1"), &base); /* names nobody */
	hand_in(&m, a_definition(DEFINITION + 3, ",'colour':'mauve'"), &base);
	hand_in(&m, statement, &base);
	const struct {
		const struct asker *who;
		uint64_t count;
	} rows[] = {{&reader, 3}, {&stranger, 3}, {&giver, 5}, {&centre, 5}};
	for (size_t i = 0; i < COUNT(rows); i++)
		assert_int_equal(world_count(&m.d.w, rows[i].who, "marking-definition"), rows[i].count);
	world_finish(&m.d);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(markings_become_labels),
		cmocka_unit_test(only_the_owner_and_the_centre_define),
		cmocka_unit_test(what_waits_opens_when_its_marking_comes),
		cmocka_unit_test(what_moves_between_labels_changes_the_tag),
		cmocka_unit_test(a_definition_tells_nobody_else_whom_it_names),
	};
	return cmocka_run_group_tests_name("marking", tests, NULL, NULL);
}
