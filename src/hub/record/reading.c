/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "hub/record/reading.h"

#include <stdio.h>
#include <string.h>

#include "base/encode.h"
#include "http/route.h"
#include "hub/hub.h"
#include "hub/record/record.h"
#include "hub/request/request_store.h"
#include "store/labels.h"

void reading_begin(struct reading *g, struct request *r, struct reader *reader)
{
	memset(g, 0, sizeof(*g));
	g->request = r;
	g->reader = reader;
}

void reading_go_on(struct reading *g, struct reader *reader)
{
	g->reader = reader;
}

/* Whether reading what carries the label is an entry of the ledger. What cannot be found out is one. */
static bool is_noted(struct reading *g, int64_t number)
{
	struct label label;
	int64_t both[2];
	int err = labels_get(reader_labels(g->reader), number, &label, both);
	if (err == HN_EUNSUPPORTED) {
		bool first = is_noted(g, both[0]);
		return is_noted(g, both[1]) || first;
	}
	if (err != HN_OK)
		return true;
	if (label.tlp > g->highest)
		g->highest = label.tlp;
	g->clearance |= label.clearance > 0;
	g->selected |= label.selected;
	return label.tlp >= TLP_AMBER_STRICT || label.clearance > 0 || label.selected;
}

void reading_add(struct reading *g, const struct object_row *row)
{
	g->count++;
	if (row->label != g->label) {
		g->label = row->label;
		g->label_noted = is_noted(g, row->label);
	}
	if (!g->label_noted)
		return;
	char id[STIX_ID_MAX];
	stix_id_format(&row->id, id);
	g->noted++;
	sha256_parts(g->digest, SHA256_SIZE, id, strlen(id), NULL, 0, g->digest);
}

static const char *marking_of(const struct reading *g)
{
	return g->selected ? "selected" : g->clearance ? "clearance" : tlp_name(g->highest);
}

int reading_end(struct reading *g)
{
	request_count(g->request, g->count);
	if (g->noted == 0)
		return HN_OK;
	return request_note_read(g->request, g->digest, g->noted, marking_of(g));
}

int reading_append(struct reading *g, void (*done)(void *context, int err), void *context)
{
	const struct request *r = g->request;
	char uid[UUID_TEXT_SIZE], account[UUID_TEXT_SIZE], digest[2 * SHA256_SIZE + 1], text[512];
	if (g->noted == g->appended)
		return READING_NOT_NOTED;
	uuid_format(&r->uid, uid);
	uuid_format(&r->who.account, account);
	hex_encode(g->digest, SHA256_SIZE, digest);
	int n = snprintf(
		text, sizeof(text),
		"{\"account\":\"%s\",\"operation\":\"%s\",\"reads\":[{\"digest\":\"%s\",\"count\":%llu,"
		"\"marking\":\"%s\",\"part\":%llu}],\"request\":\"%s\"}",
		account, r->route->operation, digest, (unsigned long long)g->noted, marking_of(g),
		(unsigned long long)g->part + 1, uid);
	int err = record_append(hub_of(r)->record, "hub.read", text, (size_t)n, done, context);
	if (err == HN_OK) {
		g->appended = g->noted;
		g->part++;
	}
	return err;
}
