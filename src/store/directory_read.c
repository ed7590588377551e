/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include <inttypes.h>
#include <string.h>

#include "base/utc.h"
#include "store/directory_private.h"

/* What somebody may know of a thing. */
enum sight { SIGHT_NONE, SIGHT_CARD, SIGHT_WHOLE };

static bool centre_reads(const struct asker *asker)
{
	return asker->hub || (asker->organisation != 0 && asker->kind == ORG_CENTRE);
}

static bool has(const int64_t *list, size_t count, int64_t number)
{
	for (size_t i = 0; i < count; i++)
		if (list[i] == number)
			return true;
	return false;
}

static bool common_group(const struct directory *d, const struct asker *asker, const struct organisation *o,
			 int64_t now_us)
{
	for (size_t i = 0; i < o->membership_count; i++) {
		const struct membership *m = &o->memberships[i];
		const struct entry *group = entry_by_id(d, DIRECTORY_GROUP, &m->group);
		if (group != NULL && !group->group.ended && membership_active(m, now_us) &&
		    has(asker->groups, asker->group_count, group->number))
			return true;
	}
	return false;
}

static bool is_parent(const struct directory *d, const struct asker *asker, const struct organisation *o)
{
	for (size_t i = 0; i < o->parent_count; i++) {
		const struct entry *parent = entry_by_id(d, DIRECTORY_ORGANISATION, &o->parents[i]);
		if (parent != NULL && parent->number == asker->organisation)
			return true;
	}
	return false;
}

/* Bodies of the state, whose names are no secret. */
static bool is_public_body(enum org_kind kind)
{
	return kind == ORG_CENTRE || kind == ORG_MINISTRY || kind == ORG_POLICE || kind == ORG_DEFENCE ||
	       kind == ORG_COMMISSION;
}

static enum sight organisation_sight(const struct directory *d, const struct asker *asker,
				     const struct entry *e, int64_t now_us)
{
	const struct organisation *o = &e->organisation;
	if (centre_reads(asker) || (asker->organisation != 0 && asker->organisation == e->number))
		return SIGHT_WHOLE;
	if (asker->organisation == 0)
		return SIGHT_NONE;
	if (is_public_body(o->kind) || has(asker->parents, asker->parent_count, e->number) ||
	    is_parent(d, asker, o) || common_group(d, asker, o, now_us))
		return SIGHT_CARD;
	return SIGHT_NONE;
}

static enum sight group_sight(const struct directory *d, const struct asker *asker, const struct entry *e)
{
	if (centre_reads(asker))
		return SIGHT_WHOLE;
	const struct entry *own = entry_by_number(d, DIRECTORY_ORGANISATION, asker->organisation);
	if (own == NULL)
		return SIGHT_NONE;
	if (uuid_compare(&own->id, &e->group.owner) == 0)
		return SIGHT_WHOLE;
	for (size_t i = 0; i < own->organisation.membership_count; i++)
		if (uuid_compare(&own->organisation.memberships[i].group, &e->id) == 0)
			return SIGHT_WHOLE;
	return SIGHT_NONE;
}

static bool is_administrator(const struct asker *asker)
{
	return asker->organisation != 0 && (asker->roles & ROLE_ADMINISTRATOR) != 0;
}

static enum sight person_sight(const struct directory *d, const struct asker *asker, const struct entry *e)
{
	if (asker->hub || (asker->person != 0 && asker->person == e->number))
		return SIGHT_WHOLE;
	if (centre_reads(asker) && (asker->roles & (ROLE_ADMINISTRATOR | ROLE_AUDITOR)) != 0)
		return SIGHT_WHOLE;
	if (!is_administrator(asker))
		return SIGHT_NONE;
	const struct entry *own = entry_by_number(d, DIRECTORY_ORGANISATION, asker->organisation);
	for (size_t i = 0; i < e->person.place_count && own != NULL; i++)
		if (uuid_compare(&e->person.places[i].organisation, &own->id) == 0)
			return SIGHT_WHOLE;
	return SIGHT_NONE;
}

