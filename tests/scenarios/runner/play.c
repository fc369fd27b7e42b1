/* play.c -- plays one scenario: its steps one after the other, then silence
 * until nothing of it is left in the proxy. */
#include "script.h"

#include "lib/arena.h"

#include <ctype.h>
#include <ftw.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum { WORDS = 32, DRAIN_S = 300, SETTLED_S = 40 };

struct run *the_run;

/* --- what went otherwise -------------------------------------------------- */

static void copy_log(int log)
{
	char text[4096];
	ssize_t size;

	(void)lseek(log, 0, SEEK_SET);
	while ((size = read(log, text, sizeof(text))) > 0)
		(void)fwrite(text, 1, (size_t)size, stdout);
}

/* The proxy's log and what is said of a crash must not be lost with it. */
static int stderr_was = STDERR_FILENO;

static void say_log(int signal_number)
{
	char text[4096];
	ssize_t size;

	(void)lseek(STDERR_FILENO, 0, SEEK_SET);
	while ((size = read(STDERR_FILENO, text, sizeof(text))) > 0 &&
		write(stderr_was, text, (size_t)size) > 0)
		continue;
	(void)signal(signal_number, SIG_DFL);
	(void)raise(signal_number);
}

void __sanitizer_set_report_fd(void *descriptor) __attribute__((weak));

static void log_redirect(int log)
{
	(void)signal(SIGABRT, say_log);
	if (__sanitizer_set_report_fd)
		__sanitizer_set_report_fd((void *)(intptr_t)stderr_was);
	(void)dup2(log, STDERR_FILENO);
}

noreturn void run_fail(struct run *run, const char *format, ...)
{
	va_list arguments;

	printf("%s:%u: ", run->step->file, run->step->line);
	va_start(arguments, format);
	(void)vprintf(format, arguments);
	va_end(arguments);
	printf("\n    at %.3f s, in: %s\n", (double)run_now_us(run) / 1e6,
		run->step->text);
	(void)fflush(run->ladder_file);
	(void)fputs(run->ladder ? run->ladder : "", stdout);
	copy_log(run->log);
	(void)fflush(stdout);
	longjmp(run->failed, 1);
}

void ladder_add(struct run *run, const struct person *person, const char *arrow,
	const struct message *message, const char *note)
{
	size_t end = slice_find(message->bytes, '\r');

	(void)fprintf(run->ladder_file,
		"%11.3f  %-8s %s %.*s  cseq=%u %.*s %s\n",
		(double)run_now_us(run) / 1e6, person ? person->name : "?",
		arrow, (int)(end == SIZE_MAX ? 0 : end), message->bytes.at,
		message->cseq, SLICE_ARGS(message->via.branch), note);
}

/* --- words ---------------------------------------------------------------- */

/* At blanks; a value may be quoted. */
static size_t split(struct run *run, char *text, char *words[WORDS])
{
	size_t count = 0;

	while (*text) {
		bool quoted = false;

		while (isspace((unsigned char)*text))
			text++;
		if (!*text)
			break;
		if (count + 1 == WORDS)
			run_fail(run, "too many words");
		words[count++] = text;
		for (; *text && (quoted || !isspace((unsigned char)*text));
			text++)
			if (*text == '"') {
				quoted = !quoted;
				memmove(text, text + 1, strlen(text));
				text--;
			}
		if (quoted)
			run_fail(run, "a quotation mark is missing");
		if (*text)
			*text++ = '\0';
	}
	words[count] = NULL;
	return count;
}

const char *step_option(struct run *run, char **words, const char *name)
{
	size_t size = strlen(name);

	for (; *words; words++)
		if (!strncmp(*words, name, size) && (*words)[size] == '=') {
			const char *value = *words + size + 1;

			return *value == '$' ? value_of(run, value) : value;
		}
	return NULL;
}

