/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include <stddef.h>

#include "store/schema.h"

/*
 * Each step brings a database from the version before to its own. Steps are never changed once they were
 * released: the way on is one more.
 */
static const char *const first[] = {
	/* One row: the highest number that was given out, and the latest time (store/store_writer.c). */
	"CREATE TABLE writer (number BIGINT PRIMARY KEY, last_seq BIGINT NOT NULL, clock BIGINT NOT NULL)",
	"INSERT INTO writer (number, last_seq, clock) VALUES (1, 0, 0)",

	/* Who may see what (store/labels.h). Numbers from 1 without gaps. A row that is "both" has no text.
	 */
	"CREATE TABLE label (number BIGINT PRIMARY KEY, text BYTES UNIQUE, both_a BIGINT, both_b BIGINT)",
	"CREATE UNIQUE INDEX label_both ON label (both_a, both_b)",

	/* STIX type names, so that a row carries a number. */
	"CREATE TABLE type (number BIGINT PRIMARY KEY, name TEXT NOT NULL UNIQUE)",

	/* An object of one organisation: what its versions have in common. Two who send the same identifier
	 * have a row each. The identifier's UUID stands as two halves, so that many are looked up by one list
	 * of numbers. */
	"CREATE TABLE object (number BIGINT PRIMARY KEY, uuid_a BIGINT NOT NULL, uuid_b BIGINT NOT NULL, "
	"type BIGINT NOT NULL, spec BIGINT NOT NULL, owner BIGINT NOT NULL, newest BIGINT NOT NULL)",
	"CREATE UNIQUE INDEX object_id ON object (uuid_a, uuid_b, type, spec, owner)",

	/* A version; seq is the time of its adding. Small rows: what is scanned to find what somebody sees.
	 */
	"CREATE TABLE version (seq BIGINT PRIMARY KEY, object BIGINT NOT NULL, uuid_a BIGINT NOT NULL, "
	"uuid_b BIGINT NOT NULL, type BIGINT NOT NULL, spec BIGINT NOT NULL, modified BIGINT NOT NULL, "
	"label BIGINT NOT NULL, own_label BIGINT NOT NULL, source BIGINT NOT NULL, newest BIGINT NOT NULL, "
	"flags BIGINT NOT NULL)",
	"CREATE UNIQUE INDEX version_of ON version (object, modified)",
	"CREATE INDEX version_label ON version (label, seq)",

	/* How many newest versions carry a label, by type: what counts are made of. */
	"CREATE TABLE tally (label BIGINT NOT NULL, type BIGINT NOT NULL, objects BIGINT NOT NULL, "
	"PRIMARY KEY (label, type)) CLUSTERED",

	/* Its bytes as they came. */
	"CREATE TABLE content (seq BIGINT PRIMARY KEY, bytes BYTES NOT NULL)",

	/* Parts of a version that have labels of their own. */
	"CREATE TABLE part (seq BIGINT NOT NULL, place BIGINT NOT NULL, selector TEXT NOT NULL, label BIGINT "
	"NOT NULL, "
	"PRIMARY KEY (seq, place)) CLUSTERED",

	/* The identifier under which an object is shown to those who may not see all its parts. */
	"CREATE TABLE twin (object BIGINT PRIMARY KEY, uuid_a BIGINT NOT NULL, uuid_b BIGINT NOT NULL)",
	"CREATE UNIQUE INDEX twin_id ON twin (uuid_a, uuid_b)",

	"CREATE TABLE collection (number BIGINT PRIMARY KEY, uuid_a BIGINT NOT NULL, uuid_b BIGINT NOT NULL, "
	"kind BIGINT NOT NULL, alias TEXT UNIQUE, title TEXT NOT NULL, description TEXT, "
	"read_label BIGINT NOT NULL, write_label BIGINT NOT NULL)",
	"CREATE UNIQUE INDEX collection_id ON collection (uuid_a, uuid_b)",

	/* Which versions were put into a collection by somebody (TAXII 2.1, writable collections), and when:
	 * what was here already may be put into another one later. */
	"CREATE TABLE collected (collection BIGINT NOT NULL, added BIGINT NOT NULL, seq BIGINT NOT NULL, "
	"PRIMARY KEY (collection, added)) CLUSTERED",
	"CREATE UNIQUE INDEX collected_of ON collected (seq, collection)",

	/* What came of what was handed in (store/statuses.h). */
	"CREATE TABLE status (uuid_a BIGINT NOT NULL, uuid_b BIGINT NOT NULL, owner BIGINT NOT NULL, "
	"made BIGINT NOT NULL, text TEXT NOT NULL, PRIMARY KEY (uuid_a, uuid_b)) CLUSTERED",
	"CREATE INDEX status_made ON status (made)",

	/* Versions by what they point to. */
	"CREATE TABLE reference (target_a BIGINT NOT NULL, target_b BIGINT NOT NULL, seq BIGINT NOT NULL, "
	"PRIMARY KEY (target_a, target_b, seq)) CLUSTERED",
	NULL,
};

