/* rest.c -- how much of the journal a reader has still before him. */
#include "archiver/journal/rest.h"

#include "archiver/journal/journal.h"
#include "lib/clock.h"
#include "lib/record/number.h"

#include <errno.h>

enum { LOOK_AT_CLOCK = 256 };

static uint64_t age_s(uint64_t number)
{
	uint64_t now_us = clock_wall_us();
	uint64_t then_us = record_number_wall_us(number);

	return now_us > then_us ? (now_us - then_us) / 1000000 : 0;
}

struct journal_rest journal_rest(const char *folder, uint64_t after)
{
	struct journal_rest rest = {0, 0};
	uint64_t until_ms = clock_steady_ms() + JOURNAL_REST_MS;
	struct journal_reader *reader;
	struct journal_entry entry;
	struct journal_fault fault;
	int error = journal_reader_open(folder, after, &reader);

	while (!error && rest.records < JOURNAL_REST_RECORDS) {
		error = journal_reader_next(reader, &entry, &fault);
		if (error == EBADMSG)
			error = 0; /* goes on behind the damage */
		else if (!error && rest.records++ == 0)
			rest.age_s = age_s(entry.number);
		if (rest.records % LOOK_AT_CLOCK == 0 &&
			clock_steady_ms() > until_ms)
			break;
	}
	journal_reader_close(&reader);
	return rest;
}
