/* show.c -- prints a conversation as a transcript. */
#include "cli/ask.h"
#include "cli/commands.h"
#include "cli/moment.h"
#include "cli/text.h"

#include <stdio.h>
#include <string.h>

enum { INDENT = 4, PEOPLE = 16 };

struct page {
	json_t *rows; /* owned; the heading needs all of them */
	unsigned width;
	bool bold;
};

static const char *text_at(const json_t *row, const char *name)
{
	const char *text = json_string_value(json_object_get(row, name));

	return text ? text : "";
}

static json_int_t number_at(const json_t *row, const char *name)
{
	return json_integer_value(json_object_get(row, name));
}

static void print_text(const char *text)
{
	text_print(stdout, slice_of(text));
}

/* ", name value" when there is one. */
static void print_detail(const char *before, const char *text)
{
	if (!*text)
		return;
	(void)fputs(before, stdout);
	print_text(text);
}

static void bold(const struct page *page, bool on)
{
	if (page->bold)
		(void)fputs(on ? "\033[1m" : "\033[22m", stdout);
}

static const char *address_of(const json_t *row, const char *side)
{
	return text_at(json_object_get(row, side), "address");
}

/* The addresses in the order of their first words. */
static size_t find_people(const json_t *rows, const char *people[PEOPLE])
{
	static const char *const sides[] = {"from", "to"};
	size_t count = 0;

	for (size_t i = 0; i < json_array_size(rows) * 2; i++) {
		const char *address =
			address_of(json_array_get(rows, i / 2), sides[i % 2]);
		size_t known = 0;

		while (known < count && strcmp(people[known], address) != 0)
			known++;
		if (known == count && count < PEOPLE && *address)
			people[count++] = address;
	}
	return count;
}

static const char *domain_of(const char *address)
{
	const char *at = strchr(address, '@');

	return at ? at : "";
}

/* Of one domain the user names are enough. */
static void print_people(const json_t *rows)
{
	const char *people[PEOPLE];
	size_t count = find_people(rows, people);
	bool one_domain = count > 1;

	for (size_t i = 1; i < count; i++)
		one_domain &=
			strcmp(domain_of(people[i]), domain_of(people[0])) == 0;
	for (size_t i = 0; i < count; i++) {
		size_t size = strlen(people[i]);

		if (one_domain)
			size -= strlen(domain_of(people[i]));
		if (i)
			(void)fputs(i + 1 == count ? " and " : ", ", stdout);
		text_print(stdout, slice_make(people[i], size));
	}
}

static void print_heading(const struct page *page, const json_t *done)
{
	size_t count = json_array_size(page->rows);

	bold(page, true);
	print_people(page->rows);
	(void)fputs(", ", stdout);
	moment_print(text_at(done, "first"));
	if (strcmp(text_at(done, "first"), text_at(done, "last")) != 0) {
		(void)fputs(" to ", stdout);
		moment_print(text_at(done, "last"));
	}
	bold(page, false);
	(void)printf(" (conversation %lld, %zu message%s)\n",
		(long long)number_at(done, "conversation"), count,
		count == 1 ? "" : "s");
}

static void print_person(const json_t *row, const char *side)
{
	const json_t *person = json_object_get(row, side);
	const char *name = text_at(person, "name");

	if (*name) {
		print_text(name);
		(void)fputs(" <", stdout);
	}
	print_text(text_at(person, "address"));
	if (*name)
		(void)fputs(">", stdout);
}

/* "15:02:49Z  Alice <alice@…> → bob@…  MESSAGE, passed" */
static void print_title(const struct page *page, const json_t *row)
{
	(void)putchar('\n');
	moment_print_clock(
		strchr(text_at(row, "at"), 'T') ? text_at(row, "at") : "");
	(void)fputs("  ", stdout);
	bold(page, true);
	print_person(row, "from");
	(void)fputs(" → ", stdout);
	print_person(row, "to");
	bold(page, false);
	(void)fputs("  ", stdout);
	if (json_is_false(json_object_get(row, "request")))
		(void)printf("%lld to ", (long long)number_at(row, "status"));
	print_text(text_at(row, "method"));
	(void)fputs(", ", stdout);
	print_text(text_at(row, "verdict"));
	if (json_is_true(json_object_get(row, "made_here")))
		(void)fputs(", made by the server", stdout);
	(void)putchar('\n');
}

