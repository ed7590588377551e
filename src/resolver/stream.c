/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "resolver/stream.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <sodium.h>

#include "base/cur.h"
#include "base/lang.h"
#include "match/hash.h"
#include "resolver/client_prefix.h"
#include "resolver/connection.h"
#include "resolver/doh.h"
#include "resolver/proxy_header.h"
#include "resolver/socket_address.h"
#include "resolver/terms.h"

#define ACCEPTS      16 /* a round */
#define READS        4  /* a round, of one connection */
#define READ_ROOM    4096
#define READ_LEAST   1024
#define SWEEP_MS     500
#define BACKLOG      512
#define LENGTH       2 /* bytes before a message; RFC 1035, 4.2.2 */
#define MESSAGE_ROOM (LENGTH + DNS_MESSAGE_MAX)
#define PLACES       4096
#define OUT_KEPT     (16u << 10)
#define IN_KEPT      READ_ROOM
#define OUT_MAX      (2 * STREAM_UNREAD)

struct stream_listener {
	struct streams *streams;
	struct loop_handler handler;
	size_t number; /* in the configuration */
	int fd;
	bool resting; /* no descriptor is left for who knocks */
};

struct streams {
	const struct service *service;
	struct tls_contexts *tls;
	struct loop *loop;
	struct exchange *exchange;
	struct exchange_port port;
	struct loop_timer sweep;
	struct stream_listener listeners[RESOLVER_LISTENERS_MAX];
	size_t listener_count;
	struct connection *connections;
	struct connection *free;
	struct connection *newest, *oldest;
	size_t held;
	uint16_t of_place[PLACES];
	uint64_t place_key;
	struct stream_counts counts;
	uint8_t room[DNS_MESSAGE_MAX];
};

static const struct resolver_listener *listener_of(const struct streams *s, size_t number)
{
	return RESOLVER_ITEM(resolver_listener, &s->service->config->listen, number);
}

/* ---- the list by activity ---- */

static void unlink_connection(struct streams *s, struct connection *c)
{
	if (c->newer)
		c->newer->older = c->older;
	else
		s->newest = c->older;
	if (c->older)
		c->older->newer = c->newer;
	else
		s->oldest = c->newer;
}

static void link_newest(struct streams *s, struct connection *c)
{
	c->newer = NULL;
	c->older = s->newest;
	if (s->newest)
		s->newest->newer = c;
	else
		s->oldest = c;
	s->newest = c;
}

void connection_touch(struct connection *c)
{
	struct streams *s = c->streams;
	c->active_ms = loop_now_ms(s->loop);
	unlink_connection(s, c);
	link_newest(s, c);
}

/* ---- opening and closing ---- */

