/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "../check.h"

#include <stdio.h>

#include "base/input.h"
#include "base/lang.h"
#include "stix/object.h"
#include "stix/split.h"

/*
 * What the world writes, where it is at hand (HINOMI_DATA): whole bundles, the standard's own examples, and
 * the files that a validator must refuse. What is refused is told by the table below, with the reason why it
 * is right.
 */

#define BLOCK         512u /* of tar */
#define SIZE_MAX_READ (64u << 20)

static const struct {
	const char *place, *message, *why;
} explained[] = {
	{"/identity_class", "this must be a string", "a list where STIX 2.0, part 2, 2.4 has a string"},
	{"/last_seen", "this must not be before \"first_seen\"",
	 "STIX 2.0, part 2, 2.2: last_seen is the later"},
};

/* accepted -1: any number. */
static const struct {
	const char *path, *entries; /* entries of an archive whose name has this in it */
	int accepted, refused;
} sources[] = {
	{"stix/attack/enterprise-attack-stix20.json.zst", NULL, 24771, 0},
	{"stix/attack/ics-attack-18.1.json.zst", NULL, -1, 0},
	{"stix/attack/mobile-attack-17.1.json.zst", NULL, -1, 0},
	{"stix/amnesty.tar.zst", ".stix2", -1, 0},
	{"stix/disarm.tar.zst", ".json", -1, 0},
	{"stix/opencti-datasets.tar.zst", ".json", -1, 0},
	{"stix/oasis-cti-documentation.tar.zst", ".json", -1, 0},
	{"stix/oasis-stix21-schemas-examples.tar.zst", "examples/", -1, 0},
	{"stix/unit42-reports.tar.zst", "report_json/", -1, 14},
};

/* The validator's files: what each must come to. */
static const struct {
	const char *name;
	bool good;
} examples[] = {
	{"identity.json", true},          {"identity_warning.json", true},
	{"identity_custom.json", true},   {"tool.json", true},
	{"invalid_braces.json", false},   {"invalid_comma.json", false},
	{"invalid_identity.json", false}, {"invalid_timestamp.json", false},
};

struct counts {
	int accepted, refused;
	struct stix_split *split;
	struct stix_object object;
	const char *name;
	bool explain;
};

static bool is_explained(const struct fault *fault)
{
	for (size_t i = 0; i < COUNT(explained); i++)
		if (strcmp(fault->place, explained[i].place) == 0 &&
		    strcmp(fault->message, explained[i].message) == 0)
			return true;
	return false;
}

static int take(void *context, uint64_t index, const uint8_t *bytes, size_t len)
{
	struct counts *c = context;
	struct fault fault = {0};
	enum stix_spec spec = strcmp(stix_split_spec(c->split), "2.1") == 0 ? STIX_2_1 : STIX_2_0;
	assert_non_null(bytes);
	uint8_t *copy = exact_copy(bytes, len);
	if (stix_object_read(&c->object, cur_of(copy, len), spec, &STIX_DEFAULTS, &fault) == HN_OK) {
		c->accepted++;
	} else {
		c->refused++;
		if (c->explain && !is_explained(&fault))
			fail_msg("%s, object %llu: %s: %s", c->name, (unsigned long long)index, fault.place,
				 fault.message);
	}
	free(copy);
	return HN_OK;
}

/* In pieces, as from a network. */
static int read_text(struct counts *c, const char *name, const uint8_t *data, size_t len)
{
	const size_t piece = 60000;
	struct fault fault = {0};
	int rc = stix_split_new(STIX_DEFAULTS.size_max, take, c, &c->split);
	c->name = name;
	for (size_t at = 0; rc == HN_OK && at < len; at += piece)
		rc = stix_split_feed(c->split, data + at, len - at < piece ? len - at : piece, &fault);
	if (rc == HN_OK)
		rc = stix_split_end(c->split, &fault);
	stix_split_free(c->split);
	if (rc != HN_OK && c->explain)
		fail_msg("%s: %s: %s", name, fault.place, fault.message);
	return rc;
}

