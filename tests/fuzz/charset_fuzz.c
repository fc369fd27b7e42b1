/* charset_fuzz.c -- any bytes in any character set become valid UTF-8. */
#include "lib/charset.h"
#include "lib/log.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(struct slice text)
{
	must(charset_is_utf8(text));
	must(slice_find(text, '\0') == SIZE_MAX);
}

static void decode(struct arena *arena, struct slice bytes,
	struct slice charset, enum charset_repair repair)
{
	struct slice text = {NULL, 0};
	const enum charset_outcome outcome =
		charset_decode(arena, bytes, charset, repair, &text);

	must(outcome != CHARSET_SPENT);
	must((text.at != NULL) == (outcome == CHARSET_SOUND ||
					  (outcome == CHARSET_BROKEN &&
						  repair != CHARSET_REFUSE)));
	check(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *arena = arena_new(64 << 20);
	struct slice rest = slice_make(data, size);
	struct slice charset = {NULL, 0}, text;

	must(arena != NULL);
	(void)slice_cut(&rest, '\n', &charset);
	decode(arena, rest, charset, CHARSET_REPLACE);
	decode(arena, rest, charset, CHARSET_DROP);
	decode(arena, rest, charset, CHARSET_REFUSE);
	(void)charset_allows_mark(charset, charset_mark_of(rest));
	must(charset_mend(arena, rest, &text));
	check(text);
	must(text.at != rest.at || text.size == rest.size);
	must(charset_mend_carelessly(arena, rest, &text));
	check(text);
	arena_release(&arena);
	return 0;
}
