/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */

/* What tags, galaxies and the distribution of MISP say: markings, labels, phases, techniques. */
#include <stdio.h>
#include <string.h>

#include "base/lang.h"
#include "hub/exchange/importer_misp.h"

#define LISTS_MAX (1u << 20)

void misp_tags_init(struct misp_tags *tags, const struct misp_event *e)
{
	memset(tags, 0, sizeof(*tags));
	tags->marking = e->marking;
	buf_init(&tags->labels, LISTS_MAX);
	buf_init(&tags->phases, LISTS_MAX);
	buf_init(&tags->techniques, LISTS_MAX);
}

void misp_tags_clear(struct misp_tags *tags)
{
	buf_clear(&tags->labels);
	buf_clear(&tags->phases);
	buf_clear(&tags->techniques);
}

/* ---- tags ---- */

static bool has_prefix(const char *text, const char *prefix)
{
	return strncasecmp(text, prefix, strlen(prefix)) == 0;
}

/* Of several levels the strictest. */
static bool take_level(const char *name, struct stix_marking *m)
{
	static const struct {
		const char *tag;
		int tlp, pap;
	} levels[] = {
		{"tlp:white", STIX_TLP_CLEAR, -1}, {"tlp:clear", STIX_TLP_CLEAR, -1},
		{"tlp:green", STIX_TLP_GREEN, -1}, {"tlp:amber", STIX_TLP_AMBER, -1},
		{"tlp:red", STIX_TLP_RED, -1},     {"tlp:amber+strict", STIX_TLP_AMBER_STRICT, -1},
		{"pap:white", -1, STIX_PAP_CLEAR}, {"pap:clear", -1, STIX_PAP_CLEAR},
		{"pap:green", -1, STIX_PAP_GREEN}, {"pap:amber", -1, STIX_PAP_AMBER},
		{"pap:red", -1, STIX_PAP_RED},
	};
	for (size_t i = 0; i < sizeof(levels) / sizeof(levels[0]); i++) {
		if (strcasecmp(name, levels[i].tag) != 0)
			continue;
		if (levels[i].tlp > (int)m->tlp)
			m->tlp = (enum stix_tlp)levels[i].tlp;
		if (levels[i].pap > (int)m->pap)
			m->pap = (enum stix_pap)levels[i].pap;
		return true;
	}
	/* A level that we do not know may be a strict one. */
	if (has_prefix(name, "tlp:") && strcasecmp(name, "tlp:ex:chr") != 0 && m->tlp < STIX_TLP_RED)
		m->tlp = STIX_TLP_RED;
	return has_prefix(name, "tlp:");
}

static void add_element(struct buf *list)
{
	if (list->len > 0)
		buf_addc(list, ',');
}

/* kill-chain:Delivery. */
static void take_phase(const char *phase, struct misp_tags *tags)
{
	char word[64];
	size_t n = 0;
	for (; n < sizeof(word) - 1 && phase[n] != '\0'; n++)
		word[n] = (char)(phase[n] >= 'A' && phase[n] <= 'Z' ? phase[n] + 32
				 : phase[n] == ' '                  ? '-'
								    : phase[n]);
	word[n] = '\0';
	add_element(&tags->phases);
	buf_adds(&tags->phases, "{\"kill_chain_name\":\"lockheed-martin-cyber-kill-chain\",\"phase_name\":");
	buf_json_string(&tags->phases, word, n);
	buf_addc(&tags->phases, '}');
}

/* ---- galaxies ---- */

/* Galaxies whose clusters STIX has a type for. */
static const struct galaxy {
	const char *name, *type, *extra;
	bool attack; /* "Name - T1192": the identifier of ATT&CK */
} galaxies[] = {
	{"mitre-attack-pattern", "attack-pattern", "", true},
	{"mitre-intrusion-set", "intrusion-set", "", true},
	{"mitre-malware", "malware", ",\"is_family\":true", true},
	{"mitre-tool", "tool", "", true},
	{"mitre-enterprise-attack-attack-pattern", "attack-pattern", "", true},
	{"mitre-mobile-attack-attack-pattern", "attack-pattern", "", true},
	{"mitre-enterprise-attack-intrusion-set", "intrusion-set", "", true},
	{"mitre-enterprise-attack-malware", "malware", ",\"is_family\":true", true},
	{"mitre-enterprise-attack-tool", "tool", "", true},
	{"threat-actor", "intrusion-set", "", false},
	{"malpedia", "malware", ",\"is_family\":true", false},
	{"ransomware", "malware", ",\"is_family\":true", false},
	{"backdoor", "malware", ",\"is_family\":true", false},
	{"botnet", "malware", ",\"is_family\":true", false},
	{"rat", "malware", ",\"is_family\":true", false},
	{"stealer", "malware", ",\"is_family\":true", false},
	{"tool", "tool", "", false},
};

