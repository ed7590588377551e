/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "wire/mail.h"

#include "wire/guess.h"

enum decode_guess smtp_guess(const uint8_t *data, size_t len)
{
	static const char *const commands[] = {"EHLO ", "HELO ", "LHLO ", NULL};
	static const char *const greetings[] = {"220 ", "220-", NULL};

	enum decode_guess guess = guess_prefixes(data, len, commands, true);
	if (guess != GUESS_NO)
		return guess;
	guess = guess_prefixes(data, len, greetings, false);
	if (guess != GUESS_YES)
		return guess;
	/* FTP greets with the same code; the word is customary (RFC 5321, 4.2) and in nearly every greeting.
	 */
	bool whole;
	size_t line = guess_line(data, len, &whole);
	if (guess_contains(data, line, "smtp"))
		return GUESS_YES;
	return whole ? GUESS_NO : GUESS_MAYBE;
}

enum decode_guess pop3_guess(const uint8_t *data, size_t len)
{
	static const char *const openings[] = {"+OK ", "CAPA\r\n", "STLS\r\n", "APOP ", NULL};
	return guess_prefixes(data, len, openings, true);
}

#define TAG_MAX 16 /* bytes of a command's tag that a client may choose */

static bool is_letter_or_digit(uint8_t c)
{
	return (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z');
}

enum decode_guess imap_guess(const uint8_t *data, size_t len)
{
	static const char *const greetings[] = {"* OK", "* PREAUTH", "* BYE", NULL};
	static const char *const commands[] = {
		"CAPABILITY\r\n", "LOGIN ", "AUTHENTICATE ", "STARTTLS\r\n", "ID ", "NOOP\r\n", NULL};
	size_t tag = 0;

	if (len > 0 && data[0] == '*')
		return guess_prefixes(data, len, greetings, true);
	while (tag < len && tag < TAG_MAX && is_letter_or_digit(data[tag]))
		tag++;
	if (tag == len && tag < TAG_MAX)
		return GUESS_MAYBE;
	if (tag == 0 || tag == len || data[tag] != ' ')
		return GUESS_NO;
	return guess_prefixes(data + tag + 1, len - tag - 1, commands, true);
}

enum decode_guess mail_port_guess(const uint8_t *data, size_t len)
{
	return len > 0 && data[0] == 0x16 ? GUESS_NO : GUESS_YES;
}
