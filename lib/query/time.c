/* time.c -- times as people write them, and as record numbers. */
#include "lib/query/query.h"

#include <time.h>

enum { SECOND_US = 1000000 };

/* Reads count digits; false when there are fewer. */
static bool digits(struct slice *rest, size_t count, int *number)
{
	uint64_t value;

	if (rest->size < count || !slice_to_number(slice_part(*rest, 0, count),
					  INT32_MAX, &value))
		return false;
	*number = (int)value;
	*rest = slice_from(*rest, count);
	return true;
}

static bool take(struct slice *rest, char wanted)
{
	if (rest->size == 0 || (*rest->at | 0x20) != (wanted | 0x20))
		return false;
	*rest = slice_from(*rest, 1);
	return true;
}

/* Z, +01:00 or nothing. */
static bool read_zone(struct slice *rest, int *offset_s)
{
	int hours, minutes;
	bool west;

	*offset_s = 0;
	if (rest->size == 0 || take(rest, 'Z'))
		return true;
	west = *rest->at == '-';
	if (!west && *rest->at != '+')
		return false;
	*rest = slice_from(*rest, 1);
	if (!digits(rest, 2, &hours) || !take(rest, ':') ||
		!digits(rest, 2, &minutes) || hours > 14 || minutes > 59)
		return false;
	*offset_s = (hours * 60 + minutes) * (west ? -60 : 60);
	return true;
}

/* Txx:xx[:xx[.xxx]]; *unit_us becomes what the last part covers. */
static bool read_clock(
	struct slice *rest, struct tm *time, uint64_t *fraction, uint64_t *unit)
{
	if (!digits(rest, 2, &time->tm_hour) || !take(rest, ':') ||
		!digits(rest, 2, &time->tm_min) || time->tm_hour > 23 ||
		time->tm_min > 59)
		return false;
	*unit = 60ull * SECOND_US;
	if (!take(rest, ':'))
		return true;
	if (!digits(rest, 2, &time->tm_sec) || time->tm_sec > 60)
		return false;
	*unit = SECOND_US;
	if (!take(rest, '.'))
		return true;
	while (*unit > 1 && rest->size && *rest->at >= '0' &&
		*rest->at <= '9') {
		*unit /= 10;
		*fraction += (uint64_t)(*rest->at - '0') * *unit;
		*rest = slice_from(*rest, 1);
	}
	return *unit < SECOND_US;
}

/* Seconds since 1970 of a date in UTC; false when there is no such day. */
static bool seconds_of(const struct tm *wanted, int64_t *seconds)
{
	struct tm time = *wanted;

	*seconds = timegm(&time);
	return time.tm_mday == wanted->tm_mday && time.tm_mon == wanted->tm_mon;
}

/* The parts of a date; *unit 0 when it ends with month or year, whose first
 * second that follows is then *after. */
static bool read_date(struct slice *rest, struct tm *time, struct tm *after)
{
	if (!digits(rest, 4, &time->tm_year) || time->tm_year < 1970)
		return false;
	time->tm_year -= 1900;
	time->tm_mday = 1;
	*after = *time;
	if (!take(rest, '-')) {
		after->tm_year++;
		return true;
	}
	if (!digits(rest, 2, &time->tm_mon) || time->tm_mon < 1 ||
		time->tm_mon > 12)
		return false;
	after->tm_mon = time->tm_mon--;
	if (!take(rest, '-'))
		return true;
	if (!digits(rest, 2, &time->tm_mday) || time->tm_mday < 1 ||
		time->tm_mday > 31)
		return false;
	*after = *time;
	after->tm_mday++;
	return true;
}

bool query_read_time(struct slice text, uint64_t *first_us, uint64_t *last_us)
{
	struct tm from = {0}, after = {0};
	uint64_t fraction = 0, unit = 0;
	int64_t start, end;
	int offset_s = 0;

	if (!read_date(&text, &from, &after) || !seconds_of(&from, &start))
		return false;
	end = timegm(&after);
	if (take(&text, 'T')) {
		if (!read_clock(&text, &from, &fraction, &unit) ||
			!read_zone(&text, &offset_s))
			return false;
		start = timegm(&from);
	}
	if (text.size != 0 || start - offset_s < 0)
		return false;
	*first_us = (uint64_t)(start - offset_s) * SECOND_US + fraction;
	*last_us = unit ? *first_us + unit - 1 : (uint64_t)end * SECOND_US - 1;
	return true;
}