uint64_t run_time(struct run *run, const char *text)
{
	char *unit;
	double number = strtod(text, &unit);
	double factor = !strcmp(unit, "ms")  ? 1e3
			: !strcmp(unit, "s") ? 1e6
			: !strcmp(unit, "m") ? 60e6
					     : 0;

	if (unit == text || factor == 0 || number < 0)
		run_fail(run, "%s is no time: 500ms, 32s, 3m", text);
	return (uint64_t)(number * factor + 0.5);
}

const char *value_of(struct run *run, const char *name)
{
	for (size_t i = 0; i < run->value_count; i++)
		if (!strcmp(run->values[i].name, name))
			return run->values[i].value;
	run_fail(run, "%s has no value yet", name);
}

void value_set(struct run *run, const char *name, const char *value)
{
	size_t i = 0;

	while (i < run->value_count && strcmp(run->values[i].name, name) != 0)
		i++;
	if (i == VALUES)
		run_fail(run, "too many values");
	run->value_count += i == run->value_count;
	(void)snprintf(
		run->values[i].name, sizeof(run->values[i].name), "%s", name);
	(void)snprintf(run->values[i].value, sizeof(run->values[i].value), "%s",
		value);
}

/* --- people --------------------------------------------------------------- */

struct person *person_named(struct run *run, const char *name)
{
	for (size_t i = 0; i < run->person_count; i++)
		if (!strcmp(run->people[i].name, name))
			return &run->people[i];
	return NULL;
}

static void start_clock(struct run *run)
{
	run->origin_us += run_now_us(run);
}

/* Sends a REGISTER and takes it out of the story, the records included. */
static void enroll(struct run *run, struct person *person, char **words)
{
	const char *q = step_option(run, words, "q");
	char contact[160];
	char *order[] = {person->name, ">", "REGISTER", contact, NULL};

	(void)snprintf(contact, sizeof(contact), "q=%s", q ? q : "1.0");
	compose_and_send(run, person, order);
	if (!person->got || person->got->message->status != 200)
		run_fail(run, "%s could not register", person->name);
	heard_free(&person->got);
	heard_free(&person->said);
	clock_go_to(run, (uint64_t)SETTLED_S * 1000000);
	start_clock(run);
	archive_check(run, NULL);
}

static void take_address(struct run *run, struct person *person, char **words)
{
	if (!words[2] || !words[3])
		run_fail(run, "person NAME udp|tcp ADDRESS:PORT [as USER] "
			      "[domain NAME] [registered] [q=0.5]");
	if (!strcmp(words[2], "tcp"))
		person->transport = TRANSPORT_TCP;
	else if (strcmp(words[2], "udp") != 0)
		run_fail(run, "%s: udp or tcp", words[2]);
	if (!address_parse(words[3], &person->address))
		run_fail(run, "%s is no address", words[3]);
}

static void person_command(struct run *run, char **words)
{
	struct person *person = &run->people[run->person_count];
	bool registered = false;

	if (!words[1] || run->person_count == PEOPLE)
		run_fail(run, "no name, or too many people");
	*person = (struct person){.generation = 1};
	(void)snprintf(person->name, sizeof(person->name), "%s", words[1]);
	(void)snprintf(person->user, sizeof(person->user), "%s", words[1]);
	(void)snprintf(person->domain, sizeof(person->domain), "example.com");
	take_address(run, person, words);
	for (char **word = words + 4; *word; word++) {
		if (!strcmp(*word, "registered"))
			registered = true;
		else if (!strcmp(*word, "as") && word[1])
			(void)snprintf(person->user, sizeof(person->user), "%s",
				*++word);
		else if (!strcmp(*word, "domain") && word[1])
			(void)snprintf(person->domain, sizeof(person->domain),
				"%s", *++word);
		else if (strncmp(*word, "q=", 2) != 0)
			run_fail(run, "%s is not understood", *word);
	}
	run->person_count++;
	if (!registered)
		return;
	if (!run->started)
		proxy_start(run);
	enroll(run, person, words);
}

