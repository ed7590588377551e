/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_TESTS_RESOLVER_FAKES_H
#define HINOMI_TESTS_RESOLVER_FAKES_H

/*
 * A clock and a network told by hand, in place of loop.c and recursor.c: a program that includes this links
 * neither. fake_ask is what was asked of the recursor; fake_answer() answers it; fake_pass() lets time go by
 * and everything that is due happen.
 */
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <poll.h>

#include "base/cur.h"
#include "base/utc.h"
#include "resolver/loop.h"
#include "resolver/recursor.h"
#include "wire/dns_write.h"

#define FAKE_ASKS_MAX 256
#define FAKE_FDS_MAX  512

struct loop {
	int64_t now_ms, utc_ns;
	struct loop_timer *timers;
	uint64_t round;
	struct {
		int fd;
		unsigned events;
		struct loop_handler *handler;
	} fds[FAKE_FDS_MAX];
};

struct fake_ask {
	uint8_t name[RECURSOR_NAME_MAX];
	size_t len;
	uint16_t type;
	recursor_done *done;
	void *context;
};

static struct {
	struct fake_ask asks[FAKE_ASKS_MAX];
	size_t count; /* of questions that nobody answered yet */
	int refuse;   /* what recursor_ask() returns instead */
} fake;

int loop_new(struct loop **out)
{
	*out = calloc(1, sizeof(**out));
	if (!*out)
		return HN_ENOMEM;
	(*out)->now_ms = 1000000;
	(*out)->utc_ns = 1800000000 * NS_SECOND;
	for (size_t i = 0; i < FAKE_FDS_MAX; i++)
		(*out)->fds[i].fd = -1;
	return HN_OK;
}

void loop_free(struct loop *l)
{
	free(l);
}

int loop_add(struct loop *l, int fd, unsigned events, struct loop_handler *handler)
{
	for (size_t i = 0; i < FAKE_FDS_MAX; i++) {
		if (l->fds[i].fd < 0) {
			l->fds[i].fd = fd;
			l->fds[i].events = events;
			l->fds[i].handler = handler;
			return HN_OK;
		}
	}
	return HN_EIO;
}

int loop_change(struct loop *l, int fd, unsigned events, struct loop_handler *handler)
{
	for (size_t i = 0; i < FAKE_FDS_MAX; i++) {
		if (l->fds[i].fd == fd) {
			l->fds[i].events = events;
			l->fds[i].handler = handler;
			return HN_OK;
		}
	}
	return HN_EIO;
}

void loop_remove(struct loop *l, int fd)
{
	for (size_t i = 0; i < FAKE_FDS_MAX; i++)
		if (l->fds[i].fd == fd)
			l->fds[i].fd = -1;
}

uint64_t loop_round(const struct loop *l)
{
	return l->round;
}

int64_t loop_now_ms(const struct loop *l)
{
	return l->now_ms;
}

uint32_t loop_now_s(const struct loop *l)
{
	return (uint32_t)(l->now_ms / 1000);
}

int64_t loop_utc_ns(const struct loop *l)
{
	return l->utc_ns;
}

void loop_look_at_clock(struct loop *l)
{
	(void)l;
}

void loop_timer_clear(struct loop *l, struct loop_timer *timer)
{
	for (struct loop_timer **at = &l->timers; *at; at = &(*at)->next) {
		if (*at == timer) {
			*at = timer->next;
			break;
		}
	}
	timer->set = false;
}

void loop_timer_set(struct loop *l, struct loop_timer *timer, int64_t at_ms)
{
	loop_timer_clear(l, timer);
	timer->at_ms = at_ms;
	timer->set = true;
	timer->next = l->timers;
	l->timers = timer;
}

void loop_run(struct loop *l, const struct loop_idle *idle)
{
	(void)l;
	(void)idle;
}

void loop_stop(struct loop *l)
{
	(void)l;
}

/* One round: all that is ready is gathered first and then told, as epoll does. @return how many were told */
__attribute__((unused)) static size_t fake_events(struct loop *l)
{
	static struct pollfd p[FAKE_FDS_MAX];
	const struct loop_handler *handlers[FAKE_FDS_MAX];
	size_t count = 0;
	for (size_t i = 0; i < FAKE_FDS_MAX; i++) {
		if (l->fds[i].fd < 0)
			continue;
		handlers[count] = l->fds[i].handler;
		p[count++] = (struct pollfd){
			.fd = l->fds[i].fd,
			.events = (short)((l->fds[i].events & LOOP_READ ? POLLIN | POLLRDHUP : 0) |
					  (l->fds[i].events & LOOP_WRITE ? POLLOUT : 0)),
		};
	}
	l->round++;
	size_t told = 0;
	if (poll(p, count, 0) <= 0)
		return 0;
	for (size_t i = 0; i < count; i++) {
		unsigned events = (p[i].revents & POLLIN ? LOOP_READ : 0) |
				  (p[i].revents & POLLOUT ? LOOP_WRITE : 0) |
				  (p[i].revents & (POLLHUP | POLLRDHUP | POLLERR) ? LOOP_HUNG : 0);
		if (events == 0)
			continue;
		handlers[i]->ready(handlers[i]->context, events);
		told++;
	}
	return told;
}

