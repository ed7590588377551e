/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "wire/ssh.h"

#include "wire/guess.h"

static const char banner[] = "SSH-";

enum decode_guess ssh_guess(const uint8_t *data, size_t len)
{
	return guess_prefix(data, len, banner, false);
}

enum decode_result ssh_decode(struct cur data, bool ended, struct decode_state *state, struct extract *out)
{
	(void)ended;
	(void)out;
	state->consumed = 0;
	return ssh_guess(data.at, cur_left(&data)) == GUESS_YES ? DECODE_DONE : DECODE_NO;
}

bool ssh_window(const uint8_t *data, size_t len, struct position_window *out)
{
	bool whole;
	if (ssh_guess(data, len) != GUESS_YES)
		return false;
	size_t line = guess_line(data, len < SSH_BANNER_MAX ? len : SSH_BANNER_MAX, &whole);
	*out = (struct position_window){0, (uint32_t)line, whole || len >= SSH_BANNER_MAX};
	return true;
}