/* The regular files of a tar archive (POSIX ustar) whose names have this in them. */
static void each_entry(const struct input *in, const char *part, struct counts *c,
		       void (*fn)(struct counts *c, const char *name, const uint8_t *data, size_t len))
{
	for (size_t at = 0; at + BLOCK <= in->len && in->data[at] != '\0';) {
		char name[101] = "", size[13] = "";
		memcpy(name, in->data + at, 100);
		memcpy(size, in->data + at + 124, 12);
		size_t len = strtoul(size, NULL, 8);
		assert_true(len <= in->len - at - BLOCK);
		bool file = in->data[at + 156] == '0' || in->data[at + 156] == '\0';
		if (file && strstr(name, part) != NULL)
			fn(c, name, in->data + at + BLOCK, len);
		at += BLOCK + (len + BLOCK - 1) / BLOCK * BLOCK;
	}
}

static void read_entry(struct counts *c, const char *name, const uint8_t *data, size_t len)
{
	(void)read_text(c, name, data, len);
}

static bool open_data(const char *path, struct input *in)
{
	char full[1024];
	const char *data = getenv("HINOMI_DATA"), *source = getenv("HINOMI_SOURCE");
	if (data != NULL)
		(void)snprintf(full, sizeof(full), "%s/%s", data, path);
	else
		(void)snprintf(full, sizeof(full), "%s/../shared/data/%s", source == NULL ? "." : source,
			       path);
	return input_open(full, SIZE_MAX_READ, in, NULL) == HN_OK;
}

static void the_world_is_read(void **state)
{
	(void)state;
	size_t seen = 0;
	for (size_t i = 0; i < COUNT(sources); i++) {
		struct input in = {0};
		struct counts c = {.explain = true};
		if (!open_data(sources[i].path, &in))
			continue;
		seen++;
		stix_object_init(&c.object);
		if (sources[i].entries == NULL)
			(void)read_text(&c, sources[i].path, in.data, in.len);
		else
			each_entry(&in, sources[i].entries, &c, read_entry);
		stix_object_clear(&c.object);
		input_close(&in);
		if (c.accepted == 0 || (sources[i].accepted >= 0 && c.accepted != sources[i].accepted) ||
		    c.refused != sources[i].refused)
			fail_msg("%s: %d accepted, %d refused", sources[i].path, c.accepted, c.refused);
	}
	if (seen == 0)
		print_message("# the data are not here\n");
}

static void read_example(struct counts *c, const char *name, const uint8_t *data, size_t len)
{
	const char *slash = strrchr(name, '/');
	for (size_t i = 0; slash != NULL && i < COUNT(examples); i++) {
		if (strcmp(slash + 1, examples[i].name) != 0)
			continue;
		c->accepted = c->refused = 0;
		int rc = read_text(c, name, data, len);
		bool good = rc == HN_OK && c->accepted > 0 && c->refused == 0;
		if (good != examples[i].good)
			fail_msg("%s: %d, %d accepted, %d refused", name, rc, c->accepted, c->refused);
		return;
	}
	fail_msg("%s is not in the table", name);
}

static void the_validators_examples_come_out_so(void **state)
{
	(void)state;
	struct input in = {0};
	struct counts c = {0};
	if (!open_data("stix/oasis-validator-examples.tar.zst", &in)) {
		print_message("# the data are not here\n");
		return;
	}
	stix_object_init(&c.object);
	each_entry(&in, "test_examples/", &c, read_example);
	stix_object_clear(&c.object);
	input_close(&in);
}

int main(void)
{
	lang_set(LANG_EN);
	const struct CMUnitTest tests[] = {cmocka_unit_test(the_world_is_read),
					   cmocka_unit_test(the_validators_examples_come_out_so)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
