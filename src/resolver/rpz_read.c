/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "resolver/rpz_read.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/cur.h"
#include "base/file.h"
#include "base/lang.h"
#include "resolver/rdata_text.h"
#include "resolver/rpz_owner.h"
#include "wire/dns_number.h"

#define RULE_BYTES_MAX (POLICY_RECORDS_MAX * UINT64_C(65600))
#define TTL_MAX        INT32_MAX /* RFC 2181, 8 */

const struct rpz_limits RPZ_DEFAULTS = {50000000};

/* What was read of one owner; its records stand together. */
struct pending {
	bool any;
	bool cname; /* one CNAME says it all: nothing else may stand beside it */
	uint32_t line;
	struct zone_name owner; /* inside the zone */
	struct buf rule;
};

struct reader {
	struct zone_text *text;
	struct rpz *zone;
	struct fault *fault;
	const struct rpz_limits *limits;
	struct zone_name origin, apex, owner; /* the owner's full name */
	bool has_apex, has_owner, has_default_ttl;
	uint32_t default_ttl, last_ttl;
	struct pending pending;
	struct buf rdata;
};

/* ---- what was read of an owner becomes a rule ---- */

static int fault_line(struct reader *r, uint32_t line, int err, const char *text)
{
	return zone_fault_line(r->text, line, err, r->fault, text);
}

static int contradiction(struct reader *r, uint32_t line)
{
	return fault_line(r, line, HN_EEXIST,
			  tr("this name or address has two actions in the file; keep one of them",
			     "同じ名前またはアドレスに二つの動作がある。どちらかを残すこと"));
}

/* Local data of one owner may stand apart: it becomes one rule. */
static int join_records(struct reader *r, uint32_t other, uint32_t *number_io)
{
	struct policy_record records[POLICY_RECORDS_MAX];
	size_t count = rpz_rule_records(r->zone, other, records);
	for (size_t i = 0; i < count; i++)
		if (records[i].type == DNS_TYPE_CNAME)
			return contradiction(r, r->pending.line);
	if (r->pending.cname || rpz_rule_action(r->zone, other) != POLICY_LOCAL)
		return contradiction(r, r->pending.line);
	for (size_t i = 0; i < count; i++) {
		int rc = rpz_rule_record(&r->pending.rule, records[i].type, records[i].ttl, records[i].data,
					 records[i].len);
		if (rc != HN_OK)
			return fault_line(r, r->pending.line, rc, hn_strerror(rc));
	}
	return rpz_rule_add(r->zone, &r->pending.rule, number_io);
}

static int put_name(struct reader *r, const struct rpz_owner *o, uint32_t rule)
{
	struct name_rules *names = r->zone->names[o->trigger];
	uint32_t number = rule;
	int rc = name_rules_add(names, o->name, o->name_len, o->below, &number, false);
	if (rc != HN_EEXIST)
		return rc;
	rc = join_records(r, number, &rule);
	return rc == HN_OK ? name_rules_add(names, o->name, o->name_len, o->below, &rule, true) : rc;
}

static int flush(struct reader *r)
{
	struct rpz_owner o;
	uint32_t rule;
	if (!r->pending.any)
		return HN_OK;
	r->pending.any = false;
	int rc = rpz_owner_parse(&r->pending.owner, &o);
	if (rc == HN_EUNSUPPORTED)
		return fault_line(
			r, r->pending.line, rc,
			tr("unknown trigger; name, rpz-client-ip, rpz-ip, rpz-nsdname and rpz-nsip "
			   "are known",
			   "不明な契機。名前、rpz-client-ip、rpz-ip、rpz-nsdname、rpz-nsip のいずれか"));
	if (rc != HN_OK)
		return fault_line(r, r->pending.line, rc,
				  tr("the owner is no address in the notation of RPZ, e.g. 24.0.2.0.192",
				     "所有者名がRPZ表記のアドレスではない (例: 24.0.2.0.192)"));
	rc = rpz_rule_add(r->zone, &r->pending.rule, &rule);
	if (rc != HN_OK)
		return rc;
	if (o.trigger == POLICY_QNAME || o.trigger == POLICY_NS_NAME)
		rc = put_name(r, &o, rule);
	else
		rc = prefix_rules_add(&r->zone->prefixes[o.trigger], &o.prefix, rule, r->pending.line);
	if (rc == HN_OK && rpz_count(r->zone) > r->limits->rules_max)
		return fault_line(r, r->pending.line, HN_ELIMIT, tr("too many rules", "規則が多すぎる"));
	return rc;
}

