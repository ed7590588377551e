/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include <string.h>

#include "store/directory_private.h"

/* ---- an organisation's part ---- */

/* Adds a number to a rising list; what does not fit is left out: less is seen, not more. */
static void add_number(int64_t *list, size_t *count, size_t max, int64_t number)
{
	size_t at = *count;
	while (at > 0 && list[at - 1] > number)
		at--;
	if ((at > 0 && list[at - 1] == number) || *count == max)
		return;
	memmove(&list[at + 1], &list[at], (*count - at) * sizeof(list[0]));
	list[at] = number;
	++*count;
}

static void add_groups(const struct directory *d, const struct organisation *o, int64_t now_us, int64_t *list,
		       size_t *count, unsigned *contents)
{
	for (size_t i = 0; i < o->membership_count; i++) {
		const struct membership *m = &o->memberships[i];
		const struct entry *group = entry_by_id(d, DIRECTORY_GROUP, &m->group);
		if (group == NULL || group->group.ended || !membership_active(m, now_us))
			continue;
		add_number(list, count, ASKER_GROUPS_MAX, group->number);
		if (contents != NULL)
			*contents |= m->contents;
	}
}

static void add_parents(const struct directory *d, const struct organisation *o, int64_t now_us,
			struct asker *out)
{
	for (size_t i = 0; i < o->parent_count; i++) {
		const struct entry *parent = entry_by_id(d, DIRECTORY_ORGANISATION, &o->parents[i]);
		if (parent == NULL || parent->organisation.ended)
			continue;
		add_number(out->parents, &out->parent_count, ASKER_CLIENTS_MAX, parent->number);
		add_groups(d, &parent->organisation, now_us, out->parent_groups, &out->parent_group_count,
			   NULL);
	}
}

/* What is agreed with the centre; agreements among others are between them. */
static void add_agreements(const struct directory *d, const struct organisation *o, int64_t now_us,
			   struct asker *out)
{
	for (size_t i = 0; i < o->agreement_count && d->centre != NULL; i++) {
		const struct agreement *a = &o->agreements[i];
		if (uuid_compare(&a->partner, &d->centre->id) != 0 ||
		    !in_period(a->from_us, a->until_us, now_us))
			continue;
		if (a->tlp_max > out->tlp_max)
			out->tlp_max = a->tlp_max;
		out->purposes |= a->purposes;
		out->contents |= a->contents;
	}
}

void asker_of_organisation(const struct directory *d, const struct entry *organisation, int64_t now_us,
			   struct asker *out)
{
	const struct organisation *o = &organisation->organisation;
	asker_public(out);
	out->organisation = organisation->number;
	out->kind = o->kind;
	out->revision = organisation->revision;
	out->tlp_max = TLP_GREEN; /* to be signed in is enough for the community's */
	out->contents = CONTENT_TECHNICAL;
	add_groups(d, o, now_us, out->groups, &out->group_count, &out->contents);
	add_parents(d, o, now_us, out);
	add_agreements(d, o, now_us, out);
}

/* Whether an agreement with the centre lets it pass things on. The centre needs none. */
static bool may_pass_on(const struct directory *d, const struct organisation *o, int64_t now_us)
{
	if (o->kind == ORG_CENTRE)
		return true;
	for (size_t i = 0; i < o->agreement_count && d->centre != NULL; i++) {
		const struct agreement *a = &o->agreements[i];
		if (a->onward && uuid_compare(&a->partner, &d->centre->id) == 0 &&
		    in_period(a->from_us, a->until_us, now_us))
			return true;
	}
	return false;
}

/* ---- a person's part ---- */

static const struct person_place *place_of(const struct person *p, const struct uuid *organisation,
					   int64_t now_us)
{
	for (size_t i = 0; i < p->place_count; i++) {
		const struct person_place *place = &p->places[i];
		if (place->until_us != 0 && place->until_us <= now_us)
			continue;
		if (organisation == NULL || uuid_compare(&place->organisation, organisation) == 0)
			return place;
	}
	return NULL;
}

static void add_person(const struct entry *e, const struct person_place *place, int64_t now_us,
		       struct asker *out)
{
	const struct person *p = &e->person;
	out->person = e->number;
	out->revision = e->revision > out->revision ? e->revision : out->revision;
	out->roles = place->roles;
	if (p->clearance_until_us > now_us)
		out->clearance = p->clearance;
	for (size_t i = 0; i < p->handling_count; i++)
		if (p->handlings[i].until_us == 0 || p->handlings[i].until_us > now_us)
			out->authorizations[out->authorization_count++] = p->handlings[i].authorization;
}