static const char *const search[] = {
	/* How far the index has come: the number of the last version in it. */
	"CREATE TABLE indexed (number BIGINT PRIMARY KEY, seq BIGINT NOT NULL)",
	"INSERT INTO indexed (number, seq) VALUES (1, 0)",

	/* Which versions speak of a value (store/value_key.h). */
	"CREATE TABLE value (key BYTES NOT NULL, seq BIGINT NOT NULL, PRIMARY KEY (key, seq)) CLUSTERED",

	/* Lengths of prefixes that stand among the values, so that few are asked for. */
	"CREATE TABLE prefix_length (family BIGINT NOT NULL, length BIGINT NOT NULL, "
	"PRIMARY KEY (family, length)) CLUSTERED",

	/* Words (store/words.h) with a space between them: both stores take them as they are. */
	"SQLITE: CREATE VIRTUAL TABLE words USING fts5(text, content='', columnsize=0, detail=none, "
	"tokenize='ascii')",
	"POSTGRES: CREATE TABLE words (seq BIGINT PRIMARY KEY, words TEXT[] NOT NULL)",
	"POSTGRES: CREATE INDEX words_of ON words USING gin (words)",
	NULL,
};

static const char *const answers[] = {
	/* Entries for the ledger of a change that was made (store/outbox.h). */
	"CREATE TABLE outbox (number BIGINT PRIMARY KEY, origin TEXT NOT NULL, kind TEXT NOT NULL, record "
	"BYTES NOT "
	"NULL)",
	/* Answers that a request sent again gets again (store/kept.h). */
	"CREATE TABLE kept (key BYTES NOT NULL PRIMARY KEY, digest BYTES NOT NULL, made BIGINT NOT NULL, "
	"status BIGINT "
	"NOT NULL, media TEXT NOT NULL, etag TEXT NOT NULL, fields TEXT NOT NULL, body BYTES NOT NULL)",
	"CREATE INDEX kept_made ON kept (made)",
	NULL,
};

