/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */

/*
 * hub_seed DATABASE DATA_FOLDER: parties for tests, put by the hub's own hand into a database in which the
 * centre is already. Lines on standard input; each is answered by a line.
 *
 *   organisation UUID JSON
 *   group UUID JSON
 *   token ORGANISATION SCOPES USE TLP_MAX   (numbers, but the UUID) -> the token
 */
#include <fcntl.h>
#include <inttypes.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "hub/identity/identity.h"
#include "store/directory_rows.h"
#include "store/organisations.h"

struct line {
	const char *text;
	struct identity *identity;
	char token[IDENTITY_TOKEN_SIZE];
	struct fault fault;
};

static int add_token(struct writing *w, struct line *l, const struct asker *hub)
{
	char text[UUID_TEXT_SIZE];
	unsigned scopes, use, tlp;
	struct uuid id;
	struct credential c;
	if (sscanf(l->text, "token %36s %u %u %u", text, &scopes, &use, &tlp) != 4 ||
	    uuid_parse(text, strlen(text), &id) != HN_OK)
		return HN_EFORMAT;
	identity_token_new(l->identity, l->token, &c);
	c.scopes = scopes;
	c.use = (enum credential_use)use;
	c.tlp_max = (enum tlp)tlp;
	memcpy(c.title, "test", sizeof("test"));
	int err = directory_row_number(writing_db(w), DIRECTORY_ORGANISATION, &id, "", &c.organisation,
				       &l->fault);
	return err == HN_OK ? credentials_add(w, hub, &c, &l->fault) : err;
}

static int run(struct writing *w, void *context)
{
	struct line *l = context;
	struct asker hub;
	char text[UUID_TEXT_SIZE];
	struct uuid id;
	int at = 0;
	asker_hub(&hub);
	if (strncmp(l->text, "token ", 6) == 0)
		return add_token(w, l, &hub);
	if (sscanf(l->text, "%*s %36s %n", text, &at) != 1 || at == 0 ||
	    uuid_parse(text, strlen(text), &id) != HN_OK)
		return HN_EFORMAT;
	const char *json = l->text + at;
	int64_t number, revision;
	return strncmp(l->text, "group ", 6) == 0
		       ? groups_put(w, &hub, &id, -1, json, strlen(json), &number, &revision, &l->fault)
		       : organisations_put(w, &hub, &id, -1, json, strlen(json), &number, &revision,
					   &l->fault);
}

static int run_lines(struct store *store, struct identity *identity)
{
	char text[8192];
	while (fgets(text, sizeof(text), stdin) != NULL) {
		text[strcspn(text, "\n")] = '\0';
		struct line line = {.text = text, .identity = identity};
		int err = store_write(store, run, &line);
		if (err != HN_OK) {
			fprintf(stderr, "%s: %d %s %s\n", text, err, line.fault.place, line.fault.message);
			return 1;
		}
		printf("%s\n", line.token);
	}
	return 0;
}

int main(int argc, char **argv)
{
	if (argc != 3 || sodium_init() < 0)
		return 2;
	const struct store_options options = {.database = argv[1], .readers = 1, .queue_max = 16};
	struct identity_options none = {.data_fd = open(argv[2], O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
	struct identity *identity = NULL;
	struct store *store = NULL;
	struct fault fault = {0};
	int rc = 1;
	if (none.data_fd < 0 || identity_open(&none, &identity, &fault) != HN_OK ||
	    store_open(&options, &store, &fault) != HN_OK)
		fprintf(stderr, "%s: %s\n", fault.place, fault.message);
	else
		rc = run_lines(store, identity);
	store_close(store);
	identity_close(identity);
	if (none.data_fd >= 0)
		(void)close(none.data_fd);
	return rc;
}
