/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "hub/identity/identity.h"

#include <pthread.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/encode.h"
#include "base/lang.h"
#include "base/utc.h"
#include "http/answer.h"
#include "http/route.h"
#include "http/server.h"
#include "hub/config.h"
#include "hub/hub.h"
#include "hub/identity/certificate.h"
#include "hub/identity/challenge.h"
#include "hub/identity/cookie.h"
#include "hub/identity/lockout.h"
#include "hub/identity/password.h"
#include "hub/identity/totp.h"
#include "hub/identity/verified.h"
#include "hub/keys.h"
#include "hub/record/record.h"
#include "hub/request/own.h"
#include "hub/request/rights.h"
#include "store/people.h"

#define TOKEN_BEGINS   "hnm_" /* by which secret scanners know one */
#define SESSION_BEGINS "hnc_"
#define LINK_BEGINS    "hnl_"
#define BEGINS_LEN     4
#define TOKEN_BYTES    32
#define PREFIX_SHOWN   12
#define BASIC_MAX      2048
#define FAILURES_NS    (60 * NS_SECOND)

struct identity {
	struct directory *directory;
	uint8_t *key; /* two keys: of tokens' digests, of second factors */
	struct password_worker *passwords;
	struct verified *verified;
	struct lockout *lockout;
	struct challenges *challenges;
	pthread_mutex_t lock; /* guards what follows */
	unsigned failures;    /* since the last entry about them */
	int64_t noted_ns;
};

#define KEY_SIZE (crypto_generichash_KEYBYTES + crypto_secretbox_KEYBYTES)

int identity_open(const struct identity_options *options, struct identity **out, struct fault *fault)
{
	struct identity *i = calloc(1, sizeof(*i));
	if (i == NULL)
		return fault_set(fault, HN_ENOMEM, "identity", "%s", hn_strerror(HN_ENOMEM));
	(void)pthread_mutex_init(&i->lock, NULL);
	i->directory = options->directory;
	int err = hub_key(options->data_fd, "identity", KEY_SIZE, &i->key, fault);
	if (err != HN_OK) {
		identity_close(i);
		return err;
	}
	i->verified = verified_new();
	i->lockout = lockout_new();
	i->challenges = challenges_new(i->key + crypto_generichash_KEYBYTES);
	err = i->verified == NULL || i->lockout == NULL || i->challenges == NULL ? HN_ENOMEM : HN_OK;
	if (err == HN_OK)
		err = password_worker_new(options->password_passes, options->password_memory,
					  options->queue_max, &i->passwords);
	if (err != HN_OK) {
		identity_close(i);
		return fault_set(fault, err, "identity", "%s", hn_strerror(err));
	}
	*out = i;
	return HN_OK;
}

void identity_close(struct identity *i)
{
	if (i == NULL)
		return;
	password_worker_free(i->passwords);
	verified_free(i->verified);
	lockout_free(i->lockout);
	challenges_free(i->challenges);
	sodium_free(i->key);
	free(i);
}

struct directory *identity_directory(struct identity *i)
{
	return i->directory;
}

struct challenges *identity_challenges(struct identity *i)
{
	return i->challenges;
}

int64_t identity_wait(struct identity *i, const struct request *r, const char *login)
{
	return lockout_wait(i->lockout, login, &r->address, r->received_ns / 1000);
}

void identity_lockout(struct identity *i, const char *login, int64_t now_us, struct lockout_standing *out)
{
	lockout_standing(i->lockout, login, now_us, out);
}

void identity_lift(struct identity *i, const char *login)
{
	lockout_lift(i->lockout, login);
}

/* ---- secrets ---- */

static void token_digest(const struct identity *i, const char *text, size_t len,
			 uint8_t out[CREDENTIAL_DIGEST])
{
	(void)crypto_generichash(out, CREDENTIAL_DIGEST, (const unsigned char *)text, len, i->key,
				 crypto_generichash_KEYBYTES);
}

