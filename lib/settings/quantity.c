/* quantity.c -- durations and sizes as people write them. */
#include "lib/settings/quantity.h"

#include "lib/slice.h"

#include <string.h>

/* What every reader of JSON still holds exactly. */
#define QUANTITY_MOST (UINT64_C(1) << 53)

struct unit {
	const char *suffix;
	uint64_t factor;
};

static const struct unit durations[] = {
	{"us", 1},
	{"ms", 1000},
	{"s", 1000000},
	{"m", UINT64_C(60) * 1000000},
	{"h", UINT64_C(3600) * 1000000},
	{"d", UINT64_C(86400) * 1000000},
	{NULL, 0},
};

static const struct unit sizes[] = {
	{"B", 1},
	{"KB", UINT64_C(1) << 10},
	{"MB", UINT64_C(1) << 20},
	{"GB", UINT64_C(1) << 30},
	{"TB", UINT64_C(1) << 40},
	{NULL, 0},
};

enum quantity_result number_read(const char *text, uint64_t *number)
{
	return slice_to_number(slice_of(text), QUANTITY_MOST, number)
		       ? QUANTITY_READ
		       : QUANTITY_WRONG;
}

static enum quantity_result quantity_read(
	const char *text, const struct unit *units, uint64_t *value)
{
	size_t digits = strspn(text, "0123456789");
	const char *suffix = text + digits;
	uint64_t number;

	if (!slice_to_number(slice_make(text, digits), QUANTITY_MOST, &number))
		return QUANTITY_WRONG;
	if (!*suffix)
		return QUANTITY_BARE;
	while (units->suffix && strcmp(units->suffix, suffix) != 0)
		units++;
	if (!units->suffix || number > QUANTITY_MOST / units->factor)
		return QUANTITY_WRONG;
	*value = number * units->factor;
	return QUANTITY_READ;
}

enum quantity_result duration_read(
	const char *text, enum setting_unit unit, uint64_t *value)
{
	static const uint64_t us[] = {[UNIT_NONE] = 1,
		[UNIT_US] = 1,
		[UNIT_MS] = 1000,
		[UNIT_S] = 1000000};
	enum quantity_result result = quantity_read(text, durations, value);

	if (result != QUANTITY_READ)
		return result;
	if (*value % us[unit])
		return QUANTITY_TOO_FINE;
	*value /= us[unit];
	return QUANTITY_READ;
}

enum quantity_result size_read(const char *text, uint64_t *bytes)
{
	return quantity_read(text, sizes, bytes);
}
