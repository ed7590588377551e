/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_RESOLVER_GROUPS_H
#define HINOMI_RESOLVER_GROUPS_H

#include <stddef.h>
#include <stdint.h>

#include "base/digest.h"
#include "base/err.h"
#include "base/fault.h"
#include "base/ip.h"
#include "resolver/config.h"

/*
 * Which group a client belongs to. Built once from the configuration, immutable, read by all threads without
 * a lock. A group is its place in the configuration's list, from 0.
 */
#define GROUP_NONE UINT32_MAX

struct groups;

/**
 * Builds the three look-ups. The configuration may be freed before them.
 *
 * @param fault  place as config_fault() of config->file
 *
 * @return HN_EEXIST: a prefix, certificate or token stands in two groups (or twice in one); HN_ENOMEM
 */
HN_MUST_USE int groups_new(const struct resolver_config *config, struct groups **out, struct fault *fault);

/** NULL is allowed. */
void groups_free(struct groups *groups);

/**
 * The group whose prefix holds the address; of several the longest prefix. An IPv4 address that stands in an
 * IPv6 one (::ffff:0:0/96) is looked up as IPv4. No system call, no allocation.
 *
 * @return GROUP_NONE when there is none
 */
uint32_t groups_by_address(const struct groups *groups, const struct ip *address);

/** The same of bytes in network order, as they stand in a socket address. */
uint32_t groups_by_ipv4(const struct groups *groups, const uint8_t address[4]);
uint32_t groups_by_ipv6(const struct groups *groups, const uint8_t address[16]);

/** The group of a client certificate by the SHA-256 of its DER. @return GROUP_NONE when there is none */
uint32_t groups_by_certificate(const struct groups *groups, const uint8_t digest[SHA256_SIZE]);

/**
 * The group of a DoH path token. How long it takes says nothing about any token that is registered: only
 * hashes under a random key of this process are compared. The tokens themselves are not kept.
 *
 * @return GROUP_NONE when there is none
 */
uint32_t groups_by_token(const struct groups *groups, const char *token, size_t len);

/** What stands for a token where it must be kept: its hash under a random key of this process. */
void groups_print_token(const char *token, size_t len, uint8_t out[SHA256_SIZE]);
/** The same as groups_by_token() of what was printed. */
uint32_t groups_by_token_print(const struct groups *groups, const uint8_t print[SHA256_SIZE]);

#endif
