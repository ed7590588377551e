/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "authority/pattern.h"
#include "base/encode.h"
#include "base/lang.h"
#include "base/utc.h"
#include "cli/authority_common.h"

#define LABEL_COLUMNS 26

const struct limits *authorization_any_limits(void)
{
	static const struct limits any = {
		.basis = {{0x0f, INT64_MAX}, {0x0f, INT64_MAX}, {0x0f, INT64_MAX}},
		.retention_ns = INT64_MAX,
		.entries = UINT32_MAX,
	};
	return &any;
}

/* The label, padded by the columns it takes on a terminal, where other letters than ASCII take two. */
static void print_label(const char *label)
{
	int columns = 0;
	for (const unsigned char *c = (const unsigned char *)label; *c != '\0'; c++)
		columns += *c < 0x80 ? 1 : (*c & 0xC0) == 0x80 ? 0 : 2;
	printf("  %s%*s", label, LABEL_COLUMNS > columns ? LABEL_COLUMNS - columns : 1, "");
}

/* A line "label    value". */
static void row(const char *label, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void row(const char *label, const char *format, ...)
{
	print_label(label);
	va_list args;
	va_start(args, format);
	(void)vprintf(format, args);
	va_end(args);
	(void)putchar('\n');
}

static void row_time(const char *label, int64_t time_ns)
{
	char text[UTC_SIZE];
	utc_format(time_ns, text);
	row(label, "%s", text);
}

static void row_list(const char *label, const char *const *items, size_t count)
{
	for (size_t i = 0; i < count; i++)
		row(i == 0 ? label : "", "%s", items[i]);
}

static void print_classes(const struct authorization *a)
{
	bool first = true;
	for (unsigned c = 0; c < FLOW_CLASS_COUNT; c++) {
		if (!authorization_has_class(a, (enum flow_class)c))
			continue;
		row(first ? tr("classes", "通信の区分") : "", "%s (%s)", flow_class_title((enum flow_class)c),
		    flow_class_name((enum flow_class)c));
		first = false;
	}
}

static void print_facilities(const struct authorization *a)
{
	for (size_t i = 0; i < a->facility_count; i++) {
		char prefix[IP_PREFIX_TEXT_SIZE];
		ip_prefix_format(&a->facilities[i].prefix, prefix);
		for (unsigned c = 0; c < FLOW_CLASS_COUNT; c++)
			if ((a->facilities[i].classes >> c & 1) != 0)
				row(tr("foreign facility", "国外設備"), "%s (%s)", prefix,
				    flow_class_title((enum flow_class)c));
	}
}

static void print_sets(const struct authorization *a)
{
	for (size_t i = 0; i < a->set_count; i++) {
		const struct bounds *b = &a->sets[i];
		bool first = true;
		row(tr("indicator set", "指標集合"),
		    tr("%s: at most %llu entries, prefixes no wider than /%u and /%u",
		       "%s: %llu件以下、プレフィックスは /%u、/%u まで"),
		    b->set, (unsigned long long)b->entries_max, b->prefix4, b->prefix6);
		printf("  %*s%s", LABEL_COLUMNS, "", tr("kinds: ", "種類: "));
		for (unsigned k = 0; k < ENTRY_KIND_COUNT; k++) {
			if ((b->kinds & BOUNDS_KIND_BIT(k)) == 0)
				continue;
			printf("%s%s", first ? "" : ", ", entry_kind_name((enum entry_kind)k));
			first = false;
		}
		putchar('\n');
	}
}

static void print_patterns(const struct authorization *a)
{
	for (size_t i = 0; i < a->pattern_count; i++) {
		const struct pattern *p = &a->patterns[i];
		row(tr("byte pattern", "バイトパターン"),
		    tr("%s (act %s) at %s, offset %u to %u:", "%s（対象 %s）%s、位置 %u〜%u:"), p->id, p->act,
		    position_name(p->position), p->offset_min, p->offset_max);
		printf("  %*s", LABEL_COLUMNS, "");
		for (size_t k = 0; k < p->len; k++) {
			char hex[3] = "??";
			if (p->mask[k] != 0)
				hex_encode(&p->bytes[k], 1, hex);
			printf("%s%s", k == 0 ? "" : " ", hex);
		}
		putchar('\n');
	}
}

static void print_sensors(const struct authorization *a)
{
	for (size_t i = 0; i < a->sensor_count; i++) {
		char id[UUID_TEXT_SIZE];
		uuid_format(&a->sensors[i].id, id);
		row(i == 0 ? tr("sensors", "センサー") : "", "%s (%s)", id,
		    a->sensors[i].has_secret
			    ? tr("pseudonym secret sealed to it", "仮名化の秘密値を封入済み")
			    : tr("draws its own pseudonym secret", "仮名化の秘密値は自ら生成"));
	}
}

static void print_handling(const struct authorization *a)
{
	if (a->identified)
		row(tr("identified, because", "非識別化しない根拠"), "%s", a->ground);
	else
		row(tr("domestic endpoints", "国内側の端末"), "%s", tr("de-identified", "非識別化する"));
	row(tr("retention", "保存期間"), tr("%lld days", "%lld日"),
	    (long long)(a->retention_ns / (86400 * NS_SECOND)));
	if (a->recipient_count == 0)
		row(tr("recipients", "提供先"), "%s", tr("none", "なし"));
	row_list(tr("recipients", "提供先"), a->recipients, a->recipient_count);
}

void print_authorization(const struct authorization *a, const struct trust *trust)
{
	char digest[SHA256_HEX_SIZE];

	hex_encode(a->digest, sizeof(a->digest), digest);
	row(tr("authorisation", "承認書"), "%s", a->id_text);
	row(tr("digest", "ダイジェスト"), "%s", digest);
	if (trust != NULL && trust->mark != TRUST_MARK_NONE)
		row(tr("trust file marked", "信頼ファイルの印"), "%s", trust_mark_name(trust->mark));
	row(tr("basis", "法的根拠"), "%s (%s)", basis_title(a->basis), basis_name(a->basis));
	if (a->party != NULL)
		row(tr("party", "当事者"), "%s", a->party);
	row_list(tr("links", "対象回線"), a->links, a->link_count);
	print_classes(a);
	print_facilities(a);
	row(tr("purpose", "目的"), "%s", a->purpose);
	row_list(tr("target acts", "対象不正行為"), a->acts, a->act_count);
	row_time(tr("issued", "発行"), a->issued_ns);
	row_time(tr("from", "有効期間の始め"), a->from_ns);
	row_time(tr("until (not including)", "有効期間の終わり"), a->until_ns);
	print_sets(a);
	print_patterns(a);
	print_sensors(a);
	print_handling(a);
}

void print_signers(const struct jws *j, const struct trust *trust)
{
	if (j->count == 0)
		row(tr("signatures", "署名"), "%s", tr("none", "なし"));
	for (size_t i = 0; i < j->count; i++) {
		const struct key_public *k = trust == NULL ? NULL : trust_key(trust, j->signatures[i].kid);
		row(i == 0 ? tr("signatures", "署名") : "", "%s (%s)",
		    k == NULL ? tr("a key not named here", "ここに名前のない鍵") : k->name,
		    j->signatures[i].kid);
	}
}