/* Organisations, sharing groups, people and what they sign in with (store/directory_rows.h). */
static const char *const directory[] = {
	"CREATE TABLE directory_change (revision BIGINT PRIMARY KEY, thing BIGINT NOT NULL, number BIGINT "
	"NOT NULL)",
	"CREATE TABLE organisation (number BIGINT PRIMARY KEY, uuid_a BIGINT NOT NULL, uuid_b BIGINT NOT "
	"NULL, revision BIGINT NOT NULL, body TEXT NOT NULL)",
	"CREATE UNIQUE INDEX organisation_id ON organisation (uuid_a, uuid_b)",
	"CREATE TABLE sharing_group (number BIGINT PRIMARY KEY, uuid_a BIGINT NOT NULL, uuid_b BIGINT NOT "
	"NULL, revision BIGINT NOT NULL, body TEXT NOT NULL)",
	"CREATE UNIQUE INDEX sharing_group_id ON sharing_group (uuid_a, uuid_b)",
	"CREATE TABLE person (number BIGINT PRIMARY KEY, uuid_a BIGINT NOT NULL, uuid_b BIGINT NOT NULL, "
	"login TEXT NOT NULL UNIQUE, revision BIGINT NOT NULL, body TEXT NOT NULL)",
	"CREATE UNIQUE INDEX person_id ON person (uuid_a, uuid_b)",
	"CREATE TABLE credential (number BIGINT PRIMARY KEY, uuid_a BIGINT NOT NULL, uuid_b BIGINT NOT NULL, "
	"kind BIGINT NOT NULL, person BIGINT NOT NULL, organisation BIGINT NOT NULL, scopes BIGINT NOT NULL, "
	"used_for BIGINT NOT NULL, purposes BIGINT NOT NULL, tlp_max BIGINT NOT NULL, session BIGINT NOT "
	"NULL, created BIGINT NOT NULL, expires BIGINT NOT NULL, step BIGINT NOT NULL, revision BIGINT NOT "
	"NULL, title TEXT NOT NULL, prefix TEXT NOT NULL, secret BYTES NOT NULL)",
	"CREATE UNIQUE INDEX credential_id ON credential (uuid_a, uuid_b)",
	"CREATE UNIQUE INDEX credential_secret ON credential (kind, secret)",
	"CREATE INDEX credential_person ON credential (person)",
	NULL,
};

static const char *const markings[] = {
	/* Versions that wait for a marking-definition, and the label of their source (store/marking.h). */
	"CREATE TABLE marking_wait (uuid_a BIGINT NOT NULL, uuid_b BIGINT NOT NULL, seq BIGINT NOT NULL, "
	"base "
	"BIGINT NOT NULL, PRIMARY KEY (uuid_a, uuid_b, seq)) CLUSTERED",
	NULL,
};

/* From where objects come (store/sources.h); warning lists (store/warnings.h). */
static const char *const exchange[] = {
	"CREATE TABLE source (number BIGINT PRIMARY KEY, uuid_a BIGINT NOT NULL, uuid_b BIGINT NOT NULL, "
	"organisation BIGINT NOT NULL, revision BIGINT NOT NULL, made BIGINT NOT NULL, enabled BIGINT NOT "
	"NULL, by_default BIGINT NOT NULL, label BYTES NOT NULL, body TEXT NOT NULL)",
	"CREATE UNIQUE INDEX source_id ON source (uuid_a, uuid_b)",
	"CREATE INDEX source_organisation ON source (organisation)",
	/* Where its last run stopped. */
	"CREATE TABLE source_state (number BIGINT PRIMARY KEY, last_run BIGINT NOT NULL, last_good BIGINT "
	"NOT NULL, next_run BIGINT NOT NULL, failures BIGINT NOT NULL, error TEXT NOT NULL, added_after TEXT "
	"NOT NULL, next TEXT NOT NULL, etag TEXT NOT NULL, modified TEXT NOT NULL)",
	"CREATE TABLE source_use (number BIGINT PRIMARY KEY, runs BIGINT NOT NULL, bytes BIGINT NOT NULL, "
	"added BIGINT NOT NULL, newer BIGINT NOT NULL, older BIGINT NOT NULL, same BIGINT NOT NULL, clashed "
	"BIGINT NOT NULL, refused BIGINT NOT NULL, sightings BIGINT NOT NULL, hits BIGINT NOT NULL, day "
	"BIGINT NOT NULL, today BIGINT NOT NULL)",
	"CREATE TABLE source_secret (number BIGINT PRIMARY KEY, sealed BYTES NOT NULL)",

	"CREATE TABLE warning_list (number BIGINT PRIMARY KEY, uuid_a BIGINT NOT NULL, uuid_b BIGINT NOT "
	"NULL, revision BIGINT NOT NULL, body TEXT NOT NULL, count BIGINT NOT NULL, unusable BIGINT NOT "
	"NULL, form TEXT NOT NULL, content BYTES NOT NULL)",
	"CREATE UNIQUE INDEX warning_list_id ON warning_list (uuid_a, uuid_b)",
	/* One row: rises with each change of any list. */
	"CREATE TABLE warning_change (number BIGINT PRIMARY KEY, revision BIGINT NOT NULL)",
	"INSERT INTO warning_change (number, revision) VALUES (1, 0)",
	NULL,
};

