/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "sensor/engine.h"

#include "../check.h"
#include "../wire/build.h"
#include "world.h"

/*
 * Random sequences of packets, against a model that keeps a flow as a row of a small table and knows two
 * matches: a listed address, and the world's byte pattern in the first bytes of a TCP direction whose SYN was
 * seen.
 */

#define PACKETS     400
#define ROUNDS      60
#define PAYLOAD     80 /* more than the pattern's window, so that one packet decides */
#define PATTERN_MAX 64 /* last offset of the world's pattern */

static const char *const ends[] = {"203.0.113.66", "198.51.100.1", "198.51.100.2", "192.0.2.1", "192.0.2.2"};
static const bool domestic[] = {false, false, false, true, true};
#define LISTED 0

enum what { NOTHING, JUNK, PATTERN };

/* A packet as the test draws it, and as the bytes of a capture. */
struct drawn {
	unsigned src, dst, port;
	bool tcp;
	uint8_t flags;
	enum what payload;
	size_t wire_len;
	int64_t time_ns;
	uint8_t *bytes;
	size_t len;
};

struct world_of_test {
	struct sensor_world world;
	uint64_t random;
	struct drawn packets[PACKETS];
	struct capture_record records[PACKETS];
	uint64_t ended, ended_packets, ended_bytes;
};

static struct world_of_test test;

static uint64_t draw(uint64_t below)
{
	test.random ^= test.random << 13;
	test.random ^= test.random >> 7;
	test.random ^= test.random << 17;
	return test.random % below;
}

/* The bytes of a drawn packet, in a block of their own size. */
static void write_packet(struct drawn *p, uint32_t seq)
{
	static struct build b;
	uint8_t payload[PAYLOAD];

	build_init(&b);
	if (p->payload != NOTHING) {
		memset(payload, 1, sizeof(payload));
		if (p->payload == PATTERN)
			memcpy(payload + draw(PATTERN_MAX + 1), "\xde\xad\xbe\xef", 4);
		(void)build_push(&b, payload, sizeof(payload));
	}
	uint16_t ports[2] = {(uint16_t)(4000 + p->port), 4444};
	bool ours = domestic[p->src];
	if (p->tcp)
		(void)build_tcp(&b, ports[ours ? 0 : 1], ports[ours ? 1 : 0], seq, p->flags);
	else
		(void)build_udp(&b, ports[ours ? 0 : 1], ports[ours ? 1 : 0]);
	(void)build_ip4(&b, ends[p->src], ends[p->dst], p->tcp ? 6 : 17);
	p->len = build_len(&b);
	p->wire_len = p->len + draw(3) * 100; /* the capture may hold less than there was */
	p->bytes = exact_copy(build_bytes(&b), p->len);
}

static void draw_packets(uint8_t odd_flags)
{
	int64_t now = WORLD_TIME;
	for (size_t i = 0; i < PACKETS; i++) {
		struct drawn *p = &test.packets[i];
		*p = (struct drawn){.src = (unsigned)draw(COUNT(ends)),
				    .dst = (unsigned)draw(COUNT(ends)),
				    .port = (unsigned)draw(2),
				    .tcp = draw(3) != 0,
				    .payload = (enum what)draw(3)};
		now += draw(20) == 0 ? 61 * NS_SECOND : (int64_t)draw(NS_SECOND);
		p->time_ns = now;
		bool syn = p->tcp && draw(3) == 0;
		p->flags = syn ? 2 : (uint8_t)(16 | (draw(8) == 0 ? odd_flags : 0));
		if (syn)
			p->payload = NOTHING;
		write_packet(p, syn ? 100 : 101);
		test.records[i] = (struct capture_record){.data = p->bytes,
							  .len = (uint32_t)p->len,
							  .wire_len = (uint32_t)p->wire_len,
							  .time_ns = now,
							  .link_type = 101};
	}
}

static void free_packets(void)
{
	for (size_t i = 0; i < PACKETS; i++)
		free(test.packets[i].bytes);
}

/* The model. */

struct model_flow {
	bool there, selected;
	bool begun[2], decided[2]; /* by whether the domestic end sends */
	int64_t last_ns;
	struct tally sent[2];
};

struct model {
	struct model_flow flows[COUNT(ends)][COUNT(ends)][2][2]; /* by foreign end, domestic end, port, TCP */
	struct sums sums;
	int64_t newest_ns; /* of the packets that belong to flows: time goes on by them */
};

