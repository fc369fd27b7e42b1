/* entity.c -- a head of headers and what stands behind it. */
#include "lib/mime/entity.h"

enum { ENTITY_HEADERS_MAX = 256 };

/* Headers that must not come twice. */
enum single {
	SINGLE_TYPE,
	SINGLE_TRANSFER,
	SINGLE_ENCODING,
	SINGLE_DISPOSITION,
	SINGLE_LENGTH,
	SINGLE_ID,
	SINGLE_VERSION,
	SINGLE_SUBJECT,
	SINGLE_FROM,
	SINGLE_NONE
};

static const struct {
	struct slice name;
	enum single single;
	char letter; /* RFC 3261 7.3.3 */
} singles[] = {
	{{"content-type", 12}, SINGLE_TYPE, 'c'},
	{{"content-transfer-encoding", 25}, SINGLE_TRANSFER, 0},
	{{"content-encoding", 16}, SINGLE_ENCODING, 'e'},
	{{"content-disposition", 19}, SINGLE_DISPOSITION, 0},
	{{"content-length", 14}, SINGLE_LENGTH, 'l'},
	{{"content-id", 10}, SINGLE_ID, 0},
	{{"mime-version", 12}, SINGLE_VERSION, 0},
	{{"subject", 7}, SINGLE_SUBJECT, 's'},
	{{"from", 4}, SINGLE_FROM, 'f'},
};

struct head {
	struct arena *arena;
	enum entity_kind kind;
	struct slice rest; /* what is not read yet */
	struct slice values[SINGLE_NONE];
	char *others; /* room for the whole head */
	size_t others_size;
	size_t room;
	unsigned count;
	bool ended; /* by a blank line */
};

/* Cuts a line off, without its end. */
static const char *line_cut(struct head *head, struct slice *line)
{
	const size_t end = slice_find(head->rest, '\n');

	*line = slice_part(head->rest, 0, end);
	head->rest = end == SIZE_MAX ? slice_from(head->rest, SIZE_MAX)
				     : slice_from(head->rest, end + 1);
	if (end != SIZE_MAX) {
		if (!line->size || line->at[line->size - 1] != '\r')
			return "bare LF in a head";
		line->size--;
	}
	if (slice_find(*line, '\r') != SIZE_MAX ||
		slice_find(*line, '\0') != SIZE_MAX)
		return "stray CR or NUL in a head";
	return NULL;
}

static bool continues(struct slice rest)
{
	return rest.size && (rest.at[0] == ' ' || rest.at[0] == '\t');
}

static bool others_put(struct head *head, struct slice text)
{
	if (!head->others)
		head->others = arena_take(head->arena, head->room);
	if (!head->others || text.size > head->room - head->others_size)
		return false;
	if (text.size)
		memcpy(head->others + head->others_size, text.at, text.size);
	head->others_size += text.size;
	return true;
}

/* Joins the lines of one header, if there are several, with a space. whole
 * runs from its first byte to the end of its last line. */
static const char *unfold(struct head *head, struct slice *whole)
{
	struct slice rest = *whole;
	struct slice line;
	size_t size = 0;
	char *out;

	if (slice_find(*whole, '\n') == SIZE_MAX)
		return NULL;
	out = arena_take(head->arena, whole->size + 1);
	if (!out)
		return "head too large";
	while (slice_cut(&rest, '\n', &line)) {
		line = slice_trim(line);
		if (!line.size)
			return "folding with an empty line";
		if (size)
			out[size++] = ' ';
		memcpy(out + size, line.at, line.size);
		size += line.size;
	}
	*whole = slice_make(out, size);
	return NULL;
}

static enum single single_of(const struct head *head, struct slice name)
{
	for (size_t i = 0; i < sizeof(singles) / sizeof(*singles); i++) {
		if (slice_equal_nocase(name, singles[i].name))
			return singles[i].single;
		if (head->kind == ENTITY_SIP && name.size == 1 &&
			singles[i].letter &&
			(name.at[0] | 0x20) == singles[i].letter)
			return singles[i].single;
	}
	return SINGLE_NONE;
}

/* Some readers know SIP's short names in parts as well. */
static bool short_elsewhere(const struct head *head, struct slice name)
{
	return head->kind != ENTITY_SIP && name.size == 1 &&
	       strchr("cel", name.at[0] | 0x20);
}

