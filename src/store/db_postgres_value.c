/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */

/* Values between us and PostgreSQL, in the binary form of its types (PostgreSQL 15, src/backend/utils/adt).
 */
#include <endian.h>
#include <string.h>

#include "store/db_postgres.h"
#include "store/view.h"

/* Object identifiers of types; they are the same in every PostgreSQL (pg_type.dat). */
enum pg_type {
	PG_BOOL = 16,
	PG_BYTEA = 17,
	PG_INT8 = 20,
	PG_INT2 = 21,
	PG_INT4 = 23,
	PG_TEXT = 25,
	PG_OID = 26,
	PG_BYTEA_ARRAY = 1001,
	PG_TEXT_ARRAY = 1009,
	PG_INT8_ARRAY = 1016,
	PG_NUMERIC = 1700,
};

#define LISTS_MAX (64 * 1024 * 1024)
#define FEW       8 /* labels for which an index over labels may be the better way */

void pg_arguments_init(struct pg_arguments *a)
{
	a->count = 0;
	buf_init(&a->lists, LISTS_MAX);
}

void pg_arguments_clear(struct pg_arguments *a)
{
	buf_clear(&a->lists);
}

/* array_recv(): dimensions, whether there are nulls, type; length and lower bound; each with its length. */
static int list_encode(struct buf *out, const int64_t *numbers, size_t count)
{
	if (count > LISTS_MAX / 16)
		return HN_ELIMIT;
	buf_be32(out, count == 0 ? 0 : 1);
	buf_be32(out, 0);
	buf_be32(out, PG_INT8);
	if (count > 0) {
		buf_be32(out, (uint32_t)count);
		buf_be32(out, 1);
	}
	for (size_t i = 0; i < count; i++) {
		buf_be32(out, 8);
		buf_be64(out, (uint64_t)numbers[i]);
	}
	return buf_err(out);
}

static void set(struct pg_arguments *a, Oid type, const void *data, size_t len)
{
	a->types[a->count] = type;
	a->values[a->count] = data;
	a->lengths[a->count] = (int)len;
	a->formats[a->count] = 1;
	a->count++;
}

static int add_list(struct pg_arguments *a, const int64_t *numbers, size_t count)
{
	size_t start = a->lists.len;
	int err = list_encode(&a->lists, numbers, count);
	if (err != HN_OK)
		return err;
	/* Where it stands is known when all are in: until then its offset, behind a pointer that is none. */
	a->numbers[a->count] = start;
	set(a, PG_INT8_ARRAY, NULL, a->lists.len - start);
	return HN_OK;
}

static void point_to_lists(struct pg_arguments *a)
{
	for (int i = 0; i < a->count; i++)
		if (a->types[i] == PG_INT8_ARRAY)
			a->values[i] = a->lists.data + a->numbers[i];
}

static int add_one(struct pg_arguments *a, const struct db_value *v)
{
	const void *data = v->data == NULL ? "" : v->data;
	if (a->count == PG_ARGUMENTS_MAX || (v->type != DB_INTS && v->len > INT32_MAX))
		return HN_ELIMIT;
	switch (v->type) {
	case DB_NULL:
		set(a, 0, NULL, 0);
		return HN_OK;
	case DB_INT:
		a->numbers[a->count] = htobe64((uint64_t)v->number);
		set(a, PG_INT8, &a->numbers[a->count], 8);
		return HN_OK;
	case DB_TEXT:
		set(a, PG_TEXT, data, v->len);
		return HN_OK;
	case DB_BYTES:
		set(a, PG_BYTEA, data, v->len);
		return HN_OK;
	case DB_INTS:
		return add_list(a, v->data, v->len);
	}
	return HN_ESTATE;
}

int pg_arguments_add(struct pg_arguments *a, const struct db_value *values, size_t count)
{
	int err = HN_OK;
	for (size_t i = 0; i < count && err == HN_OK; i++)
		err = add_one(a, &values[i]);
	point_to_lists(a);
	return err;
}

/* ---- one argument of many rows ---- */

#define LIST_COUNT 12 /* where array_recv() reads the count */

static bool list_type(enum db_type type, Oid *one_out, Oid *list_out)
{
	switch (type) {
	case DB_INT:
		*one_out = PG_INT8;
		*list_out = PG_INT8_ARRAY;
		return true;
	case DB_TEXT:
		*one_out = PG_TEXT;
		*list_out = PG_TEXT_ARRAY;
		return true;
	case DB_BYTES:
		*one_out = PG_BYTEA;
		*list_out = PG_BYTEA_ARRAY;
		return true;
	case DB_NULL:
	case DB_INTS:
		break;
	}
	return false;
}

bool pg_list_begin(struct buf *list, enum db_type type)
{
	Oid one, many;
	if (!list_type(type, &one, &many))
		return false;
	buf_be32(list, 1);
	buf_be32(list, 0);
	buf_be32(list, one);
	buf_be32(list, 0);
	buf_be32(list, 1);
	return true;
}

void pg_list_add(struct buf *list, const struct db_value *value)
{
	if (value->type == DB_INT) {
		buf_be32(list, 8);
		buf_be64(list, (uint64_t)value->number);
		return;
	}
	buf_be32(list, (uint32_t)value->len);
	buf_add(list, value->data, value->len);
}

