/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_WIRE_MESSAGES_H
#define HINOMI_WIRE_MESSAGES_H

#include <stddef.h>
#include <stdint.h>

#include "wire/decoder.h"

/* Messages between people (XMPP, IRC, SIP, MQTT, SMPP): recognised, so that nothing in them is looked at. */

enum decode_guess xmpp_guess(const uint8_t *data, size_t len);
enum decode_guess irc_guess(const uint8_t *data, size_t len);
enum decode_guess sip_guess(const uint8_t *data, size_t len);
enum decode_guess mqtt_guess(const uint8_t *data, size_t len);
enum decode_guess smpp_guess(const uint8_t *data, size_t len);

#endif
