/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "hub/init.h"

#include <sodium.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/lang.h"
#include "http/request.h"
#include "hub/config.h"
#include "hub/identity/password.h"
#include "hub/request/rights.h"
#include "hub/sandbox.h"
#include "store/people.h"

#define TOKEN_LASTS_US (INT64_C(24) * 3600 * 1000000)

/* Five groups of five letters that are hard to take for another: more than 100 bits. */
static void make_password(char out[INIT_PASSWORD_SIZE])
{
	static const char letters[] = "abcdefghjkmnpqrstuvwxyz23456789";
	size_t len = 0;
	for (int i = 0; i < 23; i++)
		out[len++] = i % 6 == 5 ? '-' : letters[randombytes_uniform(sizeof(letters) - 1)];
	out[len] = '\0';
}

struct making {
	const struct init_options *options;
	struct init_result *out;
	const char *hash;
	struct credential *token, *totp;
	struct fault *fault;
};

static void add_name(struct buf *json, const char *name)
{
	buf_addf(json, "\"names\":[{\"language\":\"%s\",\"name\":", lang_get() == LANG_JA ? "ja" : "en");
	buf_json_string(json, name, strlen(name));
	buf_adds(json, "}]}");
}

static int make(struct writing *w, void *context)
{
	struct making *m = context;
	struct buf centre;
	struct buf person;
	buf_init(&centre, 8192);
	buf_init(&person, 8192);
	buf_adds(&centre, "{\"kind\":\"centre\",");
	add_name(&centre, m->options->centre);
	buf_adds(&person, "{\"login\":");
	buf_json_string(&person, m->options->login, strlen(m->options->login));
	buf_addc(&person, '}');
	if (m->token != NULL)
		m->token->expires_us = writing_now_us(w) + TOKEN_LASTS_US;
	int err = buf_err(&centre) != HN_OK ? buf_err(&centre) : buf_err(&person);
	if (err == HN_OK)
		err = people_init_first_administrator(w, &m->out->centre, centre.data, &m->out->person,
						      person.data, m->hash, m->token, m->totp, m->fault);
	buf_clear(&centre);
	buf_clear(&person);
	return err;
}

/* The database's part. */
static int write_all(const struct hub_config *config, struct making *m)
{
	const struct store_options options = {.database = config->database, .readers = 1, .queue_max = 16};
	struct store *store = NULL;
	int err = store_open(&options, &store, m->fault);
	if (err != HN_OK)
		return err;
	err = store_write(store, make, m);
	store_close(store);
	if (err != HN_OK && m->fault->message[0] == '\0')
		(void)fault_set(m->fault, err, "", "%s", hn_strerror(err));
	return err;
}

/* The operator sees it on his own terminal, so that it holds from the first sign-in on. */
static int make_totp(const struct identity *identity, const struct init_options *options,
		     struct init_result *out, struct credential *totp)
{
	uint8_t secret[TOTP_SECRET];
	struct buf uri = {.data = out->totp, .cap = sizeof(out->totp), .max = sizeof(out->totp) - 1};
	randombytes_buf(secret, sizeof(secret));
	identity_totp_uri(&uri, options->login, secret);
	*totp = (struct credential){.id = uuid_v4(), .kind = CREDENTIAL_TOTP, .tlp_max = TLP_RED};
	identity_seal(identity, secret, totp->secret);
	totp->secret_len = TOTP_SEALED;
	sodium_memzero(secret, sizeof(secret));
	return buf_err(&uri);
}

static int make_secrets(int data_fd, const struct init_options *options, struct init_result *out,
			char hash[CREDENTIAL_SECRET_MAX], struct credential *token, struct credential *totp,
			struct fault *fault)
{
	struct identity *identity = NULL;
	const struct identity_options none = {.data_fd = data_fd};
	int err = identity_open(&none, &identity, fault);
	if (err != HN_OK)
		return err;
	make_password(out->password);
	err = password_hash(0, 0, out->password, hash);
	if (err != HN_OK)
		(void)fault_set(fault, err, "", "%s", hn_strerror(err));
	if (err == HN_OK && options->token) {
		identity_token_new(identity, out->token, token);
		token->scopes = SCOPE_ALL;
		(void)memcpy(token->title, "hinomi hub init", sizeof("hinomi hub init"));
	}
	if (err == HN_OK && options->totp && (err = make_totp(identity, options, out, totp)) != HN_OK)
		(void)fault_set(fault, err, "", "%s", hn_strerror(err));
	identity_close(identity);
	return err;
}

int hub_init(const struct hub_config *config, const struct init_options *options, struct init_result *out,
	     struct fault *fault)
{
	struct confinement state;
	struct credential token, totp;
	char hash[CREDENTIAL_SECRET_MAX];
	int data_fd = -1;
	memset(out, 0, sizeof(*out));
	memset(&state, 0, sizeof(state));
	memset(&token, 0, sizeof(token));
	memset(&totp, 0, sizeof(totp));
	out->centre = uuid_v4();
	out->person = uuid_v4();
	int err = sandbox_identity(config, &data_fd, &state, fault);
	if (err == HN_OK)
		err = make_secrets(data_fd, options, out, hash, &token, &totp, fault);
	if (err == HN_OK) {
		struct making m = {
			options, out, hash, options->token ? &token : NULL, options->totp ? &totp : NULL,
			fault};
		err = write_all(config, &m);
	}
	if (data_fd >= 0)
		(void)close(data_fd);
	sodium_memzero(hash, sizeof(hash));
	if (err != HN_OK)
		sodium_memzero(out, sizeof(*out));
	return err;
}