_Static_assert(sizeof(TOKEN_BEGINS) == BEGINS_LEN + 1 && sizeof(SESSION_BEGINS) == BEGINS_LEN + 1,
	       "what they begin with");

static void secret_new(const struct identity *i, const char *begins, char text_out[IDENTITY_TOKEN_SIZE],
		       struct credential *out)
{
	uint8_t random[TOKEN_BYTES];
	memset(text_out, 0, IDENTITY_TOKEN_SIZE);
	memcpy(text_out, begins, BEGINS_LEN);
	randombytes_buf(random, sizeof(random));
	(void)sodium_bin2base64(text_out + BEGINS_LEN, IDENTITY_TOKEN_SIZE - BEGINS_LEN, random,
				sizeof(random), sodium_base64_VARIANT_URLSAFE_NO_PADDING);
	sodium_memzero(random, sizeof(random));
	memset(out, 0, sizeof(*out));
	out->id = uuid_v4();
	out->kind = CREDENTIAL_TOKEN;
	out->tlp_max = TLP_RED;
	memcpy(out->prefix, text_out, PREFIX_SHOWN);
	token_digest(i, text_out, strlen(text_out), out->secret);
	out->secret_len = CREDENTIAL_DIGEST;
}

void identity_token_new(struct identity *i, char text_out[IDENTITY_TOKEN_SIZE], struct credential *out)
{
	secret_new(i, TOKEN_BEGINS, text_out, out);
}

void identity_session_new(struct identity *i, char text_out[IDENTITY_TOKEN_SIZE], struct credential *out)
{
	secret_new(i, SESSION_BEGINS, text_out, out);
	out->session = true;
}

void identity_link_new(struct identity *i, char text_out[IDENTITY_TOKEN_SIZE], struct credential *out)
{
	secret_new(i, LINK_BEGINS, text_out, out);
	out->kind = CREDENTIAL_LINK;
}

int identity_link_digest(const struct identity *i, const char *text, size_t len,
			 uint8_t out[CREDENTIAL_DIGEST])
{
	if (len <= BEGINS_LEN || memcmp(text, LINK_BEGINS, BEGINS_LEN) != 0)
		return HN_EFORMAT;
	token_digest(i, text, len, out);
	return HN_OK;
}

/* Another word in front than all secrets have: no digest of a secret is one of these. */
void identity_csrf(const struct identity *i, const struct credential *session, char out[IDENTITY_CSRF_SIZE])
{
	static const char what[] = "csrf:";
	uint8_t text[sizeof(what) + CREDENTIAL_DIGEST];
	uint8_t digest[CREDENTIAL_DIGEST];
	memcpy(text, what, sizeof(what));
	memcpy(text + sizeof(what), session->secret, CREDENTIAL_DIGEST);
	token_digest(i, (const char *)text, sizeof(text), digest);
	(void)sodium_bin2base64(out, IDENTITY_CSRF_SIZE, digest, sizeof(digest),
				sodium_base64_VARIANT_URLSAFE_NO_PADDING);
}

const char *identity_how(const struct credential *session)
{
	static const char *const words[] = {"password", "passkey", "link"};
	for (size_t i = 1; i < sizeof(words) / sizeof(words[0]); i++)
		if (strcmp(session->title, words[i]) == 0)
			return words[i];
	return words[0];
}

bool identity_in_person(const struct request *r)
{
	return r->who.signed_in && r->who.asker->person != 0 && strcmp(r->who.how, "token") != 0 &&
	       strcmp(r->who.how, "certificate") != 0;
}

_Static_assert(TOTP_SEALED == crypto_secretbox_NONCEBYTES + crypto_secretbox_MACBYTES + TOTP_SECRET,
	       "what a sealed secret is made of");

