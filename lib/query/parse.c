/* parse.c -- reads a query into steps in postfix order.
 *
 * Two stacks instead of recursion: operators that wait for their right side,
 * and the steps given out. NOT binds tighter than AND (which a space means
 * too), AND tighter than OR.
 *
 * Long: one grammar, read from top to bottom.
 */
#include "lib/query/query.h"

#include "lib/query/words.h"
#include "lib/query_protocol.h"
#include "lib/record/number.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

enum joiner { OPERATOR_OPEN, OPERATOR_OR, OPERATOR_AND, OPERATOR_NOT };

/* Each term can bring an AND, a NOT and its parentheses. */
enum { STEPS = QUERY_TERMS * 3, OPERATORS = QUERY_TERMS * 2 };

struct query {
	char *text;
	struct query_step steps[STEPS];
	size_t count, terms;
	bool signalling;
};

struct waiting {
	enum joiner joiner;
	size_t at;
};

struct parse {
	struct query *query;
	struct query_fault *fault;
	struct slice text;
	size_t at;
	struct waiting waiting[OPERATORS];
	size_t waiting_count;
	size_t depth;
};

static const struct {
	const char *name;
	enum query_field field;
	const char *values; /* NULL: any */
} fields[] = {
	{"from", QUERY_FROM, NULL},
	{"to", QUERY_TO, NULL},
	{"participants", QUERY_PARTICIPANTS, NULL},
	{"filename", QUERY_FILENAME, NULL},
	{"kind", QUERY_KIND,
		"im, file, call, presence, registration, answer, "
		"other"},
	{"direction", QUERY_DIRECTION, "internal, inbound, outbound, transit"},
	{"verdict", QUERY_VERDICT,
		"passed, blocked, infected, unscannable, "
		"failed, discarded, edited, continue, "
		"answer, discard, unchanged, snapshot"},
	{"rule", QUERY_RULE, NULL},
	{"method", QUERY_METHOD, NULL},
	{"node", QUERY_NODE, NULL},
	{"has", QUERY_HAS, "attachment"},
	{"sent", QUERY_SENT, NULL},
};

/* Columns count characters, as the reader does. */
static size_t column_of(struct slice text, size_t at)
{
	size_t column = 1;

	for (size_t i = 0; i < at && i < text.size; i++)
		column += ((unsigned char)text.at[i] & 0xc0) != 0x80;
	return column;
}

__attribute__((format(printf, 3, 4))) static int refuse(
	struct parse *parse, size_t at, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	(void)vsnprintf(parse->fault->text, sizeof(parse->fault->text), format,
		arguments);
	va_end(arguments);
	parse->fault->column = column_of(parse->text, at);
	return EINVAL;
}

static bool is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* The ideographic space of CJK keyboards counts too. */
static size_t space_at(const struct parse *parse)
{
	struct slice rest = slice_from(parse->text, parse->at);

	if (rest.size == 0)
		return 0;
	if (is_space(*rest.at))
		return 1;
	return rest.size >= 3 && memcmp(rest.at, "\xe3\x80\x80", 3) == 0 ? 3
									 : 0;
}

static void skip_spaces(struct parse *parse)
{
	for (size_t size; (size = space_at(parse));)
		parse->at += size;
}

static bool ended(const struct parse *parse)
{
	return parse->at >= parse->text.size;
}

static char here(const struct parse *parse)
{
	return ended(parse) ? '\0' : parse->text.at[parse->at];
}

/* What runs up to a space, a parenthesis or a quote. */
static struct slice run_at(struct parse *parse)
{
	size_t start = parse->at;

	while (!ended(parse) && !space_at(parse) && here(parse) != '(' &&
		here(parse) != ')' && here(parse) != '"')
		parse->at++;
	return slice_part(parse->text, start, parse->at - start);
}

static int add_step(struct parse *parse, struct query_step step)
{
	struct query *query = parse->query;

	if (query->count == STEPS)
		return refuse(parse, parse->at, "the query is too long");
	query->steps[query->count++] = step;
	return 0;
}