/* The hold register (store/holds.h). */
static const char *const holds[] = {
	"CREATE TABLE hold (number BIGINT PRIMARY KEY, uuid_a BIGINT NOT NULL, uuid_b BIGINT NOT "
	"NULL, "
	"revision BIGINT NOT NULL, organisation BIGINT NOT NULL, person_a BIGINT NOT NULL, person_b "
	"BIGINT "
	"NOT NULL, value TEXT NOT NULL, reason TEXT NOT NULL, contact TEXT NOT NULL, made BIGINT NOT "
	"NULL, "
	"until BIGINT NOT NULL, released BIGINT NOT NULL, label BIGINT NOT NULL)",
	"CREATE UNIQUE INDEX hold_id ON hold (uuid_a, uuid_b)",
	/* Under which keys it is met: its own, and of a URL its host's. */
	"CREATE TABLE hold_key (key BYTES NOT NULL, hold BIGINT NOT NULL, host BIGINT NOT NULL, "
	"family "
	"BIGINT "
	"NOT NULL, length BIGINT NOT NULL, PRIMARY KEY (key, hold)) CLUSTERED",
	"CREATE INDEX hold_key_hold ON hold_key (hold)",
	"CREATE INDEX hold_key_length ON hold_key (family, length)",
	"CREATE TABLE hold_question (number BIGINT PRIMARY KEY, hold BIGINT NOT NULL, made BIGINT "
	"NOT NULL, "
	"organisation BIGINT NOT NULL, account_a BIGINT NOT NULL, account_b BIGINT NOT NULL, "
	"approval BIGINT "
	"NOT NULL)",
	"CREATE INDEX hold_question_hold ON hold_question (hold, number)",
	NULL,
};

