/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_TESTS_UNIT_STORE_DIRECTORY_WORLD_H
#define HINOMI_TESTS_UNIT_STORE_DIRECTORY_WORLD_H

/* A store with a directory; organisations, groups and people put by short calls. */
#include <stdio.h>

#include "store/directory.h"
#include "store/organisations.h"
#include "store/people.h"
#include "store_world.h"

struct directory_world {
	struct store_world w;
	struct directory *d;
	struct fault fault; /* of the last put */
	int64_t number, revision;
};

/* Identifiers by a small number: readable in a failure. */
static inline struct uuid world_uuid(unsigned n)
{
	struct uuid u = {{0}};
	u.bytes[6] = 0x40;
	u.bytes[8] = 0x80;
	u.bytes[14] = (uint8_t)(n >> 8);
	u.bytes[15] = (uint8_t)n;
	return u;
}

static inline const char *world_uuid_text(unsigned n, char out[UUID_TEXT_SIZE])
{
	struct uuid u = world_uuid(n);
	uuid_format(&u, out);
	return out;
}

struct world_put {
	struct directory_world *world;
	const struct asker *actor;
	enum directory_thing thing;
	struct uuid id;
	int64_t revision;
	const char *text;
};

static inline int world_put_job(struct writing *w, void *context)
{
	struct world_put *p = context;
	struct directory_world *d = p->world;
	int (*put)(struct writing *, const struct asker *, const struct uuid *, int64_t, const char *, size_t,
		   int64_t *, int64_t *, struct fault *) = people_put;
	if (p->thing == DIRECTORY_ORGANISATION)
		put = organisations_put;
	if (p->thing == DIRECTORY_GROUP)
		put = groups_put;
	return put(w, p->actor, &p->id, p->revision, p->text, strlen(p->text), &d->number, &d->revision,
		   &d->fault);
}

/** Puts one thing as somebody. JSON is written with ' for ", and @N for the identifier of the number N. */
static inline int world_put(struct directory_world *d, const struct asker *actor, enum directory_thing thing,
			    unsigned id, int64_t revision, const char *text)
{
	struct buf json;
	char uuid[UUID_TEXT_SIZE];
	buf_init(&json, 1 << 20);
	for (const char *at = text; *at != '\0'; at++) {
		if (*at != '@' || at[1] < '0' || at[1] > '9') {
			buf_addc(&json, *at == '\'' ? '"' : *at);
			continue;
		}
		unsigned number = 0;
		for (; at[1] >= '0' && at[1] <= '9'; at++)
			number = number * 10 + (unsigned)(at[1] - '0');
		buf_addf(&json, "\"%s\"", world_uuid_text(number, uuid));
	}
	assert_int_equal(buf_err(&json), HN_OK);
	struct world_put p = {d, actor, thing, world_uuid(id), revision, json.data};
	memset(&d->fault, 0, sizeof(d->fault));
	int err = store_write(d->w.store, world_put_job, &p);
	buf_clear(&json);
	return err;
}

static inline void world_must_put(struct directory_world *d, const struct asker *actor,
				  enum directory_thing thing, unsigned id, const char *text)
{
	int err = world_put(d, actor, thing, id, -1, text);
	if (err != HN_OK)
		fail_msg("%s: %d, %s %s", text, err, d->fault.place, d->fault.message);
}

/** Who a person is now, in an organisation (0: the default). */
static inline int world_person(struct directory_world *d, unsigned person, unsigned organisation,
			       struct asker *out)
{
	struct uuid p = world_uuid(person);
	struct uuid o = world_uuid(organisation);
	return directory_person_asker(d->d, &p, organisation == 0 ? NULL : &o, d->w.now_us, out);
}

struct world_first {
	struct directory_world *world;
	struct credential token;
};

static inline int world_first_job(struct writing *w, void *context)
{
	struct world_first *f = context;
	struct uuid centre = world_uuid(1);
	struct uuid person = world_uuid(2);
	return people_init_first_administrator(
		w, &centre, "{\"kind\":\"centre\",\"names\":[{\"language\":\"en\",\"name\":\"The centre\"}]}",
		&person, "{\"login\":\"first\"}", "hash of first", &f->token, NULL, &f->world->fault);
}

/** The centre is 1, its administrator 2 with the login "first". */
static inline void world_begin(struct directory_world *d)
{
	memset(d, 0, sizeof(*d));
	world_open(&d->w);
	assert_int_equal(directory_open(d->w.store, false, &d->d, &d->fault), HN_OK);
	struct world_first first = {
		.world = d,
		.token = {.id = world_uuid(3),
			  .kind = CREDENTIAL_TOKEN,
			  .secret_len = 32,
			  .tlp_max = TLP_RED},
	};
	memset(first.token.secret, 7, 32);
	assert_int_equal(store_write(d->w.store, world_first_job, &first), HN_OK);
}

static inline void world_finish(struct directory_world *d)
{
	world_close_store(&d->w);
	directory_close(d->d);
	world_clear(&d->w);
}

#endif
