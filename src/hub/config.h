/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_HUB_CONFIG_H
#define HINOMI_HUB_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/config.h"
#include "base/err.h"
#include "base/fault.h"

/*
 * hub.yaml (docs/deploy.md has the table of keys). Read whole, checked whole, immutable from then on.
 * Durations in nanoseconds, sizes in bytes, texts NUL-terminated UTF-8.
 */
#define HUB_PORT          8470
#define HUB_EDGE_PORT     8472
#define HUB_LISTENERS_MAX 32
#define HUB_THREADS_MAX   64

struct hub_http {
	unsigned line;
	uint32_t threads; /* 0: one a core */
	uint32_t connections, connections_address;
	int64_t header_ns, idle_ns;
	uint64_t body_rate; /* bytes a second */
	uint64_t body_max, bulk_max;
	uint32_t rate, burst;       /* requests a second; 0: no limit */
	struct config_list proxies; /* struct ip_prefix */
	const char *certificate_header;
	bool beyond_loopback;
	const char *certificate, *key; /* PEM files of TLS; NULL both: in the clear */
};

struct hub_access {
	unsigned line;
	uint64_t size;
	uint32_t files;
};

struct hub_sign_in {
	unsigned line;
	uint32_t passes; /* of Argon2id */
	uint64_t memory; /* bytes that one password takes */
	uint32_t queue;  /* sign-ins that may wait */
	int64_t session_ns;
	int second_factor; /* enum hub_second_factor */
	const char *host;  /* of which passkeys are */
};

enum hub_second_factor {
	SECOND_FACTOR_ASKED,    /* of those who have one */
	SECOND_FACTOR_REQUIRED, /* without one a person may only get one */
};

/* The edge channel (docs/edge.md). */
struct hub_edges {
	unsigned line;
	bool enabled;
	struct config_list listen; /* struct endpoint */
	struct config_list names;  /* const char *: under which edges reach it */
	int64_t retention_ns;      /* of events */
	uint32_t connections;
};

struct hub_config {
	const char *file; /* or "(built in)" */
	struct config_memory *memory;
	struct hub_config *before; /* whose place it took while the hub runs; NULL: the first */
	const char *data;
	const char *database;      /* URL; never NULL once read */
	const char *name;          /* of this hub: the ledger's origin is "hinomi/hub/NAME" */
	const char *user;          /* whom a root becomes; NULL: hinomi-hub where there is one */
	struct config_list listen; /* struct endpoint */
	uint32_t readers;
	uint32_t queue;
	struct config_list cosigners; /* const char *: verifier keys (ledger/note.h) */
	uint64_t disk_least;          /* bytes that must be free to be ready */
	bool fetch_inside;            /* sources may lie at addresses that are not global */
	bool publish;                 /* sets; without it edges.enabled is false too */
	struct hub_http http;
	struct hub_access access;
	struct hub_sign_in sign_in;
	struct hub_edges edges;
};

/** What a command line says beside the file; members may be NULL. */
struct hub_overrides {
	const char *data, *database;
	const char *const *listen; /* "ADDRESS", "ADDRESS:PORT", "[ADDRESS]:PORT" */
	size_t listen_count;
	const char *const *edge_listen; /* the same */
	size_t edge_listen_count;
};

/** The table of keys, for the reference page. */
extern const struct config_key HUB_KEYS[];

/**
 * Reads and checks.
 *
 * @param path  NULL: the defaults
 * @return as config_read(); HN_EAUTH: it would listen beyond loopback in the clear, and nothing says that it
 * may
 */
HN_MUST_USE int hub_config_read(const char *path, const struct hub_overrides *overrides,
				struct hub_config **out, struct fault *fault);
/** Whether every listener, people's and edges', is on loopback. */
bool hub_config_loopback(const struct hub_config *config);
/** Frees it and those before it. NULL is allowed. */
void hub_config_free(struct hub_config *config);

#endif
