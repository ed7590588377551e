/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "resolver/config_check.h"

#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/lang.h"
#include "resolver/rdata_text.h"
#include "resolver/record_text.h"

#define KEY_SIZE 48 /* bytes of a key in a fault */
#define STREAMS  (RESOLVER_TCP | RESOLVER_TLS | RESOLVER_HTTPS)

static struct resolver_listener *listener_at(const struct resolver_config *c, size_t i)
{
	return (struct resolver_listener *)c->listen.items + i;
}

static struct resolver_group *group_at(const struct resolver_config *c, size_t i)
{
	return (struct resolver_group *)c->groups.items + i;
}

static struct resolver_policy *policy_at(const struct resolver_config *c, size_t i)
{
	return (struct resolver_policy *)c->policy.items + i;
}

/* One of our errors, at the line where the item begins. */
#define REFUSE(line, key, ...) config_fault(fault, HN_EFORMAT, c->file, line, key, __VA_ARGS__)

static int check_transports(const struct resolver_config *c, struct resolver_listener *l, struct fault *fault)
{
	unsigned streams = l->transports & STREAMS;
	bool tls = (streams & (RESOLVER_TLS | RESOLVER_HTTPS)) != 0;

	if ((streams & (streams - 1)) != 0)
		return REFUSE(l->line, "listen.transports", "%s",
			      tr("tcp, tls and https each need a listener of their own",
				 "tcp、tls、https はそれぞれ別の待受けにすること"));
	if (l->port == 0 && tls && (l->transports & RESOLVER_UDP) != 0)
		return REFUSE(l->line, "listen.port", "%s",
			      tr("is missing: udp and tls have no port in common",
				 "ポートがない。udpとtlsに共通の既定はない"));
	if (l->port == 0)
		l->port = streams == RESOLVER_TLS ? 853 : streams == RESOLVER_HTTPS ? 443 : 53;
	if (tls && (l->certificate == NULL || l->key == NULL))
		return REFUSE(l->line, l->certificate == NULL ? "listen.certificate" : "listen.key", "%s",
			      tr("is missing; tls and https need certificate and key",
				 "必須。tlsとhttpsには証明書と秘密鍵が要る"));
	if (!tls && (l->certificate != NULL || l->key != NULL || l->client_ca != NULL))
		return REFUSE(l->line, "listen.certificate", "%s",
			      tr("goes with tls or https only", "tlsかhttpsでのみ使う"));
	if (l->proxy != (l->proxies.count > 0))
		return REFUSE(
			l->line, "listen.proxies", "%s",
			tr("goes with 'proxy: true' and says whose header is believed; give both or none",
			   "'proxy: true' と組で使い、ヘッダーを信じる相手を示す。両方書くか両方省くこと"));
	return HN_OK;
}

/* Whether both would bind the same socket. */
static bool collide(const struct resolver_listener *a, const struct resolver_listener *b)
{
	bool both_udp = (a->transports & b->transports & RESOLVER_UDP) != 0;
	bool both_stream = (a->transports & STREAMS) != 0 && (b->transports & STREAMS) != 0;
	return (both_udp || both_stream) && a->port == b->port &&
	       memcmp(&a->address, &b->address, sizeof(a->address)) == 0;
}

static int check_listeners(const struct resolver_config *c, struct fault *fault)
{
	for (size_t i = 0; i < c->listen.count; i++) {
		struct resolver_listener *l = listener_at(c, i);
		int rc = check_transports(c, l, fault);
		if (rc != HN_OK)
			return rc;
		if (!ip_is_loopback(&l->address) && c->groups.count == 0)
			return REFUSE(
				l->line, "listen.address", "%s",
				tr("is beyond loopback, but no group says who is served; add 'groups'",
				   "ループバックではないが、対象のグループがない。'groups' を書くこと"));
		for (size_t k = 0; k < i; k++)
			if (collide(listener_at(c, k), l))
				return REFUSE(l->line, "listen",
					      tr("the same address and port as on line %u",
						 "%u行と同じアドレスとポートである"),
					      listener_at(c, k)->line);
	}
	return HN_OK;
}

