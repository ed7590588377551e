/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_RESOLVER_RECURSOR_CONTEXTS_H
#define HINOMI_RESOLVER_RECURSOR_CONTEXTS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "base/fault.h"
#include "resolver/forwarder.h"
#include "resolver/questions.h"
#include "resolver/recursor.h"
#include "resolver/root_files.h"
#include "resolver/unbound_context.h"

/* What new contexts of a recursor are made of. From one thread at a time. Only recursor.c includes this. */
struct recursor_contexts {
	struct root_files *files;
	struct root_data *roots; /* in use */
	struct root_data *next;  /* read anew, until recursor_contexts_settle() */
	struct unbound_zone *zones;
	size_t zone_count;
	bool root_is_stub;
	struct endpoint forward[RECURSOR_FORWARD_MAX]; /* in clear */
	size_t forward_count;
	struct forwarder_tls *tls; /* NULL: nothing is forwarded over TLS */
	struct forwarder *forwarders[RECURSOR_THREADS_MAX];
	char *validation_date;
	struct unbound_options options; /* but for anchors and roots */
};

/**
 * Copies the options, opens and reads the files. Clear it in any case.
 *
 * @param reactors  of the threads
 * @return as recursor_new()
 */
HN_MUST_USE int recursor_contexts_init(struct recursor_contexts *c, const struct recursor_options *o,
				       struct reactor *const reactors[], struct fault *fault);
/** The reactors are still there, their threads have ended. */
void recursor_contexts_clear(struct recursor_contexts *c);

/** A context for a thread. */
HN_MUST_USE int recursor_contexts_make(const struct recursor_contexts *c, unsigned thread,
				       struct resolution **out, struct fault *fault);
/** Of no thread any more. NULL is allowed. */
void recursor_contexts_free(struct resolution *one);

/** Reads the files again; what differs is used by recursor_contexts_make() from now on. */
HN_MUST_USE int recursor_contexts_reread(struct recursor_contexts *c, bool *changed_out, struct fault *fault);
/** After a change: keeps what was read, or goes back to what was before. */
void recursor_contexts_settle(struct recursor_contexts *c, bool keep);

#endif