static enum sight credential_sight(const struct directory *d, const struct asker *asker,
				   const struct entry *e)
{
	const struct credential *c = &e->credential;
	if (c->person == 0)
		return (centre_reads(asker) || asker->organisation == c->organisation) &&
				       (asker->hub || is_administrator(asker))
			       ? SIGHT_WHOLE
			       : SIGHT_NONE;
	const struct entry *person = entry_by_number(d, DIRECTORY_PERSON, c->person);
	return person == NULL ? SIGHT_NONE : person_sight(d, asker, person);
}

static enum sight sight_of(const struct directory *d, const struct asker *asker, const struct entry *e,
			   int64_t now_us)
{
	if (e->thing == DIRECTORY_ORGANISATION)
		return organisation_sight(d, asker, e, now_us);
	if (e->thing == DIRECTORY_GROUP)
		return group_sight(d, asker, e);
	if (e->thing == DIRECTORY_PERSON)
		return person_sight(d, asker, e);
	return credential_sight(d, asker, e);
}

/* ---- writing ---- */

static void add_string(struct buf *out, const char *name, const char *text)
{
	buf_addf(out, ",\"%s\":", name);
	buf_json_string(out, text, strlen(text));
}

static void add_uuid(struct buf *out, const char *name, const struct uuid *id)
{
	char text[UUID_TEXT_SIZE];
	uuid_format(id, text);
	buf_addf(out, ",\"%s\":\"%s\"", name, text);
}

static void add_time(struct buf *out, const char *name, int64_t us)
{
	char text[UTC_SIZE];
	if (us == 0)
		return;
	utc_format(us * 1000, text);
	buf_addf(out, ",\"%s\":\"%s\"", name, text);
}

static void add_words(struct buf *out, const char *name, unsigned bits, const char *(*word)(unsigned bit))
{
	char before = '[';
	if (bits == 0)
		return;
	buf_addf(out, ",\"%s\":", name);
	for (; bits != 0; bits &= bits - 1) {
		const char *text = word(bits & -bits);
		buf_addf(out, "%c\"%s\"", before, text == NULL ? "" : text);
		before = ',';
	}
	buf_addc(out, ']');
}

static void add_credential(const struct directory *d, const struct credential *c, struct buf *out)
{
	static const char *const kinds[] = {"password", "totp", "token", "certificate", "link", "passkey"};
	char id[UUID_TEXT_SIZE];
	const struct entry *person = entry_by_number(d, DIRECTORY_PERSON, c->person);
	const struct entry *organisation = entry_by_number(d, DIRECTORY_ORGANISATION, c->organisation);
	uuid_format(&c->id, id);
	buf_addf(out, "{\"id\":\"%s\",\"kind\":\"%s\",\"session\":%s", id,
		 (unsigned)c->kind < sizeof(kinds) / sizeof(kinds[0]) ? kinds[c->kind] : "",
		 c->session ? "true" : "false");
	add_string(out, "use", use_name(c->use) == NULL ? "" : use_name(c->use));
	add_words(out, "scopes", c->scopes, scope_name);
	add_string(out, "tlp_max", tlp_name(c->tlp_max) == NULL ? "clear" : tlp_name(c->tlp_max));
	if (person != NULL)
		add_uuid(out, "person", &person->id);
	if (organisation != NULL)
		add_uuid(out, "organisation", &organisation->id);
	if (c->title[0] != '\0')
		add_string(out, "title", c->title);
	if (c->prefix[0] != '\0')
		add_string(out, "prefix", c->prefix);
	add_words(out, "purposes", c->purposes, purpose_name);
	add_time(out, "created", c->created_us);
	add_time(out, "expires", c->expires_us);
	buf_addc(out, '}');
}