static void seal(const uint8_t *key, const uint8_t secret[TOTP_SECRET], uint8_t out[TOTP_SEALED])
{
	randombytes_buf(out, crypto_secretbox_NONCEBYTES);
	(void)crypto_secretbox_easy(out + crypto_secretbox_NONCEBYTES, secret, TOTP_SECRET, out, key);
}

void identity_seal(const struct identity *i, const uint8_t secret[TOTP_SECRET], uint8_t out[TOTP_SEALED])
{
	seal(i->key + crypto_generichash_KEYBYTES, secret, out);
}

static void person_key(const struct identity *i, const struct uuid *person,
		       uint8_t out[crypto_secretbox_KEYBYTES])
{
	(void)crypto_generichash(out, crypto_secretbox_KEYBYTES, person->bytes, sizeof(person->bytes),
				 i->key + crypto_generichash_KEYBYTES, crypto_secretbox_KEYBYTES);
}

void identity_seal_for(const struct identity *i, const struct uuid *person, const uint8_t secret[TOTP_SECRET],
		       uint8_t out[TOTP_SEALED])
{
	uint8_t key[crypto_secretbox_KEYBYTES];
	person_key(i, person, key);
	seal(key, secret, out);
	sodium_memzero(key, sizeof(key));
}

void identity_totp_uri(struct buf *out, const char *login, const uint8_t secret[TOTP_SECRET])
{
	buf_adds(out, "otpauth://totp/Hinomi:");
	for (const char *at = login; *at != '\0'; at++) {
		unsigned char c = (unsigned char)*at;
		bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
			     strchr("-._~", c) != NULL;
		buf_addf(out, plain ? "%c" : "%%%02X", c);
	}
	buf_adds(out, "?secret=");
	totp_base32(out, secret, TOTP_SECRET);
	buf_adds(out, "&issuer=Hinomi");
}

static int unseal(const uint8_t *key, const uint8_t *sealed, size_t len, uint8_t out[TOTP_SECRET])
{
	if (len != TOTP_SEALED ||
	    crypto_secretbox_open_easy(out, sealed + crypto_secretbox_NONCEBYTES,
				       len - crypto_secretbox_NONCEBYTES, sealed, key) != 0)
		return HN_EAUTH;
	return HN_OK;
}

int identity_unseal(const struct identity *i, const uint8_t *sealed, size_t len, uint8_t out[TOTP_SECRET])
{
	return unseal(i->key + crypto_generichash_KEYBYTES, sealed, len, out);
}

int identity_unseal_for(const struct identity *i, const struct uuid *person, const uint8_t *sealed,
			size_t len, uint8_t out[TOTP_SECRET])
{
	uint8_t key[crypto_secretbox_KEYBYTES];
	person_key(i, person, key);
	int err = unseal(key, sealed, len, out);
	sodium_memzero(key, sizeof(key));
	return err;
}

/* ---- passwords ---- */

struct password_work {
	struct password_job job;
	struct request *r;
	const char *login;
	struct password_result *result;
	int (*again)(struct request *r);
};

/* On the worker's thread. */
static void password_done(struct password_job *job)
{
	struct password_work *work = job->context;
	work->result->err = job->err;
	memcpy(work->result->hash, job->made, sizeof(job->made));
	request_resume(work->r, work->again);
}

static char *copy(struct request *r, const char *text)
{
	return text == NULL ? NULL : arena_text(r->arena, text, strlen(text));
}

