/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "sensor/select_case.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/lang.h"
#include "base/log.h"

#define AUTHORIZATION_FILE_MAX ((size_t)8 << 20)

static int unreadable(const char *path, const struct fault *fault, int rc)
{
	log_line(LOG_LEVEL_ERROR, tr("cannot use '%s': %s%s%s", "'%s' を使えない: %s%s%s"), path,
		 fault->place, fault->place[0] == '\0' ? "" : ": ",
		 fault->message[0] == '\0' ? hn_strerror(rc) : fault->message);
	return HN_EXIT_INPUT;
}

/* "BASE.him,OVERLAY.him,...": splits in place. */
static int open_set(const char *list, struct set **out)
{
	char *copy = strdup(list);
	const char *paths[SET_OVERLAYS_MAX + 1];
	struct fault fault = {0};
	size_t count = 0;
	char *rest = copy;

	if (copy == NULL)
		return unreadable(list, &fault, HN_ENOMEM);
	for (char *path; (path = strsep(&rest, ",")) != NULL;) {
		if (count == SET_OVERLAYS_MAX + 1) {
			log_line(LOG_LEVEL_ERROR,
				 tr("more than %d overlays in '%s'; merge them first",
				    "差分集合が%dを超えている: '%s'。先に merge すること"),
				 SET_OVERLAYS_MAX, list);
			free(copy);
			return HN_EXIT_USAGE;
		}
		paths[count++] = path;
	}
	int rc = set_open(paths, count, out, &fault);
	if (rc == HN_OK) {
		rc = set_check_digests(*out, &fault);
		if (rc != HN_OK)
			set_close(*out);
	}
	free(copy);
	return rc == HN_OK ? -1 : unreadable(list, &fault, rc);
}

int select_case_inputs(const struct select_options *o, struct select_case *c)
{
	struct fault fault = {0};
	memset(c, 0, sizeof(*c));
	int rc = domestic_read(o->domestic, &c->domestic, &fault);
	if (rc != HN_OK)
		return unreadable(o->domestic, &fault, rc);
	for (size_t i = 0; i < o->indicators.count; i++) {
		if (i == SELECT_SETS_MAX) {
			log_line(LOG_LEVEL_ERROR, tr("more than %d sets", "集合が%dを超えている"),
				 SELECT_SETS_MAX);
			return HN_EXIT_USAGE;
		}
		int code = open_set(o->indicators.items[i], &c->sets[i]);
		if (code != -1)
			return code;
		c->set_count++;
	}
	return -1;
}

/* set_each_outside() with the argument type that verify_set() has for its source. */
static int each_entry(const void *source, const struct entry_pass *pass,
		      int (*each)(void *, const struct entry_key *, const struct entry_meta *), void *context)
{
	return set_each_outside(source, pass, each, context);
}

static enum refusal judge_sets(const struct select_case *c, struct refusal_detail *detail)
{
	for (size_t i = 0; i < c->set_count; i++) {
		const struct set_info *info = set_info(c->sets[i]);
		enum refusal r =
			verify_set(c->authorization, info->id, info->entries, each_entry, c->sets[i], detail);
		if (r != REFUSAL_NONE)
			return r;
	}
	return REFUSAL_NONE;
}

enum refusal select_case_judge(const struct select_options *o, const struct uuid *sensor, int64_t now_ns,
			       int64_t newest_signed_ns, struct select_case *c, struct refusal_detail *detail)
{
	struct fault fault = {0};
	struct buf text;
	bool trusted = false;

	if (o->authorization == NULL)
		return refusal_set(detail, REFUSAL_NO_AUTHORIZATION, "%s",
				   tr("give --authorization FILE", "--authorization で指定すること"));
	if (o->trust != NULL) {
		trusted = trust_read(o->trust, &c->trust, &fault) == HN_OK;
		if (!trusted)
			return refusal_set(detail, REFUSAL_TRUST_UNKNOWN, "%s: %s", fault.place,
					   fault.message);
	}
	if (o->revocations != NULL && trusted) {
		enum refusal r = revocations_read(o->revocations, &c->trust, &c->revocations, detail);
		if (r != REFUSAL_NONE)
			return r;
	}
	buf_init(&text, AUTHORIZATION_FILE_MAX);
	int rc = file_read(o->authorization, &text);
	struct verify_question q = {
		.text = rc != HN_OK         ? NULL
			: text.data == NULL ? ""
					    : text.data,
		.len = text.len,
		.trust = trusted ? &c->trust : NULL,
		.revocations = o->revocations != NULL ? &c->revocations : NULL,
		.revocations_due = o->revocations != NULL, /* a list that is given must be in force */
		.sensor = sensor,
		.domestic = c->domestic,
		.now_ns = now_ns,
		.newest_signed_ns = newest_signed_ns,
		.recorded = o->recorded,
	};
	enum refusal r = verify(&q, &c->authorization, detail);
	if (rc != HN_OK && r == REFUSAL_NO_AUTHORIZATION)
		r = refusal_set(detail, r, "'%s': %s", o->authorization, hn_strerror(rc));
	buf_clear(&text);
	return r == REFUSAL_NONE ? judge_sets(c, detail) : r;
}

void select_case_clear(struct select_case *c)
{
	for (size_t i = 0; i < c->set_count; i++)
		set_close(c->sets[i]);
	authorization_free(c->authorization);
	domestic_free(c->domestic);
	revocations_clear(&c->revocations);
	memset(c, 0, sizeof(*c));
}