static int check_forwards(const struct resolver_config *c, const struct config_list *list, const char *key,
			  struct fault *fault)
{
	for (size_t i = 0; i < list->count; i++) {
		struct resolver_forward *f = (struct resolver_forward *)list->items + i;
		if (f->port == 0)
			f->port = f->tls_name != NULL || f->spki.present ? 853 : 53;
		for (size_t k = 0; k < i; k++) {
			const struct resolver_forward *other = RESOLVER_ITEM(resolver_forward, list, k);
			if (other->port == f->port &&
			    memcmp(&other->address, &f->address, sizeof(f->address)) == 0)
				return REFUSE(f->line, key, tr("the same as on line %u", "%u行と同じである"),
					      other->line);
		}
	}
	return HN_OK;
}

static int check_action(const struct resolver_config *c, struct resolver_policy *p, struct fault *fault)
{
	if (p->action == POLICY_NONE)
		p->action = p->rpz != NULL ? POLICY_GIVEN : POLICY_NXDOMAIN;
	if (p->action == POLICY_GIVEN && p->rpz == NULL)
		return REFUSE(p->line, "policy.action", "%s",
			      tr("'given' is for rpz: the entries of a set say nothing of an action",
				 "'given' はrpz用。指標集合の項目に動作は書かれていない"));
	if ((p->action == POLICY_SINKHOLE) != (p->sinkhole.count > 0))
		return REFUSE(p->line, "policy.sinkhole", "%s",
			      tr("goes with 'action: sinkhole'; give both or none",
				 "'action: sinkhole' と組で使う。両方書くか両方省くこと"));
	if (p->sinkhole.count == 2 &&
	    RESOLVER_ITEM(ip, &p->sinkhole, 0)->version == RESOLVER_ITEM(ip, &p->sinkhole, 1)->version)
		return REFUSE(p->line, "policy.sinkhole", "%s",
			      tr("takes one IPv4 and one IPv6 address", "IPv4とIPv6を一つずつ指定すること"));
	if ((p->action == POLICY_LOCAL) != (p->records.count > 0))
		return REFUSE(p->line, "policy.records", "%s",
			      tr("goes with 'action: local-data'; give both or none",
				 "'action: local-data' と組で使う。両方書くか両方省くこと"));
	return HN_OK;
}

static int check_records(const struct resolver_config *c, const struct resolver_policy *p,
			 struct fault *fault)
{
	const char *const *texts = p->records.items;
	for (size_t i = 0; i < p->records.count; i++) {
		char key[KEY_SIZE];
		struct buf rdata;
		uint16_t type;
		buf_init(&rdata, RDATA_MAX);
		int rc = record_text_parse(texts[i], &type, &rdata);
		buf_clear(&rdata);
		(void)snprintf(key, sizeof(key), "policy.records[%zu]", i);
		if (rc == HN_ENOMEM)
			return rc;
		if (rc != HN_OK)
			return REFUSE(
				p->line, key,
				tr("'%s' is no record: write 'TYPE DATA', like 'A 192.0.2.1'",
				   "'%s' はレコードではない。'A 192.0.2.1' のように「型 データ」で書くこと"),
				texts[i]);
	}
	return HN_OK;
}

static int check_policies(const struct resolver_config *c, struct fault *fault)
{
	for (size_t i = 0; i < c->policy.count; i++) {
		struct resolver_policy *p = policy_at(c, i);
		int sources = (p->set.count > 0) + (p->directory != NULL) + (p->rpz != NULL);
		if (sources != 1)
			return REFUSE(p->line, "policy", "%s",
				      tr("takes one of set, directory and rpz",
					 "set、directory、rpz のどれか一つを指定すること"));
		int rc = check_action(c, p, fault);
		if (rc == HN_OK)
			rc = check_records(c, p, fault);
		if (rc != HN_OK)
			return rc;
		for (size_t k = 0; k < i; k++)
			if (strcmp(policy_at(c, k)->name, p->name) == 0)
				return REFUSE(p->line, "policy.name",
					      tr("'%s' stands on line %u too", "'%s' は%u行にもある"),
					      p->name, policy_at(c, k)->line);
	}
	return HN_OK;
}