int identity_password(struct request *r, const char *login, const char *password, const char *replace,
		      struct password_result *result, int (*again)(struct request *r))
{
	struct identity *i = hub_of(r)->identity;
	int64_t now_us = r->received_ns / 1000;
	struct password_work *work = arena_alloc(r->arena, sizeof(*work));
	if (work == NULL)
		return HN_ENOMEM;
	memset(result, 0, sizeof(*result));
	work->r = r;
	work->result = result;
	work->again = again;
	work->job = (struct password_job){.done = password_done, .context = work};
	work->job.replace = copy(r, replace);
	if (login != NULL) {
		result->retry_us = lockout_wait(i->lockout, login, &r->address, now_us);
		if (result->retry_us > 0)
			return HN_ELIMIT;
		work->job.password = copy(r, password);
		if (directory_login(i->directory, login, strlen(login), &result->account) == HN_OK)
			work->job.hash = (const char *)result->account.credential.secret;
		if (work->job.password == NULL)
			return HN_ENOMEM;
	}
	if (replace != NULL && work->job.replace == NULL)
		return HN_ENOMEM;
	request_wait(r);
	int err = password_submit(i->passwords, &work->job);
	if (err != HN_OK) {
		/* It waits already: it goes on by itself and finds that nothing was done. */
		result->err = err;
		request_resume(r, again);
	}
	return HN_OK;
}

static void note(struct request *r, const char *kind, const struct buf *record)
{
	/* Where the ledger cannot be written now, /readyz says so; who signs in is not kept out by it. */
	if (buf_err(record) == HN_OK && hub_of(r)->record != NULL)
		(void)!record_append(hub_of(r)->record, kind, record->data, record->len, NULL, NULL);
}

/* Failures come by thousands: one entry a minute, with their number. */
static void note_failure(struct identity *i, struct request *r)
{
	struct buf record;
	char since[UTC_SIZE];
	int64_t first = 0;
	(void)pthread_mutex_lock(&i->lock);
	unsigned count = ++i->failures;
	if (i->noted_ns == 0 || r->received_ns - i->noted_ns >= FAILURES_NS) {
		first = i->noted_ns == 0 ? r->received_ns : i->noted_ns;
		i->noted_ns = r->received_ns;
		i->failures = 0;
	}
	(void)pthread_mutex_unlock(&i->lock);
	if (first == 0)
		return;
	utc_format(first, since);
	buf_init(&record, 256);
	buf_addf(&record, "{\"failures\":%u,\"since\":\"%s\"}", count, since);
	note(r, "hub.login-failed", &record);
	buf_clear(&record);
}

void identity_tell(struct identity *i, struct request *r, const char *login, bool good)
{
	lockout_tell(i->lockout, login, &r->address, good, r->received_ns / 1000);
	if (!good)
		note_failure(i, r);
}

/* ---- a request ---- */

/* What somebody does to get a second factor, or to leave. */
static const struct {
	const char *operation;
	bool enrols; /* a second factor: only who has none */
} before_factor[] = {
	{"getMe", false},    {"getSession", false}, {"signOut", false},     {"listPasskeys", false},
	{"beginTotp", true}, {"confirmTotp", true}, {"beginPasskey", true}, {"addPasskey", true},
};

static bool may_without(const struct request *r, int64_t person)
{
	const char *operation = r->route->operation;
	for (size_t i = 0; operation != NULL && i < sizeof(before_factor) / sizeof(before_factor[0]); i++)
		if (strcmp(operation, before_factor[i].operation) == 0)
			return !before_factor[i].enrols ||
			       !directory_has_passkey(hub_of(r)->directory, person);
	return false;
}

/* Tokens and certificates are more than a password already: whoever has one was signed in when it was made.
 */
static bool lacks_factor(const struct request *r, const struct account *account, const char *how)
{
	return hub_of(r)->config->sign_in.second_factor == SECOND_FACTOR_REQUIRED && account->person != 0 &&
	       !account->has_totp && strcmp(how, "password") == 0 && !may_without(r, account->person);
}

/* What a sign-in gave has an end too, but the person could sign in again. */
static void keep_bounds(struct request_own *own, const struct credential *c)
{
	own->by_token = (c->kind == CREDENTIAL_TOKEN || c->kind == CREDENTIAL_CERTIFICATE) && !c->session;
	own->expires_us = c->expires_us;
	own->use = c->use;
	own->purposes = c->purposes;
	own->tlp_max = c->tlp_max;
}

