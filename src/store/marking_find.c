/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "store/marking_find.h"

#include "store/db_row.h"
#include "store/object_inside.h"

static int centre_number(struct db *db, int64_t *out)
{
	struct db_rows *rows = NULL;
	int err = db_query(db, &rows,
			   "SELECT number FROM organisation WHERE body LIKE '%\"kind\":\"centre\"%' ORDER BY "
			   "number LIMIT 1");
	*out = 0;
	err = db_one_number(err, &rows, out);
	return err == HN_ENOENT ? HN_OK : err;
}

int marking_holds_for_all(struct writing *w, int64_t owner, bool *out)
{
	int64_t centre = 0;
	int err = centre_number(writing_db(w), &centre);
	if (err == HN_OK)
		*out = centre != 0 && centre == owner;
	return err;
}

static int read_definition(const uint8_t *bytes, size_t len, enum stix_spec spec, struct stix_marking *out)
{
	struct stix_object o;
	stix_object_init(&o);
	int err = stix_object_read(&o, cur_of(bytes, len), spec, &STIX_DEFAULTS, NULL);
	if (err == HN_OK)
		stix_marking_read(&o, out);
	stix_object_clear(&o);
	return err;
}

static int find_of(struct db *db, int64_t owner, const struct stix_id *id, struct stix_marking *out)
{
	struct uuid_halves h = uuid_halves(&id->uuid);
	struct db_rows *rows = NULL;
	int err = db_query(
		db, &rows,
		"SELECT o.spec, c.bytes FROM object o JOIN content c ON c.seq = o.newest JOIN type t ON "
		"t.number = o.type WHERE o.uuid_a = $1 AND o.uuid_b = $2 AND o.owner = $3 AND t.name = "
		"'marking-definition' ORDER BY o.spec DESC LIMIT 1",
		db_number(h.a), db_number(h.b), db_number(owner));
	err = db_first(err, &rows);
	if (err != HN_OK)
		return err;
	size_t len = 0;
	const uint8_t *bytes = db_blob(rows, 1, &len);
	err = read_definition(bytes, len, (enum stix_spec)db_int(rows, 0), out);
	/* What a newer program took and this one cannot read is closed. */
	if (err != HN_OK && err != HN_ENOMEM) {
		*out = (struct stix_marking){.unknown = true, .tlp = STIX_TLP_UNSAID, .pap = STIX_PAP_UNSAID};
		err = HN_OK;
	}
	db_rows_end(rows);
	return err;
}

static bool known_missing(const struct marking_memo *memo, const struct uuid *id)
{
	for (size_t i = 0; memo != NULL && i < memo->missing_count; i++)
		if (uuid_compare(&memo->missing[i], id) == 0)
			return true;
	return false;
}

static int find(struct db *db, int64_t owner, const struct stix_id *id, struct stix_marking *out)
{
	int64_t centre = 0;
	int err = find_of(db, owner, id, out);
	if (err != HN_ENOENT)
		return err;
	err = centre_number(db, &centre);
	if (err != HN_OK || centre == 0 || centre == owner)
		return err == HN_OK ? HN_ENOENT : err;
	return find_of(db, centre, id, out);
}

int marking_find(struct writing *w, int64_t owner, const struct stix_id *id, struct marking_memo *memo,
		 struct stix_marking *out)
{
	if (known_missing(memo, &id->uuid))
		return HN_ENOENT;
	int err = find(writing_db(w), owner, id, out);
	if (err == HN_ENOENT && memo != NULL &&
	    memo->missing_count < sizeof(memo->missing) / sizeof(memo->missing[0]))
		memo->missing[memo->missing_count++] = id->uuid;
	return err;
}