static unsigned class_of_sender(bool ours)
{
	return ours ? DOMESTIC_FOREIGN : FOREIGN_DOMESTIC;
}

static void model_end(struct model *m, struct model_flow *f, enum erased_reason reason)
{
	if (f->there && !f->selected) {
		for (unsigned ours = 0; ours < 2; ours++)
			tally_add(&m->sums.erased[class_of_sender(ours)][reason], f->sent[ours].packets,
				  f->sent[ours].bytes);
		m->sums.flows_erased[reason]++;
	}
	*f = (struct model_flow){0};
}

static bool model_matches(struct model_flow *f, const struct drawn *p, bool is_new)
{
	unsigned ours = domestic[p->src];
	if (is_new && (p->src == LISTED || p->dst == LISTED))
		return true;
	if (!p->tcp)
		return false;
	if ((p->flags & 2) != 0 && !f->decided[ours])
		f->begun[ours] = true;
	if (p->payload == NOTHING || f->decided[ours])
		return false;
	f->decided[ours] = true;
	return p->payload == PATTERN && f->begun[ours];
}

static void model_take(struct model *m, const struct drawn *p)
{
	struct sums *s = &m->sums;
	enum flow_class c = flow_class_of(domestic[p->src], domestic[p->dst]);
	tally_add(&s->seen[c], 1, p->wire_len);
	if (c == FOREIGN_FOREIGN || c == DOMESTIC_DOMESTIC) {
		tally_add(&s->erased[c][ERASED_CLASS], 1, p->wire_len);
		return;
	}
	m->newest_ns = p->time_ns;
	unsigned ours = domestic[p->src];
	struct model_flow *f = &m->flows[ours ? p->dst : p->src][ours ? p->src : p->dst][p->port][p->tcp];
	if (f->there && p->time_ns - f->last_ns >= FLOW_IDLE_NS)
		model_end(m, f, ERASED_FLOW_IDLE);
	bool is_new = !f->there;
	s->flows_seen += is_new;
	f->there = true;
	f->last_ns = p->time_ns;
	tally_add(&f->sent[ours], 1, p->wire_len);
	if (f->selected) {
		tally_add(&s->selected[c], 1, p->wire_len);
	} else if (model_matches(f, p, is_new)) {
		f->selected = true;
		s->flows_selected++;
		for (unsigned side = 0; side < 2; side++)
			tally_add(&s->selected[class_of_sender(side)], f->sent[side].packets,
				  f->sent[side].bytes);
	}
}

static void model_drain(struct model *m)
{
	struct model_flow *f = &m->flows[0][0][0][0];
	for (size_t i = 0; i < sizeof(m->flows) / sizeof(*f); i++)
		model_end(m, &f[i],
			  m->newest_ns - f[i].last_ns >= FLOW_IDLE_NS ? ERASED_FLOW_IDLE : ERASED_FLOW_END);
}

/* The stages. */

static void flow_ended(void *context, const struct flow *flow, const struct selection *selection)
{
	(void)context;
	assert_true(selection->field == FIELD_IP_SRC || selection->field == FIELD_IP_DST ||
		    selection->field == FIELD_PATTERN);
	test.ended++;
	test.ended_packets += flow->packets[0] + flow->packets[1];
	test.ended_bytes += flow->bytes[0] + flow->bytes[1];
}

static void add_interval(struct sums *total, const struct sums *s)
{
	/* What was pending is where the last interval left it. */
	assert_memory_equal(s->pending_before, total->pending_after, sizeof(s->pending_before));
	assert_true(sums_hold(s));
	memset(total->pending_after, 0, sizeof(total->pending_after));
	uint64_t first_ns = total->first_ns;
	sums_merge(total, s);
	memset(total->pending_before, 0, sizeof(total->pending_before));
	total->flows_pending = s->flows_pending;
	if (first_ns != 0)
		total->first_ns = first_ns;
}

/* In batches of random sizes, with an end of an interval between some; the sums of all intervals. */
static void run(size_t flows_max, size_t step_max, struct sums *total)
{
	struct stages s;
	struct sums interval;

	memset(total, 0, sizeof(*total));
	test.ended = test.ended_packets = test.ended_bytes = 0;
	stages_init(&s, &test.world, flows_max, flow_ended, NULL);
	for (size_t at = 0, n; at < PACKETS; at += n) {
		struct capture_batch batch = {0};
		n = 1 + draw(step_max);
		n = n < PACKETS - at ? n : PACKETS - at;
		batch.count = n;
		memcpy(batch.records, test.records + at, n * sizeof(test.records[0]));
		stages_take(&s, &batch);
		if (draw(4) == 0) {
			stages_sums(&s, &interval);
			add_interval(total, &interval);
		}
	}
	stages_end(&s);
	stages_sums(&s, &interval);
	add_interval(total, &interval);
	stages_clear(&s);
}