/* The same for everybody who names it, so that all mean one: of ATT&CK's identifier, else of the name. */
static struct uuid thing_uuid(const char *type, const char *key, size_t len)
{
	static const struct uuid space = {{0x5d, 0x7e, 0x0a, 0x62, 0x4a, 0x0f, 0x4b, 0x0e, 0x9c, 0x51, 0x0d,
					   0x35, 0x6b, 0x84, 0x19, 0x20}};
	struct uuid inner = uuid_v5(&space, type, strlen(type));
	return importer_name_uuid(&inner, key, len);
}

/* " - T1192", " - G0016", " - S0154.001" at the end; the name's length without it. */
static const char *attack_id(const char *name, size_t *name_len)
{
	const char *at = NULL;
	for (const char *p = strstr(name, " - "); p != NULL; p = strstr(p + 1, " - "))
		at = p;
	if (at == NULL || strchr("TGSCM", at[3]) == NULL || at[3] == '\0' || at[4] < '0' || at[4] > '9' ||
	    strspn(at + 4, "0123456789.") != strlen(at + 4))
		return NULL;
	*name_len = (size_t)(at - name);
	return at + 3;
}

/* Its time is nobody's: all who name it write the same object. */
#define THING_TIME_NS (INT64_C(1262304000) * 1000000000)

static void write_thing(struct misp_event *e, const struct galaxy *g, const char *cluster,
			struct misp_tags *tags)
{
	struct importer *imp = e->imp;
	size_t len = strlen(cluster);
	const char *external = g->attack ? attack_id(cluster, &len) : NULL;
	const char *key = external != NULL ? external : cluster;
	struct uuid id = thing_uuid(g->type, key, strlen(key));
	importer_begin(imp, g->type, &id, THING_TIME_NS, THING_TIME_NS);
	buf_adds(imp->out, ",\"name\":");
	buf_json_string(imp->out, cluster, len);
	buf_adds(imp->out, g->extra);
	if (external != NULL) {
		buf_adds(imp->out, ",\"external_references\":[{\"source_name\":\"mitre-attack\","
				   "\"external_id\":");
		buf_json_string(imp->out, external, strlen(external));
		buf_adds(imp->out, "}]");
	}
	importer_finish(imp);
	add_element(&tags->techniques);
	buf_addc(&tags->techniques, '"');
	importer_id(&tags->techniques, g->type, &id);
	buf_addc(&tags->techniques, '"');
	misp_note_ref(e, g->type, &id);
}

/* misp-galaxy:NAME="CLUSTER" */
static bool take_galaxy(struct misp_event *e, const char *tag, struct misp_tags *tags)
{
	const char *name = tag + strlen("misp-galaxy:");
	const char *equals = strchr(name, '=');
	if (equals == NULL || equals[1] != '"')
		return false;
	for (size_t i = 0; i < sizeof(galaxies) / sizeof(galaxies[0]); i++) {
		if (strlen(galaxies[i].name) != (size_t)(equals - name) ||
		    strncasecmp(galaxies[i].name, name, (size_t)(equals - name)) != 0)
			continue;
		size_t len = strlen(equals + 2);
		char *cluster = arena_text(e->piece, equals + 2, len > 0 ? len - 1 : 0);
		if (cluster == NULL || cluster[0] == '\0')
			return false;
		write_thing(e, &galaxies[i], cluster, tags);
		return true;
	}
	return false;
}

/* ---- all of them ---- */

static void take_tag(struct misp_event *e, const char *name, struct misp_tags *tags)
{
	if (name[0] == '\0' || take_level(name, &tags->marking))
		return;
	if (has_prefix(name, "kill-chain:"))
		take_phase(name + strlen("kill-chain:"), tags);
	if (has_prefix(name, "misp-galaxy:") && take_galaxy(e, name, tags))
		return;
	add_element(&tags->labels);
	buf_json_string(&tags->labels, name, strlen(name));
}

static int lists_err(const struct misp_tags *tags)
{
	int err = buf_err(&tags->labels);
	if (err == HN_OK)
		err = buf_err(&tags->phases);
	return err == HN_OK ? buf_err(&tags->techniques) : err;
}

