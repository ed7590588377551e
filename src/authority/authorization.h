/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_AUTHORITY_AUTHORIZATION_H
#define HINOMI_AUTHORITY_AUTHORIZATION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "authority/bounds.h"
#include "authority/class.h"
#include "authority/key.h"
#include "authority/limits.h"
#include "authority/pattern.h"
#include "base/buf.h"
#include "base/digest.h"
#include "base/err.h"
#include "base/fault.h"
#include "base/ip.h"
#include "base/uuid.h"

/*
 * An authorisation as it is signed: the payload of a JWS (authority/jws.h), JSON without
 * floating-point numbers. docs/authority.md describes its members.
 */

#define AUTHORIZATION_ACTS_MAX       256
#define AUTHORIZATION_SETS_MAX       256
#define AUTHORIZATION_SENSORS_MAX    1024
#define AUTHORIZATION_FACILITIES_MAX 1024
#define AUTHORIZATION_NAMES_MAX      256  /* links, recipients */
#define AUTHORIZATION_TEXT_MAX       4096 /* bytes of purpose and ground */
#define SEALED_SECRET_SIZE           80   /* crypto_box_seal() of 32 bytes */

struct authorization_sensor {
	struct uuid id;
	bool has_secret;
	uint8_t sealed[SEALED_SECRET_SIZE]; /* the pseudonym secret, to the sensor's X25519 key */
};

/** A foreign facility and the classes for which it is named (basis `specified`). */
struct facility {
	uint8_t classes; /* FLOW_CLASS_BITs */
	struct ip_prefix prefix;
};

/** Ready to use; immutable. Text is NUL-terminated UTF-8 and lives as long as it. */
struct authorization {
	struct uuid id;
	char id_text[UUID_TEXT_SIZE];
	uint8_t digest[SHA256_SIZE]; /* of the payload */
	uint8_t trust[SHA256_SIZE];  /* digest of the trust file under which it was issued */
	enum basis basis;
	uint8_t classes; /* FLOW_CLASS_BITs that may be selected; never DOMESTIC_DOMESTIC */
	int64_t issued_ns;
	int64_t from_ns;      /* first instant */
	int64_t until_ns;     /* first instant at which it does not hold any more */
	int64_t retention_ns; /* how long records may be kept after they were made */
	bool identified;      /* false: domestic endpoints are de-identified */
	const char *ground;   /* of identified; else NULL */
	const char *purpose;
	const char *party; /* basis `agreement`; else NULL */
	const char **links;
	size_t link_count;
	const char **recipients;
	size_t recipient_count;
	const char **acts; /* target acts (対象不正行為), at least one */
	size_t act_count;
	struct facility *facilities;
	size_t facility_count;
	struct bounds *sets;
	size_t set_count;
	struct pattern *patterns;
	size_t pattern_count;
	struct authorization_sensor *sensors;
	size_t sensor_count;
	void *memory; /* keeps the text */
};

/**
 * Reads a payload and judges it against the limits; every rule that `issue` keeps is checked
 * again here. Signatures, clock, sensor and sets are verify.h's.
 *
 * @return HN_EFORMAT, HN_ELIMIT, HN_ENOMEM; HN_EAUTH for what the limits forbid
 */
HN_MUST_USE int authorization_read(const void *payload, size_t len, const struct limits *limits,
				   struct authorization **out, struct fault *fault);
void authorization_free(struct authorization *a);

/** Appends the payload: what authorization_read() reads. @return what buf_err() says, HN_ENOMEM */
HN_MUST_USE int authorization_payload(const struct authorization *a, struct buf *out);

/** The bounds of a set, or NULL when the authorisation does not name it. */
const struct bounds *authorization_set(const struct authorization *a, const char *set);

/** Whether the authorisation names the target act. */
bool authorization_has_act(const struct authorization *a, const char *act);

/**
 * Whether a flow of a class may be selected as far as its foreign end is concerned. Constantly true unless
 * the basis names facilities; then the foreign address must lie in one named for the class.
 *
 * @param foreign  the foreign end: the source of foreign-domestic, the destination of domestic-foreign
 */
bool authorization_facility_has(const struct authorization *a, enum flow_class c, const struct ip *foreign);

/** Whether a class may be selected at all. Domestic-domestic never is. */
static inline bool authorization_has_class(const struct authorization *a, enum flow_class c)
{
	return (a->classes >> c & 1) != 0;
}

#endif
