/* same_text.c -- a text in an INVITE that comes again as MESSAGE. */
#include "proxy/archiving/same_text.h"

#include "lib/map.h"

#include <stdlib.h>

enum { KEEP_MS = 64000, KEEP_MOST = 10000 };

struct noted {
	UT_hash_handle hh;
	struct same_texts *texts; /* borrowed */
	struct timer end;
	unsigned char message_id[16];
	size_t call_size;
	size_t text_size;
	char bytes[]; /* Call-ID, then the text */
};

struct same_texts {
	struct timers *timers; /* borrowed */
	struct noted *all;     /* owned, by Call-ID */
};

struct same_texts *same_texts_new(struct timers *timers)
{
	struct same_texts *texts = calloc(1, sizeof(*texts));

	if (texts)
		texts->timers = timers;
	return texts;
}

static void forget(struct noted *noted)
{
	timer_cancel(noted->texts->timers, &noted->end);
	HASH_DEL(noted->texts->all, noted);
	free(noted);
}

void same_texts_release(struct same_texts **texts)
{
	struct noted *noted, *next;

	if (!*texts)
		return;
	HASH_ITER (hh, (*texts)->all, noted, next)
		forget(noted);
	free(*texts);
	*texts = NULL;
}

static void ended(struct timer *timer)
{
	forget((struct noted *)((char *)timer - offsetof(struct noted, end)));
}

/* The text that people see: of the header in an INVITE, of the body in a
 * MESSAGE. */
static struct slice text_of(struct passage *passage)
{
	const struct judged_list *list = passage_judged(passage, 0);
	bool invite = passage->versions[0].message->method == METHOD_INVITE;

	for (size_t i = 0; list && i < list->count; i++) {
		const struct judged *entry = &list->entries[i];
		bool in_header = slice_search_nocase(entry->place,
					 SLICE("ms-text-format")) != SIZE_MAX;

		if (entry->kind == JUDGED_PART && entry->text.size &&
			in_header == invite)
			return slice_trim(entry->text);
	}
	return (struct slice){NULL, 0};
}

static void remember(struct same_texts *texts, const struct passage *passage,
	struct slice text)
{
	struct slice call = passage->versions[0].message->call_id;
	struct noted *noted, *old;

	HASH_FIND(hh, texts->all, call.at, call.size, old);
	if (old)
		forget(old);
	if (HASH_COUNT(texts->all) >= KEEP_MOST)
		return;
	noted = calloc(1, sizeof(*noted) + call.size + text.size);
	if (!noted)
		return;
	noted->texts = texts;
	noted->call_size = call.size;
	noted->text_size = text.size;
	memcpy(noted->bytes, call.at, call.size);
	memcpy(noted->bytes + call.size, text.at, text.size);
	memcpy(noted->message_id, passage->message_id, 16);
	HASH_ADD_KEYPTR(hh, texts->all, noted->bytes, noted->call_size, noted);
	timer_set(texts->timers, &noted->end, KEEP_MS, ended);
}

void same_text_note(struct same_texts *texts, struct passage *passage)
{
	const struct message *message = passage->versions[0].message;
	struct noted *noted;
	struct slice text;

	if (passage->kind != PASSAGE_REQUEST)
		return;
	if (message->method == METHOD_INVITE &&
		!message_header(message, HEADER_MS_TEXT_FORMAT, NULL))
		return;
	if (message->method != METHOD_INVITE &&
		message->method != METHOD_MESSAGE)
		return;
	HASH_FIND(hh, texts->all, message->call_id.at, message->call_id.size,
		noted);
	if (message->method == METHOD_MESSAGE && !noted)
		return;
	text = text_of(passage);
	if (!text.size)
		return;
	if (message->method == METHOD_INVITE) {
		remember(texts, passage, text);
	} else if (slice_equal(text, slice_make(noted->bytes + noted->call_size,
					     noted->text_size))) {
		memcpy(passage->same_text_as, noted->message_id, 16);
		passage->same_text_as_set = true;
	}
}