static int add_term(struct parse *parse, size_t at, struct query_step step)
{
	if (parse->query->terms++ == QUERY_TERMS)
		return refuse(parse, at,
			"a query has at most %d words, phrases and fields",
			QUERY_TERMS);
	for (size_t i = 0; i < parse->waiting_count; i++)
		if (parse->waiting[i].joiner == OPERATOR_NOT)
			step.negated = !step.negated;
	return add_step(parse, step);
}

/* Takes operators that bind at least as tightly off the stack. */
static int settle(struct parse *parse, enum joiner least)
{
	static const enum query_step_kind kinds[] = {
		[OPERATOR_OR] = QUERY_OR,
		[OPERATOR_AND] = QUERY_AND,
		[OPERATOR_NOT] = QUERY_NOT,
	};

	while (parse->waiting_count) {
		struct waiting *top = &parse->waiting[parse->waiting_count - 1];
		int error;

		if (top->joiner == OPERATOR_OPEN || top->joiner < least)
			break;
		error = add_step(
			parse, (struct query_step){.kind = kinds[top->joiner]});
		if (error)
			return error;
		parse->waiting_count--;
	}
	return 0;
}

static int wait_for_right(struct parse *parse, enum joiner joiner, size_t at)
{
	if (parse->waiting_count == OPERATORS)
		return refuse(parse, at, "the query is too long");
	parse->waiting[parse->waiting_count++] =
		(struct waiting){.joiner = joiner, .at = at};
	return 0;
}

/* NOT NOT cancels itself out. */
static int negate(struct parse *parse, size_t at)
{
	if (parse->waiting_count &&
		parse->waiting[parse->waiting_count - 1].joiner ==
			OPERATOR_NOT) {
		parse->waiting_count--;
		return 0;
	}
	return wait_for_right(parse, OPERATOR_NOT, at);
}

static int open_parenthesis(struct parse *parse)
{
	if (parse->depth++ == QUERY_DEPTH)
		return refuse(parse, parse->at,
			"parentheses stand at most %d deep", QUERY_DEPTH);
	return wait_for_right(parse, OPERATOR_OPEN, parse->at++);
}

static int close_parenthesis(struct parse *parse)
{
	int error = settle(parse, OPERATOR_OR);

	if (error)
		return error;
	if (parse->depth == 0)
		return refuse(parse, parse->at,
			"this ')' closes nothing; expected a word or the end");
	parse->depth--;
	parse->waiting_count--;
	parse->at++;
	return settle(parse, OPERATOR_NOT);
}

/* A quoted text; at stands on the first quote. A '*' may follow. */
static int read_quoted(struct parse *parse, struct slice *text, bool *prefix)
{
	size_t start = parse->at++;
	size_t size = slice_find(slice_from(parse->text, parse->at), '"');

	if (size == SIZE_MAX)
		return refuse(parse, start,
			"the quote that opens here is not closed; "
			"expected another '\"'");
	*text = slice_part(parse->text, parse->at, size);
	parse->at += size + 1;
	*prefix = here(parse) == '*';
	if (*prefix)
		parse->at++;
	if (!words_any(*text))
		return refuse(parse, start,
			"expected letters or digits between the quotes");
	return 0;
}

static bool ends_in_word(struct slice text)
{
	size_t at = text.size;

	while (at > 0 && ((unsigned char)text.at[at - 1] & 0xc0) == 0x80)
		at--;
	return at > 0 && words_any(slice_from(text, at - 1));
}

/* Takes the '*' off the end of a bare word; it can stand nowhere else. */
static int take_star(
	struct parse *parse, size_t start, struct slice *text, bool *prefix)
{
	size_t star = slice_find(*text, '*');

	*prefix = false;
	if (star == SIZE_MAX)
		return 0;
	if (star + 1 != text->size)
		return refuse(parse, start + star,
			"'*' can stand at the end of a word only");
	text->size--;
	*prefix = true;
	if (!ends_in_word(*text))
		return refuse(parse, start + star,
			"'*' must follow a letter or digit");
	return 0;
}