static int believe(struct request *r, const struct account *account, const char *how)
{
	struct identity *i = hub_of(r)->identity;
	const struct uuid *organisation = NULL;
	struct uuid chosen;
	size_t len = 0;
	const char *wish = request_header(r, "Hinomi-Organisation", &len);
	if (wish != NULL) {
		if (uuid_parse(wish, len, &chosen) != HN_OK)
			return HN_EAUTH;
		organisation = &chosen;
	}
	int err = directory_asker(i->directory, account, organisation, r->asked_ns / 1000, &own_of(r)->asker);
	if (err != HN_OK)
		return err;
	if (lacks_factor(r, account, how))
		return answer_problem(r, 403, "second-factor",
				      tr("set up a second factor first (POST /api/v1/me/totp)",
					 "先に二要素認証を設定すること(POST /api/v1/me/totp)"));
	keep_bounds(own_of(r), &account->credential);
	r->who.signed_in = true;
	r->who.scopes =
		account->credential.kind == CREDENTIAL_PASSWORD ? SCOPE_ALL : account->credential.scopes;
	r->who.account = account->id;
	r->who.how = how;
	r->who.limit_key = (uint64_t)(account->person != 0 ? account->person : account->credential.number);
	return HN_OK;
}

static bool begins(const char *text, size_t len, const char *word)
{
	size_t n = strlen(word);
	return len > n && strncasecmp(text, word, n) == 0 && text[n] == ' ';
}

static bool is_session(const char *text, size_t len)
{
	return len > BEGINS_LEN && memcmp(text, SESSION_BEGINS, BEGINS_LEN) == 0;
}

static int by_token(struct request *r, const char *text, size_t len)
{
	struct identity *i = hub_of(r)->identity;
	uint8_t digest[CREDENTIAL_DIGEST];
	struct account account;
	if (is_session(text, len))
		return HN_EAUTH;
	token_digest(i, text, len, digest);
	int err = directory_credential(i->directory, CREDENTIAL_TOKEN, digest, r->asked_ns / 1000, &account);
	if (err != HN_OK)
		return HN_EAUTH;
	return believe(r, &account, account.credential.session ? "password" : "token");
}

/* ---- by a session's cookie ---- */

static int find_session(const struct request *r, struct account *out)
{
	struct identity *i = hub_of(r)->identity;
	uint8_t digest[CREDENTIAL_DIGEST];
	const char *text = NULL;
	size_t len = 0;
	if (cookie_session(r, &text, &len) != HN_OK || !is_session(text, len))
		return HN_ENOENT;
	token_digest(i, text, len, digest);
	return directory_credential(i->directory, CREDENTIAL_TOKEN, digest, r->asked_ns / 1000, out);
}

/* Another site can make a browser send a request with the cookie, but neither knows the value nor may send
 * the header. */
static bool change_is_own(const struct request *r, const struct credential *session)
{
	char csrf[IDENTITY_CSRF_SIZE];
	size_t len = 0;
	const char *said = request_header(r, "Hinomi-CSRF", &len);
	if (r->method == HTTP_GET)
		return true;
	if (said == NULL || len != sizeof(csrf) - 1 || !cookie_same_origin(r))
		return false;
	identity_csrf(hub_of(r)->identity, session, csrf);
	return sodium_memcmp(said, csrf, len) == 0;
}

/* Who signs in need not be somebody already: what the browser sends along is not looked at. */
static bool begins_session(const struct route *route)
{
	static const char path[] = "/api/v1/session/";
	return strncmp(route->pattern, path, sizeof(path) - 1) == 0;
}

