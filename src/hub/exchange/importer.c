/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "hub/exchange/importer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/digest.h"
#include "base/utc.h"
#include "hub/exchange/importer_inside.h"

#define NAME_MAX_PLAIN 200 /* bytes */

static const struct importer_form stix = {.name = "stix"};

static const struct importer_form *const forms[IMPORTER_FORMATS] = {
	[IMPORTER_STIX] = &stix,
	[IMPORTER_MISP] = &IMPORTER_FORM_MISP,
	[IMPORTER_CSV] = &IMPORTER_FORM_CSV,
	[IMPORTER_LIST] = &IMPORTER_FORM_LIST,
};

int importer_format_value(const char *word, size_t len)
{
	for (int i = 0; i < IMPORTER_FORMATS; i++)
		if (strlen(forms[i]->name) == len && memcmp(forms[i]->name, word, len) == 0)
			return i;
	return -1;
}

int importer_new(enum importer_format format, const struct importer_terms *terms, struct importer **out)
{
	struct importer *imp = calloc(1, sizeof(*imp));
	if (imp == NULL)
		return HN_ENOMEM;
	imp->form = forms[format];
	imp->terms = *terms;
	(void)snprintf(imp->name, sizeof(imp->name), "%s", terms->name != NULL ? terms->name : "");
	imp->terms.name = imp->name;
	int err = imp->form->open != NULL ? imp->form->open(imp) : HN_OK;
	if (err != HN_OK)
		importer_free(imp);
	else
		*out = imp;
	return err;
}

void importer_free(struct importer *imp)
{
	if (imp == NULL)
		return;
	if (imp->form->close != NULL && imp->state != NULL)
		imp->form->close(imp);
	free(imp->left);
	free(imp);
}

int importer_feed(struct importer *imp, const void *data, size_t len, struct buf *out, struct fault *fault)
{
	imp->out = out;
	if (imp->form->feed == NULL) {
		buf_add(out, data, len);
		return buf_err(out);
	}
	int err = imp->form->feed(imp, data, len, fault);
	return err == HN_OK ? buf_err(out) : err;
}

int importer_end(struct importer *imp, struct buf *out, struct fault *fault)
{
	imp->out = out;
	int err = imp->form->end != NULL ? imp->form->end(imp, fault) : HN_OK;
	return err == HN_OK ? buf_err(out) : err;
}

void importer_report(const struct importer *imp, struct importer_report *out)
{
	*out = imp->report;
	out->left = imp->left;
}

/* ---- what is left out ---- */

static void count_reason(struct importer_report *r, const char *reason)
{
	size_t i = 0;
	while (i < r->reason_count && strcmp(r->reasons[i].reason, reason) != 0)
		i++;
	if (i == IMPORTER_REASONS)
		return;
	if (i == r->reason_count)
		r->reasons[r->reason_count++].reason = reason;
	r->reasons[i].count++;
}

/* At most size - 1 bytes, cut between characters. */
static void copy_cut(char *out, size_t size, const char *text, size_t len)
{
	size_t n = len < size - 1 ? len : size - 1;
	while (n > 0 && n < len && ((unsigned char)text[n] & 0xC0) == 0x80)
		n--;
	memcpy(out, text, n);
	out[n] = '\0';
}

void importer_leave(struct importer *imp, const char *reason, const char *place, const char *value,
		    size_t len, const char *detail)
{
	struct importer_report *r = &imp->report;
	r->left_out++;
	count_reason(r, reason);
	if (r->left_count == IMPORTER_TOLD_MAX)
		return;
	if (r->left_count == imp->left_room) {
		size_t room = imp->left_room == 0 ? 16 : imp->left_room * 2;
		struct importer_left *more = realloc(imp->left, room * sizeof(*more));
		if (more == NULL)
			return;
		imp->left = more;
		imp->left_room = room;
	}
	struct importer_left *left = &imp->left[r->left_count++];
	left->reason = reason;
	copy_cut(left->place, sizeof(left->place), place, strlen(place));
	copy_cut(left->value, sizeof(left->value), value, len);
	copy_cut(left->detail, sizeof(left->detail), detail, strlen(detail));
}

/* ---- writing ---- */

void importer_id(struct buf *out, const char *type, const struct uuid *id)
{
	char text[UUID_TEXT_SIZE];
	uuid_format(id, text);
	buf_addf(out, "%s--%s", type, text);
}

void importer_begin(struct importer *imp, const char *type, const struct uuid *id, int64_t created_ns,
		    int64_t modified_ns)
{
	buf_addf(imp->out, "{\"type\":\"%s\",\"spec_version\":\"2.1\",\"id\":\"", type);
	importer_id(imp->out, type, id);
	buf_addc(imp->out, '"');
	if (created_ns < 0)
		return;
	importer_time(imp, "created", created_ns);
	importer_time(imp, "modified", modified_ns);
}

void importer_text(struct importer *imp, const char *name, const char *text)
{
	if (text == NULL || text[0] == '\0')
		return;
	buf_addf(imp->out, ",\"%s\":", name);
	buf_json_string(imp->out, text, strlen(text));
}

/* Milliseconds, as many programs can read no more of STIX's times. */
void importer_time(struct importer *imp, const char *name, int64_t ns)
{
	char text[UTC_SIZE];
	utc_format(ns, text);
	buf_addf(imp->out, ",\"%s\":\"%.23sZ\"", name, text);
}

void importer_ref(struct importer *imp, const char *name, const char *type, const struct uuid *id)
{
	buf_addf(imp->out, ",\"%s\":\"", name);
	importer_id(imp->out, type, id);
	buf_addc(imp->out, '"');
}

void importer_finish(struct importer *imp)
{
	buf_adds(imp->out, "}\n");
	imp->report.objects++;
}

/* A name of any length: what is long counts by its digest. */
struct uuid importer_name_uuid(const struct uuid *space, const char *value, size_t len)
{
	uint8_t digest[SHA256_SIZE];
	if (len <= NAME_MAX_PLAIN)
		return uuid_v5(space, value, len);
	sha256(value, len, digest);
	return uuid_v5(space, digest, sizeof(digest));
}

struct uuid importer_uuid(const struct importer *imp, const char *kind, const char *value, size_t len)
{
	struct uuid space = importer_name_uuid(&imp->terms.space, kind, strlen(kind));
	return importer_name_uuid(&space, value, len);
}
