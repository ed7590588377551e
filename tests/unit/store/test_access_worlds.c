/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */

/*
 * Random nations: organisations with parents, groups, agreements; people with clearances that end; objects of
 * several versions and owners under random labels, some with parts of their own; definitions of markings that
 * name groups and organisations, each with an object that carries it. A naive oracle, written from
 * docs/access.md and not from the program, says what each asker may see; every way of reading must give
 * exactly that.
 */
#include "directory_world.h"
#include "object_world.h"
#include "stix/marking.h"
#include "store/marking.h"
#include "store/person.h"
#include "store/search.h"
#include "store/view_tag.h"

#define WORLDS 12
#define ORGS   8 /* the first is the centre */
#define GROUPS 4
#define PEOPLE 10
#define HOLDERS                                                                                              \
	(PEOPLE + 2 * ORGS + 1) /* people, machines, machines that pass on or fetch sets, the public */
#define IDS           30
#define ADDED         200
#define DEFINED       8   /* definitions of markings */
#define DEFINITION_ID 500 /* and on; the objects that carry them have CARRIER more */
#define CARRIER       100
#define NOBODY        (-1)
#define OLD           "2001-01-01T00:00:00Z"
#define PAST          "2010-01-01T00:00:00Z"
#define FUTURE        "2040-01-01T00:00:00Z"

/* ---- the nation ---- */

struct nation_org {
	enum org_kind kind;
	bool ended, parent[ORGS], member[GROUPS];
	enum tlp agreed;
	unsigned purposes, contents;
	int64_t number;
};

struct nation_person {
	int org;
	unsigned clearance; /* that holds now */
	bool active;
	unsigned handles; /* bits: authorisations in force */
};

/* A label as the nation knows it. */
struct nation_label {
	int owner;
	enum tlp tlp;
	unsigned clearance, content, purposes, consent;
	bool controlled, unknown, selected;
	unsigned authorization;
	bool groups[GROUPS], recipients[ORGS];
};

struct nation_version {
	unsigned id, day;
	struct nation_label label, part;
	bool has_part, definition;
	int64_t seq;
};

struct nation {
	struct directory_world d;
	uint64_t seed;
	struct nation_org orgs[ORGS];
	bool group_ended[GROUPS];
	int64_t groups[GROUPS];
	struct nation_person people[PEOPLE];
	struct nation_version versions[ADDED];
	size_t version_count;
};

static uint32_t rnd(struct nation *n, uint32_t below)
{
	n->seed ^= n->seed << 13;
	n->seed ^= n->seed >> 7;
	n->seed ^= n->seed << 17;
	return (uint32_t)((n->seed * 0x2545f4914f6cdd1dULL) >> 33) % below;
}

static bool chance(struct nation *n, uint32_t percent)
{
	return rnd(n, 100) < percent;
}

static void bits_json(struct buf *b, const char *name, unsigned bits, const char *(*word)(unsigned))
{
	const char *before = "";
	buf_addf(b, ",'%s':[", name);
	for (; bits != 0; bits &= bits - 1) {
		buf_addf(b, "%s'%s'", before, word(bits & -bits));
		before = ",";
	}
	buf_adds(b, "]");
}

/* A time in which something holds now, or one in which it does not. */
static void add_period(struct nation *n, struct buf *b, bool holds)
{
	if (!holds)
		buf_adds(b, chance(n, 50) ? ",'until':'" PAST "'" : ",'from':'" FUTURE "'");
	else if (chance(n, 50))
		buf_adds(b, ",'from':'" OLD "','until':'" FUTURE "'");
}

static void add_memberships(struct nation *n, struct buf *b, struct nation_org *o)
{
	const char *before = "";
	buf_adds(b, ",'memberships':[");
	for (unsigned g = 0; g < GROUPS; g++) {
		if (!chance(n, 40))
			continue;
		bool consented = chance(n, 80);
		bool holds = chance(n, 80);
		unsigned contents = chance(n, 20) ? CONTENT_BACKGROUND : 0;
		buf_addf(b, "%s{'group':@%u", before, 20 + g);
		if (consented)
			buf_adds(b, ",'consent':'" OLD "'");
		add_period(n, b, holds);
		bits_json(b, "contents", contents, content_name);
		buf_adds(b, "}");
		before = ",";
		o->member[g] = consented && holds && !n->group_ended[g];
		if (o->member[g])
			o->contents |= contents;
	}
	buf_adds(b, "]");
}

