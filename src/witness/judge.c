/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "witness/judge.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "authority/authorization.h"
#include "authority/bounds.h"
#include "authority/jws.h"
#include "authority/trust.h"
#include "base/json.h"
#include "base/uuid.h"
#include "witness/alarm.h"
#include "witness/trusted.h"

/* Everything that one receipt is held against. */
struct judging {
	struct state *s;
	const char *edge;
	const struct receipt_facts *facts;
	struct finding *f;
	char number[24];
	struct trust trust;
	struct revocations revocations;
	size_t count; /* authorisations that hold */
	struct authorization *held[RECEIPT_AUTHORIZATIONS_MAX];
};

void finding_set(struct finding *f, const char *en, const char *ja)
{
	if (f->en[0] != '\0')
		return;
	(void)snprintf(f->en, sizeof(f->en), "%s", en);
	(void)snprintf(f->ja, sizeof(f->ja), "%s", ja);
}

void finding_of(struct finding *f, const struct fault *en, const struct fault *ja)
{
	char text_en[FINDING_SIZE], text_ja[FINDING_SIZE];
	(void)snprintf(text_en, sizeof(text_en), "%.80s%s%.500s", en->place, en->place[0] != '\0' ? ": " : "",
		       en->message);
	(void)snprintf(text_ja, sizeof(text_ja), "%.80s%s%.500s", ja->place, ja->place[0] != '\0' ? ": " : "",
		       ja->message);
	finding_set(f, text_en, text_ja);
}

static int tell(struct judging *j, enum alarm_kind kind, const char *en, const char *ja)
{
	char full_en[FINDING_SIZE], full_ja[FINDING_SIZE];
	(void)snprintf(full_en, sizeof(full_en), "receipt %s: %s", j->number, en);
	(void)snprintf(full_ja, sizeof(full_ja), "受領証 %s: %s", j->number, ja);
	finding_set(j->f, en, ja);
	return alarm_raise(
		j->s,
		&(struct alarm){.kind = kind, .edge = j->edge, .subject = "", .en = full_en, .ja = full_ja});
}

static uint64_t selected_of(const struct receipt_facts *facts, unsigned c)
{
	return facts->sums.selected[c].packets;
}

static int judge_trust(struct judging *j)
{
	int err = trusted_get(j->s, j->facts->trust, &j->trust);
	if (err == HN_ENOENT)
		return tell(j, ALARM_TRUST, "its trust file is not known here",
			    "信頼ファイルがここで未知である");
	if (err == HN_OK && j->trust.has_domestic && j->facts->authorization_count > 0 &&
	    memcmp(j->trust.domestic, j->facts->domestic, sizeof(j->trust.domestic)) != 0)
		return tell(j, ALARM_TRUST, "another table of domestic prefixes than the lawful one",
			    "国内アドレス表が適法なものと異なる");
	return err;
}

static bool names_sensor(const struct authorization *a, const struct uuid *edge)
{
	for (size_t i = 0; i < a->sensor_count; i++)
		if (uuid_compare(&a->sensors[i].id, edge) == 0)
			return true;
	return false;
}

/* Why one that is known here, and signed, does not carry the receipt; NULL: it does. */
static const char *refuse_known(const struct judging *j, const struct authorization *a, const char **ja)
{
	const struct receipt_facts *f = j->facts;
	*ja = "期間内に有効でない承認";
	if (f->until_ns < a->from_ns || f->from_ns >= a->until_ns)
		return "an authorisation that is not in force in the interval";
	*ja = "このセンサーを記載していない承認";
	if (!names_sensor(a, &f->edge))
		return "an authorisation that names other sensors";
	*ja = "取り消された承認";
	if (revocations_has(&j->revocations, &a->id) && j->revocations.issued_ns <= f->from_ns)
		return "an authorisation that is revoked";
	return NULL;
}

static enum refusal check_signatures(const struct judging *j, const void *text, size_t len,
				     struct authorization **out)
{
	struct jws doc = {0};
	enum refusal why = REFUSAL_MALFORMED;
	if (jws_parse(text, len, &doc, NULL) == HN_OK)
		why = jws_check(&doc, j->trust.keys, j->trust.key_count, j->trust.threshold, NULL);
	if (why == REFUSAL_NONE &&
	    authorization_read(doc.payload, doc.payload_len, &j->trust.limits, out, NULL) != HN_OK)
		why = REFUSAL_LIMITS;
	jws_clear(&doc);
	return why;
}

