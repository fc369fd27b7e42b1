/* value.c -- values with parameters: media types, dispositions.
 *
 * First the parameters are cut as they stand; then those in the form of RFC
 * 2231 (name*, name*0, name*0*) are joined and decoded. Only names of files
 * may come in both forms at once (RFC 6266 4.3): both are kept.
 */
#include "lib/mime/value.h"

#include "lib/charset.h"
#include "lib/mime/escape.h"

/* A parameter as it stands. */
struct piece {
	struct slice name;  /* without marks */
	struct slice value; /* not decoded; unquoted */
	bool quoted;
	bool escaped;
	bool marked;   /* any form of RFC 2231 */
	bool percent;  /* ends in a star */
	bool numbered; /* has a section */
	uint64_t section;
};

struct pieces {
	struct piece list[VALUE_PARAMETERS_MAX];
	size_t count;
};

bool value_is_token(struct slice text)
{
	for (size_t i = 0; i < text.size; i++) {
		const unsigned char c = (unsigned char)text.at[i];

		if (c <= ' ' || c >= 0x7F || strchr("()<>@,;:\\\"/[]?=", c))
			return false;
	}
	return text.size > 0;
}

struct slice value_lower(struct arena *arena, struct slice text)
{
	bool any = false;
	char *out;

	for (size_t i = 0; i < text.size; i++)
		any = any || (text.at[i] >= 'A' && text.at[i] <= 'Z');
	if (!any)
		return text;
	out = arena_take(arena, text.size + 1);
	if (!out)
		return (struct slice){NULL, 0};
	for (size_t i = 0; i < text.size; i++)
		out[i] = (char)(text.at[i] >= 'A' && text.at[i] <= 'Z'
					? text.at[i] | 0x20
					: text.at[i]);
	return slice_make(out, text.size);
}

static struct slice skip_blanks(struct slice rest)
{
	while (rest.size && (rest.at[0] == ' ' || rest.at[0] == '\t' ||
				    rest.at[0] == '\r' || rest.at[0] == '\n'))
		rest = slice_from(rest, 1);
	return rest;
}

static bool pairs_drop(struct arena *arena, struct slice *text)
{
	char *out = arena_take(arena, text->size + 1);
	size_t size = 0;

	if (!out)
		return false;
	for (size_t i = 0; i < text->size; i++) {
		if (text->at[i] == '\\' && i + 1 < text->size)
			i++;
		out[size++] = text->at[i];
	}
	*text = slice_make(out, size);
	return true;
}

static const char *quoted_read(
	struct arena *arena, struct slice *rest, struct piece *piece)
{
	size_t end = 1;

	for (; end < rest->size && rest->at[end] != '"'; end++) {
		const unsigned char c = (unsigned char)rest->at[end];

		if ((c < ' ' && c != '\t') || c == 0x7F)
			return "control character in a parameter";
		if (c == '\\') {
			piece->escaped = true;
			end++;
		}
	}
	if (end >= rest->size)
		return "open quote in a parameter";
	piece->quoted = true;
	piece->value = slice_part(*rest, 1, end - 1);
	*rest = slice_from(*rest, end + 1);
	if (piece->escaped && !pairs_drop(arena, &piece->value))
		return "too many parameters";
	return NULL;
}

/* Laxer than a token: base64 and addresses stand unquoted in the field. */
static const char *bare_read(struct slice *rest, struct piece *piece)
{
	size_t end = 0;

	for (; end < rest->size && rest->at[end] != ';'; end++) {
		const unsigned char c = (unsigned char)rest->at[end];

		if (c <= ' ' && strchr(" \t\r\n", c) && c)
			break;
		if (c < ' ' || c == 0x7F || strchr("\"(),\\", c))
			return "parameter that wants quotes";
	}
	piece->value = slice_part(*rest, 0, end);
	*rest = slice_from(*rest, end);
	return end ? NULL : "parameter without value";
}

/* Takes the marks off a name: name*, name*0, name*0* (RFC 2231 3, 4). */
static const char *marks_read(struct piece *piece)
{
	struct slice rest = piece->name;
	struct slice section;

	(void)slice_cut(&rest, '*', &piece->name);
	if (!value_is_token(piece->name))
		return "parameter without a proper name";
	if (!rest.at)
		return NULL;
	piece->marked = true;
	if (slice_empty(rest)) {
		piece->percent = true;
		return NULL;
	}
	(void)slice_cut(&rest, '*', &section);
	piece->percent = rest.at != NULL;
	piece->numbered = true;
	if (rest.size || (section.size > 1 && section.at[0] == '0') ||
		!slice_to_number(
			section, VALUE_PARAMETERS_MAX - 1, &piece->section))
		return "parameter with a wrong section";
	return NULL;
}

