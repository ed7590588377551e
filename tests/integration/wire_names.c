/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */

/*
 * Prints what the decoders find in captures, for wire-truth.py to compare with another program's reading: a
 * line "file PATH", then a line "FIELD VALUE" for each value. It keeps flows as simply as it can: every one
 * for ever, the first 16 KiB of a direction, the byte that came first wins.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../fuzz/decoded.h"
#include "base/ip.h"
#include "wire/capture.h"
#include "wire/fragment.h"
#include "wire/packet.h"

#define SLOTS 65536

struct direction {
	uint8_t bytes[DIRECTION_MAX];
	bool there[DIRECTION_MAX];
	size_t have;  /* bytes in order */
	size_t start; /* bytes consumed */
	uint32_t first_seq;
	bool started;
	bool closed;
	const struct decoder *decoder;
	struct decode_state state;
};

struct flow {
	struct flow *next;
	uint8_t key[38];
	struct direction *directions[2];
	uint8_t *block;
};

static struct flow *slots[SLOTS];
static struct extract x;

static void print_value(const struct observed *o)
{
	printf("%s ", field_name((enum field)o->field));
	if (o->kind == VALUE_IP4 || o->kind == VALUE_IP6) {
		struct ip ip = {.version = o->kind == VALUE_IP4 ? 4 : 6};
		char text[IP_TEXT_SIZE];
		memcpy(ip.bytes, o->data, o->len);
		ip_format(&ip, text);
		puts(text);
		return;
	}
	for (size_t i = 0; i < o->len; i++) {
		uint8_t c = o->data[i];
		if (o->kind == VALUE_NAME) {
			for (size_t n = c; n > 0; n--) {
				c = o->data[++i];
				printf(c > ' ' && c != 0x7f ? "%c" : "\\%03u", c);
			}
			putchar(i + 1 < o->len ? '.' : ' ');
		} else {
			putchar(c);
		}
	}
	putchar('\n');
}

static void print_values(void)
{
	for (uint32_t i = 0; i < x.count; i++)
		print_value(&x.items[i]);
	extract_reset(&x);
}

static void *must_alloc(size_t size)
{
	void *p = calloc(1, size);
	if (p == NULL)
		abort();
	return p;
}

/* Both ends in an order that does not depend on the direction; *reverse_out: which it is. */
static struct flow *flow_of(const struct packet *p, int *reverse_out)
{
	uint8_t key[38] = {0};
	size_t width = p->ip_version == 4 ? 4 : 16;
	int order = memcmp(p->src, p->dst, width);
	if (order == 0)
		order = p->src_port < p->dst_port ? -1 : 1;
	*reverse_out = order > 0;
	memcpy(key, order > 0 ? p->dst : p->src, width);
	memcpy(key + 16, order > 0 ? p->src : p->dst, width);
	memcpy(key + 32, order > 0 ? &p->dst_port : &p->src_port, 2);
	memcpy(key + 34, order > 0 ? &p->src_port : &p->dst_port, 2);
	key[36] = p->protocol;
	key[37] = p->ip_version;
	uint32_t hash = 2166136261u;
	for (size_t i = 0; i < sizeof(key); i++)
		hash = (hash ^ key[i]) * 16777619u;
	struct flow **slot = &slots[(hash ^ hash >> 16) % SLOTS];
	for (struct flow *f = *slot; f != NULL; f = f->next)
		if (memcmp(f->key, key, sizeof(key)) == 0)
			return f;
	struct flow *f = must_alloc(sizeof(*f));
	memcpy(f->key, key, sizeof(key));
	f->next = *slot;
	*slot = f;
	return f;
}

static void flows_clear(void)
{
	for (size_t i = 0; i < SLOTS; i++) {
		while (slots[i] != NULL) {
			struct flow *f = slots[i];
			slots[i] = f->next;
			free(f->directions[0]);
			free(f->directions[1]);
			free(f->block);
			free(f);
		}
	}
}

static void datagram(struct flow *f, const struct packet *p, const uint8_t *data, size_t len)
{
	if (f->directions[0] == NULL)
		f->directions[0] = must_alloc(sizeof(struct direction));
	struct direction *d = f->directions[0];
	if (d->closed || len == 0)
		return;
	if (d->decoder == NULL) {
		if (decoder_find(17, p->src_port, p->dst_port, data, len, &d->decoder) != GUESS_YES)
			return; /* tried again with the next datagram: the capture may begin anywhere */
		if (d->decoder->block)
			d->state.block = f->block = must_alloc(DECODE_BLOCK);
	}
	enum decode_result result = d->decoder->decode(cur_of(data, len), false, &d->state, &x);
	print_values();
	d->closed = result == DECODE_NO || (result == DECODE_DONE && !d->decoder->every_datagram);
}

