/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_RESOLVER_UDP_BATCH_H
#define HINOMI_RESOLVER_UDP_BATCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/ip.h"
#include "resolver/socket_address.h"

/*
 * Datagrams by the batch: one system call receives as many as are there, one sends all answers. The only file
 * that knows how; another way into the kernel is another implementation of these functions.
 */

#define UDP_BATCH       64
#define UDP_RECEIVE_MAX 4096 /* bytes of a question; what is longer is cut and so refused as malformed */
#define UDP_SEND_MAX    4096

/** The way back to who asked. */
struct udp_path {
	union socket_address peer;
	struct ip local; /* version 0: the socket's own address; else the one that was asked, on a wildcard
			    socket */
	int socket;
};

struct udp_batch;

/** @return HN_ENOMEM */
HN_MUST_USE int udp_batch_new(struct udp_batch **out);
/** NULL is allowed. */
void udp_batch_free(struct udp_batch *b);

/**
 * Opens a socket that shares its port with those of the other threads (SO_REUSEPORT), non-blocking. IPv6
 * sockets take IPv6 alone. Never fragments: path MTU discovery is left out (RFC 9715).
 *
 * @return the socket; HN_EIO (errno)
 */
int udp_socket_open(const struct ip *address, uint16_t port);

/** Receives what is there now. @return how many, 0..UDP_BATCH */
size_t udp_batch_receive(struct udp_batch *b, int fd);
/** The i-th datagram that was received; valid until the next call of udp_batch_receive(). */
const uint8_t *udp_batch_message(const struct udp_batch *b, size_t i, size_t *len_out);
/** The way back to who sent the i-th datagram; and who that is. */
void udp_batch_path(const struct udp_batch *b, size_t i, struct udp_path *out);
void udp_batch_client(const struct udp_batch *b, size_t i, struct ip *out);

/** Room for an answer to the i-th datagram, UDP_SEND_MAX bytes. */
uint8_t *udp_batch_answer(struct udp_batch *b, size_t i);
/** The i-th datagram is answered with the first len bytes of that room, at udp_batch_send(). */
void udp_batch_reply(struct udp_batch *b, size_t i, size_t len);
/** Sends all replies. @return how many the kernel did not take: they are lost, as datagrams may be */
size_t udp_batch_send(struct udp_batch *b, int fd);

/** One datagram by itself. @return false when the kernel did not take it */
bool udp_send(const struct udp_path *path, const uint8_t *message, size_t len);

#endif