/* Sets, approvals, what is published (store/sets.h, store/approvals.h, store/set_files.h). */
static const char *const sets[] = {
	"CREATE TABLE feed_set (number BIGINT PRIMARY KEY, uuid_a BIGINT NOT NULL, uuid_b BIGINT NOT NULL, "
	"revision BIGINT NOT NULL, organisation BIGINT NOT NULL, name_en TEXT NOT NULL, name_ja TEXT NOT "
	"NULL, action BIGINT NOT NULL, persons BIGINT NOT NULL, label BIGINT NOT NULL, made BIGINT NOT NULL, "
	"change BIGINT NOT NULL, entries BIGINT NOT NULL, version BIGINT NOT NULL, head_change BIGINT NOT "
	"NULL, expires BIGINT NOT NULL, head TEXT NOT NULL)",
	"CREATE UNIQUE INDEX feed_set_id ON feed_set (uuid_a, uuid_b)",
	"CREATE TABLE approval (number BIGINT PRIMARY KEY, uuid_a BIGINT NOT NULL, uuid_b BIGINT NOT NULL, "
	"revision BIGINT NOT NULL, feed_set BIGINT NOT NULL, object BIGINT NOT NULL, seq BIGINT NOT NULL, "
	"state BIGINT NOT NULL, act TEXT NOT NULL, reason TEXT NOT NULL, closing TEXT NOT NULL, until BIGINT "
	"NOT NULL, drafted_a BIGINT NOT NULL, drafted_b BIGINT NOT NULL, drafted BIGINT NOT NULL, proposed_a "
	"BIGINT NOT NULL, proposed_b BIGINT NOT NULL, proposed BIGINT NOT NULL, decided_a BIGINT NOT NULL, "
	"decided_b BIGINT NOT NULL, decided BIGINT NOT NULL, retired_a BIGINT NOT NULL, retired_b BIGINT NOT "
	"NULL, retired BIGINT NOT NULL, votes BYTES NOT NULL, entries BIGINT NOT NULL, left_out TEXT NOT "
	"NULL)",
	"CREATE UNIQUE INDEX approval_id ON approval (uuid_a, uuid_b)",
	"CREATE INDEX approval_object ON approval (feed_set, object)",
	"CREATE INDEX approval_until ON approval (state, until)",
	/* What an approval brings; live: it is in the set now. */
	"CREATE TABLE set_entry (approval BIGINT NOT NULL, place BIGINT NOT NULL, feed_set BIGINT NOT NULL, "
	"kind BIGINT NOT NULL, key BYTES NOT NULL, live BIGINT NOT NULL, object TEXT NOT NULL, act TEXT, "
	"marking TEXT, phase TEXT, valid_from BIGINT NOT NULL, valid_until BIGINT NOT NULL, confidence "
	"BIGINT "
	"NOT NULL, PRIMARY KEY (approval, place)) CLUSTERED",
	"CREATE INDEX set_entry_key ON set_entry (feed_set, key)",
	/* Which keys a change touched, until a base holds it. */
	"CREATE TABLE set_change (feed_set BIGINT NOT NULL, change BIGINT NOT NULL, kind BIGINT NOT NULL, "
	"key BYTES NOT NULL, PRIMARY KEY (feed_set, change, kind, key)) CLUSTERED",
	/* The files that a head names, the base first; dropped: since when none does. */
	"CREATE TABLE set_file (feed_set BIGINT NOT NULL, digest BYTES NOT NULL, place BIGINT NOT NULL, size "
	"BIGINT NOT NULL, change BIGINT NOT NULL, dropped BIGINT NOT NULL, PRIMARY KEY (feed_set, digest)) "
	"CLUSTERED",
	"CREATE INDEX set_file_digest ON set_file (digest)",
	/* What resolvers say of how much a name is asked (store/sketches.h). */
	"CREATE TABLE asked (key BYTES NOT NULL, edge_a BIGINT NOT NULL, edge_b BIGINT NOT NULL, level "
	"BIGINT "
	"NOT NULL, made BIGINT NOT NULL, PRIMARY KEY (key, edge_a, edge_b)) CLUSTERED",
	NULL,
};

