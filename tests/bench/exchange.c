/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */

/*
 * What an answer costs without the kernel: batches of 64 questions through the exchange, its clock and
 * network told by hand.
 *
 *     exchange cached|blocked RULES ROUNDS [NAMES [EVENTS]]
 *
 * RULES names are blocked, each with all below it. NAMES names (4096) are asked in turn; with many of them,
 * and as many rules, none is in a cache of the processor when it is asked again. With a directory EVENTS,
 * events and sketch are written there by a thread of their own, whose time is not counted, and which gets
 * time to catch up; with - there is only that rest, to compare with. Prints nanoseconds of CPU an answer.
 * Under callgrind the difference between two numbers of rounds is what so many answers cost.
 */
#include <stdio.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "resolver/event_log.h"
#include "tests/unit/resolver/served.h"

#define NAMES 4096
#define BATCH 64

struct world {
	struct served served;
};

static void must(int rc, const struct fault *fault)
{
	if (rc == HN_OK)
		return;
	fprintf(stderr, "exchange: %s %s\n", fault->place, fault->message);
	exit(2);
}

static void write_rules(const char *path, unsigned rules)
{
	FILE *file = fopen(path, "we");
	if (!file)
		exit(2);
	fprintf(file, "$ORIGIN rpz.\n$TTL 60\n@ SOA . . 1 1 1 1 60\n@ NS .\n");
	for (unsigned i = 0; i < rules; i++)
		fprintf(file, "bad%07u.site%03u.example CNAME .\n*.bad%07u.site%03u.example CNAME .\n", i,
			i % 997, i, i % 997);
	if (fclose(file) != 0)
		exit(2);
}

static void make_world(struct world *w, unsigned rules, const char *events)
{
	struct fault fault = {0};
	char directory[] = "/tmp/hinomi-exchange-XXXXXX", path[64], text[512];
	if (!mkdtemp(directory))
		exit(2);
	snprintf(path, sizeof(path), "%s/rpz.zone", directory);
	write_rules(path, rules);
	int len = snprintf(text, sizeof(text),
			   "policy:\n  - name: national\n    rpz: %s\n    contact: cert@example\n%s%s\n",
			   path, events ? "events:\n  directory: " : "", events ? events : "");
	must(resolver_config_parse("bench", text, (size_t)len, &w->served.config, &fault), &fault);
	must(served_make(&w->served, (size_t)64 << 20, &fault), &fault);
	if (events) {
		must(event_log_new(w->served.config, (uid_t)-1, &w->served.service.events, &fault), &fault);
		must(event_log_open(w->served.service.events, &fault), &fault);
		event_log_policy(w->served.service.events, policy_store_get(w->served.service.policies));
	}
	must(exchange_new(&w->served.service, w->served.loop, &w->served.exchange), &fault);
	if (events)
		must(event_log_start(w->served.service.events), &fault);
	(void)unlink(path);
	(void)rmdir(directory);
}

struct question {
	uint16_t len;
	uint8_t bytes[128];
};

static void make_question(struct question *q, const char *first, const char *second)
{
	uint8_t *at = q->bytes;
	memcpy(at, "\0\1\1\0\0\1\0\0\0\0\0\1", 12);
	at += 12;
	const char *const labels[] = {first, second, "example"};
	for (size_t i = 0; i < 3; i++) {
		size_t len = strlen(labels[i]);
		*at++ = (uint8_t)len;
		memcpy(at, labels[i], len);
		at += len;
	}
	memcpy(at, "\0\0\1\0\1\0\0\51\4\320\0\0\0\0\0\0", 16);
	q->len = (uint16_t)(at + 16 - q->bytes);
}

static void late(void *context, const void *path, const uint8_t *message, size_t len)
{
	(void)context;
	(void)path;
	(void)message;
	(void)len;
}

static void ask(struct world *w, const struct exchange_port *port, const struct question *questions,
		uint8_t (*out)[4096], size_t count)
{
	static struct exchange_unit units[BATCH];
	for (size_t i = 0; i < count; i++) {
		units[i].asked.message = questions[i].bytes;
		units[i].asked.len = questions[i].len;
		units[i].asked.asker.client = (struct ip){{127, 0, 0, 1}, 4};
		units[i].asked.asker.transport = RESOLVER_UDP;
		units[i].out = out[i];
	}
	exchange_batch(w->served.exchange, port, units, count);
	while (fake.count > 0) {
		static const struct fake_record www[] = {{NULL, DNS_TYPE_A, 86400, "\xc0\0\2\1", 4}};
		fake_answer(w->served.loop, 0, RECURSOR_INSECURE, www, 1);
	}
}

#define REST_ROUNDS 128

/* Lets the writer of events catch up, which no real rate of questions outruns. */
static void rest(void)
{
	const struct timespec t = {.tv_nsec = 60000000};
	(void)nanosleep(&t, NULL);
}

static double cpu_ns(void)
{
	struct timespec t;
	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

int main(int argc, char **argv)
{
	static struct world w;
	static uint8_t out[BATCH][4096];
	if (argc < 4 || argc > 6 || sodium_init() < 0) {
		fprintf(stderr, "usage: exchange cached|blocked RULES ROUNDS [NAMES [EVENTS]]\n");
		return 2;
	}
	bool blocked = strcmp(argv[1], "blocked") == 0;
	unsigned rules = (unsigned)strtoul(argv[2], NULL, 10), rounds = (unsigned)strtoul(argv[3], NULL, 10);
	unsigned names = argc > 4 ? (unsigned)strtoul(argv[4], NULL, 10) / BATCH * BATCH : NAMES;
	const char *events = argc > 5 ? argv[5] : NULL;
	struct question *questions = calloc(names, sizeof(*questions));
	if (!questions || names == 0)
		return 2;
	rcu_register_thread();
	make_world(&w, rules, events && strcmp(events, "-") != 0 ? events : NULL);
	for (unsigned i = 0; i < names; i++) {
		char first[32], second[32];
		unsigned rule = rules > 0 ? (unsigned)(i * UINT64_C(2654435761) % rules) : i;
		snprintf(first, sizeof(first), blocked ? "bad%07u" : "www%07u", rule);
		snprintf(second, sizeof(second), "site%03u", rule % 997);
		make_question(&questions[i], first, second);
	}
	const struct exchange_port port = {late, NULL};
	for (unsigned i = 0; i < names; i += BATCH)
		ask(&w, &port, questions + i, out, BATCH);
	double begin = cpu_ns();
	for (unsigned i = 0; i < rounds; i++) {
		ask(&w, &port, questions + (size_t)i * BATCH % names, out, BATCH);
		if (events && i % REST_ROUNDS == 0)
			rest();
	}
	printf("%s, %u rules: %.1f ns an answer\n", argv[1], rules,
	       (cpu_ns() - begin) / ((double)rounds * BATCH));
	if (w.served.service.events) {
		struct event_log_counts counts;
		event_log_stop(w.served.service.events);
		event_log_counts(w.served.service.events, &counts);
		printf("%llu events, %llu lost; %llu sites, %llu lost\n", (unsigned long long)counts.events,
		       (unsigned long long)counts.lost, (unsigned long long)counts.sites,
		       (unsigned long long)counts.sites_lost);
	}
	rcu_unregister_thread();
	free(questions);
	return 0;
}
