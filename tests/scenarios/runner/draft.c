/* draft.c -- a message that somebody is about to send. */
#include "draft.h"

#include <stdlib.h>
#include <string.h>

enum { DRAFT_ARENA_BYTES = 4 * 1024 * 1024 };

void draft_open(struct draft *draft)
{
	memset(draft, 0, sizeof(*draft));
	draft->arena = arena_new(DRAFT_ARENA_BYTES);
	if (!draft->arena)
		abort();
	draft->body = SLICE("");
}

void draft_close(struct draft *draft)
{
	arena_release(&draft->arena);
}

void draft_add(struct run *run, struct draft *draft, const char *name,
	struct slice value)
{
	if (!value.at || draft->count == DRAFT_HEADERS) {
		arena_release(&draft->arena);
		run_fail(run, "there is nothing to make %s of", name);
	}
	draft->headers[draft->count].name =
		arena_copy(draft->arena, slice_of(name));
	draft->headers[draft->count++].value = arena_copy(draft->arena, value);
}

void draft_copy(struct run *run, struct draft *draft,
	const struct message *from, enum header_id id)
{
	const struct header *header = NULL;
	char name[64];

	(void)snprintf(name, sizeof(name), "%.*s", SLICE_ARGS(header_name(id)));
	while ((header = message_header(from, id, header)))
		draft_add(run, draft, name, header->value);
}

/* The first line of a name replaces ours, each further one is added; one
 * without a value takes ours away. */
static void take_header(
	struct run *run, struct draft *draft, const char *line, bool first)
{
	const char *colon = strchr(line, ':');
	struct slice name, value;
	size_t kept = 0;

	if (!colon)
		run_fail(run, "%s is no header", line);
	name = slice_make(line, (size_t)(colon - line));
	value = slice_trim(slice_of(colon + 1));
	for (size_t i = 0; i < draft->count; i++)
		if (!first || !slice_equal_nocase(draft->headers[i].name, name))
			draft->headers[kept++] = draft->headers[i];
	draft->count = kept;
	if (value.size)
		draft_add(run, draft, arena_copy(draft->arena, name).at, value);
}

static bool is_first(const struct step *step, size_t number)
{
	const char *line = step->block[number];
	size_t size = strcspn(line, ":") + 1;

	for (size_t i = 0; i < number; i++)
		if (!strncmp(step->block[i], line, size))
			return false;
	return true;
}

static void take_block(struct run *run, struct draft *draft)
{
	const struct step *step = run->step;

	for (size_t i = 0; i < step->block_count; i++) {
		const char *line = step->block[i];

		if (*line == '|')
			draft->body = arena_format(draft->arena, "%.*s%s\r\n",
				SLICE_ARGS(draft->body),
				line + 1 + (line[1] == ' '));
		else
			take_header(run, draft, line, is_first(step, i));
	}
}

static bool has(const struct draft *draft, const char *name)
{
	for (size_t i = 0; i < draft->count; i++)
		if (slice_equal_nocase(draft->headers[i].name, slice_of(name)))
			return true;
	return false;
}

/* size=N fills up with dots. */
static void take_text(struct run *run, struct draft *draft, char **words)
{
	const char *text = step_option(run, words, "text");
	const char *size = step_option(run, words, "size");

	if (text)
		draft->body = arena_copy(draft->arena, slice_of(text));
	if (size) {
		size_t bytes = strtoul(size, NULL, 10);
		char *dots = arena_take(draft->arena, bytes + 1);

		memset(dots, '.', bytes);
		draft->body = slice_make(dots, bytes);
	}
}

static struct slice written_out(struct draft *draft)
{
	struct arena *arena = draft->arena;
	struct slice text =
		arena_format(arena, "%.*s\r\n", SLICE_ARGS(draft->start));

	for (size_t i = 0; i < draft->count; i++)
		text = arena_format(arena, "%.*s%.*s: %.*s\r\n",
			SLICE_ARGS(text), SLICE_ARGS(draft->headers[i].name),
			SLICE_ARGS(draft->headers[i].value));
	return arena_format(arena, "%.*s\r\n%.*s", SLICE_ARGS(text),
		SLICE_ARGS(draft->body));
}

void draft_send(struct run *run, struct person *person, struct draft *draft,
	char **words)
{
	struct slice text;
	char *copy;

	take_text(run, draft, words);
	take_block(run, draft);
	if (draft->body.size && !has(draft, "Content-Type"))
		draft_add(run, draft, "Content-Type", SLICE("text/plain"));
	if (!has(draft, "Content-Length"))
		draft_add(run, draft, "Content-Length",
			arena_format(draft->arena, "%zu", draft->body.size));
	text = written_out(draft);
	copy = slice_to_string(text);
	draft_close(draft);
	if (!copy)
		abort();
	network_deliver(run, person, copy, text.size);
	free(copy);
}