/* NAME is gone | unreachable | back, NAME hangs up */
static void person_state(struct run *run, struct person *person, char **words)
{
	const char *word = words[2] ? words[2] : "";

	if (!strcmp(words[1], "hangs") && !strcmp(word, "up")) {
		network_close(run, person);
		return;
	}
	if (strcmp(words[1], "is") != 0)
		run_fail(run, "%s is not understood", words[1]);
	person->gone = !strcmp(word, "gone");
	person->unreachable = !strcmp(word, "unreachable");
	if (!person->gone && !person->unreachable && strcmp(word, "back") != 0)
		run_fail(run, "is gone, unreachable or back");
}

/* --- steps ---------------------------------------------------------------- */

static char *joined(const struct step *step)
{
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);

	for (size_t i = 0; i < step->block_count; i++)
		(void)fprintf(out, "%s\n", step->block[i]);
	(void)fclose(out);
	return text;
}

static void block_command(struct run *run, char **place)
{
	free(*place);
	*place = joined(run->step);
}

/* What the proxy is like is read before anybody speaks. */
static bool is_block(const struct step *step)
{
	return !strcmp(step->text, "config") || !strcmp(step->text, "rules");
}

static void read_blocks(
	struct run *run, const struct script *script, size_t from, size_t to)
{
	for (size_t i = from; i < to; i++) {
		run->step = &script->steps[i];
		if (is_block(run->step))
			block_command(run, *run->step->text == 'c'
						   ? &run->config
						   : &run->rules);
	}
}

static void time_command(struct run *run, char **words)
{
	uint64_t now = run_now_us(run);

	if (!strcmp(words[0], "nothing")) {
		if (!words[1] || strcmp(words[1], "until") != 0 || !words[2])
			run_fail(run, "nothing until TIME");
		clock_go_to(run, run_time(run, words[2]));
		for (size_t i = 0; i < run->person_count; i++)
			if (person_unexpected(&run->people[i]))
				run_fail(run, "%s got something",
					run->people[i].name);
		return;
	}
	if (!words[1])
		run_fail(run, "a time is missing");
	clock_go_to(run, run_time(run, words[1]) +
				 (!strcmp(words[0], "after") ? now : 0));
}

static size_t passage_count(const struct run *run)
{
	size_t count = 0;

	for (const struct passage *passage = run->worker.passages; passage;
		passage = passage->next)
		count++;
	return count;
}

static void check_number(struct run *run, char **words)
{
	size_t is = !strcmp(words[0], "transactions")
			    ? transactions_count(run->worker.transactions)
			    : passage_count(run);

	if (!words[1])
		run_fail(run, "%s NUMBER", words[0]);
	if (is != strtoul(words[1], NULL, 10))
		run_fail(run, "there are %zu %s", is, words[0]);
}

static void restart(struct run *run)
{
	proxy_kill(run);
	proxy_start(run);
}

static void speak(struct run *run, struct person *person, char **words)
{
	if (!run->started)
		proxy_start(run);
	if (!words[1])
		run_fail(run, "NAME > …, NAME < …, NAME is …");
	if (!strcmp(words[1], ">"))
		compose_and_send(run, person, words);
	else if (!strcmp(words[1], "<"))
		expect_message(run, person, words);
	else
		person_state(run, person, words);
}

static void play_step(struct run *run, char *text)
{
	static const char recorded[] = "recorded ";
	char *words[WORDS];
	struct person *person;

	if (!strncmp(text, "title ", 6) || !strncmp(text, "rfc ", 4) ||
		is_block(run->step))
		return;
	if (!strncmp(text, recorded, sizeof(recorded) - 1)) {
		archive_check(run, text + sizeof(recorded) - 1);
		return;
	}
	if (!split(run, text, words))
		return;
	person = person_named(run, words[0]);
	if (person)
		speak(run, person, words);
	else if (!strcmp(words[0], "person"))
		person_command(run, words);
	else if (!strcmp(words[0], "at") || !strcmp(words[0], "after") ||
		 !strcmp(words[0], "nothing"))
		time_command(run, words);
	else if (!strcmp(words[0], "archive"))
		archive_command(run, words);
	else if (!strcmp(words[0], "scanner"))
		scanner_command(run, words);
	else if (!strcmp(words[0], "transactions") ||
		 !strcmp(words[0], "passages"))
		check_number(run, words);
	else if (!strcmp(words[0], "restart"))
		restart(run);
	else
		run_fail(run, "%s is nobody here, and no command", words[0]);
}

