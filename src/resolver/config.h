/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_RESOLVER_CONFIG_H
#define HINOMI_RESOLVER_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/config.h"
#include "base/err.h"
#include "base/fault.h"
#include "base/ip.h"
#include "base/uuid.h"
#include "resolver/policy.h"

/*
 * resolver.yaml (docs/resolver.md has the table of keys). Read whole, checked whole, immutable from then on;
 * a reload reads another one beside it. Durations in nanoseconds, sizes in bytes, texts NUL-terminated UTF-8.
 */
#define RESOLVER_LISTENERS_MAX 64
#define RESOLVER_GROUPS_MAX    4096
#define RESOLVER_POLICIES_MAX  256
#define RESOLVER_THREADS_MAX   256
#define RESOLVER_GROUP_LOCAL   "local"
#define RESOLVER_BUILT_IN      "(built in)" /* name of the embedded default */

/* How a listener takes questions; joined by or in `transports`. */
enum resolver_transport {
	RESOLVER_UDP = 1,
	RESOLVER_TCP = 2,
	RESOLVER_TLS = 4,   /* RFC 7858 */
	RESOLVER_HTTPS = 8, /* RFC 8484 over HTTP/2 */
};

/** One address and port. UDP may stand beside any one of the three that are TCP underneath. */
struct resolver_listener {
	struct ip address;
	uint16_t port;       /* absent: 53, 853 for tls, 443 for https */
	unsigned transports; /* enum resolver_transport */
	bool proxy;          /* each datagram or connection begins with a PROXY protocol v2 header */
	struct config_list
		proxies; /* struct ip_prefix: who may send that header; not empty where proxy is set */
	const char *certificate; /* PEM chain and key; present for tls and https */
	const char *key;
	const char *client_ca; /* PEM; NULL: client certificates are not asked for */
	unsigned line;
};

/** Who is asked instead of the roots. TLS where tls_name or spki is given. */
struct resolver_forward {
	struct ip address;
	uint16_t port;             /* absent: 53, 853 over TLS */
	const char *tls_name;      /* of its certificate; NULL: not checked by name */
	struct config_digest spki; /* SHA-256 of its public key (RFC 7858, 4.2) */
	unsigned line;
};

/** A zone that is asked at its own servers. */
struct resolver_stub {
	const char *zone;             /* as written; "example.jp" or "example.jp." */
	struct config_list addresses; /* struct endpoint, port 53 where none is written; at least one */
	bool prime;                   /* ask these for the zone's own servers and go on with those */
	bool insecure;                /* not validated: a private zone under a signed one */
	unsigned line;
};

struct resolver_recursion {
	uint32_t threads;           /* 0: one for two cores, at least one */
	struct config_list forward; /* struct resolver_forward; empty: from the roots */
	const char *trust_anchors;  /* file; NULL: that of dns-root-data */
	const char *root_hints;     /* file; NULL: that of dns-root-data */
	uint64_t cache;             /* of libunbound, all threads together */
	struct config_list stubs;   /* struct resolver_stub */
	const char *ca;             /* PEM: who may sign forwarders' certificates; NULL: the system's */
	int64_t answer_ns;          /* a client waits no longer */
	uint32_t total_max;         /* distinct questions under way, in all, */
	uint32_t zone_max;          /* of one registrable domain, */
	uint32_t client_max;        /* and clients waiting, of one /24 or /56 */
	bool ask_localhost;         /* for tests, as are the next two */
	bool whole_names;
	const char *validation_date; /* NULL: now */
	unsigned line;
};

struct resolver_cache {
	uint64_t size;
	int64_t stale_ns; /* how long after expiry an answer may serve (RFC 8767); 0: not at all */
	bool prefetch;
	unsigned line;
};

/** Clients that are served alike. */
struct resolver_group {
	const char *name;
	struct uuid organisation;        /* all zero: not given */
	struct config_list prefixes;     /* struct ip_prefix; those of prefix_file too */
	const char *prefix_file;         /* more of them, one a line; NULL: none */
	struct config_list certificates; /* struct config_digest: SHA-256 of a client certificate (DER) */
	const char *token;               /* of the DoH path; secret, never logged; NULL: none */
	struct config_list policy;       /* const char *: policies by name, first decides first; never NULL */
	uint32_t queries_per_second;     /* for each /24 or /56 of the group's clients; 0: no limit */
	bool addresses;                  /* its organisation asked for full client addresses in its events */
	unsigned line;
};