/* done: somebody has a session, and what it comes to is decided. */
static int by_cookie(struct request *r, bool *done)
{
	struct account account;
	if (begins_session(r->route) || find_session(r, &account) != HN_OK)
		return HN_OK;
	*done = true;
	if (!change_is_own(r, &account.credential))
		return answer_problem(r, 403, "csrf",
				      tr("a change by a session's cookie needs the header Hinomi-CSRF and "
					 "comes from a page of this hub",
					 "セッションのCookieによる変更には、ヘッダーHinomi-"
					 "CSRFと、このハブ自身のページからの要求であることが必要"));
	int err = believe(r, &account, identity_how(&account.credential));
	if (err == HN_EAUTH && request_header(r, "Hinomi-Organisation", NULL) == NULL)
		return rights_public(r); /* no place anywhere now: nobody, as far as the browser can tell */
	if (err == HN_OK && r->who.signed_in)
		own_of(r)->cookie = true;
	return err;
}

int identity_credential(struct request *r, struct account *out)
{
	struct identity *i = hub_of(r)->identity;
	uint8_t digest[CREDENTIAL_DIGEST];
	size_t len = 0;
	if (own_of(r)->cookie)
		return find_session(r, out);
	const char *text = request_header(r, "Authorization", &len);
	if (text == NULL || !begins(text, len, "Bearer"))
		return HN_ENOENT;
	token_digest(i, text + 7, len - 7, digest);
	return directory_credential(i->directory, CREDENTIAL_TOKEN, digest, r->received_ns / 1000, out);
}

/* A request that waited is asked again: what its password came to stands among the verified. */
struct basic_work {
	struct password_job job;
	struct request *r;
	struct account account;
	const char *login, *password;
};

static void note_login(struct request *r, const struct account *account)
{
	struct buf record;
	char id[UUID_TEXT_SIZE];
	char address[IP_TEXT_SIZE];
	uuid_format(&account->id, id);
	ip_format(&r->address, address);
	buf_init(&record, 256);
	buf_addf(&record, "{\"account\":\"%s\",\"address\":\"%s\",\"how\":\"password\"}", id, address);
	note(r, "hub.login", &record);
	buf_clear(&record);
}

static void basic_done(struct password_job *job)
{
	struct basic_work *work = job->context;
	struct identity *i = hub_of(work->r)->identity;
	bool good = job->err == HN_OK;
	const struct verified_answer answer = {good, work->account.credential.number,
					       work->account.credential.revision};
	if (good)
		note_login(work->r, &work->account);
	if (job->err == HN_OK || job->err == HN_EAUTH) {
		verified_put(i->verified, work->login, work->password, utc_now_ns() / 1000, &answer);
		identity_tell(i, work->r, work->login, good);
	}
	request_resume(work->r, NULL);
}

static int verify_basic(struct request *r, const char *login, const char *password)
{
	struct identity *i = hub_of(r)->identity;
	if (lockout_wait(i->lockout, login, &r->address, r->received_ns / 1000) > 0)
		return fault_set(
			&r->fault, HN_ELIMIT, "", "%s",
			tr("too many failed sign-ins; wait", "サインインの失敗が多すぎる。時間をおくこと"));
	struct basic_work *work = arena_alloc(r->arena, sizeof(*work));
	if (work == NULL)
		return HN_ENOMEM;
	work->r = r;
	work->login = login;
	work->password = password;
	work->job = (struct password_job){.password = password, .done = basic_done, .context = work};
	if (directory_login(i->directory, login, strlen(login), &work->account) == HN_OK)
		work->job.hash = (const char *)work->account.credential.secret;
	request_wait(r);
	int err = password_submit(i->passwords, &work->job);
	if (err == HN_OK)
		return IDENTIFY_LATER;
	(void)answer_problem(r, 503, "busy",
			     tr("too many sign in at once", "同時にサインインする者が多すぎる"));
	request_resume(r, NULL);
	return IDENTIFY_LATER;
}