static const char *piece_read(
	struct piece *piece, struct arena *arena, struct slice *rest)
{
	const char *wrong;
	size_t end = 0;

	*piece = (struct piece){.quoted = false};
	while (end < rest->size && !strchr("=; \t\r\n", rest->at[end]))
		end++;
	piece->name = value_lower(arena, slice_part(*rest, 0, end));
	if (!piece->name.at)
		return "too many parameters";
	*rest = skip_blanks(slice_from(*rest, end));
	if (!rest->size || rest->at[0] != '=')
		return "parameter without value";
	wrong = marks_read(piece);
	if (wrong)
		return wrong;
	*rest = skip_blanks(slice_from(*rest, 1));
	if (rest->size && rest->at[0] == '"')
		return quoted_read(arena, rest, piece);
	return bare_read(rest, piece);
}

static bool same_parameter(const struct piece *a, const struct piece *b)
{
	if (!slice_equal(a->name, b->name) || a->marked != b->marked)
		return false;
	return !a->numbered || !b->numbered || a->section == b->section;
}

/* Only for these two forms at once are known to agree (RFC 6266 4.3). */
static bool may_come_twice(struct slice name)
{
	return slice_equal(name, SLICE("filename")) ||
	       slice_equal(name, SLICE("name"));
}

static bool piece_repeats(const struct pieces *pieces, const struct piece *new)
{
	for (size_t i = 0; i < pieces->count; i++) {
		const struct piece *old = &pieces->list[i];

		if (same_parameter(old, new))
			return true;
		if (slice_equal(old->name, new->name) &&
			old->marked != new->marked &&
			!may_come_twice(new->name))
			return true;
	}
	return false;
}

static const char *pieces_read(
	struct pieces *pieces, struct arena *arena, struct slice rest)
{
	for (;;) {
		struct piece *piece = &pieces->list[pieces->count];
		const char *wrong;

		rest = skip_blanks(rest);
		if (!rest.size)
			return NULL;
		if (rest.at[0] != ';')
			return "bytes behind a value";
		rest = skip_blanks(slice_from(rest, 1));
		if (!rest.size || rest.at[0] == ';')
			continue;
		if (pieces->count == VALUE_PARAMETERS_MAX)
			return "too many parameters";
		wrong = piece_read(piece, arena, &rest);
		if (wrong)
			return wrong;
		if (piece_repeats(pieces, piece))
			return "repeated parameter";
		pieces->count++;
	}
}

static const struct piece *section_find(
	const struct pieces *pieces, struct slice name, uint64_t section)
{
	for (size_t i = 0; i < pieces->count; i++) {
		const struct piece *piece = &pieces->list[i];

		if (piece->marked && slice_equal(piece->name, name) &&
			(section == 0 || piece->numbered) &&
			piece->section == section)
			return piece;
	}
	return NULL;
}

/* charset'language' off the front of the first section (RFC 2231 4). */
static const char *charset_cut(struct slice *value, struct slice *charset)
{
	struct slice rest = *value;
	struct slice language;

	if (!slice_cut(&rest, '\'', charset) ||
		!slice_cut(&rest, '\'', &language) || !rest.at)
		return "extended parameter without character set";
	*value = rest;
	return NULL;
}

static size_t sections_count(
	const struct pieces *pieces, struct slice name, size_t *bytes)
{
	size_t count = 0;

	for (size_t i = 0; i < pieces->count; i++)
		if (pieces->list[i].marked &&
			slice_equal(pieces->list[i].name, name)) {
			count++;
			*bytes += pieces->list[i].value.size;
		}
	return count;
}

/* Writes one section behind the others. */
static const char *section_put(struct arena *arena, const struct piece *piece,
	struct slice value, char *out, size_t *size)
{
	if (piece->percent && !escape_undo_percent(arena, value, &value))
		return "too many parameters";
	if (value.size)
		memcpy(out + *size, value.at, value.size);
	*size += value.size;
	return NULL;
}

