/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_RESOLVER_RECURSOR_H
#define HINOMI_RESOLVER_RECURSOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/config.h"
#include "base/err.h"
#include "base/fault.h"
#include "base/ip.h"
#include "resolver/registrable.h"

/*
 * Recursion and DNSSEC validation by libunbound on threads of its own: QNAME minimisation, aggressive use of
 * NSEC (RFC 9156, 8198). A question goes to the thread that the hash of its registrable domain says, each
 * thread has one cache, so no zone's data are held twice (but for targets of CNAMEs into another's zone).
 *
 * Nothing waits for a server: a question that no server answers costs memory until libunbound gives it up,
 * and its asker hears of it after answer_ms at the latest. How many may be under way is limited for each
 * registrable domain, each client prefix and in all. Equal questions under way are asked once.
 *
 * In the sandbox (after recursor_new() and recursor_start()) it needs: sockets to any address, UDP and TCP
 * (port 53, those of stubs and forwarders, 853 for TLS); openat() below recursor_watched() and of a memory
 * file of its own by /proc/self/fd; the system calls of recursor_system_calls(). It opens no other file and
 * starts no thread later.
 */
#define RECURSOR_THREADS_MAX   64
#define RECURSOR_NAME_MAX      254 /* wire form without the root's byte */
#define RECURSOR_LATENCY_SLOTS 32  /* slot i: under 2^i microseconds, the last: everything above */
#define RECURSOR_WHY_MAX       512 /* bytes of why, with its NUL */
#define RECURSOR_FORWARD_MAX   16
#define RECURSOR_STUBS_MAX     4096

struct recursor;

enum recursor_security {
	RECURSOR_INSECURE, /* no chain of trust leads there */
	RECURSOR_BOGUS,    /* validation failed: for CD=1 only; others get SERVFAIL with ede */
	RECURSOR_SECURE,   /* validated: AD */
};

/* What an answer with rcode SERVFAIL and no packet, or a refusal to ask, is due to. */
enum recursor_failure {
	RECURSOR_ANSWERED,     /* none: packet is there */
	RECURSOR_UNREACHABLE,  /* no server gave a usable answer */
	RECURSOR_TIMEOUT,      /* none did within answer_ms; it may still come into the cache */
	RECURSOR_LIMIT_ZONE,   /* too many questions under way: for this registrable domain, */
	RECURSOR_LIMIT_CLIENT, /* for this client prefix, */
	RECURSOR_LIMIT_TOTAL,  /* in all */
	RECURSOR_STOPPED,      /* the recursor drains */
	RECURSOR_NO_MEMORY,
	RECURSOR_FAILURES,
};

#define RECURSOR_NO_EDE UINT16_MAX

/** An outcome. What pointers lead to lives until the callback returns. */
struct recursor_answer {
	enum recursor_failure failure;
	enum recursor_security security;
	uint16_t rcode; /* NOERROR, NXDOMAIN, ...; SERVFAIL on every failure */
	uint16_t ede;   /* RFC 8914 code, RECURSOR_NO_EDE: none. 6, 7, 8, 9, 10, 12, ... for bogus data */
	const uint8_t
		*packet; /* header (id 0, QR RA), question in lower case, records with signatures and
			    proofs (as for DO), an OPT last; NULL on every failure. Never over 65,535 bytes */
	size_t packet_len;
	const char *why;     /* why it is bogus, English, as libunbound says; "" else */
	uint32_t latency_us; /* since recursor_ask() */
};

/**
 * Called exactly once for each question that recursor_ask() took, on a recursion thread. Must not block and
 * not call recursor_drain() or recursor_free(); may ask further questions.
 */
typedef void recursor_done(void *context, const struct recursor_answer *answer);

/** An upstream that is asked instead of the roots. Over TLS (RFC 7858) where tls_name or spki is there. */
struct recursor_forward {
	struct endpoint address;
	const char *tls_name;      /* its certificate must be valid for this name under ca_file */
	struct config_digest spki; /* its certificate's public key must have this SHA-256 (RFC 7858, 4.2) */
};

/** A zone that is asked at its own servers. */
struct recursor_stub {
	const char *zone; /* text; "." with prime: these are the roots */
	const struct endpoint *addresses;
	size_t count;
	bool prime;    /* ask these for the zone's own NS set and go on with that */
	bool insecure; /* nothing of it is validated: it is private, and its parent does not know it */
};

/** For tests: time told by hand. recursor_tick() makes the threads look at it. */
struct recursor_clock {
	uint64_t (*now_ns)(void *context); /* NULL: CLOCK_MONOTONIC. From any thread */
	void *context;
};

/** Called on each recursion thread, with its number; each may be NULL. */
struct recursor_hooks {
	void (*started)(void *context, unsigned thread);
	void (*ended)(void *context, unsigned thread);
	void (*idle)(void *context, unsigned thread);  /* before it waits: holds nothing of others' now */
	void (*woken)(void *context, unsigned thread); /* after */
	void *context;
};

/** Everything is copied; 0, NULL and false mean what recursor_options_init() gives. */
struct recursor_options {
	unsigned threads;
	uint64_t cache_size;       /* bytes of all threads' caches together */
	const char *trust_anchors; /* files; re-read when they change (recursor_watch_fd()) */
	const char *root_hints;
	const char *ca_file; /* PEM; of the forwarders' certificates. NULL: the system's */
	const struct recursor_forward *forward;
	size_t forward_count;
	const struct recursor_stub *stubs;
	size_t stub_count;

	uint32_t answer_ms;  /* an asker waits no longer */
	uint32_t total_max;  /* distinct questions under way, in all threads together */
	uint32_t zone_max;   /* ... of one registrable domain */
	uint32_t client_max; /* askers waiting for one client prefix (/24, /56), in all threads */

