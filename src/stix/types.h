/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_STIX_TYPES_H
#define HINOMI_STIX_TYPES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "stix/object.h"

/*
 * The standard as tables: each type and each structure inside one, with its properties, and the rules between
 * properties. The reader knows no type by name; whoever wants to know what STIX 2.1 or 2.0 says of a property
 * finds it here. Open vocabularies ("-ov") are plain strings: the standard only says SHOULD about them.
 */

/* Which versions of the standard have, or demand, a property. */
#define STIX_IN_2_0  (1u << STIX_2_0)
#define STIX_IN_2_1  (1u << STIX_2_1)
#define STIX_IN_BOTH (STIX_IN_2_0 | STIX_IN_2_1)

enum stix_kind {
	STIX_KIND_ANY, /* any JSON but null */
	STIX_KIND_STRING,
	STIX_KIND_INTEGER, /* within range */
	STIX_KIND_FLOAT,   /* within range */
	STIX_KIND_BOOLEAN,
	STIX_KIND_TIMESTAMP,
	STIX_KIND_IDENTIFIER, /* of one of the words' types; in 2.0's observed objects: a key beside it */
	STIX_KIND_ENUM,       /* one of the words */
	STIX_KIND_BINARY,     /* base64 */
	STIX_KIND_HEX,
	STIX_KIND_HASHES,
	STIX_KIND_DICTIONARY,      /* keys by the standard, values any */
	STIX_KIND_STRINGS,         /* dictionary whose values are strings */
	STIX_KIND_INTEGERS,        /* dictionary whose values are whole numbers */
	STIX_KIND_STRING_LISTS,    /* dictionary whose values are lists of strings (2.0 also strings) */
	STIX_KIND_NUMBERS_STRINGS, /* dictionary whose values are strings or whole numbers */
	STIX_KIND_STRUCTURE,       /* of its own table */
	STIX_KIND_EXTENSIONS,      /* dictionary of extensions */
	STIX_KIND_OBSERVED,        /* 2.0: dictionary of cyber-observable objects */
	STIX_KIND_TRANSLATIONS,    /* dictionary by language of dictionaries by property */
	STIX_KIND_SELECTORS,       /* a selector of a granular marking */
	STIX_KIND_TOKEN,           /* lower-case letters, digits, hyphens */
	STIX_KIND_SPEC_VERSION,
	STIX_KIND_TYPE,
};

/* Words in a list of types for identifiers that stand for many. */
#define STIX_ANY_TYPE     "*"
#define STIX_ANY_DOMAIN   "*domain"   /* a domain object, or of a type not of the standard */
#define STIX_ANY_CYBER    "*cyber"    /* a cyber-observable object, or of a type not of the standard */
#define STIX_ANY_RELATION "*relation" /* relationship or sighting */

/** What the reader takes from a property for struct stix_object. */
enum stix_take {
	STIX_TAKE_NOTHING,
	STIX_TAKE_TEXT,
	STIX_TAKE_CREATED,
	STIX_TAKE_MODIFIED,
	STIX_TAKE_VALID_FROM,
	STIX_TAKE_VALID_UNTIL,
	STIX_TAKE_REVOKED,
	STIX_TAKE_CONFIDENCE,
	STIX_TAKE_CREATOR,
	STIX_TAKE_MARKINGS,
	STIX_TAKE_GRANULAR,
	STIX_TAKE_PATTERN,
};

struct stix_table;

struct stix_range {
	double min, max;
};

struct stix_property {
	const char *name;
	uint8_t name_len;
	uint8_t kind;             /* enum stix_kind */
	uint8_t versions;         /* that know it */
	uint8_t required;         /* in these versions */
	bool list;                /* of one value or more of this kind */
	uint8_t take;             /* enum stix_take */
	uint8_t value;            /* enum stix_taken (values.h) */
	const char *const *words; /* up to NULL: types of an identifier, words of an enumeration */
	const struct stix_range *range;
	const struct stix_table *table;
};

