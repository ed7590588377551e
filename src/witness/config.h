/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_WITNESS_CONFIG_H
#define HINOMI_WITNESS_CONFIG_H

#include <stdbool.h>
#include <stdint.h>

#include "base/config.h"
#include "base/err.h"
#include "base/fault.h"

#define WITNESS_PORT          8471
#define WITNESS_EDGE_PORT     8473
#define WITNESS_LISTENERS_MAX 8

struct witness_hub {
	unsigned line;
	const char *url;        /* "https://hub.example"; NULL: no hub is asked */
	const char *token_file; /* a token of the commission's, one line */
	const char *root;       /* PEM: whose certificates are taken; NULL: the system's */
	const char *ledger_key; /* of the hub's ledger, as one word; NULL: the first one that it shows */
	int64_t interval_ns;
};

struct witness_http {
	unsigned line;
	const char *certificate, *key; /* PEM; NULL: in the clear, on loopback only */
};

/** witness.yaml; immutable. */
struct witness_config {
	const char *data, *name, *user;
	struct config_list listen, edge_listen; /* struct endpoint */
	struct config_list names;               /* const char *: under which edges reach it */
	const char *trust;                      /* the trust file that the commission made; NULL: none yet */
	const char *key;                        /* a commissioner's key that this machine holds; NULL: none */
	int64_t interval_ns;                    /* of receipts: who is silent for two is told */
	uint32_t connections;
	struct witness_hub hub;
	struct witness_http http;
	/* of the reader */
	const char *file;
	struct config_memory *memory;
	struct endpoint own_listen, own_edge_listen;
	const char *own_names[3];
};

/** What the command line says instead. */
struct witness_overrides {
	const char *data, *listen, *edge_listen;
};

/** The table of witness.yaml. */
extern const struct config_key WITNESS_KEYS[];

/**
 * Reads the configuration.
 *
 * @param path  NULL: everything as absent
 * @param out   free it with witness_config_free()
 * @return HN_ENOENT, HN_EIO, HN_EFORMAT, HN_ELIMIT, HN_ENOMEM
 */
HN_MUST_USE int witness_config_read(const char *path, const struct witness_overrides *overrides,
				    struct witness_config **out, struct fault *fault);
/** Whether it is reached from this machine alone. */
bool witness_config_loopback(const struct witness_config *config);
/** NULL is allowed. */
void witness_config_free(struct witness_config *config);

#endif
