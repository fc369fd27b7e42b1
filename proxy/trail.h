/* trail.h -- what the stages saw and said, in their order: goes into the
 * record. */
#ifndef PROXY_TRAIL_H
#define PROXY_TRAIL_H

#include "lib/arena.h"
#include "lib/slice.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct trail_note {
	struct trail_note *next;
	struct slice name, value;
};

/* One look; all memory is the passage's arena. Words as in record.proto. */
struct trail_entry {
	struct trail_entry *next;
	const char *stage;   /* "log", "content-filter", "virus-scan" */
	const char *place;   /* "before-routing", "after-routing" */
	const char *verdict; /* "continue", "answer", "discard", "failed",
				"unscannable", "unchanged", "snapshot" */
	unsigned status;
	struct slice reason, rule, judge;
	unsigned version; /* of the content judged */
	unsigned branch;  /* 0: before routing */
	uint64_t took_us;
	unsigned char snapshot[32];
	bool has_snapshot;
	struct trail_note *notes; /* tag=…, and what else the record should
				     tell */
};

struct trail {
	struct trail_entry *first, *last;
	size_t count;
};

/* A zeroed entry at the end; NULL when the arena is spent. */
struct trail_entry *trail_add(struct trail *trail, struct arena *arena);
bool trail_note(struct trail_entry *entry, struct arena *arena,
	struct slice name, struct slice value);

#endif