static void direction_decode(struct direction *d, const struct packet *p, bool ended)
{
	while (!d->closed && d->have > d->start) {
		size_t left = d->have - d->start;
		if (d->decoder == NULL) {
			enum decode_guess guess =
				decoder_find(6, p->src_port, p->dst_port, d->bytes, left, &d->decoder);
			d->closed = guess == GUESS_NO || (guess == GUESS_MAYBE && ended);
			if (guess != GUESS_YES)
				return;
		}
		if (left < d->state.need && !ended)
			return;
		enum decode_result result =
			d->decoder->decode(cur_of(d->bytes + d->start, left), ended, &d->state, &x);
		print_values();
		d->start += d->state.consumed;
		if (result != DECODE_MORE)
			d->closed = true;
		else if (d->state.consumed == 0)
			return;
	}
}

static void segment(struct flow *f, int reverse, const struct packet *p, const uint8_t *data, size_t len)
{
	if (f->directions[reverse] == NULL)
		f->directions[reverse] = must_alloc(sizeof(struct direction));
	struct direction *d = f->directions[reverse];
	bool syn = (p->tcp_flags & TCP_SYN) != 0;
	if (d->started && syn && p->tcp_seq + 1 != d->first_seq) { /* the ports are used again */
		direction_decode(d, p, true);
		memset(d, 0, sizeof(*d));
	}
	if (!d->started && !syn && len == 0)
		return;
	if (!d->started) {
		d->started = true;
		d->first_seq = p->tcp_seq + syn;
	}
	uint32_t at = p->tcp_seq + syn - d->first_seq;
	for (size_t i = 0; i < len && at + i < DIRECTION_MAX; i++) {
		if (d->there[at + i])
			continue;
		d->bytes[at + i] = data[i];
		d->there[at + i] = true;
	}
	while (d->have < DIRECTION_MAX && d->there[d->have])
		d->have++;
	direction_decode(d, p, d->have == DIRECTION_MAX || (p->tcp_flags & (TCP_FIN | TCP_RST)) != 0);
}

static void flows_end(void)
{
	for (size_t i = 0; i < SLOTS; i++) {
		for (struct flow *f = slots[i]; f != NULL; f = f->next) {
			struct packet p = {.src_port = load_le16(f->key + 32),
					   .dst_port = load_le16(f->key + 34)};
			for (int k = 0; f->key[36] == 6 && k < 2; k++)
				if (f->directions[k] != NULL)
					direction_decode(f->directions[k], &p, true);
		}
	}
	flows_clear();
}

static void packet_take(struct packet *p)
{
	int reverse;
	if (p->ip_version == 0 || (p->protocol != 6 && p->protocol != 17) || p->payload == NULL)
		return;
	struct flow *f = flow_of(p, &reverse);
	if (p->protocol == 17)
		datagram(f, p, p->payload, p->payload_len);
	else
		segment(f, reverse, p, p->payload, p->payload_len);
}

static void no_drop(void *context, const struct fragment_sum *sum)
{
	(void)context;
	(void)sum;
}

static void record_take(const struct capture_record *r, struct fragment_table *fragments)
{
	struct packet p;
	struct fragment_result joined;

	packet_decode(r->link_type, r->data, r->len, &p);
	if (p.reason != PACKET_OK && p.reason != PACKET_TRUNCATED)
		return;
	if (p.fragment != FRAGMENT_NONE) {
		fragment_add(fragments, &p, r->wire_len, r->time_ns, 0, &joined);
		if (joined.state != FRAGMENT_COMPLETE)
			return;
		packet_decode_reassembled(&p, joined.data, joined.len);
	}
	packet_take(&p);
}

static int file_take(const char *path, struct capture_pool *pool)
{
	struct capture *capture;
	struct fault fault = {0};
	static struct capture_batch batch;
	struct fragment_table *fragments;
	static const uint8_t key[16] = "not secret here";
	bool locked;

	printf("file %s\n", path);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || capture_open(fd, path, pool, &capture, &fault) != HN_OK) {
		printf("unreadable\n");
		return 0;
	}
	if (fragment_table_new(key, no_drop, NULL, &fragments, &locked) != HN_OK)
		return 1;
	while (capture_next(capture, &batch) == HN_OK && batch.count > 0) {
		for (size_t i = 0; i < batch.count; i++)
			record_take(&batch.records[i], fragments);
		capture_release(&batch);
	}
	capture_release(&batch);
	capture_close(capture);
	fragment_table_free(fragments);
	flows_end();
	return 0;
}

int main(int argc, char **argv)
{
	struct capture_pool *pool;
	bool locked;
	if (capture_pool_new(16, &pool, &locked) != HN_OK)
		return 1;
	x.wanted = UINT32_MAX;
	int rc = 0;
	for (int i = 1; i < argc && rc == 0; i++)
		rc = file_take(argv[i], pool);
	capture_pool_free(pool);
	return rc;
}
