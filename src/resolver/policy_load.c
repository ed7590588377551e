/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */

/* Makes a policy of its spec, and frees it. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/lang.h"
#include "base/utf8.h"
#include "resolver/policy_set.h"
#include "resolver/rdata_text.h"
#include "resolver/record_text.h"
#include "resolver/terms.h"
#include "wire/dns_number.h"

#define RECORDS_BYTES_MAX (POLICY_RECORDS_MAX * UINT64_C(65600))

static void set_clear(struct policy_set *s)
{
	policy_source_release(s->source);
	free(s->name);
	free(s->contact);
	free(s->organisation);
	free(s->ede);
	buf_clear(&s->records);
}

void policy_free(struct policy *p)
{
	if (p == NULL)
		return;
	for (size_t i = 0; p->sets != NULL && i < p->set_count; i++)
		set_clear(&p->sets[i]);
	for (size_t i = 0; p->views != NULL && i < p->view_count; i++) {
		free(p->views[i].name);
		free(p->views[i].sets);
	}
	free(p->sets);
	free(p->views);
	free(p->notes);
	terms_release(p->terms);
	free(p);
}

/* ---- what the spec says ---- */

static bool text_valid(const char *text, size_t min, size_t max)
{
	size_t len = text == NULL ? 0 : strnlen(text, max + 1);
	if (len < min || len > max || (len > 0 && !utf8_valid(text, len)))
		return false;
	for (size_t i = 0; i < len; i++)
		if ((unsigned char)text[i] < 0x20 || text[i] == 0x7f)
			return false;
	return true;
}

static int check_name(const char *name, struct fault *fault)
{
	if (text_valid(name, 1, POLICY_NAME_MAX))
		return HN_OK;
	return fault_set(fault, HN_EFORMAT, name == NULL ? "" : name,
			 tr("a name is 1 to %d bytes of text", "名前は1から%dバイトの文字列"),
			 POLICY_NAME_MAX);
}

static bool action_fits(const struct policy_set_spec *s)
{
	switch (s->action) {
	case POLICY_GIVEN:
		return s->rpz;
	case POLICY_SINKHOLE:
		return s->sinkhole_count > 0;
	case POLICY_LOCAL:
		return s->record_count > 0;
	default:
		return s->action > POLICY_NONE && s->action < POLICY_GIVEN;
	}
}

static int check_set(const struct policy_set_spec *s, struct fault *fault)
{
	int rc = check_name(s->name, fault);
	if (rc != HN_OK)
		return rc;
	if (!text_valid(s->contact, 0, POLICY_TEXT_MAX) || !text_valid(s->organisation, 0, POLICY_TEXT_MAX))
		return fault_set(fault, HN_EFORMAT, s->name,
				 tr("contact and organisation are at most %d bytes of text",
				    "連絡先と組織名は%dバイト以内の文字列"),
				 POLICY_TEXT_MAX);
	if (s->rpz ? s->path_count != 1 || s->directory != NULL
		   : (s->path_count > 0) == (s->directory != NULL))
		return fault_set(fault, HN_EFORMAT, s->name, "%s",
				 tr("a set is one zone file, or `.him` files, or a directory of them",
				    "集合はゾーンファイル一つか、.him ファイルか、そのディレクトリ"));
	if (!action_fits(s))
		return fault_set(fault, HN_EFORMAT, s->name, "%s",
				 tr("this action does not fit: 'given' is for RPZ files, a sinkhole needs an "
				    "address, local data need a record",
				    "動作が合わない。'given' はRPZファイルのみ、sinkhole にはアドレス、"
				    "local-data にはレコードが要る"));
	if (s->reason != 0 && s->reason != POLICY_BLOCKED && s->reason != POLICY_CENSORED &&
	    s->reason != POLICY_FILTERED)
		return fault_set(fault, HN_EFORMAT, s->name, "%s",
				 tr("the reason is 15, 16 or 17", "理由は15、16、17のいずれか"));
	return HN_OK;
}