static int person_asker(const struct directory *d, const struct entry *e, const struct uuid *organisation,
			int64_t now_us, struct asker *out)
{
	const struct person_place *place = place_of(&e->person, organisation, now_us);
	if (!e->person.active || place == NULL)
		return HN_EAUTH;
	const struct entry *o = entry_by_id(d, DIRECTORY_ORGANISATION, &place->organisation);
	if (o == NULL || o->organisation.ended)
		return HN_EAUTH;
	asker_of_organisation(d, o, now_us, out);
	add_person(e, place, now_us, out);
	return HN_OK;
}

/* ---- what a credential takes away ---- */

static int restrict_to_use(const struct directory *d, const struct credential *c, int64_t now_us,
			   struct asker *out)
{
	const struct entry *o = entry_by_number(d, DIRECTORY_ORGANISATION, out->organisation);
	if (c->use == USE_ONWARD && !may_pass_on(d, &o->organisation, now_us))
		return HN_EAUTH;
	out->onward = c->use == USE_ONWARD;
	out->sets_only = c->use == USE_SETS;
	if (c->purposes != 0)
		out->purposes &= c->purposes;
	if (c->tlp_max < out->tlp_max)
		out->tlp_max = c->tlp_max;
	if (c->revision > out->revision)
		out->revision = c->revision;
	return HN_OK;
}

static int account_asker(const struct directory *d, const struct account *account,
			 const struct uuid *organisation, int64_t now_us, struct asker *out)
{
	const struct entry *o = NULL;
	if (account->organisation != 0) {
		o = entry_by_number(d, DIRECTORY_ORGANISATION, account->organisation);
		if (o == NULL || o->organisation.ended ||
		    (organisation != NULL && uuid_compare(organisation, &o->id) != 0))
			return HN_EAUTH;
		organisation = &o->id;
	}
	int err = HN_OK;
	if (account->person == 0) {
		if (o == NULL)
			return HN_EAUTH;
		asker_of_organisation(d, o, now_us, out);
	} else {
		const struct entry *person = entry_by_number(d, DIRECTORY_PERSON, account->person);
		err = person == NULL ? HN_EAUTH : person_asker(d, person, organisation, now_us, out);
	}
	return err == HN_OK ? restrict_to_use(d, &account->credential, now_us, out) : err;
}

int directory_asker(struct directory *d, const struct account *account, const struct uuid *organisation,
		    int64_t now_us, struct asker *out)
{
	(void)pthread_rwlock_rdlock(&d->lock);
	int err = account_asker(d, account, organisation, now_us, out);
	(void)pthread_rwlock_unlock(&d->lock);
	return err;
}

int directory_person_asker(struct directory *d, const struct uuid *person, const struct uuid *organisation,
			   int64_t now_us, struct asker *out)
{
	(void)pthread_rwlock_rdlock(&d->lock);
	const struct entry *e = entry_by_id(d, DIRECTORY_PERSON, person);
	int err = e == NULL ? HN_ENOENT : person_asker(d, e, organisation, now_us, out);
	(void)pthread_rwlock_unlock(&d->lock);
	return err;
}

int directory_organisation_asker(struct directory *d, int64_t organisation, int64_t now_us, struct asker *out)
{
	(void)pthread_rwlock_rdlock(&d->lock);
	const struct entry *e = entry_by_number(d, DIRECTORY_ORGANISATION, organisation);
	int err = e == NULL || e->organisation.ended ? HN_ENOENT : HN_OK;
	if (err == HN_OK)
		asker_of_organisation(d, e, now_us, out);
	(void)pthread_rwlock_unlock(&d->lock);
	return err;
}

/* ---- accounts ---- */

/* Whether a person may sign in at all. */
static bool person_is_active(const struct directory *d, int64_t number)
{
	const struct entry *e = entry_by_number(d, DIRECTORY_PERSON, number);
	return e != NULL && e->person.active;
}

static int account_of(const struct directory *d, const struct credential *c, int64_t now_us,
		      struct account *out)
{
	if ((c->expires_us != 0 && c->expires_us <= now_us) ||
	    (c->person != 0 && !person_is_active(d, c->person)))
		return HN_ENOENT;
	const struct entry *person = c->person == 0 ? NULL : entry_by_number(d, DIRECTORY_PERSON, c->person);
	*out = (struct account){
		.person = c->person,
		.organisation = c->organisation,
		.id = person == NULL ? c->id : person->id,
		.credential = *c,
		.has_totp = c->person != 0 && entry_of_person(d, CREDENTIAL_TOTP, c->person) != NULL,
	};
	return HN_OK;
}

