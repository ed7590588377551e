/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "hub/link.h"

#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/config.h"
#include "base/lang.h"
#include "hub/config.h"
#include "hub/request/rights.h"
#include "hub/sandbox.h"
#include "store/outbox.h"
#include "store/store.h"

#define MINUTE_US (INT64_C(60) * 1000000)

/* As request_note() has it: nobody asked for it by a request. */
static int note(struct writing *w, const char *origin, const struct uuid *id)
{
	char text[UUID_TEXT_SIZE];
	char nobody[UUID_TEXT_SIZE];
	char record[320];
	int64_t number = writing_next_seq(w);
	uuid_format(id, text);
	uuid_format(&(struct uuid){{0}}, nobody);
	(void)snprintf(record, sizeof(record),
		       "{\"account\":\"%s\",\"change\":%lld,\"request\":\"%s\",\"what\":"
		       "{\"change\":\"added\",\"credential\":\"link\",\"token\":\"%s\"}}",
		       nobody, (long long)number, nobody, text);
	return outbox_put(w, origin, number, "hub.credential-changed", record, strlen(record));
}

int link_add(struct writing *w, struct identity *i, const char *origin, const char *login, unsigned minutes,
	     char token_out[IDENTITY_TOKEN_SIZE], struct fault *fault)
{
	struct asker hub;
	struct credential c;
	int64_t person = 0;
	asker_hub(&hub);
	int err = credentials_person(w, login, &person);
	if (err == HN_ENOENT)
		return fault_set(fault, err, login, "%s",
				 tr("nobody signs in so", "このログイン名の利用者はいない"));
	if (err != HN_OK)
		return err;
	identity_link_new(i, token_out, &c);
	c.person = person;
	c.expires_us = writing_now_us(w) + (int64_t)minutes * MINUTE_US;
	err = credentials_add(w, &hub, &c, fault);
	return err == HN_OK ? note(w, origin, &c.id) : err;
}

struct making {
	struct identity *identity;
	const char *origin, *login;
	unsigned minutes;
	struct link *out;
	struct fault *fault;
};

static int make(struct writing *w, void *context)
{
	struct making *m = context;
	return link_add(w, m->identity, m->origin, m->login, m->minutes, m->out->token, m->fault);
}

static int write_it(const struct hub_config *config, struct making *m)
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

void link_url(const struct hub_config *config, struct link *link)
{
	const struct endpoint *e = config->listen.items;
	(void)snprintf(link->url, sizeof(link->url), "%s://localhost:%u/sign-in#%s",
		       config->http.certificate ? "https" : "http",
		       config->listen.count > 0 ? e->port : 8470u, link->token);
}

int hub_link(const struct hub_config *config, const char *login, unsigned minutes, struct link *out,
	     struct fault *fault)
{
	struct confinement state;
	struct identity_options options = {.data_fd = -1};
	struct making m = {.login = login, .minutes = minutes, .out = out, .fault = fault};
	char origin[96];
	memset(out, 0, sizeof(*out));
	memset(&state, 0, sizeof(state));
	(void)snprintf(origin, sizeof(origin), "hinomi/hub/%s", config->name);
	m.origin = origin;
	int err = sandbox_identity(config, &options.data_fd, &state, fault);
	if (err == HN_OK)
		err = identity_open(&options, &m.identity, fault);
	if (err == HN_OK)
		err = write_it(config, &m);
	if (err == HN_OK)
		link_url(config, out);
	else
		sodium_memzero(out, sizeof(*out));
	identity_close(m.identity);
	if (options.data_fd >= 0)
		(void)close(options.data_fd);
	return err;
}