static int read_word(struct parse *parse, size_t start, struct slice run,
	struct slice *text, bool *prefix)
{
	int error;

	*text = run;
	error = take_star(parse, start, text, prefix);
	if (!error && !words_any(*text))
		error = refuse(parse, start,
			"expected letters or digits, found '%.*s'",
			(int)(run.size > 40 ? 40 : run.size), run.at);
	return error;
}

/* The number of NEAR(n); NEAR alone means 8. */
static int read_distance(struct parse *parse, unsigned *distance)
{
	size_t start = parse->at, size;
	struct slice inside;
	uint64_t number;

	*distance = QUERY_NEAR_DEFAULT;
	if (here(parse) != '(')
		return 0;
	inside = slice_from(parse->text, ++parse->at);
	size = slice_find(inside, ')');
	inside = slice_trim(slice_part(inside, 0, size));
	if (slice_starts_nocase(inside, SLICE("n=")))
		inside = slice_from(inside, 2);
	if (size == SIZE_MAX || !slice_to_number(inside, 1000, &number))
		return refuse(parse, start,
			"expected a number of words up to 1000, as in NEAR(8)");
	parse->at += size + 1;
	*distance = (unsigned)number;
	return 0;
}

static int plain_operand(struct parse *parse, struct slice *text, bool *prefix)
{
	size_t start = parse->at;
	struct slice run;

	if (here(parse) == '"')
		return read_quoted(parse, text, prefix);
	run = run_at(parse);
	if (run.size == 0 || slice_find(run, ':') != SIZE_MAX)
		return refuse(parse, start,
			"expected a word or a phrase behind NEAR");
	return read_word(parse, start, run, text, prefix);
}

static int join_near(struct parse *parse, size_t at)
{
	struct query *query = parse->query;
	struct query_step *left =
		query->count ? &query->steps[query->count - 1] : NULL;
	int error;

	if (!left || left->kind != QUERY_WORDS || left->field != QUERY_ANY)
		return refuse(
			parse, at, "NEAR stands between two words or phrases");
	left->kind = QUERY_NEAR;
	error = read_distance(parse, &left->distance);
	if (error)
		return error;
	skip_spaces(parse);
	return plain_operand(parse, &left->other, &left->other_prefix);
}

static bool comparison_at(struct slice text, struct slice *joiner)
{
	size_t size = 0;

	while (size < text.size && size < 2 && strchr(":<>=", text.at[size]))
		size++;
	if (size == 2 && !(text.at[1] == '=' && strchr("<>", text.at[0])))
		size = 1;
	*joiner = slice_part(text, 0, size);
	return size > 0;
}

/* Letters, then one of : = < > <= >=. */
static bool field_at(struct slice run, struct slice *name, struct slice *sign)
{
	size_t size = 0;

	while (size < run.size &&
		((run.at[size] | 0x20) >= 'a' && (run.at[size] | 0x20) <= 'z'))
		size++;
	*name = slice_part(run, 0, size);
	return size > 0 && comparison_at(slice_from(run, size), sign);
}

static int find_field(
	struct parse *parse, size_t at, struct slice name, size_t *index)
{
	for (*index = 0; *index < sizeof(fields) / sizeof(fields[0]); ++*index)
		if (slice_equal_nocase(name, slice_of(fields[*index].name)))
			return 0;
	return refuse(parse, at,
		"'%.*s' is no field; fields are from, to, participants, sent, "
		"kind, direction, verdict, rule, filename, method, node and "
		"has; put text that holds ':' in quotes",
		(int)(name.size > 40 ? 40 : name.size), name.at);
}

static bool word_of_list(struct slice wanted, const char *list)
{
	struct slice rest = slice_of(list), word;

	while (slice_cut(&rest, ',', &word))
		if (slice_equal_nocase(slice_trim(word), wanted))
			return true;
	return false;
}