int directory_login(struct directory *d, const char *login, size_t len, struct account *out)
{
	int err = HN_ENOENT;
	(void)pthread_rwlock_rdlock(&d->lock);
	const struct entry *person = entry_by_login(d, login, len);
	const struct entry *password =
		person == NULL ? NULL : entry_of_person(d, CREDENTIAL_PASSWORD, person->number);
	if (password != NULL)
		err = account_of(d, &password->credential, 0, out);
	(void)pthread_rwlock_unlock(&d->lock);
	return err;
}

int directory_credential(struct directory *d, enum credential_kind kind,
			 const uint8_t secret[CREDENTIAL_DIGEST], int64_t now_us, struct account *out)
{
	int err = HN_ENOENT;
	(void)pthread_rwlock_rdlock(&d->lock);
	const struct entry *e = entry_by_secret(d, kind, secret, CREDENTIAL_DIGEST);
	if (e != NULL)
		err = account_of(d, &e->credential, now_us, out);
	(void)pthread_rwlock_unlock(&d->lock);
	return err;
}

int directory_again(struct directory *d, int64_t credential, int64_t revision, int64_t now_us,
		    struct account *out)
{
	int err = HN_ENOENT;
	(void)pthread_rwlock_rdlock(&d->lock);
	const struct entry *e = entry_by_number(d, DIRECTORY_CREDENTIAL, credential);
	if (e != NULL && e->revision == revision)
		err = account_of(d, &e->credential, now_us, out);
	(void)pthread_rwlock_unlock(&d->lock);
	return err;
}

int directory_holder(struct directory *d, const struct credential *credential, int64_t now_us,
		     struct account *out)
{
	(void)pthread_rwlock_rdlock(&d->lock);
	int err = account_of(d, credential, now_us, out);
	(void)pthread_rwlock_unlock(&d->lock);
	return err;
}

bool directory_has_passkey(struct directory *d, int64_t person)
{
	bool found = false;
	(void)pthread_rwlock_rdlock(&d->lock);
	const struct shelf *shelf = &d->shelves[DIRECTORY_CREDENTIAL];
	for (size_t i = 0; i < shelf->count && !found; i++)
		found = shelf->entries[i]->credential.kind == CREDENTIAL_PASSKEY &&
			shelf->entries[i]->credential.person == person;
	(void)pthread_rwlock_unlock(&d->lock);
	return found;
}

int directory_totp(struct directory *d, int64_t person, struct credential *out)
{
	(void)pthread_rwlock_rdlock(&d->lock);
	const struct entry *e = entry_of_person(d, CREDENTIAL_TOTP, person);
	if (e != NULL)
		*out = e->credential;
	(void)pthread_rwlock_unlock(&d->lock);
	return e == NULL ? HN_ENOENT : HN_OK;
}

/* ---- names and numbers ---- */

int64_t directory_number(struct directory *d, enum directory_thing thing, const struct uuid *id)
{
	(void)pthread_rwlock_rdlock(&d->lock);
	const struct entry *e = entry_by_id(d, thing, id);
	int64_t number = e == NULL ? 0 : e->number;
	(void)pthread_rwlock_unlock(&d->lock);
	return number;
}

int directory_uuid(struct directory *d, enum directory_thing thing, int64_t number, struct uuid *out)
{
	(void)pthread_rwlock_rdlock(&d->lock);
	const struct entry *e = entry_by_number(d, thing, number);
	if (e != NULL)
		*out = e->id;
	(void)pthread_rwlock_unlock(&d->lock);
	return e == NULL ? HN_ENOENT : HN_OK;
}

int directory_kind(struct directory *d, int64_t organisation, enum org_kind *out)
{
	(void)pthread_rwlock_rdlock(&d->lock);
	const struct entry *e = entry_by_number(d, DIRECTORY_ORGANISATION, organisation);
	if (e != NULL)
		*out = e->organisation.kind;
	(void)pthread_rwlock_unlock(&d->lock);
	return e == NULL ? HN_ENOENT : HN_OK;
}

int64_t directory_centre(struct directory *d)
{
	(void)pthread_rwlock_rdlock(&d->lock);
	int64_t number = d->centre == NULL ? 0 : d->centre->number;
	(void)pthread_rwlock_unlock(&d->lock);
	return number;
}