/** One policy: exactly one of set, directory and rpz is given. */
struct resolver_policy {
	const char *name;
	struct config_list set; /* const char *: paths of a base and its overlays, newest last */
	const char *directory;  /* whose *.him files are these, by name in order; watched */
	const char *rpz;        /* a zone file */
	int action;             /* enum policy_action; absent: POLICY_GIVEN for rpz, POLICY_NXDOMAIN else */
	struct config_list sinkhole; /* struct ip, at most one of a version; of POLICY_SINKHOLE */
	struct config_list records;  /* const char *: "TYPE DATA"; of POLICY_LOCAL */
	int reason;                  /* enum policy_reason but POLICY_FORGED */
	const char *contact;         /* where to appeal, for EDE text and block page; NULL: none */
	const char *organisation;    /* who ordered it; NULL: not said */
	int64_t ttl_ns;              /* of answers that it makes */
	bool name_servers;           /* a set's names and addresses are asked for name servers too */
	uint32_t keep_percent; /* of rpz: a file with fewer of the rules in force than this is refused */
	unsigned line;
};

struct resolver_events {
	const char *directory; /* NULL: no events are written */
	int64_t rotate_ns;     /* a file is closed and compressed after this */
	int64_t keep_ns;
	uint64_t size; /* all files together; the oldest goes first */
	unsigned line;
};

struct resolver_metrics {
	struct ip address;
	uint16_t port; /* 0: none are served */
	unsigned line;
};

struct resolver_blockpage {
	struct config_list addresses; /* struct ip; empty: no block page */
	uint16_t port;
	const char *organisation_en; /* who runs the resolver */
	const char *organisation_ja;
	const char *contact_en; /* where to appeal */
	const char *contact_ja;
	unsigned line; /* 0: absent */
};

struct resolver_control {
	const char
		*socket; /* NULL: none; of the embedded default resolver_default_socket(), where it can be */
	unsigned line;
};

struct resolver_cookies {
	const char *secrets; /* file of one or two lines of 32 hex digits: cookie.h; NULL: a random one */
	unsigned line;
};

struct resolver_collector {
	bool enabled;
	int64_t interval_ns;
	struct config_list forward; /* struct resolver_forward: its own path; not empty where enabled */
	unsigned line;
};

struct resolver_config {
	struct config_list listen; /* struct resolver_listener; never empty */
	uint32_t threads;          /* that serve; 0: one a core */
	struct resolver_recursion recursion;
	struct resolver_cache cache;
	struct config_list groups; /* struct resolver_group */
	struct config_list policy; /* struct resolver_policy */
	struct resolver_events events;
	struct resolver_metrics metrics;
	struct resolver_blockpage blockpage;
	struct resolver_control control;
	struct resolver_cookies cookies;
	struct resolver_collector collector;
	const char *user; /* who it becomes when started as root; NULL: "hinomi-resolver", else "nobody" */

	const char *file; /* as given; "(built in)" for the embedded one */
	struct config_memory *memory;
};

/**
 * Reads and checks resolver.yaml. Of the files that it names those of prefixes are read, no other is opened.
 *
 * Without groups and with loopback listeners only, one group "local" of 127.0.0.0/8 and ::1 with all policies
 * is there; a listener beyond loopback without a group is an error. Without `listen`: 127.0.0.1 and ::1, port
 * 5300, udp and tcp. A group that names no policies has all of them. Whatever groups_new() would refuse is
 * refused here.
 *
 * @param path  NULL: the embedded default
 * @param out   free with resolver_config_free()
 *
 * @return as config_read(); the fault says file, line and key
 */
HN_MUST_USE int resolver_config_read(const char *path, struct resolver_config **out, struct fault *fault);

/** The same of a text, for tests; name stands in faults. */
HN_MUST_USE int resolver_config_parse(const char *name, const char *text, size_t len,
				      struct resolver_config **out, struct fault *fault);

/** NULL is allowed. Secrets are wiped. */
void resolver_config_free(struct resolver_config *config);

/** The policy of that name, or NULL. */
const struct resolver_policy *resolver_config_policy(const struct resolver_config *config, const char *name);

/** The socket of the embedded default: in $XDG_RUNTIME_DIR, else in /run. Valid until the next call. */
const char *resolver_default_socket(void);

/** The items of a list, typed: `const struct resolver_group *g = RESOLVER_ITEM(resolver_group, &c->groups,
 * i)`. */
#define RESOLVER_ITEM(type, list, i) ((const struct type *)(list)->items + (i))

/** The table of keys, for the reference page. */
extern const struct config_key resolver_config_keys[];

#endif