static bool same_name(const struct zone_name *a, const uint8_t *data, size_t len)
{
	return a->len == len && (len == 0 || memcmp(a->data, data, len) == 0);
}

/* Begins the owner's rule, or finds it begun. A CNAME stands alone, but twice the same is once. */
static int pend(struct reader *r, bool cname, enum policy_action action, uint32_t ttl)
{
	struct pending *p = &r->pending;
	size_t len = r->owner.len - r->apex.len;
	if (p->any && same_name(&p->owner, r->owner.data, len) && !cname && !p->cname)
		return HN_OK;
	int rc = flush(r);
	if (rc != HN_OK)
		return rc;
	p->any = true;
	p->cname = cname;
	p->line = zone_line(r->text);
	memcpy(p->owner.data, r->owner.data, len);
	p->owner.len = (uint8_t)len;
	rpz_rule_begin(&p->rule, action, ttl);
	return HN_OK;
}

/* ---- records ---- */

static bool label_begins(const struct zone_name *n, const char *text)
{
	size_t len = strlen(text);
	return n->len > len && n->data[0] >= len && memcmp(n->data + 1, text, len) == 0;
}

static bool label_is(const struct zone_name *n, const char *text)
{
	return n->len == strlen(text) + 1 && n->data[0] == n->len - 1 && label_begins(n, text);
}

static bool in_zone(const struct reader *r, const struct zone_name *n)
{
	if (n->len < r->apex.len ||
	    (r->apex.len > 0 && memcmp(n->data + n->len - r->apex.len, r->apex.data, r->apex.len) != 0))
		return false;
	size_t at = 0;
	while (at < (size_t)(n->len - r->apex.len))
		at += 1u + n->data[at];
	return at == (size_t)(n->len - r->apex.len);
}

/* What the target of a CNAME asks for; POLICY_LOCAL where it is only a name. */
static int read_target(struct reader *r, const struct zone_name *target, enum policy_action *out)
{
	static const struct {
		const char *label;
		enum policy_action action;
	} words[] = {
		{"*", POLICY_NODATA},
		{"rpz-passthru", POLICY_PASSTHRU},
		{"rpz-drop", POLICY_DROP},
		{"rpz-tcp-only", POLICY_TCP_ONLY},
	};
	*out = POLICY_LOCAL;
	if (target->len == 0) {
		*out = POLICY_NXDOMAIN;
		return HN_OK;
	}
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (label_is(target, words[i].label)) {
			*out = words[i].action;
			return HN_OK;
		}
	}
	if (same_name(target, r->owner.data, r->owner.len - r->apex.len))
		*out = POLICY_PASSTHRU;
	if (target->data[0] == target->len - 1 && label_begins(target, "rpz-"))
		return zone_fault(r->text, HN_EUNSUPPORTED, r->fault, "%s",
				  tr("unknown action; rpz-passthru., rpz-drop. and rpz-tcp-only. are known",
				     "不明な動作。rpz-passthru.、rpz-drop.、rpz-tcp-only. のいずれか"));
	if (r->apex.len > 0 && in_zone(r, target) && (label_begins(target, "rpz-") || target->data[1] == '*'))
		return zone_fault(r->text, HN_EFORMAT, r->fault, "%s",
				  tr("the action lacks the dot at its end", "動作の末尾に点がない"));
	return HN_OK;
}

static int read_cname(struct reader *r, size_t first, uint32_t ttl)
{
	struct zone_name target;
	enum policy_action action;
	int rc = rdata_parse(DNS_TYPE_CNAME, r->text, first, &r->origin, &r->rdata);
	if (rc != HN_OK)
		return zone_fault(r->text, rc, r->fault, "%s",
				  tr("CNAME takes one name", "CNAME には名前が一つ要る"));
	target.len = (uint8_t)(r->rdata.len - 1);
	memcpy(target.data, r->rdata.data, target.len);
	rc = read_target(r, &target, &action);
	if (rc == HN_OK)
		rc = pend(r, true, action, ttl);
	if (rc == HN_OK && action == POLICY_LOCAL)
		rc = rpz_rule_record(&r->pending.rule, DNS_TYPE_CNAME, ttl, (const uint8_t *)r->rdata.data,
				     r->rdata.len);
	return rc;
}

