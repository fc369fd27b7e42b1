/* expect.c -- `bob < INVITE again branch=$b`: the next message that bob got. */
#include "run.h"

#include <stdlib.h>
#include <string.h>

static struct heard *next_heard(struct person *person)
{
	struct heard *heard = person->got;

	while (heard && heard->expected)
		heard = heard->next;
	return heard;
}

static bool is_called(const struct message *message, const char *name)
{
	char status[16];

	(void)snprintf(status, sizeof(status), "%u", message->status);
	return message->is_request
		       ? slice_equal(message->method_name, slice_of(name))
		       : strcmp(status, name) == 0;
}

/* A repeat is the same bytes once more: it must be called one. */
static bool is_repeat(const struct person *person, const struct heard *heard)
{
	for (const struct heard *old = person->got; old != heard;
		old = old->next)
		if (slice_equal(old->message->bytes, heard->message->bytes))
			return true;
	return false;
}

static struct slice field(
	struct run *run, const struct message *message, const char *name)
{
	static char number[16];
	const struct {
		const char *name;
		struct slice value;
	} fields[] = {{"branch", message->via.branch},
		{"call", message->call_id}, {"uri", message->request_uri},
		{"to-tag", message->to_tag}, {"from-tag", message->from_tag},
		{"body", message->body}, {"reason", message->reason},
		{"transport", message->via.transport},
		{"of", message->method_name}};

	for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++)
		if (!strcmp(name, fields[i].name))
			return fields[i].value;
	if (!strcmp(name, "cseq"))
		(void)snprintf(number, sizeof(number), "%u", message->cseq);
	else if (!strcmp(name, "vias"))
		(void)snprintf(
			number, sizeof(number), "%zu", message->via_count);
	else if (!strcmp(name, "max-forwards"))
		(void)snprintf(
			number, sizeof(number), "%d", message->max_forwards);
	else
		run_fail(run,
			"%s is no field: branch call cseq uri to-tag from-tag "
			"body reason transport of vias max-forwards",
			name);
	return slice_of(number);
}

/* name=value, name=$x (takes it over or compares), name=!value (is not). */
static void check_word(
	struct run *run, const struct message *message, const char *word)
{
	const char *equals = strchr(word, '=');
	char name[32], text[256];
	const char *wanted;
	bool differs;
	struct slice is;

	if (!equals || (size_t)(equals - word) >= sizeof(name))
		run_fail(run, "%s is not understood: name=value", word);
	(void)snprintf(name, sizeof(name), "%.*s", (int)(equals - word), word);
	is = field(run, message, name);
	wanted = equals + 1;
	differs = *wanted == '!';
	wanted += differs;
	if (*wanted == '$') {
		bool known = false;

		for (size_t i = 0; i < run->value_count; i++)
			known |= !strcmp(run->values[i].name, wanted);
		if (!known) {
			(void)snprintf(
				text, sizeof(text), "%.*s", SLICE_ARGS(is));
			value_set(run, wanted, text);
			return;
		}
		wanted = value_of(run, wanted);
	}
	if (slice_equal(is, slice_of(wanted)) == differs)
		run_fail(run, "%s is %.*s", name, SLICE_ARGS(is));
}

/* "Name: value", "Name:" (it is there), "!Name:" (it is not), "| text". */
static void check_line(
	struct run *run, const struct message *message, const char *line)
{
	bool absent = *line == '!';
	const char *colon = strchr(line, ':');
	const struct header *header = NULL;
	struct slice name, wanted;
	bool found = false;

	if (*line == '|') {
		struct slice text = slice_trim(slice_of(line + 1));

		if (slice_search(message->body, text) == SIZE_MAX)
			run_fail(run, "the body is: %.*s",
				SLICE_ARGS(message->body));
		return;
	}
	if (!colon)
		run_fail(run, "%s is no header", line);
	name = slice_make(line + absent, (size_t)(colon - line) - absent);
	wanted = slice_trim(slice_of(colon + 1));
	while ((header = message_header_named(message, name, header)))
		found |= !wanted.size ||
			 slice_equal(slice_trim(header->value), wanted);
	if (found == absent)
		run_fail(run, "%s %s in:\n%.*s", line,
			absent ? "stands" : "is not",
			SLICE_ARGS(message->bytes));
}

void expect_message(struct run *run, struct person *person, char **words)
{
	struct heard *heard = next_heard(person);
	const struct message *message;
	bool again = false;

	if (!words[2])
		run_fail(run, "NAME < METHOD or STATUS");
	if (!heard)
		run_fail(run, "%s got nothing", person->name);
	message = heard->message;
	if (heard->at_us != run_now_us(run))
		run_fail(run, "%s got it at %.3f s", person->name,
			(double)heard->at_us / 1e6);
	if (!is_called(message, words[2]))
		run_fail(run, "%s got %.*s", person->name,
			(int)slice_find(message->bytes, '\r'),
			message->bytes.at);
	heard->expected = true;
	for (char **word = words + 3; *word; word++)
		if (!strcmp(*word, "again"))
			again = true;
		else
			check_word(run, message, *word);
	if (is_repeat(person, heard) != again)
		run_fail(run, again ? "it is not the same bytes as before"
				    : "it is the same bytes as before: say "
				      "`again`");
	for (size_t i = 0; i < run->step->block_count; i++)
		check_line(run, message, run->step->block[i]);
}
