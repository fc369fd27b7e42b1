/* search.c -- finds messages in the archive. */
#include "cli/ask.h"
#include "cli/commands.h"
#include "cli/moment.h"
#include "cli/text.h"

#include <stdio.h>
#include <stdlib.h>

enum { MARKS = 64, INDENT = 6 };

struct print {
	unsigned width;
	bool bold;
};

static struct slice text_at(const json_t *row, const char *name)
{
	const json_t *text = json_object_get(row, name);

	return slice_make(json_is_string(text) ? json_string_value(text) : "",
		json_string_length(text));
}

static void print_value(const json_t *row, const char *name)
{
	text_print(stdout, text_at(row, name));
}

static size_t read_marks(const json_t *row, struct text_mark marks[MARKS])
{
	const json_t *list = json_object_get(row, "marks");
	size_t count = json_array_size(list);

	if (count > MARKS)
		count = MARKS;
	for (size_t i = 0; i < count; i++) {
		const json_t *pair = json_array_get(list, i);

		marks[i].start =
			(size_t)json_integer_value(json_array_get(pair, 0));
		marks[i].size =
			(size_t)json_integer_value(json_array_get(pair, 1));
	}
	return count;
}

static void print_files(const json_t *row, const struct print *print)
{
	const json_t *files = json_object_get(row, "files");

	for (size_t i = 0; i < json_array_size(files); i++) {
		const json_t *file = json_array_get(files, i);

		(void)printf("%*sattached: ", INDENT, "");
		text_print(stdout, slice_of(json_string_value(file)));
		(void)putchar('\n');
	}
	(void)print;
}

/* "inbound, blocked, answered 403", "internal, passed, 2 observations" */
static void print_fate(const json_t *row)
{
	json_int_t status = json_integer_value(json_object_get(row, "status"));
	json_int_t seen =
		json_integer_value(json_object_get(row, "observations"));

	print_value(row, "direction");
	(void)fputs(", ", stdout);
	print_value(row, "verdict");
	if (status)
		(void)printf(", answered %lld", (long long)status);
	if (seen > 1)
		(void)printf(", %lld observations", (long long)seen);
}

static void print_row(void *context, const json_t *row)
{
	const struct print *print = context;
	struct text_mark marks[MARKS];
	size_t count = read_marks(row, marks);
	struct slice text = text_at(row, "text");

	(void)printf("%4lld  ", (long long)json_integer_value(
					json_object_get(row, "conversation")));
	moment_print(json_string_value(json_object_get(row, "at")));
	(void)fputs("  ", stdout);
	print_value(row, "from");
	(void)fputs(" → ", stdout);
	print_value(row, "to");
	(void)fputs("  ", stdout);
	if (text.size == 0) {
		print_value(row, "method");
		(void)fputs(", ", stdout);
	}
	print_fate(row);
	(void)putchar('\n');
	text_print_marked(
		stdout, text, marks, count, INDENT, print->width, print->bold);
	print_files(row, print);
}

static void print_done(const json_t *done)
{
	long long messages = (long long)json_integer_value(
		json_object_get(done, "messages"));
	long long conversations = (long long)json_integer_value(
		json_object_get(done, "conversations"));
	const json_t *mark = json_object_get(done, "watermark");
	long long pending =
		(long long)json_integer_value(json_object_get(mark, "pending"));

	(void)printf("%lld message%s, %lld conversation%s", messages,
		messages == 1 ? "" : "s", conversations,
		conversations == 1 ? "" : "s");
	if (json_is_true(json_object_get(done, "more")))
		(void)fputs("; there are more than --limit shows", stdout);
	if (pending)
		(void)printf("; %lld records are being indexed", pending);
	(void)putchar('\n');
}

/* The words of the command line, with spaces between. */
static char *join(int count, char **words)
{
	size_t size = 1, used = 0;
	char *query;

	for (int i = 0; i < count; i++)
		size += strlen(words[i]) + 1;
	query = calloc(1, size);
	for (int i = 0; query && i < count; i++)
		used += (size_t)snprintf(query + used, size - used, "%s%s",
			i ? " " : "", words[i]);
	return query;
}

static json_t *request_of(const char *query, uint64_t limit)
{
	json_t *request = json_pack("{s:s}", "do", "search");

	/* Fails, and is missed below, when it is no UTF-8. */
	(void)json_object_set_new(request, "query", json_string(query));
	if (limit)
		(void)json_object_set_new(
			request, "limit", json_integer((json_int_t)limit));
	return request;
}

static int search(const struct ask_options *options, const json_t *request)
{
	struct settings *settings = settings_read_or_exit(options->config);
	struct print print = {.width = text_width(), .bold = text_bold()};
	json_t *done;
	int result = COMMAND_FAILED;

	switch (ask(settings, request,
		options->json ? ask_print_row : print_row, &print, &done)) {
	case ASK_DONE:
		if (options->json)
			ask_print_json(done);
		else
			print_done(done);
		result = command_finish_output();
		break;
	case ASK_AWAY:
		result = ask_say_away(settings);
		break;
	case ASK_REFUSED:
		break;
	}
	json_decref(done);
	settings_release(&settings);
	return result;
}

int command_search(int argc, char **argv)
{
	struct ask_options options;
	json_t *request;
	char *query;
	int result = ask_options(argc, argv, ASK_TAKES_LIMIT, &options);

	if (result != COMMAND_OK)
		return result;
	if (options.rest >= argc) {
		(void)fprintf(stderr,
			"sipwarden search: for what? e.g. sipwarden search "
			"from:alice lunch OR dinner\n");
		return COMMAND_USAGE;
	}
	query = join(argc - options.rest, argv + options.rest);
	request = query ? request_of(query, options.limit) : NULL;
	if (request && json_object_get(request, "query")) {
		result = search(&options, request);
	} else {
		(void)fprintf(
			stderr, "sipwarden search: the query is no UTF-8\n");
		result = COMMAND_USAGE;
	}
	json_decref(request);
	free(query);
	return result;
}