static int read_local(struct reader *r, uint16_t type, size_t first, uint32_t ttl)
{
	int rc = rdata_parse(type, r->text, first, &r->origin, &r->rdata);
	if (rc == HN_EUNSUPPORTED)
		return zone_fault(r->text, rc, r->fault, "%s",
				  tr("data of this type are read only as \\# LENGTH HEX (RFC 3597)",
				     "この型のデータは \\# 長さ 16進 (RFC 3597) の形でのみ読める"));
	if (rc == HN_ENOMEM)
		return rc;
	if (rc != HN_OK)
		return zone_fault(r->text, rc, r->fault, "%s",
				  tr("the record's data are not what its type takes",
				     "レコードのデータがその型の書式ではない"));
	rc = pend(r, false, POLICY_LOCAL, ttl);
	if (rc == HN_OK)
		rc = rpz_rule_record(&r->pending.rule, type, ttl, (const uint8_t *)r->rdata.data,
				     r->rdata.len);
	if (rc == HN_ELIMIT)
		return zone_fault(
			r->text, rc, r->fault,
			tr("more than %d records of one owner", "一つの所有者名のレコードが%d件を超える"),
			POLICY_RECORDS_MAX);
	return rc;
}

static int read_soa(struct reader *r, size_t first, bool has_ttl)
{
	int rc = rdata_parse(DNS_TYPE_SOA, r->text, first, &r->origin, &r->rdata);
	if (rc == HN_ENOMEM)
		return rc;
	if (rc != HN_OK)
		return zone_fault(r->text, rc, r->fault, "%s",
				  tr("the SOA record is broken", "SOAレコードが壊れている"));
	const uint8_t *numbers = (const uint8_t *)r->rdata.data + r->rdata.len - 20;
	uint32_t serial = load_be32(numbers);
	if (r->has_apex) {
		/* Zones as they are transferred end with their SOA again. */
		if (!same_name(&r->owner, r->apex.data, r->apex.len) || serial != r->zone->serial)
			return zone_fault(r->text, HN_EFORMAT, r->fault, "%s",
					  tr("a second SOA record", "二つ目のSOAレコードがある"));
		return HN_OK;
	}
	struct buf name;
	buf_init(&name, RPZ_ZONE_TEXT);
	r->has_apex = true;
	r->apex = r->owner;
	r->zone->serial = serial;
	(void)snprintf(r->zone->serial_text, sizeof(r->zone->serial_text), "%u", serial);
	if (!has_ttl && !r->has_default_ttl)
		r->last_ttl = load_be32(numbers + 16);
	wire_name_format(r->apex.data, r->apex.len, &name);
	rc = buf_err(&name);
	if (rc == HN_OK && name.len > 0)
		(void)snprintf(r->zone->zone, sizeof(r->zone->zone), "%.*s",
			       (int)(name.len > 1 ? name.len - 1 : 1), name.data);
	buf_clear(&name);
	return rc;
}

static bool is_dnssec(uint16_t type)
{
	static const uint16_t list[] = {DNS_TYPE_DS,
					DNS_TYPE_RRSIG,
					DNS_TYPE_NSEC,
					DNS_TYPE_DNSKEY,
					DNS_TYPE_NSEC3,
					DNS_TYPE_NSEC3PARAM,
					59,
					60,
					63 /* CDS, CDNSKEY, ZONEMD */};
	for (size_t i = 0; i < sizeof(list) / sizeof(list[0]); i++)
		if (list[i] == type)
			return true;
	return false;
}

static int read_data(struct reader *r, uint16_t type, size_t first, uint32_t ttl, bool has_ttl)
{
	buf_reset(&r->rdata);
	if (type == DNS_TYPE_SOA)
		return read_soa(r, first, has_ttl);
	if (!r->has_apex)
		return zone_fault(r->text, HN_EFORMAT, r->fault, "%s",
				  tr("a response policy zone begins with its SOA record",
				     "応答ポリシーゾーンはSOAレコードで始まる"));
	if (!in_zone(r, &r->owner))
		return zone_fault(
			r->text, HN_EFORMAT, r->fault,
			tr("the owner lies outside the zone '%s'", "所有者名がゾーン '%s' の外にある"),
			r->zone->zone);
	if (r->owner.len == r->apex.len || is_dnssec(type))
		return HN_OK;
	if (type == DNS_TYPE_NS || type == DNS_TYPE_DNAME)
		return zone_fault(r->text, HN_EUNSUPPORTED, r->fault, "%s",
				  tr("NS and DNAME are no policy", "NSとDNAMEはポリシーにならない"));
	return type == DNS_TYPE_CNAME ? read_cname(r, first, ttl) : read_local(r, type, first, ttl);
}

