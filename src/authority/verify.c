/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "authority/verify.h"

#include <stdio.h>
#include <string.h>

#include "authority/jws.h"
#include "base/lang.h"
#include "base/utc.h"

static enum refusal at_time(struct refusal_detail *detail, enum refusal r, const char *format_en,
			    const char *format_ja, int64_t time_ns)
{
	char text[UTC_SIZE];
	utc_format(time_ns, text);
	return refusal_set(detail, r, "%s %s", lang_get() == LANG_JA ? format_ja : format_en, text);
}

static enum refusal check_clock(const struct verify_question *q, const struct authorization *a,
				struct refusal_detail *detail)
{
	int64_t newest = q->newest_signed_ns;
	if (a->issued_ns > newest)
		newest = a->issued_ns;
	if (q->trust->issued_ns > newest)
		newest = q->trust->issued_ns;
	if (q->revocations != NULL && q->revocations->issued_ns > newest)
		newest = q->revocations->issued_ns;
	if (q->now_ns < newest)
		return at_time(detail, REFUSAL_CLOCK_BEHIND, "newest signed time", "署名済みの最新時刻",
			       newest);
	return REFUSAL_NONE;
}

static enum refusal check_revocations(const struct verify_question *q, const struct authorization *a,
				      struct refusal_detail *detail)
{
	const struct revocations *r = q->revocations;
	if (r == NULL) {
		if (q->revocations_due)
			return refusal_set(detail, REFUSAL_REVOCATIONS_BAD, "%s",
					   tr("none was given", "失効リストが与えられていない"));
		return REFUSAL_NONE;
	}
	if (revocations_has(r, &a->id))
		return refusal_set(detail, REFUSAL_REVOKED,
				   tr("%s, list number %llu", "%s、失効リスト第%llu号"), a->id_text,
				   (unsigned long long)r->number);
	if (q->revocations_due && q->now_ns >= r->next_update_ns)
		return at_time(detail, REFUSAL_REVOCATIONS_STALE, "next update was due", "次回更新の期限",
			       r->next_update_ns);
	return REFUSAL_NONE;
}

static enum refusal check_validity(const struct verify_question *q, const struct authorization *a,
				   struct refusal_detail *detail)
{
	int64_t end;
	if (q->now_ns < a->from_ns)
		return at_time(detail, REFUSAL_NOT_YET_VALID, "it begins", "開始", a->from_ns);
	if (!q->recorded && q->now_ns >= a->until_ns)
		return at_time(detail, REFUSAL_NO_LONGER_VALID, "it ended", "終了", a->until_ns);
	if (q->recorded && !__builtin_add_overflow(a->until_ns, a->retention_ns, &end) && q->now_ns >= end)
		return at_time(detail, REFUSAL_OUTSIDE_RETENTION, "retention ended", "保存期間の終了", end);
	return REFUSAL_NONE;
}

static enum refusal check_sensor(const struct verify_question *q, const struct authorization *a,
				 struct refusal_detail *detail)
{
	char text[UUID_TEXT_SIZE];
	if (q->sensor == NULL)
		return REFUSAL_NONE;
	for (size_t i = 0; i < a->sensor_count; i++)
		if (memcmp(a->sensors[i].id.bytes, q->sensor->bytes, sizeof(q->sensor->bytes)) == 0)
			return REFUSAL_NONE;
	uuid_format(q->sensor, text);
	return refusal_set(detail, REFUSAL_SENSOR_OTHER, tr("this sensor is %s", "このセンサーは %s"), text);
}

static enum refusal check_domestic(const struct verify_question *q, struct refusal_detail *detail)
{
	const struct domestic *d = q->domestic;
	if (d == NULL)
		return REFUSAL_NONE;
	if (d->prefixes == 0)
		return refusal_set(detail, REFUSAL_DOMESTIC_EMPTY, "%s",
				   tr("no prefix in it", "プレフィックスが一つもない"));
	if (q->trust->has_domestic && memcmp(domestic_digest(d), q->trust->domestic, SHA256_SIZE) != 0)
		return refusal_set(detail, REFUSAL_DOMESTIC_OTHER, "%s",
				   tr("its digest differs", "ダイジェストが一致しない"));
	return REFUSAL_NONE;
}

/* A trust file stands for what was issued under it and under the one before it, so that keys can change
 * without a gap. */
