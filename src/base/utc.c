/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "base/utc.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#define YEAR_MIN 1970
#define YEAR_MAX 2261 /* the last whole year that fits int64 nanoseconds */

int64_t utc_now_ns(void)
{
	struct timespec now;
	(void)clock_gettime(CLOCK_REALTIME, &now);
	return (int64_t)now.tv_sec * NS_SECOND + now.tv_nsec;
}

/* Writes n digits; what is larger loses its first ones. */
static void put(char *out, unsigned value, int n)
{
	while (n-- > 0) {
		out[n] = (char)('0' + value % 10);
		value /= 10;
	}
}

void utc_format(int64_t time_ns, char out[UTC_SIZE])
{
	if (time_ns < 0)
		time_ns = 0;
	if (time_ns > UTC_MAX_NS)
		time_ns = UTC_MAX_NS;
	time_t seconds = (time_t)(time_ns / NS_SECOND);
	struct tm tm;
	(void)gmtime_r(&seconds, &tm);
	memcpy(out, "0000-00-00T00:00:00.000000Z", UTC_SIZE);
	put(out, (unsigned)tm.tm_year + 1900, 4);
	put(out + 5, (unsigned)tm.tm_mon + 1, 2);
	put(out + 8, (unsigned)tm.tm_mday, 2);
	put(out + 11, (unsigned)tm.tm_hour, 2);
	put(out + 14, (unsigned)tm.tm_min, 2);
	put(out + 17, (unsigned)tm.tm_sec, 2);
	put(out + 20, (unsigned)(time_ns % NS_SECOND / 1000), 6);
}

/* Reads exactly n digits. @return whether they were there. */
static bool digits(const char **at, const char *end, int n, int *out)
{
	int value = 0;
	for (int i = 0; i < n; i++) {
		if (*at == end || **at < '0' || **at > '9')
			return false;
		value = value * 10 + (*(*at)++ - '0');
	}
	*out = value;
	return true;
}

static bool literal(const char **at, const char *end, const char *any_of)
{
	if (*at == end || **at == '\0' || strchr(any_of, **at) == NULL)
		return false;
	(*at)++;
	return true;
}

/* Days from 1970-01-01 to a date of the Gregorian calendar, counting years from March. */
static int64_t days_from_civil(int year, int month, int day)
{
	int y = month <= 2 ? year - 1 : year;
	int era = y / 400;
	int yoe = y - era * 400;
	int doy = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
	int doe = yoe * 365 + yoe / 4 - yoe / 100 + doy;
	return (int64_t)era * 146097 + doe - 719468;
}

static int month_days(int year, int month)
{
	static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
	return month == 2 && leap ? 29 : days[month - 1];
}

int utc_parse(const char *text, size_t len, int64_t *time_ns_out)
{
	if (len == 0)
		return HN_EFORMAT;
	const char *at = text;
	const char *end = text + len;
	int year, month, day, hour, minute, second;

	if (!digits(&at, end, 4, &year) || !literal(&at, end, "-") || !digits(&at, end, 2, &month) ||
	    !literal(&at, end, "-") || !digits(&at, end, 2, &day) || !literal(&at, end, "Tt ") ||
	    !digits(&at, end, 2, &hour) || !literal(&at, end, ":") || !digits(&at, end, 2, &minute) ||
	    !literal(&at, end, ":") || !digits(&at, end, 2, &second))
		return HN_EFORMAT;
	if (month < 1 || month > 12 || day < 1 || day > month_days(year, month) || hour > 23 || minute > 59 ||
	    second > 60)
		return HN_EFORMAT;
	int64_t fraction = 0;
	if (literal(&at, end, ".")) {
		int64_t unit = NS_SECOND / 10;
		if (at == end || *at < '0' || *at > '9')
			return HN_EFORMAT;
		for (; at != end && *at >= '0' && *at <= '9'; at++, unit /= 10)
			fraction += unit * (*at - '0');
	}
	int64_t offset = 0;
	if (!literal(&at, end, "Zz")) {
		int sign = at != end && *at == '-' ? -1 : 1;
		int off_hour, off_minute;
		if (!literal(&at, end, "+-") || !digits(&at, end, 2, &off_hour) || !literal(&at, end, ":") ||
		    !digits(&at, end, 2, &off_minute) || off_hour > 23 || off_minute > 59)
			return HN_EFORMAT;
		offset = sign * (INT64_C(3600) * off_hour + INT64_C(60) * off_minute);
	}
	if (at != end)
		return HN_EFORMAT;
	if (year < YEAR_MIN || year > YEAR_MAX)
		return HN_ELIMIT;
	int64_t seconds = days_from_civil(year, month, day) * 86400 + INT64_C(3600) * hour +
			  INT64_C(60) * minute + second - offset;
	if (seconds < 0 || seconds > UTC_MAX_NS / NS_SECOND)
		return HN_ELIMIT;
	*time_ns_out = seconds * NS_SECOND + fraction;
	return HN_OK;
}

int utc_duration_parse(const char *text, size_t len, int64_t *duration_ns_out)
{
	static const struct {
		char unit;
		bool in_time;
		int64_t seconds;
	} units[] = {{'W', false, 604800},
		     {'D', false, 86400},
		     {'H', true, 3600},
		     {'M', true, 60},
		     {'S', true, 1}};
	if (len == 0)
		return HN_EFORMAT;
	const char *at = text;
	const char *end = text + len;
	int64_t total = 0;
	size_t next = 0;
	bool in_time = false, any = false;

	if (!literal(&at, end, "P"))
		return HN_EFORMAT;
	while (at != end) {
		if (!in_time && literal(&at, end, "T")) {
			in_time = true;
			any = false;
			continue;
		}
		int64_t value = 0;
		const char *start = at;
		for (; at != end && *at >= '0' && *at <= '9'; at++) {
			value = value * 10 + (*at - '0');
			if (value > INT64_C(10000000000))
				return HN_ELIMIT;
		}
		if (at == start || at == end)
			return HN_EFORMAT;
		while (next < 5 && (units[next].unit != *at || units[next].in_time != in_time))
			next++;
		if (next == 5)
			return HN_EFORMAT;
		total += value * units[next++].seconds;
		if (total > INT64_C(9000000000))
			return HN_ELIMIT;
		any = true;
		at++;
	}
	if (!any)
		return HN_EFORMAT;
	*duration_ns_out = total * NS_SECOND;
	return HN_OK;
}