/* The nation's edges and what comes up from them (store/edges.h, store/edge_streams.h). */
static const char *const edges[] = {
	"CREATE TABLE edge (number BIGINT PRIMARY KEY, uuid_a BIGINT NOT NULL, uuid_b BIGINT NOT NULL, "
	"revision BIGINT NOT NULL, organisation BIGINT NOT NULL, kind BIGINT NOT NULL, name_en TEXT NOT "
	"NULL, name_ja TEXT NOT NULL, revoked BIGINT NOT NULL, enrolled BIGINT NOT NULL, identity TEXT NOT "
	"NULL, ed25519 BYTES NOT NULL, program TEXT NOT NULL, questions BIGINT NOT NULL)",
	"CREATE UNIQUE INDEX edge_id ON edge (uuid_a, uuid_b)",
	/* What it last said of itself, apart, since it changes often. */
	"CREATE TABLE edge_health (edge BIGINT PRIMARY KEY, made BIGINT NOT NULL, health TEXT NOT NULL)",
	/* Enrolment codes by the digest of their secret; used: by which edge, with which request. */
	"CREATE TABLE edge_code (secret BYTES NOT NULL PRIMARY KEY, organisation BIGINT NOT NULL, kind "
	"BIGINT NOT NULL, name_en TEXT NOT NULL, name_ja TEXT NOT NULL, made BIGINT NOT NULL, until BIGINT "
	"NOT NULL, edge BIGINT NOT NULL, request BYTES NOT NULL, serial BYTES NOT NULL)",
	"CREATE TABLE edge_certificate (serial BYTES NOT NULL PRIMARY KEY, edge BIGINT NOT NULL, made BIGINT "
	"NOT NULL, until BIGINT NOT NULL, revoked BIGINT NOT NULL, pem TEXT NOT NULL)",
	"CREATE INDEX edge_certificate_edge ON edge_certificate (edge)",
	/* How far each stream has come: the highest number up to which nothing is missing. */
	"CREATE TABLE edge_stream (edge BIGINT NOT NULL, stream BIGINT NOT NULL, epoch_a BIGINT NOT NULL, "
	"epoch_b BIGINT NOT NULL, through BIGINT NOT NULL, gave_way BIGINT NOT NULL, made BIGINT NOT NULL, "
	"PRIMARY KEY (edge, stream)) CLUSTERED",
	/* Heads that are not of sets, by kind and edge (0: the nation's): the version rises by one whenever
	   what it says changes. */
	"CREATE TABLE edge_head (kind BIGINT NOT NULL, edge BIGINT NOT NULL, version BIGINT NOT NULL, digest "
	"BYTES NOT NULL, expires BIGINT NOT NULL, head TEXT NOT NULL, PRIMARY KEY (kind, edge)) CLUSTERED",
	/* Signed documents that edges have: trust, domestic table, revocations, authorisations. */
	"CREATE TABLE edge_document (digest BYTES NOT NULL PRIMARY KEY, made BIGINT NOT NULL, body BYTES NOT "
	"NULL)",
	/* The newest of the nation's own; kind as in store/edge_documents.h. */
	"CREATE TABLE nation_document (kind BIGINT PRIMARY KEY, number BIGINT NOT NULL, digest BYTES NOT "
	"NULL, made BIGINT NOT NULL)",
	"CREATE TABLE edge_question (number BIGINT PRIMARY KEY, uuid_a BIGINT NOT NULL, uuid_b BIGINT NOT "
	"NULL, edge BIGINT NOT NULL, ask TEXT NOT NULL, arguments TEXT NOT NULL, asked BIGINT NOT NULL, "
	"until BIGINT NOT NULL, answered BIGINT NOT NULL, answer TEXT NOT NULL)",
	"CREATE UNIQUE INDEX edge_question_id ON edge_question (uuid_a, uuid_b)",
	"CREATE INDEX edge_question_edge ON edge_question (edge, number)",
	NULL,
};