static const char *header_keep(
	struct head *head, enum single single, struct slice value)
{
	if (head->kind == ENTITY_CPIM && single <= SINGLE_LENGTH)
		return "header of the content in the outer head";
	/* RFC 3862 3.7 has a Subject for each language. */
	if (single == SINGLE_NONE ||
		(head->kind == ENTITY_CPIM && single == SINGLE_SUBJECT))
		return NULL;
	if (head->values[single].at)
		return "repeated header";
	head->values[single] = value;
	return NULL;
}

static bool name_is_proper(struct slice name)
{
	for (size_t i = 0; i < name.size; i++)
		if (name.at[i] <= ' ' || name.at[i] == 0x7F)
			return false;
	return name.size > 0;
}

static const char *header_read(struct head *head, struct slice whole)
{
	const char *wrong = unfold(head, &whole);
	const size_t colon = slice_find(whole, ':');
	const struct slice name = slice_part(whole, 0, colon);
	enum single single;

	if (wrong)
		return wrong;
	if (colon == SIZE_MAX || !name_is_proper(name))
		return "line that is no header";
	if (short_elsewhere(head, name))
		return "short name of a header";
	single = single_of(head, name);
	wrong = header_keep(
		head, single, slice_trim(slice_from(whole, colon + 1)));
	/* What has a place of its own is no text; it is judged there. */
	if (wrong || single <= SINGLE_LENGTH || single == SINGLE_VERSION)
		return wrong;
	return others_put(head, whole) && others_put(head, SLICE("\n"))
		       ? NULL
		       : "head too large";
}

/* "SIP/2.0 200 OK" or "INVITE sip:… SIP/2.0". */
static bool is_start_line(struct slice line)
{
	return slice_starts_nocase(line, SLICE("SIP/")) ||
	       slice_ends_nocase(line, SLICE(" SIP/2.0"));
}

static const char *start_line_read(struct head *head)
{
	const struct slice before = head->rest;
	struct slice line;
	const char *wrong;

	if (head->kind != ENTITY_SIP)
		return NULL;
	wrong = line_cut(head, &line);
	if (wrong)
		return wrong;
	if (!is_start_line(line)) {
		head->rest = before;
		return NULL;
	}
	return others_put(head, line) && others_put(head, SLICE("\n"))
		       ? NULL
		       : "head too large";
}

static const char *head_read(struct head *head)
{
	const char *wrong = start_line_read(head);

	while (!wrong && head->rest.size) {
		struct slice line, more;

		wrong = line_cut(head, &line);
		if (wrong)
			return wrong;
		if (slice_empty(line)) {
			head->ended = true;
			return NULL;
		}
		if (continues(line))
			return "folding without a header";
		if (++head->count > ENTITY_HEADERS_MAX)
			return "too many headers";
		while (continues(head->rest)) {
			wrong = line_cut(head, &more);
			if (wrong)
				return wrong;
			line.size = (size_t)(more.at + more.size - line.at);
		}
		wrong = header_read(head, line);
	}
	return wrong;
}

/* A length that is given must be the length (of a fragment without body, it is
 * that of the whole message). */
static const char *length_check(const struct entity *entity)
{
	uint64_t length;

	if (!entity->length.at || !entity->body.at)
		return NULL;
	if (!slice_to_number(entity->length, UINT32_MAX, &length) ||
		length != entity->body.size)
		return "Content-Length that is not the length";
	return NULL;
}

/* As long as the head can get when it is unfolded. */
static size_t head_room(struct slice bytes)
{
	const size_t end = slice_search(bytes, SLICE("\r\n\r\n"));

	return (end == SIZE_MAX ? bytes.size : end) + 2;
}

const char *entity_read(struct entity *entity, struct arena *arena,
	enum entity_kind kind, struct slice bytes)
{
	struct head head = {.arena = arena,
		.kind = kind,
		.rest = bytes,
		.room = head_room(bytes)};
	const char *wrong = head_read(&head);

	*entity = (struct entity){
		.content_type = head.values[SINGLE_TYPE],
		.transfer_encoding = head.values[SINGLE_TRANSFER],
		.content_encoding = head.values[SINGLE_ENCODING],
		.disposition = head.values[SINGLE_DISPOSITION],
		.length = head.values[SINGLE_LENGTH],
		.others = slice_make(head.others, head.others_size),
	};
	if (wrong)
		return wrong;
	entity->head = slice_part(bytes, 0, (size_t)(head.rest.at - bytes.at));
	if (head.ended)
		entity->body = head.rest;
	else if (kind != ENTITY_SIP && bytes.size)
		return "head without a blank line behind it";
	return length_check(entity);
}