	struct recursor_hooks hooks;

	/* For tests. */
	bool ask_localhost;          /* servers on loopback addresses are asked */
	bool whole_names;            /* every server hears the whole name: no QNAME minimisation */
	const char *validation_date; /* YYYYMMDDHHMMSS: signatures are judged at this time (UTC) */
	struct recursor_clock clock;
};

/** Fills in the defaults: 1 thread, 64 MiB, files of dns-root-data, 10 s, 16,384 in all, 256 of a domain,
 * 1,024 of a prefix. */
void recursor_options_init(struct recursor_options *o);

/**
 * Reads the files, opens what stays open, makes the contexts; no thread runs yet.
 *
 * @param fault  place: the file, or the option's name
 * @return HN_ENOENT, HN_EIO (errno): a file; HN_EFORMAT: an anchor, hint, zone or address; HN_ELIMIT;
 *         HN_ENOMEM; HN_EUNSUPPORTED: this libunbound lacks something
 */
HN_MUST_USE int recursor_new(const struct recursor_options *o, struct recursor **out, struct fault *fault);

/** Starts the threads, with all signals blocked. @return HN_EIO (errno), HN_ENOMEM. Once only. */
HN_MUST_USE int recursor_start(struct recursor *r);

/**
 * Asks. From any thread, also from a callback; never blocks on a server.
 *
 * @param name    wire form, lower case, without the root's byte; copied
 * @param client  who asked, for the limit; NULL: nobody (refreshes, the collector), which has none
 * @param done    is called for this question exactly once if HN_OK came back, perhaps before
 *                recursor_ask() returns; never otherwise
 *
 * @return HN_OK; HN_EFORMAT: no such name, or a type that cannot be asked (0, OPT, 128..255 but ANY);
 * HN_ESTATE: it drains; HN_ELIMIT: so many wait that a refusal is not queued either: it is one; HN_ENOMEM
 */
HN_MUST_USE int recursor_ask(struct recursor *r, const uint8_t *name, size_t len, uint16_t type,
			     const struct ip *client, recursor_done *done, void *context);

/** Which thread answers for this name: 0..threads-1. */
unsigned recursor_thread_of(const struct recursor *r, const uint8_t *name, size_t len);

/**
 * Forgets what was learnt about the name and what is below it: from its return on, no question asked is
 * answered from what was cached before. libunbound cannot drop a single name, and answers of other names may
 * hold this one (CNAME, DNAME), so each thread begins a new cache; questions under way go on in the old one.
 * The front end's own answer cache must drop the name itself.
 *
 * @return HN_ENOMEM: everything stays
 */
HN_MUST_USE int recursor_flush(struct recursor *r);

/** Readable when a file of trust anchors or root hints changed: poll it, then call recursor_reload(). */
int recursor_watch_fd(const struct recursor *r);

/** The directories (file descriptors) below which recursor_reload() reads, for Landlock. At most 2. */
size_t recursor_watched(const struct recursor *r, int dir_fds_out[2]);

/**
 * Reads trust anchors and root hints again; if they differ from those in use, new contexts take over as
 * with recursor_flush(). From one thread at a time, not a recursion thread. On an error nothing changes.
 *
 * @param changed_out  whether they differed
 */
HN_MUST_USE int recursor_reload(struct recursor *r, bool *changed_out, struct fault *fault);

/**
 * Takes no more questions and waits until those under way are answered, at most wait_ms; what is left then is
 * called back with RECURSOR_STOPPED. No callback runs after it returned; the threads have ended.
 */
void recursor_drain(struct recursor *r, uint32_t wait_ms);

/** Drains with wait 0 if that was not done. NULL is allowed. */
void recursor_free(struct recursor *r);

/** Makes the threads look at the clock of the options. */
void recursor_tick(struct recursor *r);

/** How many descriptors it may have open at most, for RLIMIT_NOFILE: while caches change there are two. */
size_t recursor_descriptors(const struct recursor_options *o);

/** Sums over all threads; since the start, but for the two gauges. */
struct recursor_counts {
	uint64_t asked;                     /* recursor_ask() that returned HN_OK */
	uint64_t shared;                    /* of these: joined an equal question under way */
	uint64_t answered[3];               /* by enum recursor_security */
	uint64_t failed[RECURSOR_FAILURES]; /* by enum recursor_failure; [0] is 0 */
	uint64_t nxdomain;
	uint64_t latency[RECURSOR_LATENCY_SLOTS]; /* of all that were asked */
	uint64_t latency_us;                      /* their sum */
	uint64_t restarted;                       /* contexts begun anew: flushes and reloads */
	uint64_t waiting;                         /* gauge: askers without an answer */
	uint64_t under_way;                       /* gauge: distinct questions in libunbound */
};

/** From any thread; the numbers are of about the same moment. */
void recursor_counts(const struct recursor *r, struct recursor_counts *out);

/** Health of one forwarder over TLS. */
struct recursor_upstream {
	struct endpoint address;
	bool connected;
	bool failing; /* its last connection failed or broke; it is asked when no other is left */
	uint64_t asked, answered, timed_out, connections, refused_certificates;
	uint64_t latency[RECURSOR_LATENCY_SLOTS];
	uint64_t latency_us;
	char error[128]; /* the last one, English; "" none */
};

/** @return how many were written, at most max */
size_t recursor_upstreams(const struct recursor *r, struct recursor_upstream *out, size_t max);

/** System calls that its threads make, for confine_calls(). */
const int *recursor_system_calls(size_t *count_out);

#endif