/* What edges reported: events, sightings, receipts, checkpoints, selected records. */
static const char *const reports[] = {
	"CREATE TABLE edge_event (number BIGINT PRIMARY KEY, uid_a BIGINT NOT NULL, uid_b BIGINT NOT NULL, "
	"edge BIGINT NOT NULL, organisation BIGINT NOT NULL, kind BIGINT NOT NULL, time BIGINT NOT NULL, "
	"times BIGINT NOT NULL, indicator_a BIGINT NOT NULL, indicator_b BIGINT NOT NULL, feed_set TEXT NOT "
	"NULL, action TEXT NOT NULL, value TEXT NOT NULL, body TEXT NOT NULL)",
	"CREATE UNIQUE INDEX edge_event_uid ON edge_event (uid_a, uid_b)",
	"CREATE INDEX edge_event_time ON edge_event (time)",
	"CREATE INDEX edge_event_organisation ON edge_event (organisation, time)",
	"CREATE INDEX edge_event_indicator ON edge_event (indicator_a, indicator_b, time)",
	/* One sighting an indicator, organisation, UTC day and kind of source; label: of one that comes from
	   selected information, else 0; written: the count that its object says, due: when the object may say
	   a newer one. */
	"CREATE TABLE sighting_day (number BIGINT PRIMARY KEY, indicator_a BIGINT NOT NULL, indicator_b "
	"BIGINT NOT NULL, organisation BIGINT NOT NULL, day BIGINT NOT NULL, kind BIGINT NOT NULL, label "
	"BIGINT NOT NULL, times BIGINT NOT NULL, first BIGINT NOT NULL, last BIGINT NOT NULL, written BIGINT "
	"NOT NULL, due BIGINT NOT NULL)",
	"CREATE UNIQUE INDEX sighting_day_of ON sighting_day (indicator_a, indicator_b, organisation, day, "
	"kind, label)",
	"CREATE INDEX sighting_day_due ON sighting_day (due)",
	/* How much was blocked and met, an hour, organisation and kind: what charts are made of. */
	"CREATE TABLE event_hour (hour BIGINT NOT NULL, organisation BIGINT NOT NULL, kind BIGINT NOT NULL, "
	"times BIGINT NOT NULL, PRIMARY KEY (hour, organisation, kind)) CLUSTERED",
	/* Receipts; state: whether it held when it was checked, finding: what did not. */
	"CREATE TABLE edge_receipt (edge BIGINT NOT NULL, number BIGINT NOT NULL, seq BIGINT NOT NULL, made "
	"BIGINT NOT NULL, begins BIGINT NOT NULL, ends BIGINT NOT NULL, state BIGINT NOT NULL, finding TEXT "
	"NOT NULL, seen BIGINT NOT NULL, selected BIGINT NOT NULL, erased BIGINT NOT NULL, pending BIGINT "
	"NOT NULL, not_seen BIGINT NOT NULL, records BIGINT NOT NULL, records_through BIGINT NOT NULL, "
	"records_digest BYTES NOT NULL, erase_by BIGINT NOT NULL, digest BYTES NOT NULL, line TEXT NOT NULL, "
	"PRIMARY KEY (edge, number)) CLUSTERED",
	"CREATE INDEX edge_receipt_records ON edge_receipt (edge, records_through)",
	"CREATE UNIQUE INDEX edge_receipt_seq ON edge_receipt (seq)",
	"CREATE TABLE receipt_authorization (edge BIGINT NOT NULL, receipt BIGINT NOT NULL, uuid_a BIGINT "
	"NOT NULL, uuid_b BIGINT NOT NULL, PRIMARY KEY (uuid_a, uuid_b, edge, receipt)) CLUSTERED",
	"CREATE TABLE edge_checkpoint (number BIGINT PRIMARY KEY, edge BIGINT NOT NULL, made BIGINT NOT "
	"NULL, size BIGINT NOT NULL, root BYTES NOT NULL, state BIGINT NOT NULL, finding TEXT NOT NULL, note "
	"TEXT NOT NULL)",
	"CREATE INDEX edge_checkpoint_edge ON edge_checkpoint (edge, number)",
	/* Selected information: seen by the handlers whom its authorisation names, in no feed. */
	"CREATE TABLE selected_record (number BIGINT PRIMARY KEY, uid_a BIGINT NOT NULL, uid_b BIGINT NOT "
	"NULL, edge BIGINT NOT NULL, receipt BIGINT NOT NULL, authorization_a BIGINT NOT NULL, "
	"authorization_b BIGINT NOT NULL, organisation BIGINT NOT NULL, time BIGINT NOT NULL, erase_by "
	"BIGINT "
	"NOT NULL, label BIGINT NOT NULL, body TEXT NOT NULL)",
	"CREATE UNIQUE INDEX selected_record_uid ON selected_record (uid_a, uid_b)",
	"CREATE INDEX selected_record_time ON selected_record (time)",
	"CREATE INDEX selected_record_receipt ON selected_record (edge, receipt)",
	"CREATE INDEX selected_record_erase ON selected_record (erase_by)",
	NULL,
};