int pg_list_end(struct buf *list, enum db_type type, uint32_t rows, struct pg_arguments *a)
{
	Oid one, many;
	int err = buf_err(list);
	if (err != HN_OK)
		return err;
	if (!list_type(type, &one, &many) || a->count == PG_ARGUMENTS_MAX || list->len > INT32_MAX)
		return HN_ELIMIT;
	store_be32((uint8_t *)list->data + LIST_COUNT, rows);
	set(a, many, list->data, list->len);
	return HN_OK;
}

/* Numbers that the view sees, at most FEW + 1. */
static size_t few_labels(const struct view *view, int64_t out[FEW + 1])
{
	size_t count = 0;
	for (int64_t label = 1; label <= view->label_count && count <= FEW; label++)
		if (view_sees(view, label))
			out[count++] = label;
	return count;
}

enum db_sees pg_sees(const struct view *view)
{
	int64_t labels[FEW + 1];
	if (view == NULL)
		return DB_SEES_NOTHING;
	return few_labels(view, labels) <= FEW ? DB_SEES_FEW : DB_SEES_BITS;
}

int pg_arguments_view(struct pg_arguments *a, const struct view *view, enum db_sees sees)
{
	int64_t labels[FEW + 1];
	if (sees == DB_SEES_FEW) {
		struct db_value few = db_ints(labels, few_labels(view, labels));
		return pg_arguments_add(a, &few, 1);
	}
	/* get_bit() counts from the lowest bit of the first byte, as the view does on a little-endian
	 * machine.
	 */
	_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "the view's bits are sent as they stand");
	const struct db_value bits[] = {
		db_bytes(view->bits, ((size_t)view->label_count / 64 + 1) * 8),
		db_number(view->label_count),
	};
	return pg_arguments_add(a, bits, 2);
}

/* numeric_send(): digits to the base 10,000, the weight of the first, the sign, the scale. What is behind the
 * point is left out. */
static int64_t numeric(const uint8_t *at, size_t len)
{
	uint64_t value = 0;
	if (len < 8)
		return 0;
	int digits = (at[0] << 8) | at[1];
	int weight = (int16_t)((at[2] << 8) | at[3]);
	bool negative = at[4] == 0x40;
	if (len < 8 + 2 * (size_t)digits)
		return 0;
	for (int i = 0; i <= weight; i++) {
		const uint8_t *d = at + 8 + 2 * i;
		uint64_t digit = i < digits ? (uint64_t)((d[0] << 8) | d[1]) : 0;
		if (__builtin_mul_overflow(value, 10000U, &value) ||
		    __builtin_add_overflow(value, digit, &value))
			return 0;
	}
	return (int64_t)(negative ? 0 - value : value);
}

int64_t pg_number(const PGresult *result, int row, int column)
{
	if (PQgetisnull(result, row, column))
		return 0;
	const uint8_t *at = (const uint8_t *)PQgetvalue(result, row, column);
	size_t len = (size_t)PQgetlength(result, row, column);
	switch (PQftype(result, column)) {
	case PG_NUMERIC:
		return numeric(at, len);
	case PG_BOOL:
		return at[0];
	case PG_INT2:
		return (int16_t)((at[0] << 8) | at[1]);
	case PG_INT4:
	case PG_OID: {
		uint32_t v;
		memcpy(&v, at, sizeof(v));
		v = be32toh(v);
		return PQftype(result, column) == PG_OID ? (int64_t)v : (int32_t)v;
	}
	case PG_INT8: {
		uint64_t v;
		memcpy(&v, at, sizeof(v));
		return (int64_t)be64toh(v);
	}
	default:
		return 0;
	}
}

/* The classes and codes of appendix A of PostgreSQL's manual. */
static int err_of_state(const char *state)
{
	static const struct {
		const char *state; /* or its first two characters, the class */
		int err;
	} STATES[] = {
		{"23505", HN_EEXIST},  /* unique_violation */
		{"23", HN_EFORMAT},    /* integrity constraint violation */
		{"22", HN_EFORMAT},    /* data exception */
		{"42804", HN_EFORMAT}, /* datatype_mismatch */
		{"25006", HN_ESTATE},  /* read_only_sql_transaction */
		{"25P02", HN_ESTATE},  /* in_failed_sql_transaction */
		{"53100", HN_ENOSPC},  /* disk_full */
		{"53200", HN_ENOMEM},  /* out_of_memory */
		{"54", HN_ELIMIT},     /* program limit exceeded */
		{"55P03", HN_ESTATE},  /* lock_not_available */
		{"57014", HN_ESTATE},  /* query_canceled */
	};
	for (size_t i = 0; i < sizeof(STATES) / sizeof(STATES[0]); i++)
		if (strncmp(state, STATES[i].state, strlen(STATES[i].state)) == 0)
			return STATES[i].err;
	return HN_EIO;
}

int pg_fail(struct pg_db *p, const PGresult *result)
{
	const char *state = result == NULL ? NULL : PQresultErrorField(result, PG_DIAG_SQLSTATE);
	const char *text = result == NULL ? NULL : PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);
	if (state == NULL)
		return db_fail(&p->db, HN_EIO, "%s",
			       p->conn == NULL ? "not connected" : PQerrorMessage(p->conn));
	/* A data exception repeats the value. */
	if (strncmp(state, "22", 2) == 0 || text == NULL)
		text = "a value that its column does not take";
	return db_fail(&p->db, err_of_state(state), "%s (%s)", text, state);
}