static void print_texts(const struct page *page, const json_t *row)
{
	const json_t *texts = json_object_get(row, "texts");

	for (size_t i = 0; i < json_array_size(texts); i++) {
		const json_t *text = json_array_get(texts, i);
		const json_t *words = json_object_get(text, "text");

		if (!json_is_true(json_object_get(text, "written")))
			continue;
		if (number_at(text, "version") > 0)
			(void)printf("%*sas changed (version %lld):\n", INDENT,
				"", (long long)number_at(text, "version"));
		text_print_wrapped(stdout,
			slice_make(json_string_value(words),
				json_string_length(words)),
			INDENT, page->width);
	}
	if (json_is_true(json_object_get(row, "cut")))
		(void)printf("%*s(cut here; the record holds all of it)\n",
			INDENT, "");
}

static void print_attachment(const json_t *attachment)
{
	(void)printf("%*sattached: ", INDENT, "");
	print_text(*text_at(attachment, "file_name")
			   ? text_at(attachment, "file_name")
			   : text_at(attachment, "place"));
	print_detail(", ", text_at(attachment, "media_type"));
	(void)printf(", %lld bytes", (long long)number_at(attachment, "size"));
	print_detail(", ", text_at(attachment, "verdict"));
	print_detail(": ", text_at(attachment, "threat"));
	(void)putchar('\n');
}

static void print_attachments(const json_t *row)
{
	const json_t *list = json_object_get(row, "attachments");

	for (size_t i = 0; i < json_array_size(list); i++)
		if (json_is_true(
			    json_object_get(json_array_get(list, i), "file")))
			print_attachment(json_array_get(list, i));
}

/* What we answered, where it was not simply passed on. */
static void print_disposition(const json_t *of)
{
	const json_t *answer = json_object_get(of, "answer");
	long long status = (long long)number_at(answer, "status");

	print_text(text_at(of, "disposition"));
	if (status)
		(void)printf(" %lld", status);
	print_detail(" ", text_at(answer, "reason"));
}

static void print_links(const json_t *row, const json_t *done)
{
	char name[24];
	json_int_t other;

	(void)snprintf(name, sizeof(name), "%lld",
		(long long)number_at(row, "record"));
	other = number_at(json_object_get(done, "same_text_as"), name);
	if (other)
		(void)printf("%*ssame text as record %lld\n", INDENT, "",
			(long long)other);
	else if (*text_at(row, "repeats"))
		(void)printf("%*ssame text as message id %s\n", INDENT, "",
			text_at(row, "repeats"));
}

static void print_source(const json_t *observation)
{
	const json_t *source = json_object_get(observation, "source");
	const json_t *identity = json_object_get(observation, "identity");

	if (!*text_at(source, "address"))
		return;
	(void)fputs(", from ", stdout);
	print_text(text_at(source, "transport"));
	(void)putchar(' ');
	print_text(text_at(source, "address"));
	print_detail(" ", text_at(source, "name"));
	print_detail(", ", text_at(source, "class"));
	print_detail(", identity ", text_at(identity, "assurance"));
	print_detail(" by ", text_at(identity, "by"));
}

/* What the stage found, and where: "; unseen: a PKCS 7 envelope". */
static void print_notes(const json_t *entry)
{
	const json_t *notes = json_object_get(entry, "notes");

	for (size_t i = 0; i < json_array_size(notes); i++) {
		const json_t *note = json_array_get(notes, i);

		print_detail("; ", text_at(note, "name"));
		print_detail(": ", text_at(note, "value"));
	}
}

static void print_trail(const json_t *observation)
{
	const json_t *trail = json_object_get(observation, "trail");

	for (size_t i = 0; i < json_array_size(trail); i++) {
		const json_t *entry = json_array_get(trail, i);

		(void)printf("%*s", INDENT + 4, "");
		print_text(text_at(entry, "place"));
		(void)putchar(' ');
		print_text(text_at(entry, "stage"));
		(void)fputs(": ", stdout);
		print_text(text_at(entry, "verdict"));
		if (number_at(entry, "status"))
			(void)printf(
				" %lld", (long long)number_at(entry, "status"));
		print_detail(" ", text_at(entry, "reason"));
		print_detail(", rule ", text_at(entry, "rule"));
		print_detail(" (", text_at(entry, "judge"));
		if (*text_at(entry, "judge"))
			(void)putchar(')');
		if (number_at(entry, "branch"))
			(void)printf(", branch %lld",
				(long long)number_at(entry, "branch"));
		print_notes(entry);
		(void)putchar('\n');
	}
}

static void print_outcomes(const json_t *observation, json_int_t branch)
{
	const json_t *list = json_object_get(observation, "outcome");

	for (size_t i = 0; i < json_array_size(list); i++) {
		const json_t *event = json_array_get(list, i);

		if (number_at(event, "branch") != branch)
			continue;
		(void)fputs("; ", stdout);
		print_text(text_at(event, "event"));
		if (number_at(event, "status"))
			(void)printf(
				" %lld", (long long)number_at(event, "status"));
	}
}

