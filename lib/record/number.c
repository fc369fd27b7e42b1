/* number.c -- record numbers: when a record was taken, and by whom. */
#include "lib/record/number.h"

#define LAST_TIME ((UINT64_C(1) << 51) - 1)

uint64_t record_number_make(uint64_t wall_us, uint32_t node)
{
	uint64_t time =
		wall_us > RECORD_EPOCH_US ? wall_us - RECORD_EPOCH_US : 0;

	if (time > LAST_TIME)
		time = LAST_TIME;
	return time << RECORD_NODE_BITS | (node & (RECORD_NODES - 1));
}

uint64_t record_number_next(uint64_t last, uint64_t wall_us, uint32_t node)
{
	uint64_t least = record_number_wall_us(last) + 1;

	if (last && wall_us < least)
		wall_us = least;
	/* Number 0 means "none" everywhere, so it is never given. */
	if (wall_us <= RECORD_EPOCH_US)
		wall_us = RECORD_EPOCH_US + 1;
	return record_number_make(wall_us, node);
}

uint64_t record_number_wall_us(uint64_t number)
{
	return (number >> RECORD_NODE_BITS) + RECORD_EPOCH_US;
}

uint32_t record_number_node(uint64_t number)
{
	return (uint32_t)(number & (RECORD_NODES - 1));
}