static void add_agreements(struct nation *n, struct buf *b, struct nation_org *o)
{
	o->agreed = TLP_GREEN;
	buf_adds(b, ",'agreements':[{'partner':@2000,'tlp_max':'red','purposes':['defence','statistics']}");
	if (chance(n, 80)) {
		bool holds = chance(n, 85);
		enum tlp tlp = (enum tlp)rnd(n, TLP_RED + 1);
		unsigned purposes = rnd(n, 128);
		unsigned contents = rnd(n, 4);
		buf_addf(b, ",{'partner':@1,'tlp_max':'%s'", tlp_name(tlp));
		bits_json(b, "purposes", purposes, purpose_name);
		bits_json(b, "contents", contents, content_name);
		add_period(n, b, holds);
		buf_adds(b, "}");
		if (holds) {
			o->agreed = tlp > TLP_GREEN ? tlp : TLP_GREEN;
			o->purposes = purposes;
			o->contents |= contents;
		}
	}
	buf_adds(b, "]");
}

static void put_org(struct nation *n, unsigned i, const struct asker *hub)
{
	struct nation_org *o = &n->orgs[i];
	struct buf b;
	const char *before = "";
	buf_init(&b, 1 << 16);
	o->kind = (enum org_kind)(1 + rnd(n, ORG_PUBLIC - 1));
	o->contents = CONTENT_TECHNICAL;
	o->ended = chance(n, 10);
	buf_addf(&b, "{'kind':'%s','names':[{'language':'en','name':'n'}],'parents':[",
		 org_kind_name(o->kind));
	for (unsigned p = 0; p < i; p++) {
		if (!chance(n, 25))
			continue;
		o->parent[p] = true;
		buf_addf(&b, "%s@%u", before, p == 0 ? 1 : 2000 + p);
		before = ",";
	}
	buf_adds(&b, "]");
	add_memberships(n, &b, o);
	if (i > 0)
		add_agreements(n, &b, o);
	buf_addf(&b, ",'ended':%s}", o->ended ? "true" : "false");
	world_must_put(&n->d, hub, DIRECTORY_ORGANISATION, 2000 + i, b.data);
	o->number = n->d.number;
	buf_clear(&b);
}

static void put_person(struct nation *n, unsigned i, const struct asker *hub)
{
	struct nation_person *p = &n->people[i];
	struct buf b;
	const char *before = "";
	unsigned level = rnd(n, CLEARANCE_MAX + 1);
	bool holds = chance(n, 80);
	buf_init(&b, 1 << 16);
	p->org = (int)rnd(n, ORGS);
	p->clearance = holds ? level : 0;
	p->active = chance(n, 90);
	buf_addf(&b, "{'login':'p%u','active':%s,'places':[{'organisation':@%u,'roles':['analyst']}]", i,
		 p->active ? "true" : "false", p->org == 0 ? 1u : 2000u + (unsigned)p->org);
	buf_addf(&b, ",'clearance':{'level':'%s','until':'%s'},'handlings':[", clearance_name(level),
		 holds ? FUTURE : PAST);
	for (unsigned a = 0; a < 3; a++) {
		if (!chance(n, 40))
			continue;
		bool force = chance(n, 70);
		buf_addf(&b, "%s{'authorization':@%u%s}", before, 900 + a,
			 force ? "" : ",'until':'" PAST "'");
		p->handles |= force ? 1u << a : 0;
		before = ",";
	}
	buf_adds(&b, "]}");
	world_must_put(&n->d, hub, DIRECTORY_PERSON, 3000 + i, b.data);
	buf_clear(&b);
}