static enum refusal check_trust(const struct verify_question *q, const struct authorization *a,
				struct refusal_detail *detail)
{
	if (memcmp(a->trust, q->trust->digest, SHA256_SIZE) == 0 ||
	    (q->trust->has_predecessor && memcmp(a->trust, q->trust->predecessor, SHA256_SIZE) == 0))
		return REFUSAL_NONE;
	return refusal_set(detail, REFUSAL_TRUST_UNKNOWN, "%s",
			   tr("the authorisation was issued under another trust file",
			      "承認書は別の信頼ファイルの下で発行されている"));
}

static enum refusal check_all(const struct verify_question *q, const struct authorization *a,
			      struct refusal_detail *detail)
{
	enum refusal r;
	if ((r = check_trust(q, a, detail)) != REFUSAL_NONE ||
	    (r = check_clock(q, a, detail)) != REFUSAL_NONE ||
	    (r = check_revocations(q, a, detail)) != REFUSAL_NONE ||
	    (r = check_validity(q, a, detail)) != REFUSAL_NONE ||
	    (r = check_sensor(q, a, detail)) != REFUSAL_NONE)
		return r;
	return check_domestic(q, detail);
}

static enum refusal judge(const struct verify_question *q, const struct jws *j, struct authorization **out,
			  struct refusal_detail *detail)
{
	struct fault fault = {{0}, {0}};
	struct authorization *a;

	/* Signatures first: nothing of an unsigned payload is read. */
	enum refusal r = jws_check(j, q->trust->keys, q->trust->key_count, q->trust->threshold, detail);
	if (r != REFUSAL_NONE)
		return r;
	int rc = authorization_read(j->payload, j->payload_len, &q->trust->limits, &a, &fault);
	if (rc != HN_OK)
		return refusal_set(detail, rc == HN_EAUTH ? REFUSAL_LIMITS : REFUSAL_MALFORMED, "%s %s",
				   fault.place, fault.message[0] == '\0' ? hn_strerror(rc) : fault.message);
	r = check_all(q, a, detail);
	if (r != REFUSAL_NONE)
		authorization_free(a);
	else
		*out = a;
	return r;
}

enum refusal verify(const struct verify_question *q, struct authorization **out,
		    struct refusal_detail *detail)
{
	struct fault fault = {{0}, {0}};
	struct jws j;

	if (q->text == NULL)
		return refusal_set(detail, REFUSAL_NO_AUTHORIZATION, "%s",
				   tr("none was given", "与えられていない"));
	if (q->trust == NULL)
		return refusal_set(detail, REFUSAL_TRUST_UNKNOWN, "%s",
				   tr("none was given", "与えられていない"));
	if (jws_parse(q->text, q->len, &j, &fault) != HN_OK)
		return refusal_set(detail, REFUSAL_MALFORMED, "%s %s", fault.place, fault.message);
	enum refusal r = judge(q, &j, out, detail);
	jws_clear(&j);
	return r;
}

struct judging {
	const struct authorization *authorization;
	const struct bounds *bounds;
	struct refusal_detail *detail;
	enum refusal refusal;
};

static int judge_entry(void *context, const struct entry_key *key, const struct entry_meta *meta)
{
	struct judging *j = context;
	j->refusal = bounds_check_entry(j->authorization, j->bounds, key, meta, j->detail);
	return j->refusal == REFUSAL_NONE ? HN_OK : HN_EAUTH;
}

enum refusal verify_set(const struct authorization *a, const char *set, uint64_t entries,
			verify_entries *each, const void *source, struct refusal_detail *detail)
{
	struct judging j = {a, authorization_set(a, set), detail, REFUSAL_NONE};

	if (j.bounds == NULL)
		return refusal_set(detail, REFUSAL_SET_NOT_COVERED, tr("set '%s'", "セット「%s」"), set);
	enum refusal r = bounds_check_count(j.bounds, entries, detail);
	if (r != REFUSAL_NONE || each == NULL)
		return r;
	const struct entry_pass pass = bounds_pass(a, j.bounds);
	int rc = each(source, &pass, judge_entry, &j);
	if (rc == HN_OK || j.refusal != REFUSAL_NONE)
		return j.refusal;
	/* A set that cannot be walked to its end has not been judged. */
	return refusal_set(detail, REFUSAL_SET_OUT_OF_BOUNDS, tr("set '%s': %s", "セット「%s」: %s"), set,
			   hn_strerror(rc));
}