static bool is_any(const struct ip *ip)
{
	static const uint8_t none[16] = {0};
	return memcmp(ip->bytes, none, ip->version == 4 ? 4 : 16) == 0;
}

/* Who is led to a sinkhole and asks there for HTTPS must find nobody: a certificate of ours would be one for
 * a name that is not ours. */
static int check_port_443(const struct resolver_config *c, const struct config_list *addresses, unsigned line,
			  const char *key, struct fault *fault)
{
	for (size_t i = 0; i < addresses->count; i++) {
		const struct ip *ip = RESOLVER_ITEM(ip, addresses, i);
		for (size_t k = 0; k < c->listen.count; k++) {
			const struct resolver_listener *l = listener_at(c, k);
			bool same = memcmp(&l->address, ip, sizeof(*ip)) == 0 ||
				    (addresses == &c->blockpage.addresses && is_any(&l->address));
			if (l->port == 443 && (l->transports & STREAMS) != 0 && same)
				return REFUSE(
					line, key,
					tr("has an address that the listener on line %u serves on port "
					   "443: who asks there for a blocked name would be shown our "
					   "certificate; take another address",
					   "%u行の待受けがポート443で使うアドレスがある。遮断した名前への"
					   "接続に当方の証明書を示すことになるため、別のアドレスにすること"),
					l->line);
		}
	}
	return HN_OK;
}

static int check_sinkholes(const struct resolver_config *c, struct fault *fault)
{
	int rc = check_port_443(c, &c->blockpage.addresses, c->blockpage.line, "blockpage.addresses", fault);
	for (size_t i = 0; rc == HN_OK && i < c->policy.count; i++)
		rc = check_port_443(c, &policy_at(c, i)->sinkhole, policy_at(c, i)->line, "policy.sinkhole",
				    fault);
	if (rc == HN_OK && c->blockpage.port == 443)
		rc = REFUSE(c->blockpage.line, "blockpage.port", "%s",
			    tr("is the port of HTTPS: nothing may listen there for blocked names",
			       "443はHTTPSのポートである。遮断した名前のために待ち受けてはならない"));
	return rc;
}

static int check_group_policy(const struct resolver_config *c, const struct resolver_group *g,
			      struct fault *fault)
{
	const char *const *names = g->policy.items;
	for (size_t i = 0; i < g->policy.count; i++) {
		if (resolver_config_policy(c, names[i]) == NULL)
			return REFUSE(g->line, "groups.policy",
				      tr("no policy is called '%s'", "'%s' というポリシーはない"), names[i]);
		for (size_t k = 0; k < i; k++)
			if (strcmp(names[k], names[i]) == 0)
				return REFUSE(g->line, "groups.policy",
					      tr("'%s' stands twice", "'%s' が二度ある"), names[i]);
	}
	return HN_OK;
}