__attribute__((unused)) static void fake_pass(struct loop *l, int64_t ms)
{
	l->now_ms += ms;
	l->utc_ns += ms * 1000000;
	for (struct loop_timer *t = l->timers; t;) {
		if (t->at_ms > l->now_ms) {
			t = t->next;
			continue;
		}
		loop_timer_clear(l, t);
		t->due(t->context);
		t = l->timers;
	}
	fake_events(l);
}

int recursor_ask(struct recursor *r, const uint8_t *name, size_t len, uint16_t type, const struct ip *client,
		 recursor_done *done, void *context)
{
	(void)r;
	(void)client;
	if (fake.refuse != HN_OK)
		return fake.refuse;
	if (fake.count == FAKE_ASKS_MAX)
		abort();
	struct fake_ask *ask = &fake.asks[fake.count++];
	memcpy(ask->name, name, len);
	ask->len = len;
	ask->type = type;
	ask->done = done;
	ask->context = context;
	return HN_OK;
}

unsigned registrable_labels(const uint8_t *name, size_t len)
{
	unsigned labels = 0;
	for (size_t at = 0; at < len; at += 1u + name[at])
		labels++;
	return labels < 2 ? labels : 2;
}

size_t registrable_len(const uint8_t *name, size_t len)
{
	unsigned labels = 0, keep = registrable_labels(name, len);
	for (size_t at = 0; at < len; at += 1u + name[at])
		labels++;
	size_t at = 0;
	for (; labels > keep; labels--)
		at += 1u + name[at];
	return len - at;
}

/* Answers the oldest question with what is given, and lets the loop hear of it. */
__attribute__((unused)) static void fake_give(struct loop *l, const struct recursor_answer *answer)
{
	struct fake_ask ask = fake.asks[0];
	memmove(fake.asks, fake.asks + 1, --fake.count * sizeof(fake.asks[0]));
	ask.done(ask.context, answer);
	fake_events(l);
}

/* A record of the answer section. */
struct fake_record {
	const char *owner; /* wire form without the root's byte; NULL: the name asked */
	uint16_t type;
	uint32_t ttl;
	const char *data;
	size_t len;
};

/* Answers the oldest question with these records. */
__attribute__((unused)) static void fake_answer(struct loop *l, unsigned rcode,
						enum recursor_security security,
						const struct fake_record records[], size_t count)
{
	uint8_t packet[16384], question[RECURSOR_NAME_MAX + 5];
	const struct fake_ask *ask = &fake.asks[0];
	struct dns_writer w;
	memcpy(question, ask->name, ask->len);
	question[ask->len] = 0;
	store_be16(question + ask->len + 1, ask->type);
	store_be16(question + ask->len + 3, DNS_CLASS_IN);
	dns_write_init(&w, packet, sizeof(packet), NULL);
	if (dns_write_question(&w, question, ask->len + 5) != HN_OK)
		abort();
	for (size_t i = 0; i < count; i++) {
		const struct fake_record *r = &records[i];
		const uint8_t *owner = r->owner ? (const uint8_t *)r->owner : ask->name;
		size_t owner_len = r->owner ? strlen(r->owner) : ask->len;
		enum dns_section section = r->type == DNS_TYPE_SOA ? DNS_AUTHORITY : DNS_ANSWER;
		if (dns_write_record(&w, section, owner, owner_len, r->type, DNS_CLASS_IN, r->ttl,
				     (const uint8_t *)r->data, r->len, NULL) != HN_OK)
			abort();
	}
	size_t len = dns_write_end(&w, 0, (uint16_t)(DNS_QR | DNS_RA | DNS_RD | rcode));
	const struct recursor_answer answer = {
		.security = security,
		.rcode = (uint16_t)rcode,
		.ede = security == RECURSOR_BOGUS ? DNS_EDE_BOGUS : RECURSOR_NO_EDE,
		.packet = packet,
		.packet_len = len,
		.why = "",
	};
	fake_give(l, &answer);
}

__attribute__((unused)) static void fake_failure(struct loop *l)
{
	const struct recursor_answer answer = {.failure = RECURSOR_TIMEOUT,
					       .rcode = DNS_RCODE_SERVFAIL,
					       .ede = DNS_EDE_NO_AUTHORITY,
					       .why = ""};
	fake_give(l, &answer);
}

#endif
