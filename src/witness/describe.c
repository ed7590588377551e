/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "witness/describe.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "authority/field.h"
#include "authority/pattern.h"
#include "base/buf.h"
#include "base/encode.h"
#include "base/lang.h"
#include "base/utc.h"

#define VALUE_MAX 65536

static int add(struct description *d, const char *label, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

static int add(struct description *d, const char *label, const char *format, ...)
{
	struct buf b;
	va_list args;
	if (d->count == d->room) {
		size_t room = d->room == 0 ? 64 : d->room * 2;
		struct description_row *rows = arena_alloc(d->arena, room * sizeof(*rows));
		if (rows == NULL)
			return HN_ENOMEM;
		if (d->count > 0)
			memcpy(rows, d->rows, d->count * sizeof(*rows));
		d->rows = rows;
		d->room = room;
	}
	buf_init(&b, VALUE_MAX);
	va_start(args, format);
	buf_vaddf(&b, format, args);
	va_end(args);
	const char *value = buf_err(&b) == HN_OK ? arena_text(d->arena, b.data, b.len) : NULL;
	buf_clear(&b);
	if (value == NULL)
		return HN_ENOMEM;
	d->rows[d->count++] = (struct description_row){.label = label, .value = value};
	return HN_OK;
}

static int add_time(struct description *d, const char *label, int64_t time_ns)
{
	char text[UTC_SIZE];
	utc_format(time_ns, text);
	return add(d, label, "%s", text);
}

static int add_list(struct description *d, const char *label, const char *const *items, size_t count)
{
	int err = HN_OK;
	for (size_t i = 0; err == HN_OK && i < count; i++)
		err = add(d, label, "%s", items[i]);
	return err;
}

static int add_classes(struct description *d, const struct authorization *a)
{
	int err = HN_OK;
	for (unsigned c = 0; err == HN_OK && c < FLOW_CLASS_COUNT; c++)
		if (authorization_has_class(a, (enum flow_class)c))
			err = add(d, tr("class", "通信の区分"), "%s (%s)",
				  flow_class_title((enum flow_class)c), flow_class_name((enum flow_class)c));
	for (size_t i = 0; i < a->facility_count; i++) {
		char prefix[IP_PREFIX_TEXT_SIZE];
		ip_prefix_format(&a->facilities[i].prefix, prefix);
		for (unsigned c = 0; err == HN_OK && c < FLOW_CLASS_COUNT; c++)
			if ((a->facilities[i].classes >> c & 1) != 0)
				err = add(d, tr("foreign facility", "国外設備"), "%s (%s)", prefix,
					  flow_class_name((enum flow_class)c));
	}
	return err;
}

static int add_sets(struct description *d, const struct authorization *a)
{
	int err = HN_OK;
	for (size_t i = 0; err == HN_OK && i < a->set_count; i++) {
		const struct bounds *s = &a->sets[i];
		err = add(d, tr("indicator set", "指標集合"),
			  tr("%s: at most %llu entries, prefixes no wider than /%u and /%u",
			     "%s: %llu件以下、プレフィックスは /%u、/%u まで"),
			  s->set, (unsigned long long)s->entries_max, s->prefix4, s->prefix6);
		for (unsigned k = 0; err == HN_OK && k < ENTRY_KIND_COUNT; k++)
			if ((s->kinds & BOUNDS_KIND_BIT(k)) != 0)
				err = add(d, tr("kind of entry", "指標の種類"), "%s: %s", s->set,
					  entry_kind_name((enum entry_kind)k));
	}
	return err;
}

static int add_pattern(struct description *d, const struct pattern *p)
{
	struct buf b;
	buf_init(&b, VALUE_MAX);
	for (size_t k = 0; k < p->len; k++) {
		char hex[3] = "??";
		if (p->mask[k] != 0)
			hex_encode(&p->bytes[k], 1, hex);
		buf_addf(&b, "%s%s", k == 0 ? "" : " ", hex);
	}
	int err = buf_err(&b);
	if (err == HN_OK)
		err = add(d, tr("byte pattern", "バイトパターン"),
			  tr("%s (act %s) at %s, offset %u to %u: %s", "%s(対象 %s)%s、位置 %u〜%u: %s"),
			  p->id, p->act, position_name(p->position), p->offset_min, p->offset_max,
			  b.data != NULL ? b.data : "");
	buf_clear(&b);
	return err;
}

static int add_sensors(struct description *d, const struct authorization *a)
{
	int err = HN_OK;
	for (size_t i = 0; err == HN_OK && i < a->sensor_count; i++) {
		char id[UUID_TEXT_SIZE];
		uuid_format(&a->sensors[i].id, id);
		err = add(d, tr("sensor", "センサー"), "%s (%s)", id,
			  a->sensors[i].has_secret
				  ? tr("pseudonym secret sealed to it", "仮名化の秘密値を封入済み")
				  : tr("draws its own pseudonym secret", "仮名化の秘密値は自ら生成"));
	}
	return err;
}

static int add_handling(struct description *d, const struct authorization *a)
{
	char retention[FIELD_DURATION_SIZE];
	field_duration_format(a->retention_ns, retention);
	int err =
		add(d, tr("domestic endpoints", "国内側の端末"), "%s",
		    a->identified ? tr("IDENTIFIED", "非識別化しない") : tr("de-identified", "非識別化する"));
	if (err == HN_OK && a->identified)
		err = add(d, tr("identified, because", "非識別化しない根拠"), "%s", a->ground);
	if (err == HN_OK)
		err = add(d, tr("retention", "保存期間"), "%s", retention);
	if (err == HN_OK && a->recipient_count == 0)
		err = add(d, tr("recipient", "提供先"), "%s", tr("none", "なし"));
	return err == HN_OK ? add_list(d, tr("recipient", "提供先"), a->recipients, a->recipient_count) : err;
}

static int add_head(struct description *d, const struct authorization *a)
{
	char digest[SHA256_HEX_SIZE], trust[SHA256_HEX_SIZE];
	hex_encode(a->digest, sizeof(a->digest), digest);
	hex_encode(a->trust, sizeof(a->trust), trust);
	int err = add(d, tr("authorisation", "承認"), "%s", a->id_text);
	if (err == HN_OK)
		err = add(d, tr("digest", "ダイジェスト"), "%s", digest);
	if (err == HN_OK)
		err = add_time(d, tr("issued", "発行"), a->issued_ns);
	if (err == HN_OK)
		err = add(d, tr("trust file", "信頼ファイル"), "%s", trust);
	if (err == HN_OK)
		err = add(d, tr("basis", "法的根拠"), "%s (%s)", basis_title(a->basis), basis_name(a->basis));
	if (err == HN_OK && a->party != NULL)
		err = add(d, tr("party", "当事者"), "%s", a->party);
	return err == HN_OK ? add_list(d, tr("link", "対象回線"), a->links, a->link_count) : err;
}

#define OWN_ROWS 3 /* that differ in each: id, digest, time of issue */

int describe(const struct authorization *a, struct arena *arena, struct description *out)
{
	struct description d = {.arena = arena};
	int err = add_head(&d, a);
	if (err == HN_OK)
		err = add_classes(&d, a);
	if (err == HN_OK)
		err = add(&d, tr("purpose", "目的"), "%s", a->purpose);
	if (err == HN_OK)
		err = add_list(&d, tr("target act", "対象不正行為"), a->acts, a->act_count);
	if (err == HN_OK)
		err = add_time(&d, tr("from", "有効期間の始め"), a->from_ns);
	if (err == HN_OK)
		err = add_time(&d, tr("until (not including)", "有効期間の終わり"), a->until_ns);
	if (err == HN_OK)
		err = add_sets(&d, a);
	for (size_t i = 0; err == HN_OK && i < a->pattern_count; i++)
		err = add_pattern(&d, &a->patterns[i]);
	if (err == HN_OK)
		err = add_sensors(&d, a);
	if (err == HN_OK)
		err = add_handling(&d, a);
	*out = d;
	return err;
}

static bool has(const struct description *d, const struct description_row *row)
{
	for (size_t i = 0; i < d->count; i++)
		if (d->rows[i].mark != DESCRIPTION_GONE && strcmp(d->rows[i].label, row->label) == 0 &&
		    strcmp(d->rows[i].value, row->value) == 0)
			return true;
	return false;
}

int describe_difference(struct description *now, const struct description *former)
{
	int err = HN_OK;
	size_t own = now->count;
	for (size_t i = OWN_ROWS; i < own; i++)
		if (!has(former, &now->rows[i]))
			now->rows[i].mark = DESCRIPTION_ADDED;
	for (size_t i = OWN_ROWS; err == HN_OK && i < former->count; i++) {
		if (has(now, &former->rows[i]))
			continue;
		err = add(now, former->rows[i].label, "%s", former->rows[i].value);
		if (err == HN_OK)
			now->rows[now->count - 1].mark = DESCRIPTION_GONE;
	}
	return err;
}