static void play_steps(
	struct run *run, const struct script *script, size_t from, size_t to)
{
	for (size_t i = from; i < to; i++) {
		char text[1024];

		run->step = &script->steps[i];
		if (strlen(run->step->text) >= sizeof(text))
			run_fail(run, "the line is too long");
		(void)strcpy(text, run->step->text);
		play_step(run, text);
	}
}

/* Whatever happened: some minutes of silence later nothing of it is left. */
static void drain(struct run *run)
{
	uint64_t now = run_now_us(run);

	if (!run->started)
		run_fail(run, "nobody has said anything");
	for (size_t i = 0; i < run->person_count; i++) {
		const struct heard *heard = person_unexpected(&run->people[i]);

		if (heard)
			run_fail(run, "at the end %s has got %.*s",
				run->people[i].name, 24,
				heard->message->bytes.at);
	}
	run->draining = true;
	clock_go_to(run, now + (uint64_t)DRAIN_S * 1000000);
	if (transactions_count(run->worker.transactions))
		run_fail(run, "%zu transactions are stuck",
			transactions_count(run->worker.transactions));
	if (run->worker.passages)
		run_fail(run, "%zu passages are stuck", passage_count(run));
}

static bool run_open(struct run *run)
{
	/* Where there is one, in memory: each REGISTER waits for a sync. */
	(void)snprintf(run->folder, sizeof(run->folder),
		"%s/sipwarden-scenario-XXXXXX",
		access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
	run->ladder_file = open_memstream(&run->ladder, &run->ladder_size);
	run->log = memfd_create("log", MFD_CLOEXEC);
	return mkdtemp(run->folder) && run->ladder_file && run->log >= 0;
}

static int remove_one(
	const char *path, const struct stat *stat, int kind, struct FTW *place)
{
	(void)stat, (void)kind, (void)place;
	return remove(path);
}

static void remove_folder(const struct run *run)
{
	if (nftw(run->folder, remove_one, 8, FTW_DEPTH | FTW_PHYS) != 0)
		printf("%s is left\n", run->folder);
}

static void run_close(struct run *run)
{
	proxy_kill(run);
	for (size_t i = 0; i < run->person_count; i++) {
		heard_free(&run->people[i].got);
		heard_free(&run->people[i].said);
	}
	archive_reset();
	settings_release(&run->settings);
	free(run->config);
	free(run->rules);
	(void)fclose(run->ladder_file);
	free(run->ladder);
	(void)close(run->log);
	remove_folder(run);
	free(run);
	the_run = NULL;
}

bool script_play(const struct script *script, size_t number)
{
	struct run *run = calloc(1, sizeof(*run));
	volatile bool passed = false;

	if (stderr_was == STDERR_FILENO)
		stderr_was = dup(STDERR_FILENO);
	if (!run || !run_open(run))
		abort();
	the_run = run;
	run->origin_us = run_now_us(run);
	scanner_reset();
	log_redirect(run->log);
	if (!setjmp(run->failed)) {
		read_blocks(run, script, 0, script->begins[0]);
		read_blocks(run, script, script->begins[number],
			script->begins[number + 1]);
		play_steps(run, script, 0, script->begins[0]);
		play_steps(run, script, script->begins[number],
			script->begins[number + 1]);
		drain(run);
		passed = true;
	}
	run_close(run);
	(void)dup2(stderr_was, STDERR_FILENO);
	printf("%s  %s:%u %s\n", passed ? "ok  " : "FAIL", script->file,
		script->steps[script->begins[number]].line,
		script->steps[script->begins[number]].text + 6);
	return passed;
}