static void found_nation(struct nation *n, uint64_t seed)
{
	struct asker hub;
	asker_hub(&hub);
	memset(n, 0, sizeof(*n));
	n->seed = seed;
	world_begin(&n->d);
	n->orgs[0] = (struct nation_org){.kind = ORG_CENTRE, .number = directory_centre(n->d.d)};
	for (unsigned g = 0; g < GROUPS; g++) {
		n->group_ended[g] = chance(n, 15);
		world_must_put(&n->d, &hub, DIRECTORY_GROUP, 20 + g,
			       n->group_ended[g]
				       ? "{'names':[{'language':'en','name':'g'}],'keeper':@1,'ended':true}"
				       : "{'names':[{'language':'en','name':'g'}],'keeper':@1}");
		n->groups[g] = n->d.number;
	}
	/* 2000 is nobody's: a partner of agreements that are not with the centre. */
	world_must_put(&n->d, &hub, DIRECTORY_ORGANISATION, 2000,
		       "{'kind':'vendor','names':[{'language':'en','name':'x'}]}");
	for (unsigned i = 1; i < ORGS; i++)
		put_org(n, i, &hub);
	for (unsigned i = 0; i < PEOPLE; i++)
		put_person(n, i, &hub);
}

/* ---- who asks ---- */

struct holder {
	int org, person; /* NOBODY: the public; a machine */
	bool onward, sets;
	bool here; /* can ask at all */
	struct asker asker;
};

static void make_holders(struct nation *n, struct holder *h)
{
	for (int i = 0; i < PEOPLE; i++) {
		const struct nation_person *p = &n->people[i];
		h[i] = (struct holder){.org = p->org, .person = i};
		h[i].here = p->active && !n->orgs[p->org].ended;
		assert_int_equal(world_person(&n->d, 3000 + (unsigned)i, 0, &h[i].asker),
				 h[i].here ? HN_OK : HN_EAUTH);
	}
	for (int i = 0; i < 2 * ORGS; i++) {
		struct holder *m = &h[PEOPLE + i];
		*m = (struct holder){.org = i % ORGS, .person = NOBODY};
		m->onward = i >= ORGS && i % 3 != 0;
		m->sets = i >= ORGS && i % 3 == 0;
		m->here = !n->orgs[m->org].ended;
		assert_int_equal(directory_organisation_asker(n->d.d, n->orgs[m->org].number, n->d.w.now_us,
							      &m->asker),
				 m->here ? HN_OK : HN_ENOENT);
		m->asker.onward = m->onward;
		m->asker.sets_only = m->sets;
	}
	h[HOLDERS - 1] = (struct holder){.org = NOBODY, .person = NOBODY, .here = true};
	asker_public(&h[HOLDERS - 1].asker);
}

/* ---- the oracle ---- */

static bool in_groups(const struct nation *n, int org, const struct nation_label *l)
{
	for (int g = 0; g < GROUPS; g++)
		if (l->groups[g] && n->orgs[org].member[g])
			return true;
	return false;
}

static bool has_audience(const struct nation_label *l)
{
	for (int g = 0; g < GROUPS; g++)
		if (l->groups[g])
			return true;
	for (int o = 0; o < ORGS; o++)
		if (l->recipients[o])
			return true;
	return false;
}

static bool in_audience(const struct nation *n, int org, const struct nation_label *l)
{
	if (l->recipients[org] || in_groups(n, org, l))
		return true;
	if (l->tlp == TLP_AMBER_STRICT || l->tlp == TLP_RED)
		return false;
	for (int p = 0; p < ORGS; p++)
		if (n->orgs[org].parent[p] && !n->orgs[p].ended && (l->recipients[p] || in_groups(n, p, l)))
			return true;
	return false;
}

/* What holds for an organisation that is neither the owner nor the centre. */
static bool org_may(const struct nation *n, int org, const struct nation_label *l)
{
	const struct nation_org *o = &n->orgs[org];
	if (l->unknown)
		return false;
	if ((l->tlp == TLP_RED || l->controlled) && !l->recipients[org])
		return false;
	if (has_audience(l) && !in_audience(n, org, l))
		return false;
	if (l->tlp > o->agreed)
		return false;
	if (l->tlp != TLP_CLEAR && (l->content & CONTENT_BACKGROUND) != 0 &&
	    (o->contents & CONTENT_BACKGROUND) == 0)
		return false;
	if (l->purposes != 0 && (l->purposes & o->purposes) == 0)
		return false;
	if (l->consent != 0 && (l->consent >> o->kind & 1) == 0 && (l->consent >> ORG_PUBLIC & 1) == 0)
		return false;
	return true;
}

static bool public_may(const struct nation_label *l)
{
	return l->tlp == TLP_CLEAR && !l->unknown && !l->controlled && !has_audience(l) && l->purposes == 0 &&
	       (l->consent == 0 || (l->consent >> ORG_PUBLIC & 1) != 0);
}