static int check_view(const struct policy_view_spec *v, size_t set_count, struct fault *fault)
{
	int rc = check_name(v->name, fault);
	if (rc != HN_OK)
		return rc;
	for (size_t i = 0; i < v->set_count; i++)
		if (v->sets[i] >= set_count)
			return fault_set(
				fault, HN_EFORMAT, v->name, "%s",
				tr("the view names a set that is not there", "存在しない集合を参照している"));
	return v->set_count <= POLICY_SETS_MAX ? HN_OK : HN_ELIMIT;
}

static int check_spec(const struct policy_spec *spec, struct fault *fault)
{
	if (spec->set_count > POLICY_SETS_MAX || spec->view_count > POLICY_VIEWS_MAX)
		return fault_set(fault, HN_ELIMIT, "",
				 tr("at most %d sets and %d views", "集合は%d個、ビューは%d個まで"),
				 POLICY_SETS_MAX, POLICY_VIEWS_MAX);
	for (size_t i = 0; i < spec->set_count; i++) {
		int rc = check_set(&spec->sets[i], fault);
		if (rc != HN_OK)
			return rc;
		for (size_t k = 0; k < i; k++)
			if (strcmp(spec->sets[i].name, spec->sets[k].name) == 0)
				return fault_set(fault, HN_EEXIST, spec->sets[i].name, "%s",
						 tr("two sets have this name", "同じ名前の集合が二つある"));
	}
	for (size_t i = 0; i < spec->view_count; i++) {
		int rc = check_view(&spec->views[i], spec->set_count, fault);
		if (rc != HN_OK)
			return rc;
		for (size_t k = 0; k < i; k++)
			if (strcmp(spec->views[i].name, spec->views[k].name) == 0)
				return fault_set(
					fault, HN_EEXIST, spec->views[i].name, "%s",
					tr("two views have this name", "同じ名前のビューが二つある"));
	}
	return HN_OK;
}

/* ---- what a set answers ---- */

/* "TYPE DATA". */
static int add_record(struct policy_set *s, const char *text, struct fault *fault)
{
	struct buf rdata;
	uint16_t type;
	buf_init(&rdata, RDATA_MAX);
	int rc = record_text_parse(text, &type, &rdata);
	if (rc == HN_OK)
		rc = rpz_rule_record(&s->records, type, s->ttl, (const uint8_t *)rdata.data, rdata.len);
	buf_clear(&rdata);
	if (rc == HN_OK || rc == HN_ENOMEM)
		return rc;
	return fault_set(fault, rc, s->name,
			 tr("'%s' is no record 'TYPE DATA'", "'%s' は「型 データ」ではない"), text);
}

static int make_records(struct policy_set *s, const struct policy_set_spec *spec, struct fault *fault)
{
	int rc = HN_OK;
	buf_init(&s->records, RECORDS_BYTES_MAX);
	rpz_rule_begin(&s->records, s->action, s->ttl);
	for (size_t i = 0; s->action == POLICY_SINKHOLE && rc == HN_OK && i < spec->sinkhole_count; i++) {
		const struct ip *ip = &spec->sinkholes[i];
		rc = rpz_rule_record(&s->records, ip->version == 4 ? DNS_TYPE_A : DNS_TYPE_AAAA, s->ttl,
				     ip->bytes, ip->version == 4 ? 4 : 16);
	}
	for (size_t i = 0; s->action == POLICY_LOCAL && rc == HN_OK && i < spec->record_count; i++)
		rc = add_record(s, spec->records[i], fault);
	return rc == HN_OK ? buf_err(&s->records) : rc;
}

/* ---- making ---- */

static char *copy(const char *text)
{
	return strdup(text == NULL ? "" : text);
}

static unsigned him_triggers(const struct policy_set *s)
{
	const struct set_info *i = set_info(s->source->set);
	bool names = i->by_kind[ENTRY_NAME] + i->by_kind[ENTRY_WILDCARD] > 0;
	bool addresses = i->by_kind[ENTRY_IP4] + i->by_kind[ENTRY_IP6] + i->by_kind[ENTRY_PREFIX4] +
				 i->by_kind[ENTRY_PREFIX6] >
			 0;
	unsigned found = (names ? 1u << POLICY_QNAME : 0) | (addresses ? 1u << POLICY_ADDRESS : 0);
	if (s->name_servers)
		found |= (names ? 1u << POLICY_NS_NAME : 0) | (addresses ? 1u << POLICY_NS_ADDRESS : 0);
	return found;
}