static void print_branches(const json_t *observation)
{
	const json_t *list = json_object_get(observation, "branches");

	for (size_t i = 0; i < json_array_size(list); i++) {
		const json_t *branch = json_array_get(list, i);
		const json_t *hop = json_object_get(branch, "next_hop");

		(void)printf("%*sbranch %lld to ", INDENT + 4, "",
			(long long)number_at(branch, "number"));
		print_text(text_at(hop, "transport"));
		(void)putchar(' ');
		print_text(text_at(hop, "address"));
		print_detail(" ", text_at(hop, "name"));
		print_detail(" as ", text_at(branch, "target"));
		if (json_is_true(json_object_get(branch, "refused")))
			(void)fputs(", refused", stdout);
		print_outcomes(observation, number_at(branch, "number"));
		(void)putchar('\n');
	}
}

/* What this server saw was not what the first one had seen. */
static void print_difference(const struct page *page, const json_t *observation)
{
	if (!json_object_get(observation, "texts"))
		return;
	(void)printf("%*s%s:\n", INDENT + 4, "",
		json_is_true(json_object_get(observation, "differs"))
			? "OTHER CONTENT under the same message id"
			: "changed here");
	print_texts(page, observation);
	print_attachments(observation);
}

static void print_observation(
	const struct page *page, const json_t *observation)
{
	(void)printf("%*s", INDENT, "");
	if (json_is_true(json_object_get(observation, "unreadable"))) {
		(void)printf("record %lld cannot be read; `sipwarden verify` "
			     "tells more\n",
			(long long)number_at(observation, "record"));
		return;
	}
	(void)fputs("seen by ", stdout);
	print_text(text_at(observation, "node"));
	print_detail(", ", text_at(observation, "role"));
	(void)fputs(", ", stdout);
	print_text(text_at(observation, "direction"));
	print_source(observation);
	(void)fputs(": ", stdout);
	print_disposition(observation);
	print_outcomes(observation, 0); /* of our own answer */
	(void)putchar('\n');
	print_difference(page, observation);
	print_trail(observation);
	print_branches(observation);
}

static void print_message(
	const struct page *page, const json_t *row, const json_t *done)
{
	const json_t *observations = json_object_get(row, "observations");
	size_t count = json_array_size(observations);

	print_title(page, row);
	print_texts(page, row);
	print_attachments(row);
	print_links(row, done);
	if (count > 1)
		(void)printf("%*s%zu observations of this message:\n", INDENT,
			"", count);
	for (size_t i = 0; i < count; i++)
		print_observation(page, json_array_get(observations, i));
}

static void keep_row(void *context, const json_t *row)
{
	struct page *page = context;

	(void)json_array_append_new(page->rows, json_deep_copy(row));
}

static void print_page(const struct page *page, const json_t *done)
{
	print_heading(page, done);
	for (size_t i = 0; i < json_array_size(page->rows); i++)
		print_message(page, json_array_get(page->rows, i), done);
}

static int show(const struct ask_options *options, json_int_t conversation)
{
	struct settings *settings = settings_read_or_exit(options->config);
	json_t *request = json_pack(
		"{s:s,s:I}", "do", "show", "conversation", conversation);
	struct page page = {.rows = json_array(),
		.width = text_width(),
		.bold = text_bold()};
	json_t *done;
	int result = COMMAND_FAILED;
	enum ask_result asked = ask(settings, request,
		options->json ? ask_print_row : keep_row, &page, &done);

	if (asked == ASK_AWAY)
		result = ask_say_away(settings);
	if (asked == ASK_DONE) {
		if (options->json)
			ask_print_json(done);
		else
			print_page(&page, done);
		result = command_finish_output();
	}
	json_decref(done);
	json_decref(page.rows);
	json_decref(request);
	settings_release(&settings);
	return result;
}

int command_show(int argc, char **argv)
{
	struct ask_options options;
	uint64_t conversation;
	int result = ask_options(argc, argv, 0, &options);

	if (result != COMMAND_OK)
		return result;
	if (options.rest + 1 != argc ||
		!slice_to_number(slice_of(argv[options.rest]), INT64_MAX,
			&conversation) ||
		conversation == 0) {
		(void)fprintf(stderr,
			"sipwarden show: takes the number of one "
			"conversation; `sipwarden search` gives them\n");
		return COMMAND_USAGE;
	}
	return show(&options, (json_int_t)conversation);
}
