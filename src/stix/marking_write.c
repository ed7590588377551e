/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */

/* Markings as we send them. */
#include <stdlib.h>
#include <string.h>

#include "stix/marking.h"
#include "stix/mask.h"

#define OUR_IDENTITY  "identity--4ad2c010-3c3f-4bdb-b838-242c9c4454c2"
#define OUR_TIME      "2026-11-21T00:00:00.000Z"
#define MARKING(uuid) "{\"type\":\"marking-definition\",\"id\":\"marking-definition--" uuid "\","

#define TLP_1(uuid, word)                                                                                    \
	MARKING(uuid)                                                                                        \
	"\"created\":\"2017-01-20T00:00:00.000Z\",\"definition_type\":\"tlp\",\"definition\":{\"tlp\":"      \
	"\"" word "\"}}"
#define TLP_2(uuid, name, word)                                                                              \
	MARKING(uuid)                                                                                        \
	"\"spec_version\":\"2.1\",\"created\":\"2022-10-01T00:00:00.000Z\",\"name\":\"" name                 \
	"\",\"extensions\":{\"extension-definition--60a3c5c5-0d10-413e-aab3-9e08dde9e88d\":"                 \
	"{\"extension_type\":\"property-extension\",\"tlp_2_0\":\"" word "\"}}}"

#define WHITE_1  "613f2e26-407d-48c7-9eca-b8e91df99dc9"
#define GREEN_1  "34098fce-860f-48ae-8e50-ebd3cc5e41da"
#define AMBER_1  "f88d31f6-486f-44da-b317-01333bde0b82"
#define RED_1    "5e57c739-391a-4eb3-b6be-7d15ca92d5ed"
#define CLEAR_2  "94868c89-83c2-464b-929b-a1a8aa3c8487"
#define GREEN_2  "bab4a63c-aed9-4cf5-a766-dfca5abac2bb"
#define AMBER_2  "55d920b0-5e8b-4f79-9ee9-91f868d9b421"
#define STRICT_2 "939a9414-2ddd-4d32-a0cd-375ea402b003"
#define RED_2    "e828b379-4e03-4974-9ac4-e53a884c97c1"

/* By version, then level. */
static const struct {
	const char *uuid, *json;
} objects[2][STIX_TLP_RED + 1] = {
	{{WHITE_1, TLP_1(WHITE_1, "white")},
	 {GREEN_1, TLP_1(GREEN_1, "green")},
	 {AMBER_1, TLP_1(AMBER_1, "amber")},
	 {NULL, NULL},
	 {RED_1, TLP_1(RED_1, "red")}},
	{{CLEAR_2, TLP_2(CLEAR_2, "TLP:CLEAR", "clear")},
	 {GREEN_2, TLP_2(GREEN_2, "TLP:GREEN", "green")},
	 {AMBER_2, TLP_2(AMBER_2, "TLP:AMBER", "amber")},
	 {STRICT_2, TLP_2(STRICT_2, "TLP:AMBER+STRICT", "amber+strict")},
	 {RED_2, TLP_2(RED_2, "TLP:RED", "red")}},
};

const char *const stix_own_definitions[] = {
	"{\"type\":\"identity\",\"spec_version\":\"2.1\",\"id\":\"" OUR_IDENTITY "\",\"created\":\"" OUR_TIME
	"\",\"modified\":\"" OUR_TIME "\",\"name\":\"Hinomi\",\"identity_class\":\"organization\"}",
	"{\"type\":\"extension-definition\",\"spec_version\":\"2.1\",\"id\":\"" STIX_MARKING_EXTENSION
	"\",\"created_by_ref\":\"" OUR_IDENTITY "\",\"created\":\"" OUR_TIME "\",\"modified\":\"" OUR_TIME
	"\",\"name\":\"Hinomi marking\",\"description\":\"Who may have an object and for what, as a national "
	"exchange "
	"needs it.\",\"schema\":\"tlp: clear, green, amber, amber+strict or red; pap: clear, green, amber or "
	"red; "
	"clearance: 0 to 3; groups and recipients: lists of identity identifiers; purposes: list of defence, "
	"analysis, "
	"response, investigation, neutralisation, statistics, exercise; consent: list of kinds of "
	"organisations; "
	"originator_control: true or false; content: technical or background. What is absent is not "
	"limited.\",\"version\":\"1.0\",\"extension_types\":[\"property-extension\"]}",
	"{\"type\":\"extension-definition\",\"spec_version\":\"2.1\",\"id\":\"" STIX_MASKED_EXTENSION
	"\",\"created_by_ref\":\"" OUR_IDENTITY "\",\"created\":\"" OUR_TIME "\",\"modified\":\"" OUR_TIME
	"\",\"name\":\"Hinomi masked\",\"description\":\"This object is another without the parts that its "
	"reader may "
	"not see.\",\"schema\":\"masked: "
	"true\",\"version\":\"1.0\",\"extension_types\":[\"property-extension\"]}",
	NULL,
};