static unsigned rpz_triggers(const struct rpz *zone)
{
	unsigned found = 0;
	for (unsigned i = 0; i < POLICY_TRIGGER_COUNT; i++)
		found |= rpz_trigger_count(zone, (enum policy_trigger)i) > 0 ? 1u << i : 0;
	return found;
}

static const struct policy_set *former_set(const struct policy *former, const char *name)
{
	for (size_t i = 0; former != NULL && i < former->set_count; i++)
		if (strcmp(former->sets[i].name, name) == 0)
			return &former->sets[i];
	return NULL;
}

static int check_kept(const struct policy_set *s, const struct policy_set_spec *spec,
		      const struct policy *former, struct fault *fault)
{
	const struct policy_set *before = former_set(former, s->name);
	if (!spec->rpz || before == NULL || before->source->zone == NULL || spec->keep_percent == 0)
		return HN_OK;
	uint64_t was = rpz_count(before->source->zone), is = rpz_count(s->source->zone);
	if (is >= was * spec->keep_percent / 100)
		return HN_OK;
	return fault_set(
		fault, HN_ESTATE, spec->paths[0],
		tr("%llu rules where %llu are in force: this looks like a part of the file; reload by "
		   "force to take it",
		   "有効な規則%2$lluに対して%1$lluしかない。ファイルの一部と思われる。"
		   "これでよければ強制的に再読み込みすること"),
		(unsigned long long)is, (unsigned long long)was);
}

static int fill_set(struct policy_set *s, const struct policy_set_spec *spec, const struct policy *former,
		    struct fault *fault)
{
	s->kind = spec->rpz ? &POLICY_RPZ : &POLICY_HIM;
	s->action = spec->action;
	s->reason = spec->reason == 0 ? POLICY_BLOCKED : spec->reason;
	s->ttl = spec->ttl;
	s->name_servers = spec->name_servers;
	s->name = copy(spec->name);
	s->contact = copy(spec->contact);
	s->organisation = copy(spec->organisation);
	if (s->name == NULL || s->contact == NULL || s->organisation == NULL ||
	    asprintf(&s->ede, "%s%s%s", s->name, s->contact[0] == '\0' ? "" : "; ", s->contact) < 0)
		return HN_ENOMEM;
	s->triggers = spec->rpz ? rpz_triggers(s->source->zone) : him_triggers(s);
	s->allows = !spec->rpz && set_info(s->source->set)->allows;
	int rc = make_records(s, spec, fault);
	return rc == HN_OK ? check_kept(s, spec, former, fault) : rc;
}

static int make_view(struct policy *p, struct policy_view *v, const struct policy_view_spec *spec)
{
	v->name = copy(spec->name);
	v->sets = calloc(spec->set_count + 1, sizeof(*v->sets));
	if (v->name == NULL || v->sets == NULL)
		return HN_ENOMEM;
	v->count = spec->set_count;
	for (size_t i = 0; i < v->count; i++) {
		v->sets[i] = spec->sets[i];
		v->triggers |= p->sets[v->sets[i]].triggers;
	}
	return HN_OK;
}

/* Nobody needs to know of what does not fit memory. */
static void note(void *context, const char *path, const char *message)
{
	struct policy *p = context;
	struct fault *notes = realloc(p->notes, (p->note_count + 1) * sizeof(*notes));
	if (notes == NULL)
		return;
	p->notes = notes;
	(void)fault_set(&notes[p->note_count++], HN_OK, path, "%s", message);
}

