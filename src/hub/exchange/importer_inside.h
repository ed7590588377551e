/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_HUB_EXCHANGE_IMPORTER_INSIDE_H
#define HINOMI_HUB_EXCHANGE_IMPORTER_INSIDE_H

#include <stdbool.h>

#include "hub/exchange/importer.h"

/* Between importer.c and the readers of the single forms. */

/** A form: a row of the table in importer.c. */
struct importer_form {
	const char *name;
	int (*open)(struct importer *imp);
	void (*close)(struct importer *imp);
	int (*feed)(struct importer *imp, const uint8_t *data, size_t len, struct fault *fault);
	int (*end)(struct importer *imp, struct fault *fault);
};

extern const struct importer_form IMPORTER_FORM_MISP, IMPORTER_FORM_CSV, IMPORTER_FORM_LIST;

struct importer {
	const struct importer_form *form;
	struct importer_terms terms;
	char name[257];
	void *state;     /* the form's own */
	struct buf *out; /* during a call */
	struct importer_report report;
	struct importer_left *left;
	size_t left_room;
};

/** Notes what is left out. @param reason  static; detail is the user's language */
void importer_leave(struct importer *imp, const char *reason, const char *place, const char *value,
		    size_t len, const char *detail);

/* ---- writing objects ---- */

/** Writes the beginning: type, spec_version, id and, unless created_ns is negative, created and modified. */
void importer_begin(struct importer *imp, const char *type, const struct uuid *id, int64_t created_ns,
		    int64_t modified_ns);
/* Members; a text that is empty is left away. */
void importer_text(struct importer *imp, const char *name, const char *text);
void importer_time(struct importer *imp, const char *name, int64_t ns);
void importer_ref(struct importer *imp, const char *name, const char *type, const struct uuid *id);
void importer_finish(struct importer *imp);

/** Appends "type--uuid". */
void importer_id(struct buf *out, const char *type, const struct uuid *id);

/** UUIDv5 of a name of any length. */
struct uuid importer_name_uuid(const struct uuid *space, const char *value, size_t len);

/** UUIDv5 of the source's space and two texts. */
struct uuid importer_uuid(const struct importer *imp, const char *kind, const char *value, size_t len);

/* ---- values ---- */

/**
 * The pattern of a value whose type is given by a word (MISP's attribute types; "a|b" are pairs).
 *
 * @param language_out  "stix", or of a rule "yara", "sigma", "snort"
 * @return HN_ENOENT: no such type; HN_EFORMAT: not such a value
 */
HN_MUST_USE int importer_pattern(const char *type, const char *value, struct buf *out,
				 const char **language_out);

/** The pattern of a value by its content: address, prefix, name, URL, digest; without its disguise. @return
 * HN_EFORMAT */
HN_MUST_USE int importer_pattern_guess(const char *value, size_t len, struct buf *out);

/** Writes the value's cyber-observable object or objects and appends their identifiers, separated by commas,
 * in quotes. @return HN_ENOENT: it has none */
HN_MUST_USE int importer_observable(struct importer *imp, const char *type, const char *value,
				    struct buf *refs);

#endif