static void check_ended(const struct sums *total)
{
	struct tally selected = {0};
	for (size_t c = 0; c < SUMS_CLASSES; c++) {
		tally_add(&selected, total->selected[c].packets, total->selected[c].bytes);
		assert_int_equal(total->pending_after[c].packets, 0);
	}
	assert_int_equal(selected.packets, test.ended_packets);
	assert_int_equal(selected.bytes, test.ended_bytes);
	assert_int_equal(total->flows_selected, test.ended);
	assert_int_equal(total->flows_pending, 0);
}

static void the_sums_are_those_of_a_simple_model(void **state)
{
	(void)state;
	static struct model model;
	uint64_t selected = 0, idle = 0;
	for (uint64_t round = 1; round <= ROUNDS; round++) {
		struct sums total;
		test.random = round * 0x9e3779b97f4a7c15u;
		draw_packets(0);
		memset(&model, 0, sizeof(model));
		for (size_t i = 0; i < PACKETS; i++)
			model_take(&model, &test.packets[i]);
		model_drain(&model);
		run(128, CAPTURE_BATCH_MAX, &total);
		check_ended(&total);
		assert_memory_equal(total.seen, model.sums.seen, sizeof(total.seen));
		assert_memory_equal(total.selected, model.sums.selected, sizeof(total.selected));
		assert_memory_equal(total.erased, model.sums.erased, sizeof(total.erased));
		assert_memory_equal(total.flows_erased, model.sums.flows_erased, sizeof(total.flows_erased));
		assert_int_equal(total.flows_seen, model.sums.flows_seen);
		assert_int_equal(total.flows_selected, model.sums.flows_selected);
		selected += total.flows_selected;
		idle += total.flows_erased[ERASED_FLOW_IDLE];
		free_packets();
	}
	assert_true(selected > ROUNDS && idle > ROUNDS); /* the draw is not too dull to show anything */
}

/* Ends of connections, a table that is too small, bytes that are no packets: the account still holds. */
static void the_account_holds_whatever_comes(void **state)
{
	(void)state;
	uint64_t closed = 0, evicted = 0, undecoded = 0;
	for (uint64_t round = 1; round <= ROUNDS; round++) {
		struct sums total, again;
		test.random = round * 0xd1342543de82ef95u;
		draw_packets((uint8_t)(1 + draw(5)));
		for (size_t i = 0; i < PACKETS; i++)
			if (draw(10) == 0)
				test.packets[i].bytes[draw(test.packets[i].len)] ^= (uint8_t)(1 + draw(255));
		run(16, CAPTURE_BATCH_MAX, &total);
		check_ended(&total);
		assert_int_equal(total.selected[FOREIGN_FOREIGN].packets, 0);
		assert_int_equal(total.selected[DOMESTIC_DOMESTIC].packets, 0);
		uint64_t seen = 0;
		for (size_t c = 0; c < SUMS_CLASSES; c++)
			seen += total.seen[c].packets;
		assert_int_equal(seen, PACKETS);
		run(16, 1, &again);
		assert_memory_equal(again.seen, total.seen, sizeof(again.seen));
		closed += total.flows_erased[ERASED_FLOW_CLOSED];
		evicted += total.flows_erased[ERASED_FLOW_EVICTED];
		undecoded += total.seen[SUMS_UNDECODED].packets;
		free_packets();
	}
	assert_true(closed > ROUNDS && evicted > 0 && undecoded > 0);
}

/* How packets fell into batches, and intervals, changes nothing of what is selected and why the rest is not.
 */
static void batches_change_nothing(void **state)
{
	(void)state;
	for (uint64_t round = 1; round <= ROUNDS; round++) {
		struct sums one, many;
		test.random = round * 0xa0761d6478bd642fu;
		draw_packets(1);
		run(128, 1, &one);
		run(128, CAPTURE_BATCH_MAX, &many);
		assert_memory_equal(&one, &many, sizeof(one));
		free_packets();
	}
}

/* Matches that come only when the flow ends say nothing but what was found. */
static struct selection last;