static bool may_see(const struct nation *n, const struct holder *h, const struct nation_label *l)
{
	unsigned clearance = h->person == NOBODY ? 0 : n->people[h->person].clearance;
	unsigned handles = h->person == NOBODY ? 0 : n->people[h->person].handles;
	if (h->sets || l->clearance > clearance)
		return false;
	if (l->selected && (handles >> l->authorization & 1) == 0)
		return false;
	if (h->org == NOBODY)
		return public_may(l);
	if (h->onward && l->tlp > TLP_AMBER)
		return false;
	if (h->onward && l->controlled && l->owner != h->org && !l->recipients[h->org])
		return false;
	if (l->owner == h->org)
		return true;
	if (h->org == 0)
		return l->tlp != TLP_RED || l->recipients[0];
	return org_may(n, h->org, l);
}

/* The newest version that the same owner gave of the same object. */
static const struct nation_version *newest_of(const struct nation *n, const struct nation_version *v)
{
	const struct nation_version *newest = v;
	for (size_t i = 0; i < n->version_count; i++) {
		const struct nation_version *o = &n->versions[i];
		if (o->id == v->id && o->label.owner == v->label.owner && o->day > newest->day)
			newest = o;
	}
	return newest;
}

static bool version_seen(const struct nation *n, const struct holder *h, const struct nation_version *v)
{
	return may_see(n, h, &v->label) && may_see(n, h, &newest_of(n, v)->label);
}

/* When its owner first gave the object. */
static int64_t first_of(const struct nation *n, const struct nation_version *v)
{
	int64_t first = v->seq;
	for (size_t i = 0; i < n->version_count; i++) {
		const struct nation_version *o = &n->versions[i];
		if (o->id == v->id && o->label.owner == v->label.owner && o->seq < first)
			first = o->seq;
	}
	return first;
}

/* Of copies that several sent: of newest versions that of who gave the object first, of one version the first
 * that came. */
static bool version_told(const struct nation *n, const struct holder *h, const struct nation_version *v,
			 bool newest)
{
	if (!version_seen(n, h, v) || (newest && newest_of(n, v) != v))
		return false;
	for (size_t i = 0; i < n->version_count; i++) {
		const struct nation_version *o = &n->versions[i];
		if (o == v || o->id != v->id || !version_seen(n, h, o))
			continue;
		if (newest && newest_of(n, o) == o && first_of(n, o) < first_of(n, v))
			return false;
		if (!newest && o->day == v->day && o->seq < v->seq)
			return false;
	}
	return true;
}

static bool part_seen(const struct nation *n, const struct holder *h, const struct nation_version *v)
{
	return !v->has_part || may_see(n, h, &v->part);
}

/* ---- objects ---- */

static void random_label(struct nation *n, int owner, struct nation_label *l)
{
	*l = (struct nation_label){.owner = owner};
	l->tlp = (enum tlp)rnd(n, TLP_RED + 1);
	l->clearance = chance(n, 80) ? 0 : rnd(n, CLEARANCE_MAX + 1);
	l->content = chance(n, 75) ? CONTENT_TECHNICAL : 1 + rnd(n, 3);
	l->purposes = chance(n, 75) ? 0 : rnd(n, 128);
	l->consent = chance(n, 80) ? 0 : rnd(n, 1U << ORG_KIND_COUNT);
	l->controlled = chance(n, 10);
	l->unknown = chance(n, 8);
	l->selected = chance(n, 8);
	l->authorization = rnd(n, 3);
	for (int g = 0; g < GROUPS; g++)
		l->groups[g] = chance(n, 15);
	for (int o = 0; o < ORGS; o++)
		l->recipients[o] = chance(n, 10);
}

static void store_label(const struct nation *n, const struct nation_label *l, struct label *out)
{
	label_init(out, n->orgs[l->owner].number);
	out->tlp = l->tlp;
	out->clearance = l->clearance;
	out->content = l->content;
	out->purposes = l->purposes;
	out->consent = l->consent;
	out->originator_control = l->controlled;
	out->unknown_marking = l->unknown;
	out->selected = l->selected;
	if (l->selected)
		out->authorization = world_uuid(900 + l->authorization);
	for (int g = 0; g < GROUPS; g++) /* numbers rise as they were given out */
		if (l->groups[g])
			out->groups[out->group_count++] = n->groups[g];
	for (int o = 0; o < ORGS; o++)
		if (l->recipients[o])
			out->recipients[out->recipient_count++] = n->orgs[o].number;
}