/* A card has no revision of its own: what it does not show must not show in its tag either. */
static int64_t text_revision(const char *text, size_t len)
{
	uint64_t h = 14695981039346656037ULL;
	for (size_t i = 0; i < len; i++)
		h = (h ^ (unsigned char)text[i]) * 1099511628211ULL;
	return (int64_t)((h ^ h >> 32) & INT64_MAX);
}

static int64_t add_entry(const struct directory *d, const struct entry *e, enum sight sight, struct buf *out)
{
	if (e->thing == DIRECTORY_ORGANISATION && sight == SIGHT_CARD) {
		buf_add(out, e->organisation.card, e->organisation.card_len);
		return text_revision(e->organisation.card, e->organisation.card_len);
	}
	if (e->thing == DIRECTORY_ORGANISATION)
		buf_add(out, e->organisation.text, e->organisation.text_len);
	else if (e->thing == DIRECTORY_GROUP)
		buf_add(out, e->group.text, e->group.text_len);
	else if (e->thing == DIRECTORY_PERSON)
		buf_add(out, e->person.text, e->person.text_len);
	else
		add_credential(d, &e->credential, out);
	return e->revision;
}

int directory_get(struct directory *d, const struct asker *asker, int64_t now_us, enum directory_thing thing,
		  const struct uuid *id, struct buf *out, int64_t *revision_out)
{
	int err = HN_ENOENT;
	(void)pthread_rwlock_rdlock(&d->lock);
	const struct entry *e = entry_by_id(d, thing, id);
	enum sight sight = e == NULL ? SIGHT_NONE : sight_of(d, asker, e, now_us);
	if (sight != SIGHT_NONE) {
		*revision_out = add_entry(d, e, sight, out);
		err = buf_err(out);
	}
	(void)pthread_rwlock_unlock(&d->lock);
	return err;
}

/* Whether it belongs to what the list is narrowed to. */
static bool is_within(const struct directory *d, const struct entry *e, int64_t within, int64_t now_us)
{
	if (within == 0)
		return true;
	if (e->thing == DIRECTORY_CREDENTIAL)
		return e->credential.person == within;
	if (e->thing == DIRECTORY_PERSON) {
		const struct entry *o = entry_by_number(d, DIRECTORY_ORGANISATION, within);
		for (size_t i = 0; i < e->person.place_count && o != NULL; i++)
			if (uuid_compare(&e->person.places[i].organisation, &o->id) == 0)
				return true;
		return false;
	}
	if (e->thing == DIRECTORY_ORGANISATION) {
		const struct entry *group = entry_by_number(d, DIRECTORY_GROUP, within);
		for (size_t i = 0; i < e->organisation.membership_count && group != NULL; i++)
			if (uuid_compare(&e->organisation.memberships[i].group, &group->id) == 0)
				return membership_active(&e->organisation.memberships[i], now_us);
	}
	return false;
}

int directory_list(struct directory *d, const struct asker *asker, int64_t now_us, enum directory_thing thing,
		   int64_t within, int64_t after, size_t limit, struct buf *out, int64_t *last_out,
		   bool *more_out)
{
	size_t count = 0;
	*more_out = false;
	*last_out = after;
	(void)pthread_rwlock_rdlock(&d->lock);
	const struct shelf *shelf = &d->shelves[thing];
	for (size_t i = shelf_place(shelf, after + 1); i < shelf->count && !*more_out; i++) {
		const struct entry *e = shelf->entries[i];
		if (!is_within(d, e, within, now_us))
			continue;
		enum sight sight = sight_of(d, asker, e, now_us);
		if (sight == SIGHT_NONE)
			continue;
		if (count == limit) {
			*more_out = true;
			break;
		}
		if (count++ > 0)
			buf_addc(out, ',');
		(void)add_entry(d, e, sight, out);
		*last_out = e->number;
	}
	(void)pthread_rwlock_unlock(&d->lock);
	return buf_err(out);
}
