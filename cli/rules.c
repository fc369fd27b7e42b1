/* rules.c -- checks a rule file and shows what its rules make of a text. */
#include "cli/commands.h"

#include "policies/content/content.h"

#include <getopt.h>
#include <stdio.h>
#include <string.h>

struct request {
	const char *file;
	const char *text; /* NULL: check the file only */
	enum content_direction direction;
	bool fixed; /* the text cannot be changed in place */
};

static const struct {
	const char *word;
	enum content_direction direction;
} directions[] = {{"any", CONTENT_ANY}, {"internal", CONTENT_INTERNAL},
	{"inbound", CONTENT_INBOUND}, {"outbound", CONTENT_OUTBOUND},
	{"transit", CONTENT_TRANSIT}};

static const char *action_word(enum content_action action)
{
	static const char *const words[] = {
		"pass", "allow", "tag", "replace", "block"};
	return words[action];
}

static bool direction_read(const char *word, struct request *request)
{
	for (size_t i = 0; i < sizeof(directions) / sizeof(*directions); i++) {
		if (strcmp(word, directions[i].word) == 0) {
			request->direction = directions[i].direction;
			return true;
		}
	}
	(void)fprintf(stderr,
		"sipwarden rules: there is no direction %s; use any, internal, "
		"inbound, outbound or transit\n",
		word);
	return false;
}

static bool request_read(int argc, char **argv, struct request *request)
{
	static const struct option options[] = {
		{"try", required_argument, NULL, 't'},
		{"direction", required_argument, NULL, 'd'},
		{"fixed", no_argument, NULL, 'f'}, {NULL, 0, NULL, 0}};
	int option;
	*request = (struct request){.direction = CONTENT_ANY};
	optind = 1;
	while ((option = getopt_long(argc, argv, "t:d:f", options, NULL)) !=
		-1) {
		if (option == 't')
			request->text = optarg;
		else if (option == 'f')
			request->fixed = true;
		else if (option != 'd' || !direction_read(optarg, request))
			return false;
	}
	if (optind + 1 == argc)
		request->file = argv[optind];
	else
		(void)fprintf(stderr,
			"usage: sipwarden rules FILE [--try TEXT] "
			"[--direction WORD] [--fixed]\n");
	return request->file != NULL;
}

/* As it is, but for what a terminal would obey. */
static void print_bytes(struct slice text)
{
	for (size_t i = 0; i < text.size; i++) {
		unsigned char byte = (unsigned char)text.at[i];
		if (byte < 0x20 || byte == 0x7f)
			(void)printf("\\x%02x", byte);
		else
			(void)putchar(byte);
	}
}

static void print_text(struct slice text)
{
	(void)putchar('"');
	print_bytes(text);
	(void)putchar('"');
}

static void print_hit(struct slice text, const struct content_hit *hit)
{
	(void)printf("%-8s %s, from byte %zu: ", action_word(hit->action),
		hit->rule, hit->at);
	print_text(slice_part(text, hit->at, hit->size));
	if (hit->action == CONTENT_REPLACE) {
		(void)printf(" becomes ");
		print_text(hit->replacement);
	}
	(void)putchar('\n');
}

static void print_replaced(
	struct slice text, const struct content_judgement *judgement)
{
	size_t at = 0;
	(void)printf("The message goes on with \"");
	for (size_t i = 0; i < judgement->hit_count; i++) {
		const struct content_hit *hit = judgement->hits + i;
		if (hit->action != CONTENT_REPLACE)
			continue;
		print_bytes(slice_part(text, at, hit->at - at));
		print_bytes(hit->replacement);
		at = hit->at + hit->size;
	}
	print_bytes(slice_from(text, at));
	(void)printf("\", by rule %s.\n", judgement->rule);
}

static void print_judgement(
	struct slice text, const struct content_judgement *judgement)
{
	for (size_t i = 0; i < judgement->hit_count; i++)
		print_hit(text, judgement->hits + i);
	if (judgement->more_hits)
		(void)printf(
			"There are more hits than these %d.\n", CONTENT_HITS);
	switch (judgement->action) {
	case CONTENT_BLOCK:
		(void)printf("The message is refused: %u %s, by rule %s.\n",
			judgement->status, judgement->reason, judgement->rule);
		break;
	case CONTENT_REPLACE:
		print_replaced(text, judgement);
		break;
	case CONTENT_TAG:
		(void)printf("The message goes on, tagged by rule %s.\n",
			judgement->rule);
		break;
	default:
		(void)printf("The message goes on.\n");
		break;
	}
}

static int try_text(
	const struct content_rules *rules, const struct request *request)
{
	static struct content_judgement judgement;
	struct content_scratch *scratch = content_scratch_new(rules);
	struct content_text text = {slice_of(request->text), !request->fixed};
	int error = -1;
	if (scratch)
		error = content_judge(rules, scratch, &text, 1,
			request->direction, &judgement);
	content_scratch_release(&scratch);
	if (error) {
		(void)fprintf(stderr,
			"sipwarden rules: the rules could not be run: %s\n",
			error < 0 ? "memory is short" : strerror(error));
		return COMMAND_FAILED;
	}
	print_judgement(text.text, &judgement);
	return command_finish_output();
}

int command_rules(int argc, char **argv)
{
	static struct content_fault faults[CONTENT_FAULTS];
	struct content_rules *rules;
	struct request request;
	if (!request_read(argc, argv, &request))
		return COMMAND_USAGE;
	size_t count = content_rules_read(request.file, &rules, faults);
	for (size_t i = 0; i < count; i++)
		(void)fprintf(stderr, "%s\n", faults[i].text);
	if (count > 0)
		return COMMAND_CONFIGURATION;
	(void)printf("%s: %zu rule%s, version %s\n", request.file,
		content_rules_count(rules),
		content_rules_count(rules) == 1 ? "" : "s",
		content_rules_version(rules));
	int result = request.text ? try_text(rules, &request)
				  : command_finish_output();
	content_rules_release(&rules);
	return result;
}