/* What is secret of a version, and what of its part. */
static void secret_of(const struct nation_version *v, const char *what, char out[48])
{
	(void)snprintf(out, 48, "%s%ux%ux%d", what, v->id, v->day, v->label.owner);
}

static bool is_there(const struct nation *n, unsigned id, unsigned day, int owner)
{
	for (size_t i = 0; i < n->version_count; i++)
		if (n->versions[i].id == id && n->versions[i].day == day &&
		    n->versions[i].label.owner == owner)
			return true;
	return false;
}

static void add_version(struct nation *n)
{
	struct nation_version *v = &n->versions[n->version_count];
	*v = (struct nation_version){.id = 100 + rnd(n, IDS), .day = 1 + rnd(n, 5)};
	/* Two owners for some; parts only where there is one, so that it is clear who sees what of whom. */
	int owner = (int)(v->id % ORGS);
	bool shared = v->id % 3 == 0;
	if (shared && chance(n, 50))
		owner = (owner + 1) % ORGS;
	if (is_there(n, v->id, v->day, owner))
		return;
	random_label(n, owner, &v->label);
	v->has_part = !shared && chance(n, 30);
	if (v->has_part)
		random_label(n, owner, &v->part);
	char more[256];
	char whole[48];
	char part[48];
	secret_of(v, "whole", whole);
	secret_of(v, "part", part);
	(void)snprintf(more, sizeof(more), ",\"name\":\"%s\",\"description\":\"%s\"", whole,
		       v->has_part ? part : "nothing");
	struct an_adding a = {.json = an_indicator(v->id, v->day, more),
			      .part = v->has_part ? "description" : NULL};
	store_label(n, &v->label, &a.label);
	if (v->has_part)
		store_label(n, &v->part, &a.part_label);
	n->d.w.now_us += 1000;
	assert_int_equal(store_write(n->d.w.store, world_add_job, &a), HN_OK);
	assert_true(a.outcome <= OBJECT_OLDER);
	v->seq = a.seq;
	n->version_count++;
}

/* ---- definitions of markings ---- */

/* What a definition says, and the label that it gives to what its owner gave without another word. */
static void random_marking(struct nation *n, int owner, struct stix_marking *m, struct nation_label *l)
{
	bool known = false;
	random_label(n, owner, l);
	*m = (struct stix_marking){.tlp = STIX_TLP_UNSAID, .pap = STIX_PAP_UNSAID};
	for (unsigned g = 0; g < GROUPS; g++)
		if (l->groups[g])
			m->groups[m->group_count++] = world_uuid(20 + g);
	for (unsigned o = 0; o < ORGS; o++)
		if (l->recipients[o])
			m->recipients[m->recipient_count++] = world_uuid(o == 0 ? 1 : 2000 + o);
	known = m->group_count + m->recipient_count > 0;
	/* Somebody of whom the hub does not know is nobody, and never everybody. */
	if (!known || chance(n, 20))
		m->recipients[m->recipient_count++] = world_uuid(9999);
	if (!known)
		l->recipients[owner] = true;
	if (chance(n, 60))
		m->tlp = (enum stix_tlp)l->tlp;
	else
		l->tlp = TLP_AMBER_STRICT;
	if ((l->content & CONTENT_BACKGROUND) != 0)
		m->content = CONTENT_BACKGROUND;
	l->content |= CONTENT_TECHNICAL;
	m->clearance = l->clearance;
	m->purposes = l->purposes;
	m->consent = l->consent;
	m->originator_control = l->controlled;
	l->unknown = l->selected = false;
}

struct handing {
	struct buf json;
	struct label base;
	int64_t seq;
};

static int hand_in(struct writing *w, void *context)
{
	struct handing *h = context;
	struct stix_object o;
	struct object_new new = {.stix = &o, .owner = h->base.owner};
	enum object_outcome outcome;
	bool unknown = false;
	stix_object_init(&o);
	int err = stix_object_read(&o, cur_of(h->json.data, h->json.len), STIX_2_1, &STIX_DEFAULTS, NULL);
	if (err == HN_OK)
		err = marking_label_of(w, &h->base, &o, NULL, &new.label, &unknown);
	if (err == HN_OK)
		err = objects_add(w, &new, &outcome, &h->seq);
	assert_false(unknown);
	stix_object_clear(&o);
	return err;
}

