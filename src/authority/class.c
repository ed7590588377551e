/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "authority/class.h"

#include <string.h>

#include "base/lang.h"

static const struct {
	const char *name;
	const char *title_en, *title_ja;
} classes[FLOW_CLASS_COUNT] = {
	[FOREIGN_FOREIGN] = {"foreign-foreign", "foreign to foreign", "外外通信"},
	[FOREIGN_DOMESTIC] = {"foreign-domestic", "foreign to domestic", "外内通信"},
	[DOMESTIC_FOREIGN] = {"domestic-foreign", "domestic to foreign", "内外通信"},
	[DOMESTIC_DOMESTIC] = {"domestic-domestic", "domestic to domestic", "内内通信"},
};

const char *flow_class_name(enum flow_class c)
{
	return (unsigned)c < FLOW_CLASS_COUNT ? classes[c].name : "";
}

const char *flow_class_title(enum flow_class c)
{
	if ((unsigned)c >= FLOW_CLASS_COUNT)
		return "";
	return lang_get() == LANG_JA ? classes[c].title_ja : classes[c].title_en;
}

int flow_class_parse(const char *name, size_t len, enum flow_class *out)
{
	for (unsigned i = 0; i < FLOW_CLASS_COUNT; i++) {
		if (strlen(classes[i].name) != len || memcmp(classes[i].name, name, len) != 0)
			continue;
		*out = (enum flow_class)i;
		return HN_OK;
	}
	return HN_ENOENT;
}