/* may_wait: else a password that is not known already is none. */
static int by_password(struct request *r, const char *login, const char *password, bool may_wait)
{
	struct identity *i = hub_of(r)->identity;
	struct verified_answer answer;
	struct account account;
	if (!verified_find(i->verified, login, password, utc_now_ns() / 1000, &answer))
		return may_wait ? verify_basic(r, login, password) : HN_EAUTH;
	if (!answer.good)
		return HN_EAUTH;
	if (directory_again(i->directory, answer.credential, answer.revision, r->asked_ns / 1000, &account) !=
	    HN_OK)
		return may_wait ? verify_basic(r, login, password) : HN_EAUTH;
	if (account.has_totp) /* a second factor is asked for at POST /api/v1/sign-in */
		return HN_EAUTH;
	return believe(r, &account, "password");
}

/* user:password (RFC 7617). A token may stand as the password: most clients can send no other. */
static int by_basic(struct request *r, const char *text, size_t len, bool may_wait)
{
	struct buf plain;
	buf_init(&plain, BASIC_MAX);
	int err = base64_decode(text, len, &plain);
	char *copy_of = err == HN_OK && plain.len > 0 ? arena_text(r->arena, plain.data, plain.len) : NULL;
	if (plain.data != NULL)
		sodium_memzero(plain.data, plain.len);
	buf_clear(&plain);
	char *colon = copy_of == NULL ? NULL : strchr(copy_of, ':');
	if (colon == NULL)
		return HN_EAUTH;
	*colon = '\0';
	const char *password = colon + 1;
	if (strncmp(password, TOKEN_BEGINS, sizeof(TOKEN_BEGINS) - 1) == 0)
		return by_token(r, password, strlen(password));
	return by_password(r, copy_of, password, may_wait);
}

static int by_certificate(struct request *r, const char *text, size_t len)
{
	struct identity *i = hub_of(r)->identity;
	uint8_t digest[CREDENTIAL_DIGEST];
	struct account account;
	int64_t now_us = r->asked_ns / 1000;
	if (certificate_fingerprint(text, len, now_us, digest) != HN_OK ||
	    directory_credential(i->directory, CREDENTIAL_CERTIFICATE, digest, now_us, &account) != HN_OK)
		return HN_EAUTH;
	return believe(r, &account, "certificate");
}

static int ask(struct request *r, bool may_wait)
{
	size_t len = 0;
	int err = rights_public(r);
	if (err == HN_OK)
		err = directory_current(hub_of(r)->identity->directory);
	if (err != HN_OK)
		return err;
	const char *authorization = request_header(r, "Authorization", &len);
	if (authorization != NULL && begins(authorization, len, "Bearer"))
		return by_token(r, authorization + 7, len - 7);
	if (authorization != NULL && begins(authorization, len, "Basic"))
		return by_basic(r, authorization + 6, len - 6, may_wait);
	if (authorization != NULL)
		return HN_EAUTH;
	bool done = false;
	err = by_cookie(r, &done);
	if (err != HN_OK || done)
		return err;
	const char *certificate = request_certificate(r, &len);
	return certificate == NULL ? HN_OK : by_certificate(r, certificate, len);
}

void identity_number_key(const struct identity *i, uint8_t out[SIPHASH_KEY])
{
	static const char what[] = "numbers";
	_Static_assert(SIPHASH_KEY >= crypto_generichash_BYTES_MIN, "a digest of libsodium");
	(void)crypto_generichash(out, SIPHASH_KEY, (const unsigned char *)what, sizeof(what), i->key,
				 crypto_generichash_KEYBYTES);
}

int identity_request(struct request *r)
{
	return ask(r, true);
}

bool identity_still(struct request *r)
{
	const struct request_identity before = r->who;
	bool holds = ask(r, false) == HN_OK && r->who.signed_in == before.signed_in &&
		     memcmp(&r->who.account, &before.account, sizeof(before.account)) == 0 &&
		     ((r->route->flags & ROUTE_PUBLIC) || rights_allow(r));
	if (!holds)
		r->who = before; /* for the access log; the asker it points to is what is true now */
	return holds;
}