const char *stix_marking_object(enum stix_tlp tlp, enum stix_spec spec)
{
	return tlp < STIX_TLP_CLEAR || tlp > STIX_TLP_RED ? NULL : objects[spec][tlp].json;
}

int stix_marking_id(enum stix_tlp tlp, enum stix_spec spec, struct uuid *out)
{
	const char *uuid = tlp < STIX_TLP_CLEAR || tlp > STIX_TLP_RED ? NULL : objects[spec][tlp].uuid;
	return uuid == NULL ? HN_ENOENT : uuid_parse(uuid, UUID_TEXT_SIZE - 1, out);
}

/* ---- our extension ---- */

static void write_words(const char *name, uint32_t bits, const char *const *words, struct buf *out)
{
	const char *comma = "";
	if (bits == 0)
		return;
	buf_addf(out, "\"%s\":[", name);
	for (unsigned i = 0; words[i] != NULL; i++) {
		if ((bits & UINT32_C(1) << i) == 0)
			continue;
		buf_addf(out, "%s\"%s\"", comma, words[i]);
		comma = ",";
	}
	buf_adds(out, "],");
}

/* In the order of their bytes, whatever order they were said in. */
static void write_ids(const char *name, const struct uuid *ids, size_t count, struct buf *out)
{
	struct uuid sorted[STIX_MARKING_RECIPIENTS];
	if (count == 0 || count > STIX_MARKING_RECIPIENTS)
		return;
	memcpy(sorted, ids, count * sizeof(*ids));
	qsort(sorted, count, sizeof(*sorted), uuid_compare);
	buf_addf(out, "\"%s\":[", name);
	for (size_t i = 0; i < count; i++) {
		char uuid[UUID_TEXT_SIZE];
		uuid_format(&sorted[i], uuid);
		buf_addf(out, "%s\"identity--%s\"", i == 0 ? "" : ",", uuid);
	}
	buf_adds(out, "],");
}

/* Canonical JSON: the identifier is of these bytes. */
static void write_extension(const struct stix_marking *m, struct buf *out)
{
	static const char *const tlp[] = {"clear", "green", "amber", "amber+strict", "red"};
	static const char *const pap[] = {"clear", "green", "amber", "red"};
	buf_addc(out, '{');
	if (m->clearance > 0)
		buf_addf(out, "\"clearance\":%u,", m->clearance);
	write_words("consent", m->consent, stix_consent_words, out);
	if (m->content > 0)
		buf_addf(out, "\"content\":\"%s\",", m->content == 1 ? "technical" : "background");
	buf_adds(out, "\"extension_type\":\"property-extension\",");
	write_ids("groups", m->groups, m->group_count, out);
	if (m->originator_control)
		buf_adds(out, "\"originator_control\":true,");
	if (m->pap != STIX_PAP_UNSAID)
		buf_addf(out, "\"pap\":\"%s\",", pap[m->pap]);
	write_words("purposes", m->purposes, stix_purpose_words, out);
	write_ids("recipients", m->recipients, m->recipient_count, out);
	if (m->tlp != STIX_TLP_UNSAID)
		buf_addf(out, "\"tlp\":\"%s\",", tlp[m->tlp]);
	if (buf_err(out) == HN_OK)
		out->data[out->len - 1] = '}'; /* for the last comma */
}

int stix_marking_write(const struct stix_marking *m, struct buf *out)
{
	struct stix_id space;
	struct buf extension;
	char uuid[UUID_TEXT_SIZE];
	if (m->unknown)
		return HN_ESTATE;
	int rc = stix_id_parse(STIX_MARKING_EXTENSION, strlen(STIX_MARKING_EXTENSION), &space);
	if (rc != HN_OK)
		return rc;
	buf_init(&extension, 16384);
	write_extension(m, &extension);
	rc = buf_err(&extension);
	if (rc == HN_OK) {
		struct uuid id = uuid_v5(&space.uuid, extension.data, extension.len);
		uuid_format(&id, uuid);
		buf_addf(out,
			 MARKING("%s") "\"spec_version\":\"2.1\",\"created\":\"" OUR_TIME
				       "\",\"extensions\":{\"" STIX_MARKING_EXTENSION "\":%s}}",
			 uuid, extension.data);
		rc = buf_err(out);
	}
	buf_clear(&extension);
	return rc;
}