/* Takes what stands in h->json as the version. */
static void keep_handed(struct nation *n, struct handing *h, const struct nation_version *v)
{
	n->d.w.now_us += 1000;
	assert_int_equal(store_write(n->d.w.store, hand_in, h), HN_OK);
	n->versions[n->version_count] = *v;
	n->versions[n->version_count++].seq = h->seq;
	buf_reset(&h->json);
}

static void add_definition(struct nation *n, unsigned number)
{
	struct handing h;
	struct stix_marking m;
	struct nation_version v = {.id = DEFINITION_ID + number, .day = 1, .definition = true};
	char secret[48], more[192];
	int owner = (int)rnd(n, ORGS);
	buf_init(&h.json, 1 << 16);
	label_init(&h.base, n->orgs[owner].number);
	random_marking(n, owner, &m, &v.label);
	secret_of(&v, "whole", secret);
	/* Its own form, under an identifier and with a name that are ours. */
	struct buf text;
	buf_init(&text, 1 << 16);
	assert_int_equal(stix_marking_write(&m, &text), HN_OK);
	const char *extensions = strstr(text.data, ",\"extensions\"");
	assert_non_null(extensions);
	buf_addf(&h.json,
		 "{\"type\":\"marking-definition\",\"spec_version\":\"2.1\",\"id\":\"marking-definition--"
		 "8e2e2d2b-17d4-4cbf-938f-%012u\",\"created\":\"2026-01-01T00:00:00.000Z\",\"name\":\"%s\"%s",
		 v.id, secret, extensions);
	buf_clear(&text);
	keep_handed(n, &h, &v);
	/* Whoever sees the definition sees this. */
	v.definition = false;
	(void)snprintf(more, sizeof(more),
		       ",\"object_marking_refs\":[\"marking-definition--8e2e2d2b-17d4-4cbf-938f-%012u\"]",
		       v.id);
	v.id += CARRIER;
	secret_of(&v, "whole", secret);
	(void)snprintf(more + strlen(more), sizeof(more) - strlen(more), ",\"name\":\"%s\"", secret);
	buf_adds(&h.json, an_indicator(v.id, 1, more));
	keep_handed(n, &h, &v);
	buf_clear(&h.json);
}

/* ---- every way of reading ---- */

struct seen {
	const struct nation *n;
	const struct holder *h;
	int64_t seqs[ADDED];
	size_t count;
};

static int take(void *context, const struct object_row *row)
{
	struct seen *s = context;
	const struct nation_version *v = NULL;
	char whole[48];
	char part[48];
	for (size_t i = 0; i < s->n->version_count; i++)
		if (s->n->versions[i].seq == row->seq)
			v = &s->n->versions[i];
	assert_non_null(v);
	assert_true(s->count < ADDED);
	s->seqs[s->count++] = row->seq;
	/* The parts that one may see are there, no others. */
	if (row->bytes != NULL) {
		secret_of(v, "whole", whole);
		secret_of(v, "part", part);
		assert_non_null(memmem(row->bytes, row->len, whole, strlen(whole)));
		bool there = memmem(row->bytes, row->len, part, strlen(part)) != NULL;
		assert_int_equal(there, v->has_part && part_seen(s->n, s->h, v));
		assert_int_equal(row->masked, !part_seen(s->n, s->h, v));
	}
	return HN_OK;
}

static struct reader *reader_of(struct nation *n, const struct holder *h)
{
	struct reader *r = NULL;
	assert_int_equal(store_read(n->d.w.store, &h->asker, &r), HN_OK);
	return r;
}

static void read_pages(struct nation *n, const struct holder *h, unsigned versions, struct seen *s)
{
	struct object_filter f = {.content = true, .versions = versions};
	bool more = true;
	*s = (struct seen){.n = n, .h = h};
	while (more) {
		struct reader *r = reader_of(n, h);
		assert_int_equal(objects_page(r, &f, 1 + rnd(n, 20), take, s, &more), HN_OK);
		reader_end(r);
		if (s->count > 0)
			f.after_seq = s->seqs[s->count - 1];
	}
}