static void close_connection(struct connection *c)
{
	struct streams *s = c->streams;
	loop_remove(s->loop, c->fd);
	/* The kernel keeps nothing for who does not read. */
	const struct linger at_once = {.l_onoff = 1};
	if (c->out.len > c->out_at)
		(void)setsockopt(c->fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
	if (c->tls)
		tls_end(c->tls);
	doh_free(c->doh);
	tls_free(c->tls);
	(void)close(c->fd);
	free(c->in);
	buf_clear(&c->out);
	unlink_connection(s, c);
	s->of_place[c->place]--;
	s->held -= c->held;
	/* The handler stays: an event of this round may still call it. */
	*c = (struct connection){
		.fd = -1, .generation = c->generation + 1, .older = s->free, .handler = c->handler};
	s->free = c;
	atomic_fetch_sub_explicit(&s->counts.open, 1, memory_order_relaxed);
}

static void break_off(struct connection *c)
{
	count_add(&c->streams->counts.broken, 1);
	close_connection(c);
}

static uint32_t place_of(const struct streams *s, const struct ip *client)
{
	return (uint32_t)(hash_mix(client_prefix(client) ^ s->place_key, HASH_A) % PLACES);
}

/* Whether somebody at this address may be served at this listener, as far as that is known before a word is
 * said. */
static bool may_be_served(const struct streams *s, const struct resolver_listener *l, const struct ip *client)
{
	const struct terms *terms = policy_terms(policy_store_get(s->service->policies));
	if (groups_by_address(terms->groups, client) != GROUP_NONE)
		return true;
	return l->client_ca || l->transports & RESOLVER_HTTPS;
}

static bool is_balancer(const struct resolver_listener *l, const struct ip *peer)
{
	const struct ip_prefix *prefixes = l->proxies.items;
	for (size_t i = 0; i < l->proxies.count; i++)
		if (ip_prefix_has(&prefixes[i], peer))
			return true;
	return false;
}

static enum resolver_transport transport_of(const struct resolver_listener *l)
{
	if (l->transports & RESOLVER_HTTPS)
		return RESOLVER_HTTPS;
	return l->transports & RESOLVER_TLS ? RESOLVER_TLS : RESOLVER_TCP;
}

static void set_client(struct connection *c, const struct ip *client)
{
	struct streams *s = c->streams;
	s->of_place[c->place]--;
	c->asker.client = *client;
	c->place = place_of(s, client);
	s->of_place[c->place]++;
}

static bool begin_tls(struct connection *c)
{
	if (c->asker.transport == RESOLVER_TCP) {
		c->phase = CONNECTION_OPEN;
		return true;
	}
	c->tls = tls_new(c->streams->tls, c->listener, c->fd);
	c->phase = CONNECTION_HANDSHAKE;
	return c->tls != NULL;
}

static void on_ready(void *context, unsigned events);

static void displace_oldest(struct streams *s)
{
	count_add(&s->counts.displaced, 1);
	close_connection(s->oldest);
}

static struct connection *take_connection(struct streams *s)
{
	if (!s->free)
		displace_oldest(s);
	struct connection *c = s->free;
	s->free = c->older;
	return c;
}

static void set_options(int fd)
{
	int one = 1;
	unsigned patience_ms = STREAM_IDLE_MS;
	(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	(void)setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &patience_ms, sizeof(patience_ms));
}

static void open_connection(struct streams *s, const struct stream_listener *l, int fd, const struct ip *peer)
{
	const struct resolver_listener *listener = listener_of(s, l->number);
	uint32_t place = place_of(s, peer);
	bool known = listener->proxy ? is_balancer(listener, peer) : may_be_served(s, listener, peer);
	if (!known || (!listener->proxy && s->of_place[place] >= STREAM_PER_PREFIX)) {
		count_add(&s->counts.refused, 1);
		(void)close(fd);
		return;
	}
	struct connection *c = take_connection(s);
	uint32_t generation = c->generation;
	*c = (struct connection){
		.streams = s,
		.fd = fd,
		.generation = generation,
		.round = loop_round(s->loop),
		.listener = l->number,
		.place = place,
		.wanted = LOOP_READ,
		.watched = LOOP_READ,
		.active_ms = loop_now_ms(s->loop),
		.asker = {.transport = transport_of(listener)},
	};
	c->handler = (struct loop_handler){on_ready, c};
	buf_init(&c->out, OUT_MAX);
	s->of_place[place]++;
	link_newest(s, c);
	atomic_fetch_add_explicit(&s->counts.open, 1, memory_order_relaxed);
	count_add(&s->counts.opened, 1);
	set_client(c, peer);
	set_options(fd);
	bool begun = listener->proxy || begin_tls(c);
	if (!begun || loop_add(s->loop, fd, LOOP_READ, &c->handler) != HN_OK)
		close_connection(c);
}

/* Who knocks stays in the queue and wakes us each round: either somebody leaves, or we do not listen for a
 * while. */
static void give_way(struct stream_listener *l)
{
	struct streams *s = l->streams;
	if (s->oldest) {
		displace_oldest(s);
		return;
	}
	l->resting = true;
	if (loop_change(s->loop, l->fd, 0, &l->handler) != HN_OK)
		l->resting = false;
}

static void on_accept(void *context, unsigned events)
{
	struct stream_listener *l = context;
	(void)events;
	for (unsigned i = 0; i < ACCEPTS && !l->resting; i++) {
		union socket_address peer = {0};
		socklen_t len = sizeof(peer);
		int fd = accept4(l->fd, &peer.any, &len, SOCK_NONBLOCK | SOCK_CLOEXEC);
		if (fd < 0) {
			/* The kernel says so before it looks whether somebody knocks: only the first knock is
			 * known. */
			if (i > 0 || (errno != EMFILE && errno != ENFILE))
				return;
			give_way(l);
			continue;
		}
		struct ip client;
		socket_address_ip(&peer, &client);
		open_connection(l->streams, l, fd, &client);
	}
}

/* ---- bytes ---- */

/* @return 1: *len_out bytes came; 0: none now; -1: no more will */
static int receive(struct connection *c, uint8_t *out, size_t room, size_t *len_out)
{
	*len_out = 0;
	if (c->tls) {
		enum tls_result result = tls_read(c->tls, out, room, len_out);
		return result == TLS_DONE ? 1 : result == TLS_FAILED ? -1 : 0;
	}
	ssize_t n = recv(c->fd, out, room, 0);
	if (n > 0) {
		*len_out = (size_t)n;
		return 1;
	}
	return n < 0 && (errno == EAGAIN || errno == EINTR) ? 0 : -1;
}

/* What was sent leaves the buffer, and a large buffer leaves an idle connection. */
static void drop_sent(struct connection *c)
{
	size_t left = c->out.len - c->out_at;
	if (left == 0 && c->out.cap > OUT_KEPT) {
		buf_clear(&c->out);
		buf_init(&c->out, OUT_MAX);
	} else if (c->out_at > 0) {
		memmove(c->out.data, c->out.data + c->out_at, left);
		c->out.len = left;
	}
	c->out_at = 0;
}

/* @return false: the connection is over */
static bool flush(struct connection *c)
{
	while (c->out_at < c->out.len) {
		const uint8_t *data = (const uint8_t *)c->out.data + c->out_at;
		size_t left = c->out.len - c->out_at, sent = 0;
		if (c->tls) {
			enum tls_result result = tls_write(c->tls, data, left, &sent);
			if (result == TLS_FAILED)
				return false;
			if (result != TLS_DONE)
				break;
		} else {
			ssize_t n = send(c->fd, data, left, MSG_NOSIGNAL);
			if (n < 0 && errno != EAGAIN && errno != EINTR)
				return false;
			if (n < 0)
				break;
			sent = (size_t)n;
		}
		c->out_at += sent;
	}
	drop_sent(c);
	return true;
}

static size_t unread(const struct connection *c)
{
	return c->out.len - c->out_at;
}

/* ---- DNS over the stream ---- */

uint8_t *connection_room(struct connection *c)
{
	return c->streams->room;
}

struct exchange *connection_exchange(struct connection *c)
{
	return c->streams->exchange;
}

const struct service *connection_service(const struct connection *c)
{
	return c->streams->service;
}

bool connection_ask(struct connection *c, struct exchange_unit *unit, int32_t stream_id)
{
	struct streams *s = c->streams;
	unit->out = s->room;
	exchange_batch(s->exchange, &s->port, unit, 1);
	if (unit->state == EXCHANGE_DONE)
		return true;
	c->under_way++;
	const struct connection_path path = {(uint32_t)(c - s->connections), c->generation, stream_id};
	memcpy(unit->path, &path, sizeof(path));
	return false;
}

static void append_message(struct connection *c, const uint8_t *message, size_t len)
{
	uint8_t length[LENGTH];
	store_be16(length, (uint16_t)len);
	buf_add(&c->out, length, sizeof(length));
	buf_add(&c->out, message, len);
}

static bool takes_questions(const struct connection *c)
{
	return !c->ending && c->under_way < STREAM_UNDER_WAY && unread(c) < STREAM_UNREAD;
}

/* Answers whole messages from the front of `in`. @return false: it is to be closed */
static bool answer_messages(struct connection *c)
{
	size_t at = 0;
	while (c->in_len - at >= LENGTH && takes_questions(c)) {
		size_t len = load_be16(c->in + at);
		if (c->in_len - at - LENGTH < len)
			break;
		struct exchange_unit unit = {
			.asked = {.asker = c->asker, .message = c->in + at + LENGTH, .len = len}};
		connection_touch(c);
		if (connection_ask(c, &unit, 0)) {
			/* Who sends what is no question at all is not listened to any longer. */
			if (unit.out_len == 0 && unit.verdict == DNS_VERDICT_DROP)
				return false;
			if (unit.out_len > 0)
				append_message(c, unit.out, unit.out_len);
		}
		at += LENGTH + len;
	}
	if (at > 0) {
		memmove(c->in, c->in + at, c->in_len - at);
		c->in_len -= at;
	}
	if (c->in_len == 0 && c->in_room > IN_KEPT) {
		free(c->in);
		c->in = NULL;
		c->in_room = 0;
	}
	return buf_err(&c->out) == HN_OK;
}

static bool make_room(struct connection *c)
{
	if (c->in_room - c->in_len >= READ_LEAST || c->in_room >= MESSAGE_ROOM)
		return c->in_room > c->in_len;
	size_t room = c->in_room + READ_ROOM + c->in_room;
	if (room > MESSAGE_ROOM)
		room = MESSAGE_ROOM;
	uint8_t *in = realloc(c->in, room);
	if (!in)
		return false;
	c->in = in;
	c->in_room = room;
	return true;
}

/* @return false: the connection is over */
static bool read_messages(struct connection *c)
{
	if (!answer_messages(c))
		return false;
	for (unsigned i = 0; i < READS && !c->read_ended; i++) {
		size_t len;
		/* What is held up by a limit stays in the buffer until there is room. */
		if (!takes_questions(c))
			return true;
		if (!make_room(c))
			return false;
		int came = receive(c, c->in + c->in_len, c->in_room - c->in_len, &len);
		if (came < 0)
			c->read_ended = true;
		if (came <= 0)
			return true;
		c->in_len += len;
		if (!answer_messages(c))
			return false;
	}
	return true;
}

static bool read_http(struct connection *c)
{
	uint8_t data[READ_ROOM];
	for (unsigned i = 0; i < READS && !c->read_ended && takes_questions(c); i++) {
		size_t len;
		int came = receive(c, data, sizeof(data), &len);
		if (came < 0)
			c->read_ended = true;
		if (came <= 0)
			break;
		if (!doh_read(c->doh, data, len))
			return false;
	}
	if (!doh_write(c->doh, STREAM_UNREAD))
		return false;
	if (doh_is_over(c->doh))
		c->ending = true;
	return buf_err(&c->out) == HN_OK;
}

/* ---- a connection's phases; each: false when it is over ---- */

static bool read_proxy_header(struct connection *c)
{
	struct proxy_header header;
	int rc;
	if (!make_room(c))
		return false;
	/* Taken exactly, since what follows is for TLS to read. */
	while ((rc = proxy_header_read(c->in, c->in_len, &header)) == HN_ETRUNC) {
		size_t missing = proxy_header_need(c->in, c->in_len) - c->in_len;
		ssize_t n = recv(c->fd, c->in + c->in_len, missing, 0);
		if (n <= 0)
			return n < 0 && (errno == EAGAIN || errno == EINTR);
		c->in_len += (size_t)n;
	}
	if (rc != HN_OK)
		return false;
	c->in_len = 0;
	if (header.client.version != 0) {
		const struct resolver_listener *l = listener_of(c->streams, c->listener);
		if (!may_be_served(c->streams, l, &header.client) ||
		    c->streams->of_place[place_of(c->streams, &header.client)] >= STREAM_PER_PREFIX)
			return false;
		set_client(c, &header.client);
	}
	return begin_tls(c);
}

uint32_t connection_group(const struct connection *c, const struct asker *asker)
{
	return terms_find(policy_terms(policy_store_get(c->streams->service->policies)), asker);
}

static bool shake_hands(struct connection *c)
{
	enum tls_result result = tls_handshake(c->tls);
	if (result == TLS_FAILED)
		return false;
	c->wanted = result == TLS_WANTS_WRITE ? LOOP_READ | LOOP_WRITE : LOOP_READ;
	if (result != TLS_DONE)
		return true;
	if (tls_client_digest(c->tls, c->asker.print))
		c->asker.proof = ASKER_CERTIFICATE;
	bool https = c->asker.transport == RESOLVER_HTTPS;
	if (!https && connection_group(c, &c->asker) == GROUP_NONE)
		return false;
	if (https && (!tls_is_h2(c->tls) || doh_new(c, &c->doh) != HN_OK))
		return false;
	c->phase = CONNECTION_OPEN;
	connection_touch(c);
	return true;
}

static bool advance(struct connection *c)
{
	if (c->phase == CONNECTION_PROXY && !read_proxy_header(c))
		return false;
	if (c->phase == CONNECTION_HANDSHAKE && !shake_hands(c))
		return false;
	if (c->phase != CONNECTION_OPEN)
		return true;
	return c->doh ? read_http(c) : read_messages(c);
}

/* Whether there is work that no byte in the socket announces: messages or frames that a limit held up, or
 * what TLS has decrypted already. That the socket can be written to wakes us for it. */
static bool has_more(const struct connection *c)
{
	if (c->phase != CONNECTION_OPEN)
		return false;
	if (c->doh && doh_has_output(c->doh))
		return true;
	if (!takes_questions(c))
		return false;
	bool whole = !c->doh && c->in_len >= LENGTH && c->in_len - LENGTH >= load_be16(c->in);
	return whole || (!c->read_ended && c->tls && tls_has_pending(c->tls));
}

/* Whether all connections hold too much, and this one is among those to blame. */
static bool hoards(struct connection *c)
{
	struct streams *s = c->streams;
	size_t held = c->in_room + c->out.cap + (c->doh ? doh_held(c->doh) : 0);
	s->held += held - c->held;
	c->held = held;
	return s->held > STREAM_HELD && held > IN_KEPT + OUT_KEPT;
}

static unsigned wanted_events(const struct connection *c)
{
	if (c->phase != CONNECTION_OPEN)
		return c->wanted;
	bool reads = !c->read_ended && takes_questions(c);
	return (reads ? LOOP_READ : 0) | (unread(c) > 0 || has_more(c) ? LOOP_WRITE : 0);
}

/* Sends what can be sent, and says which events are waited for from now on; closes what is over. */
static void settle(struct connection *c)
{
	struct streams *s = c->streams;
	if (!flush(c)) {
		close_connection(c);
		return;
	}
	if (hoards(c)) {
		break_off(c);
		return;
	}
	bool idle = unread(c) == 0 && c->under_way == 0 && !has_more(c);
	if (idle && (c->read_ended || c->ending)) {
		close_connection(c);
		return;
	}
	unsigned wanted = wanted_events(c);
	if (wanted == c->watched)
		return;
	c->wanted = c->watched = wanted;
	if (loop_change(s->loop, c->fd, wanted, &c->handler) != HN_OK)
		close_connection(c);
}

static void on_ready(void *context, unsigned events)
{
	struct connection *c = context;
	/* A place that was given up, or given to another, in this very round. */
	if (c->fd < 0 || c->round == loop_round(c->streams->loop))
		return;
	if (!(events & (LOOP_READ | LOOP_WRITE)) && events & LOOP_HUNG) {
		close_connection(c);
		return;
	}
	if (!advance(c)) {
		break_off(c);
		return;
	}
	settle(c);
}

static void send_late(void *context, const void *stored, const uint8_t *message, size_t len)
{
	struct streams *s = context;
	struct connection_path path;
	memcpy(&path, stored, sizeof(path));
	struct connection *c = &s->connections[path.number];
	if (c->fd < 0 || c->generation != path.generation)
		return;
	c->under_way--;
	connection_touch(c);
	if (c->doh) {
		doh_answer(c->doh, path.stream_id, message, len);
	} else if (len > 0) {
		append_message(c, message, len);
	}
	/* Questions that a limit held up have room now. */
	if (!(c->doh ? read_http(c) : read_messages(c))) {
		break_off(c);
		return;
	}
	settle(c);
}

static void on_sweep(void *context)
{
	struct streams *s = context;
	int64_t before = loop_now_ms(s->loop) - STREAM_IDLE_MS;
	while (s->oldest && s->oldest->active_ms < before) {
		/* Its questions are answered within the recursor's time; then it is idle. */
		if (s->oldest->under_way > 0) {
			connection_touch(s->oldest);
			continue;
		}
		count_add(&s->counts.idle, 1);
		close_connection(s->oldest);
	}
	for (size_t i = 0; i < s->listener_count; i++) {
		struct stream_listener *l = &s->listeners[i];
		if (l->resting && loop_change(s->loop, l->fd, LOOP_READ, &l->handler) == HN_OK)
			l->resting = false;
	}
	loop_timer_set(s->loop, &s->sweep, loop_now_ms(s->loop) + SWEEP_MS);
}

/* ---- beginning and end ---- */

static int open_socket(const struct resolver_listener *l)
{
	union socket_address at;
	int one = 1;
	socklen_t len = socket_address_of(&l->address, l->port, &at);
	int fd = socket(at.any.sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return HN_EIO;
	bool v6 = l->address.version == 6;
	if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one)) == 0 &&
	    setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &one, sizeof(one)) == 0 &&
	    (!v6 || setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &one, sizeof(one)) == 0) &&
	    bind(fd, &at.any, len) == 0 && listen(fd, BACKLOG) == 0)
		return fd;
	int error = errno;
	(void)close(fd);
	errno = error;
	return HN_EIO;
}

