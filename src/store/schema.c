/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "store/schema.h"

/*
 * Each step brings a database from the version before to its own. Steps are never changed once they were
 * released: the way on is one more.
 */
static const char *const first[] = {
	/* Who may see what (store/labels.h). Numbers from 1 without gaps. A row that is "both" has no text.
	 */
	"CREATE TABLE label (number BIGINT PRIMARY KEY, text BYTES UNIQUE, both_a BIGINT, both_b BIGINT)",
	"CREATE UNIQUE INDEX label_both ON label (both_a, both_b)",

	/* STIX type names, so that a row carries a number. */
	"CREATE TABLE type (number BIGINT PRIMARY KEY, name TEXT NOT NULL UNIQUE)",

	/* An object: what its versions have in common. */
	"CREATE TABLE object (number BIGINT PRIMARY KEY, uuid BYTES NOT NULL, type BIGINT NOT NULL, spec "
	"BIGINT NOT NULL, "
	"owner BIGINT NOT NULL, newest BIGINT NOT NULL)",
	"CREATE UNIQUE INDEX object_id ON object (uuid, type, spec)",

	/* A version; seq is the time of its adding. Small rows: what is scanned to find what somebody sees.
	 */
	"CREATE TABLE version (seq BIGINT PRIMARY KEY, object BIGINT NOT NULL, modified BIGINT NOT NULL, "
	"type BIGINT NOT NULL, label BIGINT NOT NULL, own_label BIGINT NOT NULL, source BIGINT NOT NULL, "
	"newest BIGINT NOT NULL, flags BIGINT NOT NULL)",
	"CREATE UNIQUE INDEX version_of ON version (object, modified)",
	"CREATE INDEX version_label ON version (label, seq)",

	/* Its bytes as they came. */
	"CREATE TABLE content (seq BIGINT PRIMARY KEY, bytes BYTES NOT NULL)",

	/* Which versions were put into a collection by somebody (TAXII 2.1, writable collections). */
	"CREATE TABLE collected (collection BIGINT NOT NULL, seq BIGINT NOT NULL, PRIMARY KEY (collection, "
	"seq))",

	/* Newest versions by what they point to. */
	"CREATE TABLE reference (target BYTES NOT NULL, seq BIGINT NOT NULL, property TEXT NOT NULL, "
	"PRIMARY KEY (target, seq, property))",
	NULL,
};

const struct schema_step SCHEMA_STEPS[] = {
	{1, "objects, labels", first},
	{0},
};