/* What stands in a path as it is, so that nothing has to be escaped (RFC 3986, 2.3). */
static bool is_token(const char *text)
{
	return text[strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_")] == '\0';
}

static bool any_listener(const struct resolver_config *c, unsigned transports, bool client_ca)
{
	for (size_t i = 0; i < c->listen.count; i++)
		if ((listener_at(c, i)->transports & transports) != 0 &&
		    (!client_ca || listener_at(c, i)->client_ca != NULL))
			return true;
	return false;
}

/* RFC 4291, 2.5.5.2. Such clients are looked up as IPv4, so a prefix of this form would hold nobody. */
static bool is_mapped(const struct ip_prefix *p)
{
	static const uint8_t front[12] = {[10] = 0xff, [11] = 0xff};
	return p->addr.version == 6 && p->len >= 96 && memcmp(p->addr.bytes, front, sizeof(front)) == 0;
}

static int check_group(const struct resolver_config *c, const struct resolver_group *g, struct fault *fault)
{
	if (g->prefixes.count == 0 && g->certificates.count == 0 && g->token == NULL)
		return REFUSE(g->line, "groups",
			      tr("'%s' has no client: give prefixes, prefix_file, certificates or a token",
				 "'%s' の対象がない。prefixes、prefix_file、certificates、token "
				 "のどれかを書くこと"),
			      g->name);
	if (g->token != NULL && !is_token(g->token))
		return REFUSE(g->line, "groups.token", "%s",
			      tr("takes letters, digits, - and _ only", "英数字、-、_ のみ使える"));
	if (g->token != NULL && !any_listener(c, RESOLVER_HTTPS, false))
		return REFUSE(
			g->line, "groups.token", "%s",
			tr("is of no use: no listener takes https", "httpsの待受けがないため使われない"));
	if (g->certificates.count > 0 && !any_listener(c, RESOLVER_TLS | RESOLVER_HTTPS, true))
		return REFUSE(g->line, "groups.certificates", "%s",
			      tr("are of no use: no listener has client_ca",
				 "client_ca を持つ待受けがないため使われない"));
	for (size_t i = 0; i < g->prefixes.count; i++)
		if (is_mapped(RESOLVER_ITEM(ip_prefix, &g->prefixes, i)))
			return REFUSE(
				g->line, "groups.prefixes", "%s",
				tr("holds an IPv4 prefix in IPv6 form (::ffff:0:0/96); write it as IPv4",
				   "IPv6の形で書いたIPv4(::ffff:0:0/96)がある。IPv4で書くこと"));
	if (g->addresses && uuid_compare(&g->organisation, &(struct uuid){0}) == 0)
		return REFUSE(g->line, "groups.addresses", "%s",
			      tr("are kept for an organisation alone: give 'organisation'",
				 "保存先の組織が要る。'organisation' を書くこと"));
	return check_group_policy(c, g, fault);
}

static int check_groups(const struct resolver_config *c, struct fault *fault)
{
	for (size_t i = 0; i < c->groups.count; i++) {
		const struct resolver_group *g = group_at(c, i);
		int rc = check_group(c, g, fault);
		if (rc != HN_OK)
			return rc;
		for (size_t k = 0; k < i; k++)
			if (strcmp(group_at(c, k)->name, g->name) == 0)
				return REFUSE(g->line, "groups.name",
					      tr("'%s' stands on line %u too", "'%s' は%u行にもある"),
					      g->name, group_at(c, k)->line);
	}
	return HN_OK;
}

int resolver_config_check(struct resolver_config *c, struct fault *fault)
{
	int rc = check_listeners(c, fault);
	if (rc == HN_OK)
		rc = check_forwards(c, &c->recursion.forward, "recursion.forward", fault);
	if (rc == HN_OK)
		rc = check_forwards(c, &c->collector.forward, "collector.forward", fault);
	if (rc == HN_OK)
		rc = check_policies(c, fault);
	if (rc == HN_OK)
		rc = check_sinkholes(c, fault);
	if (rc == HN_OK)
		rc = check_groups(c, fault);
	if (rc == HN_OK && c->collector.enabled && c->collector.forward.count == 0)
		rc = REFUSE(c->collector.line, "collector.forward", "%s",
			    tr("is missing: what is collected goes a way of its own",
			       "必須。収集の問合せは専用の経路を通す"));
	if (rc == HN_OK && c->collector.enabled && c->events.directory == NULL)
		rc = REFUSE(c->collector.line, "collector", "%s",
			    tr("writes into 'events.directory', which is missing",
			       "'events.directory' に書き込むため、その指定が要る"));
	return rc;
}
