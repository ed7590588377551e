/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "authority/limits.h"

#include <stdio.h>
#include <string.h>

#include "authority/field.h"
#include "base/json.h"
#include "base/lang.h"
#include "base/utc.h"

#define DAYS(n) ((n)*86400 * NS_SECOND)

static const struct {
	const char *name;
	const char *title_en, *title_ja;
} bases[BASIS_COUNT] = {
	[BASIS_AGREEMENT] = {"agreement", "agreement with a party", "当事者協定"},
	[BASIS_FOREIGN_FOREIGN] = {"foreign-foreign", "foreign-to-foreign communication", "外外通信"},
	[BASIS_SPECIFIED] = {"specified", "communication with a specified foreign facility",
			     "特定外内・特定内外通信"},
};

const struct limits limits_builtin = {
	.basis = {[BASIS_AGREEMENT] = {FLOW_CLASS_BIT(FOREIGN_DOMESTIC), DAYS(366)},
		  [BASIS_FOREIGN_FOREIGN] = {FLOW_CLASS_BIT(FOREIGN_FOREIGN), DAYS(184)},
		  [BASIS_SPECIFIED] = {FLOW_CLASS_BIT(FOREIGN_DOMESTIC) | FLOW_CLASS_BIT(DOMESTIC_FOREIGN),
				       DAYS(92)}},
	.prefix4 = 24,
	.prefix6 = 48,
	.retention_ns = DAYS(731),
	.entries = 50000000,
};

const char *basis_name(enum basis b)
{
	return (unsigned)b < BASIS_COUNT ? bases[b].name : "";
}

const char *basis_title(enum basis b)
{
	if ((unsigned)b >= BASIS_COUNT)
		return "";
	return lang_get() == LANG_JA ? bases[b].title_ja : bases[b].title_en;
}

int basis_parse(const char *name, size_t len, enum basis *out)
{
	for (unsigned i = 0; i < BASIS_COUNT; i++) {
		if (strlen(bases[i].name) != len || memcmp(bases[i].name, name, len) != 0)
			continue;
		*out = (enum basis)i;
		return HN_OK;
	}
	return HN_ENOENT;
}

static int classes_read(const json_t *o, uint8_t *out, struct fault *fault)
{
	const json_t *array = NULL;
	json_t *item;
	size_t i;
	uint8_t classes = 0;

	int rc = json_get_array(o, "classes", false, &array, fault);
	if (rc != HN_OK || array == NULL)
		return rc;
	json_array_foreach(array, i, item)
	{
		enum flow_class c;
		if (!json_is_string(item) ||
		    flow_class_parse(json_string_value(item), json_string_length(item), &c) != HN_OK)
			return fault_set(fault, HN_EFORMAT, "/classes",
					 tr("names an unknown class", "に不明な区分がある"));
		if (c == DOMESTIC_DOMESTIC)
			return fault_set(
				fault, HN_EAUTH, "/classes",
				tr("domestic to domestic is erased always", "内内通信は常に消去される"));
		classes |= FLOW_CLASS_BIT(c);
	}
	*out = classes;
	return HN_OK;
}

static int basis_read(const json_t *object, enum basis b, struct limits *l, struct fault *fault)
{
	static const char *const members[] = {"classes", "validity_max", NULL};
	const json_t *o = NULL;

	int rc = json_get_object(object, bases[b].name, false, &o, fault);
	if (rc != HN_OK || o == NULL)
		return rc;
	if ((rc = json_only(o, members, fault)) != HN_OK ||
	    (rc = classes_read(o, &l->basis[b].classes, fault)) != HN_OK)
		return rc;
	return field_duration(o, "validity_max", false, &l->basis[b].validity_ns, fault);
}

static int widens(struct fault *fault, const char *place)
{
	return fault_set(
		fault, HN_EAUTH, place,
		tr("would widen the built-in limits, which only a trust file marked 'test' may",
		   "は組み込みの上限を広げる。これができるのは 'test' の印のある信頼ファイルだけである"));
}

static int only_narrows(const struct limits *l, struct fault *fault)
{
	const struct limits *most = &limits_builtin;
	for (unsigned b = 0; b < BASIS_COUNT; b++)
		if ((l->basis[b].classes & ~most->basis[b].classes) != 0 ||
		    l->basis[b].validity_ns > most->basis[b].validity_ns) {
			char place[64];
			(void)snprintf(place, sizeof(place), "/%s", bases[b].name);
			return widens(fault, place);
		}
	if (l->prefix4 < most->prefix4)
		return widens(fault, "/prefix4_widest");
	if (l->prefix6 < most->prefix6)
		return widens(fault, "/prefix6_widest");
	if (l->retention_ns > most->retention_ns)
		return widens(fault, "/retention_max");
	if (l->entries > most->entries)
		return widens(fault, "/entries_max");
	return HN_OK;
}

int limits_read(const json_t *object, bool widen, struct limits *out, struct fault *fault)
{
	static const char *const members[] = {
		"agreement",      "foreign-foreign", "specified",   "prefix4_widest",
		"prefix6_widest", "retention_max",   "entries_max", NULL};
	struct limits l = limits_builtin;
	int64_t prefix4 = l.prefix4, prefix6 = l.prefix6, entries = (int64_t)l.entries;

	int rc = json_only(object, members, fault);
	for (unsigned b = 0; b < BASIS_COUNT && rc == HN_OK; b++)
		rc = basis_read(object, (enum basis)b, &l, fault);
	if (rc != HN_OK ||
	    (rc = json_get_int(object, "prefix4_widest", false, 0, 32, &prefix4, fault)) != HN_OK ||
	    (rc = json_get_int(object, "prefix6_widest", false, 0, 128, &prefix6, fault)) != HN_OK ||
	    (rc = json_get_int(object, "entries_max", false, 1, UINT32_MAX, &entries, fault)) != HN_OK ||
	    (rc = field_duration(object, "retention_max", false, &l.retention_ns, fault)) != HN_OK)
		return rc;
	l.prefix4 = (uint8_t)prefix4;
	l.prefix6 = (uint8_t)prefix6;
	l.entries = (uint64_t)entries;
	if (!widen && (rc = only_narrows(&l, fault)) != HN_OK)
		return rc;
	*out = l;
	return HN_OK;
}

static json_t *basis_json(const struct limits *l, enum basis b, bool *bad)
{
	const char *names[FLOW_CLASS_COUNT];
	size_t count = 0;
	json_t *o = json_object();
	for (unsigned c = 0; c < FLOW_CLASS_COUNT; c++)
		if ((l->basis[b].classes & FLOW_CLASS_BIT(c)) != 0)
			names[count++] = flow_class_name((enum flow_class)c);
	field_put_strings(o, "classes", names, count, bad);
	field_put_duration(o, "validity_max", l->basis[b].validity_ns, bad);
	return o;
}

json_t *limits_json(const struct limits *l)
{
	bool bad = false;
	json_t *o = json_object();
	for (unsigned b = 0; b < BASIS_COUNT; b++)
		field_put(o, bases[b].name, basis_json(l, (enum basis)b, &bad), &bad);
	field_put(o, "prefix4_widest", json_integer(l->prefix4), &bad);
	field_put(o, "prefix6_widest", json_integer(l->prefix6), &bad);
	field_put_duration(o, "retention_max", l->retention_ns, &bad);
	field_put(o, "entries_max", json_integer((json_int_t)l->entries), &bad);
	if (!bad)
		return o;
	json_decref(o);
	return NULL;
}