int misp_tags_read(struct misp_event *e, uint32_t object, struct misp_tags *tags)
{
	const struct stix_tape *t = e->tape;
	uint32_t list = stix_tape_member(t, object, "Tag");
	if (list == 0 || t->tokens[list].kind != JSON_TOKEN_ARRAY)
		return HN_OK;
	for (uint32_t i = list + 1; i < t->tokens[list].next; i = t->tokens[i].next) {
		if (t->tokens[i].kind != JSON_TOKEN_OBJECT)
			continue;
		const char *name = misp_text(e, e->piece, i, "name");
		if (name == NULL)
			return HN_ENOMEM;
		take_tag(e, name, tags);
	}
	return lists_err(tags);
}

int misp_distribution_read(struct misp_event *e, uint32_t object, struct misp_tags *tags)
{
	static const enum stix_tlp levels[] = {STIX_TLP_AMBER_STRICT, STIX_TLP_AMBER, STIX_TLP_GREEN,
					       STIX_TLP_GREEN, STIX_TLP_AMBER};
	struct stix_marking *m = &tags->marking;
	struct uuid group;
	const char *text = misp_text(e, e->piece, object, "distribution");
	if (text == NULL)
		return HN_ENOMEM;
	if (text[0] < '0' || text[0] > '4' || text[1] != '\0')
		return HN_OK; /* 5: as what it stands in */
	if (m->tlp == STIX_TLP_UNSAID)
		m->tlp = levels[text[0] - '0'];
	if (text[0] != '4' || m->group_count > 0)
		return HN_OK;
	uint32_t sharing = stix_tape_member(e->tape, object, "SharingGroup");
	const char *uuid = sharing != 0 && e->tape->tokens[sharing].kind == JSON_TOKEN_OBJECT
				   ? misp_text(e, e->piece, sharing, "uuid")
				   : "";
	if (uuid == NULL)
		return HN_ENOMEM;
	/* A group that nobody can name is closed to all but its owner. */
	if (uuid_parse(uuid, strlen(uuid), &group) != HN_OK)
		group = misp_uuid(e, object, "sharing-group");
	m->groups[m->group_count++] = group;
	return HN_OK;
}

/* ---- writing ---- */

int misp_marking_write(struct misp_event *e, const struct misp_tags *tags, struct buf *ref_out)
{
	const struct stix_marking *m = &tags->marking;
	struct importer *imp = e->imp;
	struct uuid id;
	if (m->pap == STIX_PAP_UNSAID && m->group_count == 0) {
		if (m->tlp == STIX_TLP_UNSAID || stix_marking_id(m->tlp, STIX_2_1, &id) != HN_OK)
			return HN_OK;
		importer_id(ref_out, "marking-definition", &id);
		return buf_err(ref_out);
	}
	size_t start = imp->out->len;
	int err = stix_marking_write(m, imp->out);
	if (err != HN_OK)
		return err;
	static const char name[] = "\"id\":\"";
	const char *at = strstr(imp->out->data + start, name);
	if (at == NULL)
		return HN_EFORMAT;
	at += sizeof(name) - 1;
	buf_add(ref_out, at, strcspn(at, "\""));
	buf_addc(imp->out, '\n');
	imp->report.objects++;
	return buf_err(ref_out);
}

void misp_tags_write(struct misp_event *e, const struct misp_tags *tags, const struct buf *marking_ref,
		     const char *const more_labels[], bool phases)
{
	struct buf *out = e->imp->out;
	bool any = tags->labels.len > 0;
	if (any) {
		buf_adds(out, ",\"labels\":[");
		buf_add(out, tags->labels.data, tags->labels.len);
	}
	for (size_t i = 0; more_labels != NULL && more_labels[i] != NULL; i++) {
		if (more_labels[i][0] == '\0')
			continue;
		buf_adds(out, any ? "," : ",\"labels\":[");
		buf_json_string(out, more_labels[i], strlen(more_labels[i]));
		any = true;
	}
	if (any)
		buf_addc(out, ']');
	if (phases && tags->phases.len > 0) {
		buf_adds(out, ",\"kill_chain_phases\":[");
		buf_add(out, tags->phases.data, tags->phases.len);
		buf_addc(out, ']');
	}
	if (marking_ref->len > 0)
		buf_addf(out, ",\"object_marking_refs\":[\"%s\"]", marking_ref->data);
}
