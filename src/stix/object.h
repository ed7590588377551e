/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_STIX_OBJECT_H
#define HINOMI_STIX_OBJECT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/cur.h"
#include "base/err.h"
#include "base/fault.h"
#include "base/uuid.h"

/*
 * One STIX object (STIX 2.1, OASIS Standard of 10 June 2021; STIX 2.0 as 2.0): read once, in full, against
 * the tables of stix/types.h. What is kept are the bytes as they came and the few facts below; nothing is
 * ever rewritten. All texts point into the object's own bytes.
 */

#define STIX_TYPE_MAX 250                                  /* bytes of a type's name; STIX 2.1, 3.1 */
#define STIX_ID_MAX   (STIX_TYPE_MAX + 2 + UUID_TEXT_SIZE) /* with its NUL */
#define STIX_NO_TIME  INT64_MIN

enum stix_spec { STIX_2_0, STIX_2_1 };

enum stix_family {
	STIX_DOMAIN,       /* SDO */
	STIX_RELATIONSHIP, /* SRO: relationship, sighting */
	STIX_CYBER,        /* SCO */
	STIX_META,         /* marking-definition, language-content, extension-definition */
	STIX_CUSTOM,       /* of a type that the standard does not define */
};

/** An identifier "type--uuid". The type's text is not NUL-terminated. */
struct stix_id {
	const char *type;
	size_t type_len;
	struct uuid uuid;
};

/** A property that holds another object's identifier. */
struct stix_ref {
	struct stix_id target;
	const char *property; /* the property's own name, e.g. "source_ref", "object_refs"; static or in the
				 bytes */
	size_t property_len;
};

/** A marking that covers parts of the object only (STIX 2.1, 7.2.3). */
struct stix_granular {
	struct stix_id marking; /* type_len 0: it gives a language, no marking */
	const char *selector;   /* "external_references.[0].url"; without escapes, as STIX demands */
	size_t selector_len;
};

/** What somebody may ask by: a value that the object speaks of as its own. */
enum stix_value_kind {
	STIX_VALUE_ENTRY,    /* address, prefix, name, URL, digest, JA4: in the form of match/entry.h */
	STIX_VALUE_EMAIL,    /* lower case */
	STIX_VALUE_ASN,      /* decimal */
	STIX_VALUE_FILENAME, /* as written */
	STIX_VALUE_MAC,      /* lower case, colons */
	STIX_VALUE_MUTEX,
	STIX_VALUE_REGISTRY,      /* key, lower case */
	STIX_VALUE_CERTIFICATE,   /* serial number or fingerprint, lower-case hex */
	STIX_VALUE_VULNERABILITY, /* "CVE-2024-1234" */
	STIX_VALUE_EXTERNAL,      /* "source_name:external_id", e.g. "mitre-attack:T1059" */
	STIX_VALUE_DIGEST, /* another digest than those of entries: "SHA-512:" and lower-case hex; "SSDEEP:",
			      "TLSH:" as written */
};

struct stix_value {
	enum stix_value_kind kind;
	uint8_t entry_kind; /* of STIX_VALUE_ENTRY: enum entry_kind */
	uint8_t prefix_len; /* of an address or prefix */
	const uint8_t *key; /* canonical bytes, in the object's own memory */
	size_t key_len;
};

/** A text for people, still with its escapes: name, description, aliases, contents of notes, ... */
struct stix_text {
	const uint8_t *text;
	size_t len;
	bool escaped;
};

struct stix_object {
	const uint8_t *bytes; /* the object as it came, from '{' to '}' */
	size_t len;
	enum stix_spec spec;
	enum stix_family family;
	struct stix_id id;
	int64_t created_ns;                    /* STIX_NO_TIME: has none (SCO) */
	int64_t modified_ns;                   /* the version; STIX_NO_TIME where the type has no versions */
	int64_t valid_from_ns, valid_until_ns; /* STIX_NO_TIME: not said */
	bool revoked;
	int confidence; /* 0..100; -1: not said */
	bool has_creator;
	struct stix_id created_by;
	struct stix_id *markings; /* object_marking_refs */
	size_t marking_count;
	struct stix_granular *granular;
	size_t granular_count;
	struct stix_ref *refs; /* all but created_by_ref and markings */
	size_t ref_count;
	struct stix_value *values;
	size_t value_count;
	struct stix_text *texts;
	size_t text_count;
	const uint8_t *pattern; /* of an indicator, with its escapes; NULL: none */
	size_t pattern_len;
	/* private */
	struct stix_memory *memory;
};

struct stix_limits {
	size_t size_max; /* bytes of one object */
	unsigned depth_max;
	size_t list_max; /* elements of one list, members of one object */
	size_t refs_max, values_max;
	uint32_t tokens_max; /* values and names in the whole object; each costs 16 bytes while it is read */
};

/** 8 MiB, 32, 100,000, 100,000, 100,000, 1,000,000. */
extern const struct stix_limits STIX_DEFAULTS;

/** An empty object; allocates nothing. Use it again for one object after the other. */
void stix_object_init(struct stix_object *o);
/** Gives the memory back. */
void stix_object_clear(struct stix_object *o);

/**
 * Reads and checks one object. The bytes must outlive its use.
 *
 * Checked: JSON (strict, no duplicate names), the common properties, and for the types that the standard
 * defines every property's type, requiredness, vocabulary where it is closed, and the rules between
 * properties. Properties and types of others' making are kept (extensions, custom); what is refused is what
 * the standard says "MUST" about.
 *
 * @param spec  what it counts as where it does not say: objects of 2.0 have no spec_version
 *
 * @return HN_EFORMAT, HN_ELIMIT, HN_ENOMEM; the fault's place is the JSON pointer in the object. Then the
 *         object is empty but for its id, where that was read; it points into the bytes
 */
HN_MUST_USE int stix_object_read(struct stix_object *o, struct cur bytes, enum stix_spec spec,
				 const struct stix_limits *limits, struct fault *fault);

/** Reads "type--uuid". @return HN_EFORMAT */
HN_MUST_USE int stix_id_parse(const char *text, size_t len, struct stix_id *out);

/** Writes "type--uuid" with its NUL. */
void stix_id_format(const struct stix_id *id, char out[STIX_ID_MAX]);

/**
 * The deterministic identifier of a cyber-observable object (STIX 2.1, 2.9: UUIDv5 of its contributing
 * properties in canonical JSON, RFC 8785).
 *
 * @return HN_ENOENT where the type defines none
 */
HN_MUST_USE int stix_deterministic_id(const struct stix_object *o, struct uuid *out);

#endif
