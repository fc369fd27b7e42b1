/* question.c -- one question of lib/query_protocol.h, read and answered. */
#include "archiver/store/question.h"

#include "archiver/store/check.h"
#include "archiver/store/search.h"
#include "archiver/store/show.h"
#include "archiver/store/stats.h"
#include "lib/query_protocol.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

/* An index that is further behind answers from where it is; the watermark
 * says so. */
enum { WAIT_MS = 2000, WAIT_STEP_MS = 1 };

struct question {
	const struct question_context *context;
	json_t *request;
	struct library *library;
	bool link_broken;
	char sentence[LIBRARY_SENTENCE_BYTES];
};

typedef int answer_fn(struct question *question, json_t **done);

static int send_json(
	struct frame_link *link, uint32_t type, const json_t *value)
{
	char *text = json_dumps(value, JSON_COMPACT);
	int error = text ? frame_send(link, type, slice_of(text)) : ENOMEM;

	/* On a blocking socket a rest means that nobody read for too long. */
	if (!error && frame_wants_to_write(link))
		error = ETIMEDOUT;
	free(text);
	return error;
}

int question_refuse(struct frame_link *link, const char *sentence)
{
	json_t *value = json_pack("{s:s}", "error", sentence);
	int error = value ? send_json(link, QUERY_ERROR, value) : ENOMEM;

	json_decref(value);
	return error;
}

static int send_row(void *context, const json_t *row)
{
	struct question *question = context;
	int error = send_json(question->context->link, QUERY_ROW, row);

	if (error)
		question->link_broken = true;
	return error;
}

static struct answer answer_to(struct question *question)
{
	return (struct answer){.row = send_row, .context = question};
}

static const char *text_of(const struct question *question, const char *name)
{
	const char *text =
		json_string_value(json_object_get(question->request, name));

	return text ? text : "";
}

/* A number that is not there, or below zero, is 0. */
static uint64_t number_of(const struct question *question, const char *name)
{
	json_int_t number =
		json_integer_value(json_object_get(question->request, name));

	return number > 0 ? (uint64_t)number : 0;
}

static int ask_search(struct question *question, json_t **done)
{
	struct search_request request = {
		.query = slice_of(text_of(question, "query")),
		.limit = number_of(question, "limit"),
		.before = number_of(question, "before")};
	struct answer answer = answer_to(question);

	return search_run(
		question->library, &request, &answer, done, question->sentence);
}

static int ask_show(struct question *question, json_t **done)
{
	struct answer answer = answer_to(question);

	return show_run(question->library, number_of(question, "conversation"),
		&answer, done, question->sentence);
}

static int ask_verify(struct question *question, json_t **done)
{
	struct answer answer = answer_to(question);

	return check_run(question->library, &answer, done, question->sentence);
}

static int ask_stats(struct question *question, json_t **done)
{
	(void)snprintf(question->sentence, sizeof(question->sentence),
		"The index cannot be read; the store's log says why.");
	return stats_run(question->library, done);
}

static const struct {
	const char *name;
	answer_fn *answer;
	bool recorded;
} questions[] = {
	{"search", ask_search, true},
	{"show", ask_show, true},
	{"verify", ask_verify, true},
	{"stats", ask_stats, false},
};

/* What the record of this question says beside its name. */
static char *detail_of(const struct question *question)
{
	json_t *rest = json_deep_copy(question->request);
	const char *query = text_of(question, "query");
	char *text;

	json_object_del(rest, "do");
	text = *query && json_object_size(rest) == 1
		       ? strdup(query)
		       : json_dumps(rest, JSON_COMPACT | JSON_SORT_KEYS);
	json_decref(rest);
	return text;
}

/* What was durable before the question was asked is in its answer. */
static void wait_for_index(const struct question *question, uint64_t number)
{
	const struct timespec pause = {.tv_nsec = WAIT_STEP_MS * 1000000};
	const struct index *index = question->context->index;

	for (int i = 0; i < WAIT_MS / WAIT_STEP_MS; i++) {
		if (index_position(index) >= number ||
			atomic_load(question->context->stopping))
			return;
		(void)nanosleep(&pause, NULL);
	}
}

static int record(struct question *question, const char *action)
{
	uint64_t number = 0;
	char actor[AUDIT_ACTOR_BYTES];
	char *detail = detail_of(question);
	struct audit_event event = {.actor = actor,
		.action = action,
		.uid = question->context->uid,
		.detail = slice_of(detail)};
	int error;

	audit_actor(question->context->uid, actor);
	index_wait_begin(question->context->index);
	error = detail ? audit_write(question->context->audit, &event, &number,
				 question->sentence)
		       : ENOMEM;
	if (!error)
		wait_for_index(question, number);
	index_wait_end(question->context->index);
	free(detail);
	return error;
}

static int run(struct question *question, size_t index, json_t **done)
{
	int error = 0;

	if (questions[index].recorded)
		error = record(question, questions[index].name);
	if (error)
		return error;
	question->library = library_open(question->context->index,
		question->context->journal, question->context->stopping);
	if (!question->library)
		return ENOMEM;
	error = questions[index].answer(question, done);
	library_close(&question->library);
	return error;
}

static int dispatch(struct question *question, json_t **done)
{
	const char *wanted = text_of(question, "do");

	for (size_t i = 0; i < sizeof(questions) / sizeof(questions[0]); i++)
		if (strcmp(wanted, questions[i].name) == 0)
			return run(question, i, done);
	(void)snprintf(question->sentence, sizeof(question->sentence),
		"The store answers search, show, verify and stats.");
	return EINVAL;
}

int question_answer(
	const struct question_context *context, struct slice request)
{
	struct question question = {.context = context};
	json_t *done = NULL;
	int error = EINVAL;

	(void)snprintf(question.sentence, sizeof(question.sentence),
		"The question is no JSON object of at most %d bytes.",
		QUERY_REQUEST_BYTES);
	if (request.size <= QUERY_REQUEST_BYTES)
		question.request =
			json_loadb(request.at, request.size, 0, NULL);
	if (json_is_object(question.request))
		error = dispatch(&question, &done);
	if (error && !question.link_broken)
		error = question_refuse(context->link, question.sentence);
	else if (!error)
		error = send_json(context->link, QUERY_DONE, done);
	json_decref(done);
	json_decref(question.request);
	return error;
}
