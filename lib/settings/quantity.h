/* quantity.h -- durations and sizes as people write them. */
#ifndef LIB_SETTINGS_QUANTITY_H
#define LIB_SETTINGS_QUANTITY_H

#include "lib/settings/table.h"

#include <stdint.h>

enum quantity_result {
	QUANTITY_READ,
	QUANTITY_WRONG,   /* not one at all */
	QUANTITY_BARE,    /* a number without a unit */
	QUANTITY_TOO_FINE /* not a whole number of the unit it is kept in */
};

/* 500us, 250ms, 5s, 3m, 1h, 7d: in the unit given. */
enum quantity_result duration_read(
	const char *text, enum setting_unit unit, uint64_t *value);
/* 512B, 64KB, 64MB, 1GB, 2TB (multiples of 1024): in bytes. */
enum quantity_result size_read(const char *text, uint64_t *bytes);
/* Digits alone, up to 2^53. */
enum quantity_result number_read(const char *text, uint64_t *number);

#endif