/* Authorisations on their way from the application to the sensors (store/authorizations.h). */
static const char *const authorizations[] = {
	"CREATE TABLE authorization_case (number BIGINT PRIMARY KEY, uuid_a BIGINT NOT NULL, uuid_b BIGINT "
	"NOT NULL, revision BIGINT NOT NULL, organisation BIGINT NOT NULL, state BIGINT NOT NULL, person_a "
	"BIGINT NOT NULL, person_b BIGINT NOT NULL, made BIGINT NOT NULL, changed BIGINT NOT NULL, begins "
	"BIGINT NOT NULL, until BIGINT NOT NULL, signatures BIGINT NOT NULL, reason TEXT NOT NULL, digest "
	"BYTES NOT NULL, body BYTES NOT NULL)",
	"CREATE UNIQUE INDEX authorization_case_id ON authorization_case (uuid_a, uuid_b)",
	"CREATE TABLE authorization_sensor (number BIGINT NOT NULL, edge_a BIGINT NOT NULL, edge_b BIGINT "
	"NOT NULL, PRIMARY KEY (edge_a, edge_b, number)) CLUSTERED",
	NULL,
};

/* Labels under which versions were put anew, and when last (store/view_tag.h). */
static const char *const moved[] = {
	"CREATE TABLE label_moved (label BIGINT PRIMARY KEY, seq BIGINT NOT NULL)",
	NULL,
};

/* Who fetches from a source, and how long he has it; looks: at a folder (store/source_runs.h). */
static const char *const runs[] = {
	"CREATE TABLE source_run (number BIGINT PRIMARY KEY, looks BIGINT NOT NULL, hub BIGINT NOT NULL, "
	"holding BIGINT NOT NULL, until BIGINT NOT NULL, asked BIGINT NOT NULL, place TEXT NOT NULL)",
	"INSERT INTO source_run (number, looks, hub, holding, until, asked, place) "
	"SELECT number, 0, 0, 0, 0, 0, '' FROM source",
	NULL,
};

/* Who ever gave a person a password or a link; standing: the person has set none of their own since. */
static const char *const givers[] = {
	"CREATE TABLE credential_giver (person BIGINT NOT NULL, giver BIGINT NOT NULL, standing BIGINT NOT "
	"NULL, PRIMARY KEY (person, giver)) CLUSTERED",
	NULL,
};

/* What one edge numbers takes no number from another. */
static const char *const numbers[] = {
	"DROP INDEX edge_event_uid",
	"CREATE UNIQUE INDEX edge_event_uid ON edge_event (edge, uid_a, uid_b)",
	"DROP INDEX selected_record_uid",
	"CREATE UNIQUE INDEX selected_record_uid ON selected_record (edge, uid_a, uid_b)",
	NULL,
};

/* What a passkey is, beside its row of credential (store/passkeys.h). */
static const char *const passkeys[] = {
	"CREATE TABLE passkey (number BIGINT PRIMARY KEY, id BYTES NOT NULL, algorithm BIGINT NOT NULL, "
	"public_key BYTES NOT NULL)",
	NULL,
};

const struct schema_step SCHEMA_STEPS[] = {
	{1, "objects, labels", first},
	{2, "search", search},
	{3, "kept answers, entries for the ledger", answers},
	{4, "organisations, groups, people, credentials", directory},
	{5, "markings that are awaited", markings},
	{6, "sources, warning lists", exchange},
	{7, "holds", holds},
	{8, "sets, approvals", sets},
	{9, "edges", edges},
	{10, "what edges report", reports},
	{11, "authorisations", authorizations},
	{12, "labels whose versions moved", moved},
	{13, "runs of sources", runs},
	{14, "who gave passwords", givers},
	{15, "numbers of what edges report", numbers},
	{16, "passkeys", passkeys},
	{0},
};