/* Sources of the former policy, then those that were opened just now: two sets may be of the same files. */
static int open_sources(struct policy *p, const struct policy_spec *spec, const struct policy_made_of *of,
			struct fault *fault)
{
	size_t count = of->former == NULL ? 0 : of->former->set_count;
	struct policy_source **known = calloc(count + of->read.count + spec->set_count + 1, sizeof(*known));
	if (known == NULL)
		return HN_ENOMEM;
	for (size_t i = 0; i < count; i++)
		known[i] = of->former->sets[i].source;
	for (size_t i = 0; i < of->read.count; i++)
		known[count++] = of->read.sources[i];
	int rc = HN_OK;
	for (size_t i = 0; rc == HN_OK && i < spec->set_count; i++) {
		struct policy_source_list list = {known, count};
		const struct policy_set *before = former_set(of->former, spec->sets[i].name);
		rc = policy_source_open(&spec->sets[i], &list, before == NULL ? NULL : before->source,
					of->reading, note, p, &p->sets[i].source, fault);
		if (p->sets[i].source != NULL)
			known[count++] = p->sets[i].source;
		else if (rc == HN_OK && of->reading->without_waiting)
			rc = HN_ESTATE; /* a set that was not there before cannot do without its file */
	}
	free(known);
	return rc;
}

static bool slot_taken(const struct policy *p, size_t count, uint16_t slot)
{
	for (size_t i = 0; i < count; i++)
		if (p->sets[i].slot == slot)
			return true;
	return false;
}

/* By name; new names take slots that nobody had, then any that nobody has. */
static void give_slots(struct policy *p, const struct policy *former)
{
	uint16_t slot = 0;
	p->slot_count = former == NULL ? 0 : former->slot_count;
	for (size_t i = 0; i < p->set_count; i++) {
		const struct policy_set *before = former_set(former, p->sets[i].name);
		p->sets[i].slot = before == NULL ? UINT16_MAX : before->slot;
	}
	for (size_t i = 0; i < p->set_count; i++) {
		if (p->sets[i].slot != UINT16_MAX)
			continue;
		if (p->slot_count < POLICY_SETS_MAX) {
			p->sets[i].slot = (uint16_t)p->slot_count++;
			continue;
		}
		while (slot_taken(p, p->set_count, slot))
			slot++;
		p->sets[i].slot = slot;
	}
}

static int make(struct policy *p, const struct policy_spec *spec, const struct policy_made_of *of,
		struct fault *fault)
{
	const struct policy *former = of->former;
	p->generation = former == NULL ? 1 : former->generation + 1;
	p->sets = calloc(spec->set_count + 1, sizeof(*p->sets));
	p->views = calloc(spec->view_count + 1, sizeof(*p->views));
	if (p->sets == NULL || p->views == NULL)
		return HN_ENOMEM;
	p->terms = terms_use(spec->terms);
	p->set_count = spec->set_count;
	p->view_count = spec->view_count;
	int rc = open_sources(p, spec, of, fault);
	if (rc == HN_OK && of->reading->wait_count > 0 && !of->reading->without_waiting)
		return HN_OK;
	for (size_t i = 0; rc == HN_OK && i < p->set_count; i++)
		rc = fill_set(&p->sets[i], &spec->sets[i], former, fault);
	if (rc == HN_OK)
		give_slots(p, former);
	for (size_t i = 0; rc == HN_OK && i < p->view_count; i++)
		rc = make_view(p, &p->views[i], &spec->views[i]);
	return rc;
}

int policy_make(const struct policy_spec *spec, const struct policy_made_of *of, struct policy **out,
		struct fault *fault)
{
	int rc = check_spec(spec, fault);
	if (rc != HN_OK)
		return rc;
	struct policy *p = calloc(1, sizeof(*p));
	if (p == NULL)
		return HN_ENOMEM;
	rc = make(p, spec, of, fault);
	if (rc == HN_ENOMEM)
		(void)fault_set(fault, rc, "", "%s", hn_strerror(rc));
	bool whole = rc == HN_OK && (of->reading->wait_count == 0 || of->reading->without_waiting);
	if (whole)
		*out = p;
	else
		policy_free(p);
	return rc;
}

int policy_new(const struct policy_spec *spec, const struct policy *former, struct policy **out,
	       struct fault *fault)
{
	struct policy_reading whole = {0};
	const struct policy_made_of of = {.former = former, .reading = &whole};
	return policy_make(spec, &of, out, fault);
}