static void keep_selection(void *context, const struct flow *flow, const struct selection *selection)
{
	(void)context;
	(void)flow;
	last = *selection;
}

static void take_one(struct stages *s, const char *src, const char *dst, uint8_t flags, const char *payload,
		     int64_t time_ns)
{
	static struct build b;
	build_init(&b);
	(void)build_push(&b, payload, strlen(payload));
	(void)build_tcp(&b, 4000, 4444, flags == 2 ? 100 : 101, flags);
	(void)build_ip4(&b, src, dst, 6);
	struct capture_batch batch = {.count = 1};
	uint8_t *bytes = exact_copy(build_bytes(&b), build_len(&b));
	batch.records[0] = (struct capture_record){.data = bytes,
						   .len = (uint32_t)build_len(&b),
						   .wire_len = (uint32_t)build_len(&b),
						   .time_ns = time_ns,
						   .link_type = 101};
	stages_take(s, &batch);
	free(bytes);
}

static void a_match_at_the_end_holds_only_what_was_found(void **state)
{
	(void)state;
	struct stages s;
	struct sums sums;
	/* It may yet become "NOTICE ...", so nobody looks before the flow ends. */
	stages_init(&s, &test.world, 16, keep_selection, NULL);
	memset(&last, 0xee, sizeof(last));
	take_one(&s, "192.0.2.1", "198.51.100.1", 2, "", WORLD_TIME);
	take_one(&s, "192.0.2.1", "198.51.100.1", 16, "N", WORLD_TIME);
	stages_sums(&s, &sums);
	assert_int_equal(sums.flows_pending, 1);
	stages_end(&s);
	stages_sums(&s, &sums);
	assert_int_equal(sums.flows_selected, 0);
	stages_clear(&s);

	stages_init(&s, &test.world, 16, keep_selection, NULL);
	take_one(&s, "192.0.2.1", "198.51.100.1", 2, "", WORLD_TIME);
	take_one(&s, "192.0.2.1", "198.51.100.1", 16, "CAP\xde\xad\xbe\xef", WORLD_TIME);
	stages_end(&s);
	stages_sums(&s, &sums);
	assert_int_equal(sums.flows_selected, 1);
	const struct selection wanted = {.field = FIELD_PATTERN,
					 .pattern_offset = 3,
					 .direction = last.direction,
					 .match_ns = WORLD_TIME};
	assert_int_equal(last.field, wanted.field);
	assert_int_equal(last.pattern_offset, wanted.pattern_offset);
	assert_int_equal(last.match_ns, wanted.match_ns);
	assert_false(last.dns_response);
	assert_int_equal(last.dns_type, 0);
	assert_memory_equal(&last.hit, &wanted.hit, sizeof(last.hit));
	stages_clear(&s);
}

/* What a live sensor does between two batches. */

struct told {
	unsigned opened, ended;
	uint32_t generation; /* of the last that was opened or ended */
	uint64_t open_seq;   /* of the last that ended */
};

static void note_opened(void *context, const struct flow *flow, struct selection *selection)
{
	struct told *t = context;
	(void)flow;
	t->generation = selection->generation;
	selection->open_seq = ++t->opened;
}

static void note_ended(void *context, const struct flow *flow, const struct selection *selection)
{
	struct told *t = context;
	(void)flow;
	t->ended++;
	t->generation = selection->generation;
	t->open_seq = selection->open_seq;
}

/* One datagram from an end abroad to one at home. */
static void take_datagram(struct stages *s, const char *source, uint16_t port, int64_t time_ns)
{
	static struct build b;
	build_init(&b);
	(void)build_udp(&b, port, 4444);
	(void)build_ip4(&b, source, "192.0.2.1", 17);
	uint8_t *bytes = exact_copy(build_bytes(&b), build_len(&b));
	struct capture_batch batch = {.count = 1};
	batch.records[0] = (struct capture_record){.data = bytes,
						   .len = (uint32_t)build_len(&b),
						   .wire_len = (uint32_t)build_len(&b),
						   .time_ns = time_ns,
						   .link_type = 101};
	stages_take(s, &batch);
	free(bytes);
}

static void live_stages(struct stages *s, struct told *t)
{
	bool locked;
	const struct prepare_options prepare = {.authorization = &test.world.authorization,
						.domestic = test.world.domestic};
	const struct engine_options engine = {.flows_max = 64,
					      .streams_max = 8,
					      .classes = test.world.authorization.classes,
					      .opened = note_opened,
					      .ended = note_ended,
					      .context = t};
	memset(s, 0, sizeof(*s));
	memset(t, 0, sizeof(*t));
	assert_int_equal(prepare_new(&prepare, &s->prepare, &locked), HN_OK);
	assert_int_equal(engine_new(&engine, &s->engine, &locked), HN_OK);
}