/* ---- lines ---- */

/* Seconds, or weeks to seconds with their letters ("1h30m"). */
static bool ttl_parse(const char *text, size_t len, uint32_t *out)
{
	uint64_t sum = 0, number = 0;
	bool digits = false;
	if (len == 0 || len > 32 || text[0] < '0' || text[0] > '9')
		return false;
	for (size_t i = 0; i < len; i++) {
		if (text[i] >= '0' && text[i] <= '9') {
			number = number * 10 + (uint64_t)(text[i] - '0');
			digits = true;
		} else {
			static const char letters[] = "wdhms";
			static const uint32_t seconds[] = {604800, 86400, 3600, 60, 1};
			const char *unit = strchr(letters, text[i] | 0x20);
			if (unit == NULL || *unit == '\0' || !digits)
				return false;
			sum += number * seconds[unit - letters];
			number = 0;
			digits = false;
		}
		if (number > TTL_MAX || sum > TTL_MAX)
			return false;
	}
	*out = (uint32_t)(sum + number);
	return sum + number <= TTL_MAX;
}

struct head {
	size_t at; /* of the data */
	uint16_t type;
	uint32_t ttl;
	bool has_ttl, has_class;
};

/* TTL and class in either order, then the type. */
static int read_head(struct reader *r, struct head *h)
{
	size_t len;
	bool quoted;
	for (; h->at < zone_words(r->text); h->at++) {
		const char *word = zone_word(r->text, h->at, &len, &quoted);
		if (quoted)
			break;
		if (!h->has_ttl && ttl_parse(word, len, &h->ttl)) {
			h->has_ttl = true;
			continue;
		}
		if (!h->has_class && zone_word_is(r->text, h->at, "IN")) {
			h->has_class = true;
			continue;
		}
		if (rrtype_parse(word, len, &h->type) != HN_OK)
			break;
		h->at++;
		return HN_OK;
	}
	return zone_fault(r->text, HN_EFORMAT, r->fault, "%s",
			  tr("this is no record of a type that is known: owner, TTL, IN, type and data are "
			     "expected",
			     "既知の型のレコードではない。所有者名、TTL、IN、型、データが要る"));
}

static int read_owner(struct reader *r)
{
	size_t len;
	bool quoted;
	if (zone_same_owner(r->text)) {
		if (r->has_owner)
			return HN_OK;
		return zone_fault(r->text, HN_EFORMAT, r->fault, "%s",
				  tr("the first record has no owner", "最初のレコードに所有者名がない"));
	}
	const char *word = zone_word(r->text, 0, &len, &quoted);
	int rc = quoted ? HN_EFORMAT : zone_name_parse(word, len, &r->origin, &r->owner);
	if (rc != HN_OK)
		return zone_fault(r->text, rc, r->fault, "%s",
				  tr("the owner is no name (beyond ASCII write A-labels)",
				     "所有者名が名前ではない (ASCII以外はAラベルで書く)"));
	r->has_owner = true;
	return HN_OK;
}

static int read_record(struct reader *r)
{
	struct head h = {.at = zone_same_owner(r->text) ? 0 : 1};
	int rc = read_owner(r);
	if (rc == HN_OK)
		rc = read_head(r, &h);
	if (rc != HN_OK)
		return rc;
	if (h.has_ttl)
		r->last_ttl = h.ttl;
	else
		h.ttl = r->has_default_ttl ? r->default_ttl : r->last_ttl;
	return read_data(r, h.type, h.at, h.ttl, h.has_ttl);
}

static int read_directive(struct reader *r)
{
	size_t len;
	bool quoted;
	if (zone_words(r->text) == 2) {
		const char *word = zone_word(r->text, 1, &len, &quoted);
		if (zone_word_is(r->text, 0, "$TTL") && !quoted && ttl_parse(word, len, &r->default_ttl)) {
			r->has_default_ttl = true;
			return HN_OK;
		}
		if (zone_word_is(r->text, 0, "$ORIGIN") && !quoted) {
			struct zone_name origin;
			if (zone_name_parse(word, len, &r->origin, &origin) == HN_OK) {
				r->origin = origin;
				return HN_OK;
			}
		}
	}
	return zone_fault(
		r->text, HN_EUNSUPPORTED, r->fault, "%s",
		tr("$TTL and $ORIGIN with one value are understood; expand $INCLUDE and $GENERATE "
		   "first",
		   "値が一つの $TTL と $ORIGIN のみ解釈する。$INCLUDE と $GENERATE は先に展開する"));
}