static int open_listener(struct streams *s, size_t number, struct fault *fault)
{
	const struct resolver_listener *l = listener_of(s, number);
	int fd = open_socket(l);
	if (fd < 0) {
		char text[IP_TEXT_SIZE];
		ip_format(&l->address, text);
		return fault_set(fault, fd, "",
				 tr("cannot listen on %s port %u, tcp: %s",
				    "%s のポート %u (tcp) で待ち受けられない: %s"),
				 text, l->port, hn_errno_text(errno));
	}
	struct stream_listener *of_ours = &s->listeners[s->listener_count++];
	*of_ours = (struct stream_listener){.streams = s, .number = number, .fd = fd};
	of_ours->handler = (struct loop_handler){on_accept, of_ours};
	int rc = loop_add(s->loop, fd, LOOP_READ, &of_ours->handler);
	return rc == HN_OK ? HN_OK : fault_set(fault, rc, "epoll", "%s", hn_errno_text(errno));
}

int streams_new(const struct service *service, struct tls_contexts *tls, struct loop *loop,
		struct exchange *exchange, struct streams **out, struct fault *fault)
{
	struct streams *s = calloc(1, sizeof(*s));
	if (s)
		s->connections = calloc(STREAM_CONNECTIONS, sizeof(*s->connections));
	if (!s || !s->connections) {
		free(s);
		return fault_set(fault, HN_ENOMEM, "", "%s", hn_strerror(HN_ENOMEM));
	}
	s->service = service;
	s->tls = tls;
	s->loop = loop;
	s->exchange = exchange;
	s->port = (struct exchange_port){send_late, s};
	s->sweep = (struct loop_timer){.due = on_sweep, .context = s};
	randombytes_buf(&s->place_key, sizeof(s->place_key));
	for (size_t i = STREAM_CONNECTIONS; i-- > 0;) {
		s->connections[i] = (struct connection){.fd = -1, .older = s->free};
		s->free = &s->connections[i];
	}
	for (size_t i = 0; i < service->config->listen.count; i++) {
		const unsigned any = RESOLVER_TCP | RESOLVER_TLS | RESOLVER_HTTPS;
		if (!(listener_of(s, i)->transports & any))
			continue;
		int rc = open_listener(s, i, fault);
		if (rc != HN_OK) {
			streams_free(s);
			return rc;
		}
	}
	loop_timer_set(loop, &s->sweep, loop_now_ms(loop) + SWEEP_MS);
	*out = s;
	return HN_OK;
}

void streams_free(struct streams *s)
{
	if (!s)
		return;
	loop_timer_clear(s->loop, &s->sweep);
	while (s->oldest)
		close_connection(s->oldest);
	for (size_t i = 0; i < s->listener_count; i++) {
		loop_remove(s->loop, s->listeners[i].fd);
		(void)close(s->listeners[i].fd);
	}
	free(s->connections);
	free(s);
}

const struct stream_counts *stream_counts(const struct streams *s)
{
	return &s->counts;
}