/* Versions are in the order of their numbers in n->versions too. */
static void expect(const struct nation *n, const struct holder *h, bool newest, struct seen *s)
{
	*s = (struct seen){.n = n, .h = h};
	for (size_t i = 0; i < n->version_count; i++)
		if (version_told(n, h, &n->versions[i], newest))
			s->seqs[s->count++] = n->versions[i].seq;
}

static void same(const struct seen *got, const struct seen *wanted)
{
	assert_int_equal(got->count, wanted->count);
	assert_memory_equal(got->seqs, wanted->seqs, wanted->count * sizeof(wanted->seqs[0]));
}

static void check_pages(struct nation *n, const struct holder *h)
{
	struct seen got;
	struct seen wanted;
	read_pages(n, h, 0, &got);
	expect(n, h, true, &wanted);
	same(&got, &wanted);
	read_pages(n, h, OBJECT_ALL, &got);
	expect(n, h, false, &wanted);
	same(&got, &wanted);
}

static void check_one(struct nation *n, const struct holder *h, struct reader *r, const char *type,
		      unsigned id)
{
	struct stix_id stix;
	char text[80];
	const struct nation_version *told = NULL;
	struct seen got = {.n = n, .h = h};
	for (size_t i = 0; i < n->version_count; i++)
		if (n->versions[i].id == id && version_told(n, h, &n->versions[i], true))
			told = &n->versions[i];
	(void)snprintf(text, sizeof(text), "%s--8e2e2d2b-17d4-4cbf-938f-%012u", type, id);
	assert_int_equal(stix_id_parse(text, strlen(text), &stix), HN_OK);
	int err = objects_get(r, &stix, take, &got);
	/* Who does not see all of it has it under another identifier. */
	bool wanted = told != NULL && part_seen(n, h, told);
	assert_int_equal(err, wanted ? HN_OK : HN_ENOENT);
	if (wanted)
		assert_int_equal(got.seqs[0], told->seq);
}

static void check_one_by_one(struct nation *n, const struct holder *h)
{
	struct reader *r = reader_of(n, h);
	for (unsigned id = 100; id < 100 + IDS; id++)
		check_one(n, h, r, "indicator", id);
	for (unsigned id = DEFINITION_ID; id < DEFINITION_ID + DEFINED; id++) {
		check_one(n, h, r, "marking-definition", id);
		check_one(n, h, r, "indicator", id + CARRIER);
	}
	reader_end(r);
}

/* Each organisation's copy counts. */
static void check_counts(struct nation *n, const struct holder *h)
{
	uint64_t wanted[2] = {0, 0}; /* others, definitions */
	uint64_t got = 0;
	struct reader *r = reader_of(n, h);
	for (size_t i = 0; i < n->version_count; i++)
		wanted[n->versions[i].definition] += newest_of(n, &n->versions[i]) == &n->versions[i] &&
						     version_seen(n, h, &n->versions[i]);
	assert_int_equal(objects_count(r, NULL, 0, &got), HN_OK);
	assert_int_equal(got, wanted[0] + wanted[1]);
	assert_int_equal(objects_count(r, "indicator", 0, &got), HN_OK);
	assert_int_equal(got, wanted[0]);
	assert_int_equal(objects_count(r, "marking-definition", 0, &got), HN_OK);
	assert_int_equal(got, wanted[1]);
	assert_int_equal(objects_count(r, "malware", 0, &got), HN_OK);
	assert_int_equal(got, 0);
	reader_end(r);
}

static void search_finds(struct nation *n, const struct holder *h, const char *text,
			 const struct nation_version *v, bool wanted)
{
	struct reader *r = reader_of(n, h);
	struct seen got = {.n = n, .h = h};
	struct search what = {.by = SEARCH_TEXT, .text = text, .len = strlen(text), .limit = 100};
	bool more = false;
	bool cut = false;
	assert_int_equal(search_objects(r, &what, take, &got, &more, &cut, NULL), HN_OK);
	assert_int_equal(got.count, wanted ? 1 : 0);
	if (wanted)
		assert_int_equal(got.seqs[0], v->seq);
	reader_end(r);
}

static void check_search(struct nation *n, const struct holder *h)
{
	for (size_t i = 0; i < n->version_count; i++) {
		const struct nation_version *v = &n->versions[i];
		char text[48];
		bool told = version_told(n, h, v, true);
		secret_of(v, "whole", text);
		search_finds(n, h, text, v, told);
		secret_of(v, "part", text);
		search_finds(n, h, text, v, v->has_part && told && part_seen(n, h, v));
	}
}