static int judge_authorisation(struct judging *j, const struct uuid *id, const uint8_t digest[SHA256_SIZE])
{
	char text[UUID_TEXT_SIZE], en[256], ja[256];
	sqlite3_stmt *row;
	struct authorization *a = NULL;
	const char *why_en = NULL, *why_ja = "";
	uuid_format(id, text);
	int err = state_one(
		j->s, &row,
		"SELECT document FROM applications WHERE id = ? AND digest = ? AND state != 'unseen'", "td",
		text, digest);
	if (err == HN_OK && check_signatures(j, sqlite3_column_blob(row, 0),
					     (size_t)sqlite3_column_bytes(row, 0), &a) != REFUSAL_NONE) {
		why_en = "an authorisation that too few have signed here";
		why_ja = "ここで確認できる署名が足りない承認";
	} else if (err == HN_OK) {
		why_en = refuse_known(j, a, &why_ja);
	} else if (err == HN_ENOENT) {
		why_en = "an authorisation that was never seen here";
		why_ja = "ここで一度も見ていない承認";
		err = HN_OK;
	}
	state_done(row);
	if (err == HN_OK && why_en != NULL) {
		(void)snprintf(en, sizeof(en), "%s: %s", why_en, text);
		(void)snprintf(ja, sizeof(ja), "%s: %s", why_ja, text);
		err = tell(j, ALARM_UNAUTHORISED, en, ja);
	}
	if (err == HN_OK && why_en == NULL)
		j->held[j->count++] = a;
	else
		authorization_free(a);
	return err;
}

static int judge_authorisations(struct judging *j)
{
	int err = HN_OK;
	uint64_t selected = 0;
	for (size_t i = 0; err == HN_OK && i < j->facts->authorization_count; i++)
		err = judge_authorisation(j, &j->facts->authorizations[i].id,
					  j->facts->authorizations[i].digest);
	for (unsigned c = 0; c < SUMS_CLASSES; c++)
		selected += selected_of(j->facts, c);
	if (err == HN_OK && j->facts->authorization_count == 0 && selected > 0)
		err = tell(j, ALARM_UNAUTHORISED, "selected without any authorisation", "承認なしに選別した");
	return err;
}

static int judge_classes(struct judging *j)
{
	static const char *const undecoded = "undecoded";
	char en[160], ja[160];
	int err = HN_OK;
	for (unsigned c = 0; err == HN_OK && c < SUMS_CLASSES; c++) {
		bool may = false;
		for (size_t i = 0; c < FLOW_CLASS_COUNT && i < j->count; i++)
			may = may || authorization_has_class(j->held[i], (enum flow_class)c);
		if (may || selected_of(j->facts, c) == 0 || j->facts->authorization_count == 0)
			continue;
		const char *name = c < FLOW_CLASS_COUNT ? flow_class_name((enum flow_class)c) : undecoded;
		(void)snprintf(en, sizeof(en), "%" PRIu64 " packets of class %s", selected_of(j->facts, c),
			       name);
		(void)snprintf(ja, sizeof(ja), "区分 %s のパケット %" PRIu64 "個", name,
			       selected_of(j->facts, c));
		err = tell(j, ALARM_BEYOND, en, ja);
	}
	return err;
}

static int judge_set(struct judging *j, const char *id, uint64_t entries)
{
	const struct bounds *b = NULL;
	char en[256], ja[256];
	for (size_t i = 0; b == NULL && i < j->count; i++)
		b = authorization_set(j->held[i], id);
	if (b != NULL && entries <= b->entries_max)
		return HN_OK;
	(void)snprintf(en, sizeof(en), "set %.100s with %" PRIu64 " entries", id, entries);
	(void)snprintf(ja, sizeof(ja), "指標集合 %.100s(%" PRIu64 "件)", id, entries);
	return tell(j, ALARM_BEYOND, en, ja);
}

static int judge_sets(struct judging *j, const char *line, size_t len)
{
	json_t *object = NULL;
	size_t i;
	const json_t *one;
	int err = json_object_read(line, len, &object, NULL);
	const json_t *sets = json_object_get(json_object_get(object, "receipt"), "sets");
	json_array_foreach(sets, i, one)
	{
		const char *id = json_string_value(json_object_get(one, "id"));
		if (err == HN_OK && id != NULL)
			err = judge_set(j, id, (uint64_t)json_integer_value(json_object_get(one, "entries")));
	}
	json_decref(object);
	return err;
}

int judge_receipt(struct state *s, const char *edge, const struct receipt_facts *facts, const char *line,
		  size_t len, struct finding *f)
{
	struct judging *j = calloc(1, sizeof(*j));
	if (j == NULL)
		return HN_ENOMEM;
	j->s = s;
	j->edge = edge;
	j->facts = facts;
	j->f = f;
	(void)snprintf(j->number, sizeof(j->number), "%" PRIu64, facts->tail.number);
	int err = judge_trust(j);
	if (err == HN_OK)
		err = revoked_newest(s, &j->revocations);
	/* A list that cannot be read any more says no less than none. */
	if (err == HN_ENOENT || err == HN_EAUTH)
		err = HN_OK;
	if (err == HN_OK)
		err = judge_authorisations(j);
	/* What was not authorised at all was told already. */
	if (err == HN_OK && j->count > 0)
		err = judge_classes(j);
	if (err == HN_OK && j->count > 0 && facts->authorization_count > 0)
		err = judge_sets(j, line, len);
	for (size_t i = 0; i < j->count; i++)
		authorization_free(j->held[i]);
	revocations_clear(&j->revocations);
	free(j);
	return err;
}
