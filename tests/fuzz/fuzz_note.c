/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */

/* Notes, checkpoints and keys of anybody: what is read is written again alike. */
#include <stdlib.h>
#include <string.h>

#include "ledger/checkpoint.h"
#include "tests/fuzz/target.h"

static void key_again(const char *text, size_t len)
{
	struct note_key key;
	char again[NOTE_VKEY_MAX];
	struct note_key other;

	if (note_vkey_parse(text, len, &key) != HN_OK)
		return;
	note_vkey_format(&key, again);
	if (note_vkey_parse(again, strlen(again), &other) != HN_OK || other.id != key.id)
		abort();
}

static void body_again(const char *text, size_t len)
{
	struct checkpoint c;
	struct buf again;

	if (checkpoint_parse(text, len, &c) != HN_OK)
		return;
	buf_init(&again, NOTE_SIZE_MAX);
	checkpoint_add(&again, &c);
	/* Extension lines are not kept; what stands before them is. */
	if (again.len > len || memcmp(again.data, text, again.len) != 0)
		abort();
	buf_clear(&again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	const char *text = (const char *)data;
	struct note note;
	struct checkpoint c;
	struct note_key key;
	uint8_t public_key[NOTE_PUBLIC_SIZE] = {1};
	uint64_t time_s;

	key_again(text, len);
	if (len > 0)
		body_again(text, len);
	if (len == 0 || note_parse(text, len, &note) != HN_OK)
		return 0;
	if (note.count == 0 || note.count > NOTE_SIGNATURES_MAX || note.text_len >= len)
		abort();
	/* A key that calls itself as the first signature does, so that verifying is reached. */
	char name[NOTE_NAME_MAX + 1] = {0};
	memcpy(name, note.signatures[0].name, note.signatures[0].name_len);
	for (int type = NOTE_ED25519; type <= NOTE_COSIGNATURE; type += NOTE_COSIGNATURE - NOTE_ED25519) {
		if (note_key_init(&key, name, (enum note_type)type, public_key) != HN_OK)
			abort();
		key.id = note.signatures[0].id;
		if (note_verify(&note, &key, &time_s) == HN_OK)
			abort(); /* nobody holds that key */
	}
	body_again(note.text, note.text_len);
	(void)!checkpoint_open(text, len, NULL, &c);
	return 0;
}