enum stix_rule_kind {
	STIX_RULE_END,        /* last of a list */
	STIX_RULE_SOME_OF,    /* at least one of the names */
	STIX_RULE_ONE_OF,     /* exactly one */
	STIX_RULE_NOT_BOTH,   /* at most one */
	STIX_RULE_TOGETHER,   /* all or none */
	STIX_RULE_NEEDS,      /* the first demands all the others */
	STIX_RULE_NOT_BEFORE, /* timestamps: the second is not before the first */
	STIX_RULE_AFTER,      /* timestamps: the second is after the first */
	STIX_RULE_TRUE_NEEDS, /* where the first is true the second must be there */
	STIX_RULE_TRUE_BARS,  /* where the first is true the second must not be there */
	STIX_RULE_FALSE_BARS, /* where the first is false the second must not be there */
	STIX_RULE_ANY_MEMBER, /* at least one property beyond the common ones */
	STIX_RULE_LIST_NEEDS, /* the second only where the first list holds the third word */
};

#define STIX_RULE_NAMES 8

struct stix_rule {
	uint8_t kind;     /* enum stix_rule_kind */
	uint8_t versions; /* that have it */
	const char *names[STIX_RULE_NAMES];
};

/** A structure; its properties are its own and those of its base. */
struct stix_table {
	const struct stix_property *properties;
	uint8_t count;                 /* at most STIX_TABLE_OWN */
	const struct stix_table *base; /* without base of its own; at most STIX_TABLE_BASE properties */
	const struct stix_rule *rules; /* up to STIX_RULE_END; NULL: none */
	bool nothing_empty;            /* at least one member */
};

#define STIX_TABLE_OWN  46u
#define STIX_TABLE_BASE 18u

/** An extension that the standard itself defines, by its key. */
struct stix_predefined {
	const char *key;
	const struct stix_table *table;
};

struct stix_type {
	const char *name;
	uint8_t versions;
	uint8_t family; /* enum stix_family */
	const struct stix_table *table;
	const struct stix_table *observed; /* of a cyber-observable object inside observed-data of 2.0 */
	const struct stix_predefined *extensions; /* up to key NULL; NULL: none */
	const char *const *contributing;          /* up to NULL; to the identifier of an SCO; NULL: none */
};

/** @return NULL: the standard's version defines no such type at the top of a bundle */
const struct stix_type *stix_type_find(const char *name, size_t len, enum stix_spec spec);

/** A cyber-observable type as it stands inside observed-data of 2.0. NULL: none. */
const struct stix_type *stix_observed_find(const char *name, size_t len);

/** The type by which objects of types of others' making are read. */
const struct stix_type *stix_type_custom(void);

/** A property by name among own ones and the base's. @return its index (base: from STIX_TABLE_OWN), or -1 */
int stix_property_find(const struct stix_table *table, const char *name, size_t len, unsigned versions);

static inline const struct stix_property *stix_property_at(const struct stix_table *table, unsigned index)
{
	return index < STIX_TABLE_OWN ? &table->properties[index]
				      : &table->base->properties[index - STIX_TABLE_OWN];
}

/* The tables' parts. */
extern const struct stix_type STIX_DOMAIN_TYPES[], STIX_CYBER_TYPES[],
	STIX_META_TYPES[]; /* up to name NULL */
extern const struct stix_table STIX_COMMON, STIX_COMMON_CYBER, STIX_COMMON_MARKING, STIX_COMMON_OBSERVED;
extern const struct stix_predefined STIX_FILE_EXTENSIONS[], STIX_TRAFFIC_EXTENSIONS[],
	STIX_PROCESS_EXTENSIONS[], STIX_ACCOUNT_EXTENSIONS[];
extern const struct stix_table STIX_X509_V3;
extern const struct stix_table STIX_KILL_CHAIN_PHASE;

#endif
