/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
/* Which holds a value meets. */
#include "base/lang.h"
#include "store/db.h"
#include "store/hold_inside.h"
#include "store/holds.h"
#include "store/object_inside.h"

#define MEET_MAX 1000 /* holds that one question may meet */

bool hold_host(const struct entry_key *url, struct canonical *out)
{
	if (url->kind != ENTRY_URL)
		return false;
	const char *text = (const char *)url->data;
	const char *slash = memchr(text, '/', url->len);
	size_t len = slash == NULL ? url->len : (size_t)(slash - text);
	if (len > 1 && text[0] == '[') {
		const char *end = memchr(text, ']', len);
		return end != NULL && canonical_ip(text + 1, (size_t)(end - text - 1), out) == HN_OK;
	}
	const char *colon = memchr(text, ':', len);
	if (colon != NULL)
		len = (size_t)(colon - text);
	return canonical_ip(text, len, out) == HN_OK || canonical_name(text, len, out) == HN_OK;
}

static bool too_wide(const struct entry_key *key)
{
	switch (key->kind) {
	case ENTRY_PREFIX4:
		return key->data[4] < HOLD_PREFIX4;
	case ENTRY_PREFIX6:
		return key->data[16] < HOLD_PREFIX6;
	case ENTRY_WILDCARD:
		return canonical_labels(key->data, key->len) < 2;
	default:
		return false;
	}
}

int hold_value(const char *text, size_t len, struct canonical *out, struct fault *fault)
{
	int err = canonical_value(text, len, out);
	if (err != HN_OK)
		return fault_set(
			fault, err, "/value", "%s",
			tr("is no address, prefix, name, URL, digest or JA4",
			   "はアドレス、プレフィックス、名前、URL、ハッシュ値、JA4のいずれでもない"));
	if (too_wide(&out->key))
		return fault_set(fault, HN_ELIMIT, "/value",
				 tr("is wider than /%d, /%d or a wildcard of two labels",
				    "は/%d、/%d、または2ラベルのワイルドカードより広い"),
				 HOLD_PREFIX4, HOLD_PREFIX6);
	return HN_OK;
}

/* Numbers of holds that were met, each once. */
struct meeting {
	struct db *db;
	int64_t now_us;
	bool inside_address;  /* the range that is read is a prefix */
	bool host_only_exact; /* the value asked is a URL's host: other URLs there are another matter */
	int64_t holds[MEET_MAX];
	size_t count;
};

static int take(struct meeting *m, struct db_rows *rows, const struct value_range *range)
{
	int more = 0;
	while (m->count < MEET_MAX && (more = db_next(rows)) == 1) {
		int64_t hold = db_int(rows, 0);
		bool met = !m->host_only_exact || db_int(rows, 1) == 0;
		if (range != NULL) {
			size_t len;
			const uint8_t *key = db_blob(rows, 2, &len);
			/* Of a wildcard the name itself is not inside; of a prefix wider ones are not. */
			met &= len > 0 && key[0] == range->first.bytes[0] &&
			       (m->inside_address ? key[len - 1] >= range->length : len != range->first.len);
		}
		for (size_t i = 0; i < m->count && met; i++)
			met = m->holds[i] != hold;
		if (met)
			m->holds[m->count++] = hold;
	}
	db_rows_end(rows);
	return more < 0 ? more : HN_OK;
}

#define LIVE " FROM hold_key k JOIN hold h ON h.number = k.hold WHERE h.released = 0 AND h.until > $1 AND "

static int meet_key(struct meeting *m, const struct value_key *key)
{
	struct db_rows *rows;
	int err = db_query(m->db, &rows, "SELECT k.hold, k.host" LIVE "k.key = $2", db_number(m->now_us),
			   db_bytes(key->bytes, key->len));
	return err == HN_OK ? take(m, rows, NULL) : err;
}

static int meet_prefixes(struct meeting *m, const struct value_key *key, unsigned family, unsigned length)
{
	unsigned lengths[129];
	size_t count = 0;
	struct db_rows *rows;
	int more, err = db_query(m->db, &rows,
				 "SELECT DISTINCT length FROM hold_key WHERE family = $1 AND length < $2",
				 db_number(family), db_number(length));
	if (err != HN_OK)
		return err;
	while ((more = db_next(rows)) == 1 && count < 129)
		lengths[count++] = (unsigned)db_int(rows, 0);
	db_rows_end(rows);
	err = more < 0 ? more : HN_OK;
	for (size_t i = 0; err == HN_OK && i < count; i++) {
		struct value_key around;
		if (value_key_around(key, lengths[i], &around))
			err = meet_key(m, &around);
	}
	return err;
}

static int meet_inside(struct meeting *m, const struct entry_key *entry)
{
	struct value_range range = {.length = 0};
	struct db_rows *rows;
	bool wide =
		entry->kind == ENTRY_PREFIX4 || entry->kind == ENTRY_PREFIX6 || entry->kind == ENTRY_WILDCARD;
	if (!wide || !value_range_inside(entry, &range))
		return HN_OK;
	m->inside_address = entry->kind != ENTRY_WILDCARD;
	int err = db_query(m->db, &rows, "SELECT k.hold, k.host, k.key" LIVE "k.key >= $2 AND k.key < $3",
			   db_number(m->now_us), db_bytes(range.first.bytes, range.first.len),
			   db_bytes(range.behind.bytes, range.behind.len));
	return err == HN_OK ? take(m, rows, &range) : err;
}

static int meet(struct meeting *m, const struct entry_key *entry)
{
	struct value_key key, above;
	unsigned family, length, labels = 0;
	value_key_of_entry(entry, &key);
	int err = meet_key(m, &key);
	if (err == HN_OK && value_key_is_address(&key, &family, &length))
		err = meet_prefixes(m, &key, family, length);
	/* A wildcard lies in its own place's wildcard, which the key already is. */
	while (err == HN_OK && value_key_above(&key, &labels, &above))
		err = meet_key(m, &above);
	return err == HN_OK ? meet_inside(m, entry) : err;
}

static int meet_all(struct meeting *m, const struct entry_key *entry)
{
	struct canonical host;
	int err = meet(m, entry);
	if (err == HN_OK && hold_host(entry, &host)) {
		m->host_only_exact = true;
		err = meet(m, &host.key);
	}
	return err;
}

int holds_look(struct db *db, const struct entry_key *key, int64_t now_us, bool *held_out)
{
	struct meeting m = {.db = db, .now_us = now_us};
	int err = meet_all(&m, key);
	if (err == HN_OK)
		*held_out = m.count > 0;
	return err;
}

int holds_ask(struct writing *w, const struct entry_key *key, const struct hold_asker *asker, bool *held_out)
{
	struct meeting m = {.db = writing_db(w), .now_us = writing_now_us(w)};
	struct uuid_halves account = uuid_halves(&asker->account);
	int err = meet_all(&m, key);
	for (size_t i = 0; err == HN_OK && i < m.count; i++)
		err = db_run(m.db,
			     "INSERT INTO hold_question (number, hold, made, organisation, account_a, "
			     "account_b, approval) VALUES ($1, $2, $3, $4, $5, $6, $7)",
			     db_number(writing_next_seq(w)), db_number(m.holds[i]), db_number(m.now_us),
			     db_number(asker->organisation), db_number(account.a), db_number(account.b),
			     db_number(asker->approval));
	if (err == HN_OK)
		*held_out = m.count > 0;
	return err;
}