static int index_job(struct writing *w, void *context)
{
	return search_index(w, 1000, context);
}

static void every_way_of_reading_gives_what_the_oracle_says(void **state)
{
	(void)state;
	size_t told = 0;
	size_t hidden = 0;
	for (uint64_t seed = 1; seed <= WORLDS; seed++) {
		static struct nation n;
		static struct holder holders[HOLDERS];
		bool more = true;
		found_nation(&n, seed * 7919);
		for (unsigned i = 0; i < 120; i++) {
			add_version(&n);
			if (i % 15 == 0)
				add_definition(&n, i / 15);
		}
		while (more)
			assert_int_equal(store_write(n.d.w.store, index_job, &more), HN_OK);
		make_holders(&n, holders);
		for (size_t i = 0; i < HOLDERS; i++) {
			struct seen wanted;
			if (!holders[i].here)
				continue;
			check_pages(&n, &holders[i]);
			check_one_by_one(&n, &holders[i]);
			check_counts(&n, &holders[i]);
			if (i % 5 == seed % 5)
				check_search(&n, &holders[i]);
			expect(&n, &holders[i], false, &wanted);
			told += wanted.count;
			hidden += n.version_count - wanted.count;
		}
		world_finish(&n.d);
	}
	/* The worlds are neither closed nor open. */
	assert_true(told * 20 > hidden && hidden > told);
}

struct tag {
	uint8_t bytes[SHA256_SIZE];
};

static struct tag tag_of(struct nation *n, const struct holder *h)
{
	struct tag tag = {{0}};
	struct reader *r = reader_of(n, h);
	assert_int_equal(view_tag(r, tag.bytes), HN_OK);
	reader_end(r);
	return tag;
}

/* The tag is another whenever the newest versions are others, and the same where nothing that is seen
 * changed.
 */
static void check_tag(const struct seen *before, const struct seen *after, const struct tag *old,
		      const struct tag *now, bool nothing_new)
{
	bool equal = before->count == after->count &&
		     memcmp(before->seqs, after->seqs, after->count * sizeof(after->seqs[0])) == 0;
	bool tagged = memcmp(old, now, sizeof(*old)) == 0;
	assert_true(equal || !tagged);
	assert_true(tagged || !(equal && nothing_new));
}

/* What somebody cannot see does not change a byte of what they get. */
static void what_is_hidden_changes_nothing(void **state)
{
	(void)state;
	static struct nation n;
	static struct holder holders[HOLDERS];
	static struct seen before[HOLDERS], newest[HOLDERS];
	static struct tag tags[HOLDERS];
	size_t unchanged = 0;
	found_nation(&n, 4711);
	for (int i = 0; i < 60; i++)
		add_version(&n);
	make_holders(&n, holders);
	for (int i = 0; i < 40; i++) {
		for (size_t h = 0; h < HOLDERS; h++)
			if (holders[h].here) {
				read_pages(&n, &holders[h], OBJECT_ALL, &before[h]);
				read_pages(&n, &holders[h], 0, &newest[h]);
				tags[h] = tag_of(&n, &holders[h]);
			}
		size_t count = n.version_count;
		add_version(&n);
		for (size_t h = 0; h < HOLDERS && n.version_count > count; h++) {
			struct seen after;
			struct seen all;
			if (!holders[h].here)
				continue;
			expect(&n, &holders[h], false, &all);
			read_pages(&n, &holders[h], OBJECT_ALL, &after);
			same(&after, &all);
			if (!version_seen(&n, &holders[h], &n.versions[count]) &&
			    all.count == before[h].count)
				same(&after, &before[h]);
			const struct tag now = tag_of(&n, &holders[h]);
			bool nothing_new = all.count == before[h].count;
			read_pages(&n, &holders[h], 0, &after);
			check_tag(&newest[h], &after, &tags[h], &now, nothing_new);
			unchanged += nothing_new;
		}
	}
	assert_true(unchanged > 0);
	world_finish(&n.d);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_way_of_reading_gives_what_the_oracle_says),
		cmocka_unit_test(what_is_hidden_changes_nothing),
	};
	return cmocka_run_group_tests_name("access_worlds", tests, NULL, NULL);
}