static int read_entry(struct reader *r)
{
	size_t len;
	bool quoted;
	const char *word = zone_word(r->text, 0, &len, &quoted);
	if (!zone_same_owner(r->text) && !quoted && len > 0 && word[0] == '$')
		return read_directive(r);
	return read_record(r);
}

/* Who promised a last line must have kept it. */
static int check_end(struct reader *r)
{
	char expected[ZONE_COMMENT_MAX + 1];
	if (!r->has_apex)
		return zone_fault(r->text, HN_ETRUNC, r->fault, "%s",
				  tr("the file has no SOA record: it is empty, cut or no zone",
				     "SOAレコードがない。空か、切れているか、ゾーンではない"));
	if (strcmp(zone_first_comment(r->text), RPZ_PROMISE) != 0)
		return HN_OK;
	(void)snprintf(expected, sizeof(expected), RPZ_END, (unsigned long long)rpz_count(r->zone));
	if (strcmp(zone_last_comment(r->text), expected) == 0)
		return HN_OK;
	return zone_fault(r->text, HN_ETRUNC, r->fault,
			  tr("the file lacks its last line '; %s': it was cut, or is being written",
			     "最後の行 '; %s' がない。切れているか、書き込み中である"),
			  expected);
}

static int read_all(struct reader *r)
{
	int rc = HN_OK;
	uint32_t line = 0;
	while (rc == HN_OK) {
		rc = zone_text_next(r->text, r->fault);
		if (rc == HN_OK)
			rc = read_entry(r);
	}
	if (rc == HN_ENOENT)
		rc = flush(r);
	if (rc != HN_OK)
		return rc;
	rc = rpz_finish(r->zone, &line);
	if (rc == HN_EEXIST)
		return contradiction(r, line);
	return rc == HN_OK ? check_end(r) : rc;
}

int rpz_read(const struct zone_source *source, const char *path, const struct rpz_limits *limits,
	     struct rpz **out, struct fault *fault)
{
	struct reader *r = calloc(1, sizeof(*r));
	if (r == NULL)
		return HN_ENOMEM;
	r->fault = fault;
	r->limits = limits == NULL ? &RPZ_DEFAULTS : limits;
	buf_init(&r->rdata, RDATA_MAX);
	buf_init(&r->pending.rule, RULE_BYTES_MAX);
	int rc = zone_text_new(source, path, &r->text);
	if (rc == HN_OK)
		rc = rpz_new(&r->zone);
	if (rc == HN_OK)
		rc = read_all(r);
	if (rc == HN_OK)
		*out = r->zone;
	else
		rpz_free(r->zone);
	if (rc == HN_ENOMEM)
		(void)fault_set(fault, rc, path, "%s", hn_strerror(rc));
	buf_clear(&r->rdata);
	buf_clear(&r->pending.rule);
	zone_text_free(r->text);
	free(r);
	return rc;
}

/* ---- files ---- */

static int read_fd(void *context, uint8_t *to, size_t size, size_t *got_out)
{
	const int *fd = context;
	return fd_read_full(*fd, to, size, got_out);
}

int rpz_read_fd(int fd, const char *path, const struct rpz_limits *limits, struct rpz **out,
		struct fault *fault)
{
	struct zone_source source = {read_fd, &fd};
	struct stat before, after;
	struct rpz *zone = NULL;
	if (fstat(fd, &before) != 0)
		return fault_set(fault, HN_EIO, path, "%s", hn_errno_text(errno));
	int rc = rpz_read(&source, path, limits, &zone, fault);
	if (rc == HN_EIO)
		return fault_set(fault, rc, path, "%s", hn_errno_text(errno));
	if (rc != HN_OK)
		return rc;
	if (fstat(fd, &after) != 0 || before.st_size != after.st_size ||
	    before.st_mtim.tv_sec != after.st_mtim.tv_sec ||
	    before.st_mtim.tv_nsec != after.st_mtim.tv_nsec) {
		rpz_free(zone);
		return fault_set(fault, HN_ESTATE, path, "%s",
				 tr("the file changed while it was read; rename it into place",
				    "読み込み中にファイルが変わった。改名して置き換えること"));
	}
	*out = zone;
	return HN_OK;
}