static int read_moment(struct parse *parse, size_t at, struct slice text,
	uint64_t *low, uint64_t *high)
{
	uint64_t first, last;

	if (!query_read_time(text, &first, &last))
		return refuse(parse, at,
			"expected a date like 2026-11-22, 2026-11 or "
			"2026-11-22T15:00Z");
	*low = record_number_make(first, 0);
	*high = record_number_make(last + 1, 0) - 1;
	return 0;
}

/* a, a..b, a.., ..b behind ':' or '='. */
static int read_range(struct parse *parse, size_t at, struct slice value,
	struct query_step *step)
{
	size_t dots = slice_search(value, SLICE(".."));
	struct slice left = slice_part(value, 0, dots), right;
	uint64_t unused;
	int error = 0;

	if (dots == SIZE_MAX)
		return read_moment(parse, at, value, &step->low, &step->high);
	right = slice_from(value, dots + 2);
	if (left.size == 0 && right.size == 0)
		return refuse(parse, at, "expected a date beside '..'");
	if (left.size)
		error = read_moment(parse, at, left, &step->low, &unused);
	if (!error && right.size)
		error = read_moment(
			parse, at + dots + 2, right, &unused, &step->high);
	return error;
}

static int read_sent(struct parse *parse, size_t at, struct slice sign,
	struct slice value, struct query_step *step)
{
	uint64_t low = 0, high = 0;
	int error;

	step->kind = QUERY_RANGE;
	step->low = 0;
	step->high = INT64_MAX;
	if (*sign.at == ':' || *sign.at == '=')
		return read_range(parse, at, value, step);
	error = read_moment(parse, at, value, &low, &high);
	if (*sign.at == '<')
		step->high = sign.size == 2 ? high : low ? low - 1 : 0;
	else
		step->low = sign.size == 2 ? low : high + 1;
	return error;
}

/* The status of an answer is a verdict too: verdict:403. */
static bool value_is_known(size_t index, struct slice value)
{
	uint64_t status;

	if (!fields[index].values || word_of_list(value, fields[index].values))
		return true;
	return fields[index].field == QUERY_VERDICT &&
	       slice_to_number(value, 699, &status);
}

static int check_value(
	struct parse *parse, size_t at, size_t index, struct slice value)
{
	if (value.size == 0)
		return refuse(parse, at,
			"expected a value directly behind '%s'",
			fields[index].name);
	if (!value_is_known(index, value))
		return refuse(parse, at, "%s is one of %s", fields[index].name,
			fields[index].values);
	return 0;
}

static int read_field(
	struct parse *parse, size_t start, struct slice name, struct slice sign)
{
	struct query_step step = {.kind = QUERY_WORDS};
	size_t index, at;
	int error = find_field(parse, start, name, &index);

	if (error)
		return error;
	step.field = fields[index].field;
	parse->at = at = start + name.size + sign.size;
	if (step.field != QUERY_SENT && *sign.at != ':' && *sign.at != '=')
		return refuse(parse, start + name.size,
			"expected ':' behind '%s'", fields[index].name);
	if (here(parse) == '"') {
		error = read_quoted(parse, &step.text, &step.prefix);
	} else {
		step.text = run_at(parse);
		error = step.text.size && step.field != QUERY_SENT
				? take_star(parse, at, &step.text, &step.prefix)
				: 0;
	}
	if (!error)
		error = check_value(parse, at, index, step.text);
	if (!error && step.field == QUERY_SENT)
		error = read_sent(parse, at, sign, step.text, &step);
	if (step.field == QUERY_KIND || step.field == QUERY_METHOD ||
		step.field == QUERY_NODE)
		parse->query->signalling = true;
	return error ? error : add_term(parse, start, step);
}

static int read_operand(struct parse *parse)
{
	struct query_step step = {.kind = QUERY_WORDS, .field = QUERY_ANY};
	size_t start = parse->at;
	struct slice run, name, sign;
	int error;

	if (here(parse) == '"') {
		error = read_quoted(parse, &step.text, &step.prefix);
		return error ? error : add_term(parse, start, step);
	}
	run = run_at(parse);
	if (field_at(run, &name, &sign))
		return read_field(parse, start, name, sign);
	error = read_word(parse, start, run, &step.text, &step.prefix);
	return error ? error : add_term(parse, start, step);
}

