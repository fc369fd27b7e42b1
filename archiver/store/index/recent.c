/* recent.c -- what the indexer must still remember of the last minutes. */
#include "archiver/store/index/recent.h"

#include <stdlib.h>
#include <string.h>

#define HASH_NONFATAL_OOM 1
#include <uthash.h>

/* In the order of the last use: uthash keeps the order of insertion, and an
 * entry that is used again is inserted again. */
struct kept {
	struct recent_entry entry;
	UT_hash_handle hh;
};

struct recent {
	struct kept *table;
};

struct recent *recent_new(void)
{
	return calloc(1, sizeof(struct recent));
}

void recent_release(struct recent **recent)
{
	struct kept *kept, *next;

	if (!*recent)
		return;
	HASH_ITER (hh, (*recent)->table, kept, next) {
		HASH_DEL((*recent)->table, kept);
		free(kept);
	}
	free(*recent);
	*recent = NULL;
}

static struct kept *find(const struct recent *recent, const unsigned char *key)
{
	struct kept *kept;

	HASH_FIND(hh, recent->table, key, RECENT_KEY_BYTES, kept);
	return kept;
}

struct recent_entry *recent_find(
	const struct recent *recent, const unsigned char key[RECENT_KEY_BYTES])
{
	struct kept *kept = find(recent, key);

	return kept ? &kept->entry : NULL;
}

static void drop(struct recent *recent, struct kept *kept)
{
	HASH_DEL(recent->table, kept);
	free(kept);
}

bool recent_put(struct recent *recent, const struct recent_entry *entry)
{
	struct kept *kept = find(recent, entry->key);

	if (kept)
		HASH_DEL(recent->table, kept);
	else
		kept = malloc(sizeof(*kept));
	if (!kept)
		return false;
	memset(kept, 0, sizeof(*kept));
	kept->entry = *entry;
	HASH_ADD(hh, recent->table, entry.key, RECENT_KEY_BYTES, kept);
	if (!kept->hh.tbl) {
		free(kept);
		return false;
	}
	if (HASH_COUNT(recent->table) > RECENT_LIMIT)
		drop(recent, recent->table);
	return true;
}

void recent_expire(struct recent *recent, uint64_t below)
{
	while (recent->table && recent->table->entry.last < below)
		drop(recent, recent->table);
}

size_t recent_count(const struct recent *recent)
{
	return HASH_COUNT(recent->table);
}