static const char *sections_join(struct arena *arena,
	const struct pieces *pieces, struct slice name, struct slice *joined,
	struct slice *charset)
{
	size_t bytes = 0, size = 0;
	const size_t count = sections_count(pieces, name, &bytes);
	char *out = arena_take(arena, bytes + 1);
	const char *wrong = NULL;

	if (!out)
		return "too many parameters";
	for (size_t i = 0; i < count && !wrong; i++) {
		const struct piece *piece = section_find(pieces, name, i);
		struct slice value;

		if (!piece)
			return "parameter with a missing section";
		value = piece->value;
		if (i == 0 && piece->percent)
			wrong = charset_cut(&value, charset);
		else if (piece->percent && !charset->at)
			wrong = "extended parameter without character set";
		if (!wrong)
			wrong = section_put(arena, piece, value, out, &size);
	}
	*joined = slice_make(out, size);
	return wrong;
}

static const char *extended_add(struct value *value, struct arena *arena,
	const struct pieces *pieces, const struct piece *first)
{
	struct value_parameter *parameter = &value->parameters[value->count];
	struct slice charset = {NULL, 0};
	struct slice bytes;
	enum charset_outcome outcome;
	const char *wrong =
		sections_join(arena, pieces, first->name, &bytes, &charset);

	if (wrong)
		return wrong;
	*parameter = (struct value_parameter){
		.name = first->name, .value = bytes, .extended = true};
	value->count++;
	if (slice_empty(charset) || charset_names_utf8(charset))
		return charset_mend(arena, bytes, &parameter->value)
			       ? NULL
			       : "too many parameters";
	outcome = charset_decode(
		arena, bytes, charset, CHARSET_REPLACE, &parameter->value);
	return outcome == CHARSET_SOUND
		       ? NULL
		       : "parameter in a character set that it is not in";
}

static bool extended_known(const struct value *value, struct slice name)
{
	for (size_t i = 0; i < value->count; i++)
		if (value->parameters[i].extended &&
			slice_equal(value->parameters[i].name, name))
			return true;
	return false;
}

static const char *plain_add(
	struct value *value, struct arena *arena, const struct piece *piece)
{
	struct value_parameter *parameter = &value->parameters[value->count++];

	*parameter = (struct value_parameter){.name = piece->name,
		.quoted = piece->quoted,
		.escaped = piece->escaped};
	return charset_mend(arena, piece->value, &parameter->value)
		       ? NULL
		       : "too many parameters";
}

static const char *parameters_add(
	struct value *value, struct arena *arena, const struct pieces *pieces)
{
	const char *wrong = NULL;

	for (size_t i = 0; i < pieces->count && !wrong; i++) {
		const struct piece *piece = &pieces->list[i];

		if (!piece->marked)
			wrong = plain_add(value, arena, piece);
		else if (!extended_known(value, piece->name))
			wrong = extended_add(value, arena, pieces, piece);
	}
	return wrong;
}

static const char *main_read(
	struct value *value, struct arena *arena, struct slice text)
{
	text = slice_trim(text);
	for (size_t i = 0; i < text.size; i++) {
		const unsigned char c = (unsigned char)text.at[i];

		if (c <= ' ' || c >= 0x7F || strchr("()<>@,:\\\"[]?=", c))
			return "value that cannot be read";
	}
	if (!text.size)
		return "empty value";
	value->main = value_lower(arena, text);
	return value->main.at ? NULL : "too many parameters";
}

const char *value_read(
	struct value *value, struct arena *arena, struct slice text)
{
	const size_t end = slice_find(text, ';');
	struct pieces pieces;
	const char *wrong;

	value->count = 0;
	pieces.count = 0;
	wrong = main_read(value, arena, slice_part(text, 0, end));
	if (wrong || end == SIZE_MAX)
		return wrong;
	wrong = pieces_read(&pieces, arena, slice_from(text, end));
	return wrong ? wrong : parameters_add(value, arena, &pieces);
}

const struct value_parameter *value_find(
	const struct value *value, struct slice name)
{
	const struct value_parameter *found = NULL;

	for (size_t i = 0; i < value->count; i++) {
		const struct value_parameter *parameter = &value->parameters[i];

		if (slice_equal(parameter->name, name) &&
			(!found || parameter->extended))
			found = parameter;
	}
	return found;
}