/* Is the next word exactly this operator? It is taken when it is. */
static bool take_operator(struct parse *parse, const char *word)
{
	size_t start = parse->at;

	if (slice_equal(run_at(parse), slice_of(word)))
		return true;
	parse->at = start;
	return false;
}

static bool dash_negates(const struct parse *parse)
{
	struct slice next = slice_part(parse->text, parse->at + 1, 1);

	return here(parse) == '-' && next.size && !is_space(*next.at) &&
	       *next.at != ')';
}

/* Where a word, a field or '(' must come. *operand: one has been read. */
static int expect_operand(struct parse *parse, bool *operand)
{
	size_t start = parse->at;

	*operand = false;
	if (ended(parse) || here(parse) == ')')
		return refuse(parse, start,
			"expected a word, a phrase, a field or '('");
	if (here(parse) == '(')
		return open_parenthesis(parse);
	if (take_operator(parse, "NOT"))
		return negate(parse, start);
	if (dash_negates(parse)) {
		parse->at++;
		return negate(parse, start);
	}
	if (take_operator(parse, "AND") || take_operator(parse, "OR") ||
		take_operator(parse, "NEAR"))
		return refuse(parse, start,
			"an operator stands here; expected a word, a phrase, "
			"a field or '('");
	*operand = true;
	return read_operand(parse);
}

static int binary(struct parse *parse, enum joiner joiner, size_t at)
{
	int error = settle(parse, joiner);

	return error ? error : wait_for_right(parse, joiner, at);
}

/* Behind an operand. *operand turns false when another one must follow. */
static int expect_operator(struct parse *parse, bool *operand)
{
	size_t start = parse->at;

	if (here(parse) == ')')
		return close_parenthesis(parse);
	if (take_operator(parse, "NEAR"))
		return join_near(parse, start);
	*operand = false;
	if (take_operator(parse, "OR"))
		return binary(parse, OPERATOR_OR, start);
	(void)take_operator(parse, "AND"); /* a space says it too */
	return binary(parse, OPERATOR_AND, start);
}

static int read_all(struct parse *parse)
{
	bool operand = false;
	int error = 0;

	for (skip_spaces(parse); !error; skip_spaces(parse)) {
		if (ended(parse) && operand)
			break;
		error = operand ? expect_operator(parse, &operand)
				: expect_operand(parse, &operand);
	}
	if (!error)
		error = settle(parse, OPERATOR_OR);
	if (!error && parse->waiting_count)
		error = refuse(parse,
			parse->waiting[parse->waiting_count - 1].at,
			"this '(' is not closed; expected ')'");
	return error;
}

int query_parse(
	struct slice text, struct query **query, struct query_fault *fault)
{
	struct parse *parse = calloc(1, sizeof(*parse));
	int error = ENOMEM;

	*query = calloc(1, sizeof(**query));
	if (!parse || !*query)
		goto out;
	*parse = (struct parse){.query = *query, .fault = fault, .text = text};
	if (text.size > QUERY_TEXT_BYTES) {
		error = refuse(parse, QUERY_TEXT_BYTES,
			"a query has at most %d bytes", QUERY_TEXT_BYTES);
		goto out;
	}
	(*query)->text = slice_to_string(text);
	if (!(*query)->text)
		goto out;
	parse->text.at = (*query)->text;
	error = read_all(parse);
out:
	free(parse);
	if (error)
		query_release(query);
	return error;
}

void query_release(struct query **query)
{
	if (!*query)
		return;
	free((*query)->text);
	free(*query);
	*query = NULL;
}

const struct query_step *query_steps(const struct query *query, size_t *count)
{
	*count = query->count;
	return query->steps;
}

bool query_wants_signalling(const struct query *query)
{
	return query->signalling;
}