static void adopt(struct stages *s, const struct sensor_world *w, uint32_t generation)
{
	engine_adopt(s->engine, (const struct set *const *)&w->set, 1, NULL, NULL,
		     test.world.authorization.classes, generation);
}

static void flows_go_on_while_sets_are_swapped(void **state)
{
	(void)state;
	static const char *const values[] = {"198.51.100.1"};
	static struct sensor_world other;
	struct stages s;
	struct told t;
	struct sums sums;

	sensor_world_init(&other, values, COUNT(values));
	live_stages(&s, &t);
	adopt(&s, &test.world, 1);
	take_datagram(&s, "203.0.113.66", 1, WORLD_TIME);
	take_datagram(&s, "198.51.100.1", 2, WORLD_TIME);
	assert_int_equal(t.opened, 1);
	stages_sums(&s, &sums);
	assert_int_equal(sums.pending_after[FOREIGN_DOMESTIC].packets, 1);
	/* What is pending is asked for again; what was selected stays so, under the sets it was found in. */
	adopt(&s, &other, 2);
	take_datagram(&s, "203.0.113.66", 1, WORLD_TIME + 1);
	assert_int_equal(t.opened, 1);
	take_datagram(&s, "198.51.100.1", 2, WORLD_TIME + 1);
	assert_int_equal(t.opened, 2);
	assert_int_equal(t.generation, 2);
	stages_sums(&s, &sums);
	assert_true(sums_hold(&sums));
	assert_int_equal(sums.selected[FOREIGN_DOMESTIC].packets, 3);
	assert_int_equal(engine_oldest(s.engine), 1);
	/* Time ends flows though no packet comes. */
	engine_advance(s.engine, WORLD_TIME + 2 * FLOW_IDLE_NS);
	assert_int_equal(t.ended, 2);
	stages_sums(&s, &sums);
	assert_int_equal(engine_oldest(s.engine), 2);
	stages_clear(&s);
	sensor_world_clear(&other);
}

static void what_is_pending_when_authority_ends_is_erased_for_that(void **state)
{
	(void)state;
	struct stages s;
	struct told t;
	struct sums sums;

	live_stages(&s, &t);
	adopt(&s, &test.world, 1);
	take_datagram(&s, "203.0.113.66", 1, WORLD_TIME);
	take_datagram(&s, "198.51.100.1", 2, WORLD_TIME);
	engine_stop(s.engine);
	assert_int_equal(t.ended, 1);
	assert_int_equal(t.open_seq, 1);
	/* Nothing authorised: all is erased without a flow. */
	const struct prepare_options none = {.domestic = test.world.domestic};
	prepare_adopt(s.prepare, &none, NULL);
	take_datagram(&s, "203.0.113.66", 1, WORLD_TIME + 1);
	/* Nor when its time is over. */
	const struct prepare_options over = {.authorization = &test.world.authorization,
					     .domestic = test.world.domestic,
					     .stops_ns = WORLD_TIME + 2};
	prepare_adopt(s.prepare, &over, NULL);
	take_datagram(&s, "203.0.113.66", 1, WORLD_TIME + 2);
	stages_sums(&s, &sums);
	assert_true(sums_hold(&sums));
	assert_int_equal(sums.erased[FOREIGN_DOMESTIC][ERASED_NOT_AUTHORISED].packets, 3);
	assert_int_equal(sums.selected[FOREIGN_DOMESTIC].packets, 1);
	assert_int_equal(t.opened, 1);
	stages_clear(&s);
}

static int setup(void **state)
{
	(void)state;
	static const char *const values[] = {"203.0.113.66"};
	sensor_world_init(&test.world, values, COUNT(values));
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	sensor_world_clear(&test.world);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_sums_are_those_of_a_simple_model),
		cmocka_unit_test(the_account_holds_whatever_comes),
		cmocka_unit_test(batches_change_nothing),
		cmocka_unit_test(a_match_at_the_end_holds_only_what_was_found),
		cmocka_unit_test(flows_go_on_while_sets_are_swapped),
		cmocka_unit_test(what_is_pending_when_authority_ends_is_erased_for_that),
	};
	return cmocka_run_group_tests(tests, setup, teardown);
}
