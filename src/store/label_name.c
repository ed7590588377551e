/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include <string.h>

#include "store/label.h"

static const char *const tlps[] = {
	[TLP_CLEAR] = "clear", [TLP_GREEN] = "green",
	[TLP_AMBER] = "amber", [TLP_AMBER_STRICT] = "amber+strict",
	[TLP_RED] = "red",
};

static const char *const paps[] = {
	[PAP_CLEAR] = "clear",
	[PAP_GREEN] = "green",
	[PAP_AMBER] = "amber",
	[PAP_RED] = "red",
};

/* By the number of the bit. */
static const char *const contents[] = {"technical", "background"};
static const char *const purposes[] = {
	"defence", "analysis", "response", "investigation", "neutralisation", "statistics", "exercise",
};

static const char *const kinds[ORG_KIND_COUNT] = {
	[ORG_CENTRE] = "centre",         [ORG_MINISTRY] = "ministry",
	[ORG_POLICE] = "police",         [ORG_DEFENCE] = "defence",
	[ORG_COMMISSION] = "commission", [ORG_CEPTOAR] = "ceptoar",
	[ORG_OPERATOR] = "operator",     [ORG_LOCAL_GOVERNMENT] = "local-government",
	[ORG_VENDOR] = "vendor",         [ORG_FOREIGN_CERT] = "foreign-cert",
	[ORG_PUBLIC] = "public",
};

#define COUNT_OF(names) (sizeof(names) / sizeof((names)[0]))

static const char *name_of(const char *const *names, size_t count, unsigned value)
{
	return value < count ? names[value] : NULL;
}

static const char *name_of_bit(const char *const *names, size_t count, unsigned bit)
{
	if (bit == 0 || (bit & (bit - 1)) != 0)
		return NULL;
	return name_of(names, count, (unsigned)__builtin_ctz(bit));
}

static int value_of(const char *const *names, size_t count, const char *name, size_t len)
{
	for (size_t i = 0; i < count; i++)
		if (strlen(names[i]) == len && memcmp(names[i], name, len) == 0)
			return (int)i;
	return -1;
}

static int bit_of(const char *const *names, size_t count, const char *name, size_t len)
{
	int number = value_of(names, count, name, len);
	return number < 0 ? -1 : 1 << number;
}

const char *tlp_name(enum tlp tlp)
{
	return name_of(tlps, COUNT_OF(tlps), (unsigned)tlp);
}

const char *pap_name(enum pap pap)
{
	return name_of(paps, COUNT_OF(paps), (unsigned)pap);
}

const char *content_name(unsigned content)
{
	return name_of_bit(contents, COUNT_OF(contents), content);
}

const char *purpose_name(unsigned purpose)
{
	return name_of_bit(purposes, COUNT_OF(purposes), purpose);
}

const char *org_kind_name(enum org_kind kind)
{
	return name_of(kinds, COUNT_OF(kinds), (unsigned)kind);
}

int tlp_value(const char *name, size_t len)
{
	return value_of(tlps, COUNT_OF(tlps), name, len);
}

int pap_value(const char *name, size_t len)
{
	return value_of(paps, COUNT_OF(paps), name, len);
}

int content_value(const char *name, size_t len)
{
	return bit_of(contents, COUNT_OF(contents), name, len);
}

int purpose_value(const char *name, size_t len)
{
	return bit_of(purposes, COUNT_OF(purposes), name, len);
}

int org_kind_value(const char *name, size_t len)
{
	return value_of(kinds, COUNT_OF(kinds), name, len);
}
