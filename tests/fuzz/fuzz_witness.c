/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include <assert.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/lang.h"
#include "tests/fuzz/directory.h"
#include "tests/fuzz/target.h"
#include "witness/application.h"
#include "witness/take.h"
#include "witness/trusted.h"

/* What edges send to the witness and what the hub shows it: the first byte says which. Whatever it is, it is
 * taken or told as an alarm; an error is ours alone, or says that nothing was taken. */
static struct witness w;
static uint8_t secret[crypto_sign_SECRETKEYBYTES];
static struct channel_peer peer;

static void begin(void)
{
	const uint8_t seed[crypto_sign_SEEDBYTES] = {1};
	struct fault fault = {0};
	(void)directory_open();
	assert(sodium_init() >= 0);
	lang_set(LANG_EN);
	(void)crypto_sign_seed_keypair(peer.ed25519, secret, seed);
	uuid_format(&peer.id, peer.edge);
	w.secret = secret;
	memcpy(w.origin, "hinomi/witness/x", sizeof("hinomi/witness/x"));
	int err = state_open(directory_path, &w.state, &fault);
	assert(err == HN_OK);
}

static int take_shown(const char *text, size_t len)
{
	json_t *one = NULL;
	int err = json_object_read(text, len, &one, NULL);
	if (err == HN_OK) {
		err = application_shown(w.state, one);
		assert(err == HN_OK);
	}
	json_decref(one);
	return err;
}

static int take(uint8_t which, const char *text, size_t len)
{
	struct taking t = {.w = &w, .peer = &peer, .now_ns = INT64_C(1790000000) * 1000000000};
	int err;
	switch (which % 7) {
	case 0:
		err = take_receipt(&t, text, len);
		assert(err == HN_OK);
		return err;
	case 1:
		err = take_checkpoint(&t, text, len);
		assert(err == HN_OK);
		return err;
	case 2:
		err = take_health(&t, text, len);
		assert(err == HN_OK);
		return err;
	case 3:
		return take_shown(text, len);
	case 4:
		err = trusted_put_shown(w.state, text, len, NULL);
		assert(err != HN_OK); /* none is known here that it could follow */
		return err;
	case 5:
		err = revoked_put(w.state, text, len, false, NULL);
		assert(err != HN_OK); /* nor a key that could sign it */
		return err;
	default:
		return application_bring(w.state, text, len, NULL);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	if (w.state == NULL)
		begin();
	if (len == 0)
		return 0;
	char *text = malloc(len);
	assert(text != NULL);
	memcpy(text, data + 1, len - 1);
	int err = state_begin(w.state);
	assert(err == HN_OK);
	err = take(data[0], text, len - 1);
	/* Each begins with nothing kept. */
	err = state_end(w.state, err == HN_OK ? HN_ESTATE : err);
	assert(err != HN_OK);
	free(text);
	return 0;
}
