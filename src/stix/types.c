/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "stix/types.h"

#include <string.h>

static const struct stix_type *find(const struct stix_type *types, const char *name, size_t len)
{
	for (; types->name != NULL; types++)
		if (types->name[0] == name[0] && strncmp(types->name, name, len) == 0 &&
		    types->name[len] == '\0')
			return types;
	return NULL;
}

const struct stix_type *stix_type_find(const char *name, size_t len, enum stix_spec spec)
{
	if (len == 0)
		return NULL;
	const struct stix_type *type = find(STIX_DOMAIN_TYPES, name, len);
	if (type == NULL)
		type = find(STIX_CYBER_TYPES, name, len);
	if (type == NULL)
		type = find(STIX_META_TYPES, name, len);
	return type != NULL && (type->versions & 1u << spec) != 0 ? type : NULL;
}

const struct stix_type *stix_observed_find(const char *name, size_t len)
{
	return len == 0 ? NULL : find(STIX_CYBER_TYPES, name, len);
}

static int find_property(const struct stix_table *table, const char *name, size_t len, unsigned versions)
{
	const struct stix_property *p = table->properties;
	for (unsigned i = 0; i < table->count; i++, p++)
		if (p->name_len == len && memcmp(p->name, name, len) == 0 && (p->versions & versions) != 0)
			return (int)i;
	return -1;
}

int stix_property_find(const struct stix_table *table, const char *name, size_t len, unsigned versions)
{
	int i = find_property(table, name, len, versions);
	if (i >= 0 || table->base == NULL)
		return i;
	i = find_property(table->base, name, len, versions);
	return i < 0 ? i : i + (int)STIX_TABLE_OWN;
}
