/* document.c -- what of a message record is searched, and how it is said. */
#include "archiver/store/index/document.h"

#include "lib/query/query.h"
#include "lib/query/words.h"

#include <stdio.h>

typedef Sipwarden__Record__Metadata Metadata;
typedef Sipwarden__Record__Content Content;
typedef Sipwarden__Record__Text Text;
typedef Sipwarden__Record__Attachment Attachment;
typedef Sipwarden__Record__TrailEntry TrailEntry;

enum { ATOM_BYTES = 512 };

const char *outcome_word_text(enum outcome_word word)
{
	static const char *const texts[] = {"passed", "edited", "discarded",
		"failed", "unscannable", "blocked", "infected"};

	return texts[word];
}

const char *direction_word(Sipwarden__Record__Direction direction)
{
	switch (direction) {
	case SIPWARDEN__RECORD__DIRECTION__DIRECTION_INTERNAL:
		return "internal";
	case SIPWARDEN__RECORD__DIRECTION__DIRECTION_INBOUND:
		return "inbound";
	case SIPWARDEN__RECORD__DIRECTION__DIRECTION_OUTBOUND:
		return "outbound";
	case SIPWARDEN__RECORD__DIRECTION__DIRECTION_TRANSIT:
		return "transit";
	default:
		return "unknown";
	}
}

struct slice address_bare(const char *address)
{
	static const char *const schemes[] = {"sip:", "sips:", "tel:"};
	struct slice rest = slice_trim(slice_of(address ? address : "")), bare;

	if (rest.size && *rest.at == '<')
		rest = slice_from(rest, 1);
	for (size_t i = 0; i < sizeof(schemes) / sizeof(schemes[0]); i++)
		if (slice_starts_nocase(rest, slice_of(schemes[i]))) {
			rest = slice_from(rest, strlen(schemes[i]));
			break;
		}
	bare = slice_part(rest, 0, slice_find(rest, '>'));
	return slice_part(bare, 0, slice_find(bare, ';'));
}

/* Documents that programs exchange: session descriptions, presence. */
static bool is_signalling(const char *media_type)
{
	static const char *const types[] = {"application/sdp",
		"application/pidf", "application/xpidf", "application/rlmi",
		"application/watcherinfo", "application/dialog-info",
		"application/simple-message-summary", "application/im-iscompos",
		"message/imdn", "message/sipfrag", "application/xpmf"};
	struct slice type = slice_of(media_type);

	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
		if (slice_starts_nocase(type, slice_of(types[i])))
			return true;
	return false;
}

bool attachment_is_file(const Attachment *attachment)
{
	if (is_signalling(attachment->media_type))
		return false;
	if (*attachment->file_name || *attachment->threat)
		return true;
	return !slice_starts_nocase(
		slice_of(attachment->media_type), SLICE("text/"));
}

static bool is_body(const Text *text)
{
	return slice_starts_nocase(slice_of(text->place), SLICE("body"));
}

bool text_is_written(const Text *text)
{
	struct slice place = slice_of(text->place);

	if (text->text.len == 0 || is_signalling(text->media_type))
		return false;
	if (slice_search_nocase(place, SLICE("sdp")) != SIZE_MAX)
		return false;
	/* "body" may also end a place: of a header inside a URI */
	return is_body(text) || slice_ends_nocase(place, SLICE("body")) ||
	       slice_search_nocase(place, SLICE("subject")) != SIZE_MAX ||
	       slice_search_nocase(place, SLICE("ms-body")) != SIZE_MAX ||
	       slice_search_nocase(place, SLICE("ms-text-format")) != SIZE_MAX;
}

static bool has_written(const Content *content)
{
	for (size_t i = 0; content && i < content->n_texts; i++)
		if (text_is_written(content->texts[i]))
			return true;
	return false;
}

static bool has_file(const Content *content)
{
	for (size_t i = 0; content && i < content->n_attachments; i++)
		if (attachment_is_file(content->attachments[i]))
			return true;
	return false;
}

static bool word_in(const char *word, const char *list)
{
	struct slice rest = slice_of(list), one;

	while (slice_cut(&rest, ' ', &one))
		if (slice_equal(one, slice_of(word)))
			return true;
	return false;
}

const char *kind_word(const Metadata *metadata, const Content *content)
{
	const char *method = metadata->method;

	if (!metadata->is_request)
		return "answer";
	if (has_file(content))
		return "file";
	if (strcmp(method, "MESSAGE") == 0)
		return "im";
	if (word_in(method, "INVITE ACK BYE CANCEL PRACK UPDATE INFO REFER"))
		return "call";
	if (word_in(method, "SUBSCRIBE NOTIFY PUBLISH"))
		return "presence";
	return strcmp(method, "REGISTER") == 0 ? "registration" : "other";
}

static enum outcome_word word_of_entry(const TrailEntry *entry)
{
	if (strcmp(entry->verdict, "unscannable") == 0)
		return WORD_UNSCANNABLE;
	if (strcmp(entry->verdict, "failed") == 0)
		return WORD_FAILED;
	if (strcmp(entry->verdict, "discard") == 0)
		return WORD_DISCARDED;
	if (strcmp(entry->verdict, "answer") != 0)
		return WORD_PASSED;
	if (strcmp(entry->stage, "virus-scan") == 0 && *entry->rule)
		return WORD_INFECTED;
	return WORD_BLOCKED;
}

static bool is_infected(const Content *content)
{
	for (size_t i = 0; content && i < content->n_attachments; i++)
		if (strcmp(content->attachments[i]->verdict, "infected") == 0)
			return true;
	return false;
}

enum outcome_word verdict_of(const Metadata *metadata, const Content *content)
{
	enum outcome_word heaviest =
		content && content->n_versions ? WORD_EDITED : WORD_PASSED;

	if (is_infected(content))
		return WORD_INFECTED;
	for (size_t i = 0; i < metadata->n_trail; i++) {
		enum outcome_word word = word_of_entry(metadata->trail[i]);

		if (word > heaviest)
			heaviest = word;
	}
	return heaviest;
}

/* Pieces are split by QUERY_BREAK in texts and names, by spaces in atoms. */
static bool holds_piece(struct slice column, char separator, struct slice piece)
{
	struct slice one;

	while (slice_cut(&column, separator, &one))
		if (slice_equal(one, piece))
			return true;
	return false;
}

static bool add_piece(struct buffer *column, char separator, struct slice piece)
{
	if (piece.size == 0 ||
		(column->size &&
			holds_piece(buffer_slice(column), separator, piece)))
		return false;
	if (column->size)
		buffer_add(column, slice_make(&separator, 1));
	buffer_add(column, piece);
	return true;
}

static char separator_of(int column)
{
	return column == COLUMN_FACTS ? ' ' : QUERY_BREAK;
}

bool column_merge(int column, struct buffer *into, struct slice from)
{
	bool grew = false;
	struct slice piece;

	while (slice_cut(&from, separator_of(column), &piece))
		if (add_piece(into, separator_of(column), piece))
			grew = true;
	return grew;
}

static void add_atom(struct buffer *column, char separator, struct slice name,
	struct slice value)
{
	struct buffer clean = {0};
	char atom[ATOM_BYTES];

	if (value.size == 0)
		return;
	if (!buffer_is_clean(value)) {
		buffer_add_clean(&clean, value);
		value = buffer_slice(&clean);
	}
	add_piece(column, separator,
		slice_make(atom, query_atom(name, value, atom, sizeof(atom))));
	column->failed |= clean.failed;
	buffer_clear(&clean);
}

static void add_fact(
	struct document *document, const char *name, const char *value)
{
	add_atom(&document->columns[COLUMN_FACTS], ' ', slice_of(name),
		slice_of(value));
}

static void add_clean_piece(struct buffer *column, struct slice text)
{
	struct buffer clean = {0};

	text = slice_trim(text);
	if (!buffer_is_clean(text)) {
		buffer_add_clean(&clean, text);
		text = buffer_slice(&clean);
	}
	add_piece(column, QUERY_BREAK, text);
	column->failed |= clean.failed;
	buffer_clear(&clean);
}

static void add_person(
	struct buffer *column, const char *address, const char *name)
{
	struct slice bare = address_bare(address);
	size_t at = slice_find(bare, '@');

	add_atom(column, QUERY_BREAK, SLICE(""), bare);
	if (at != SIZE_MAX) {
		add_atom(column, QUERY_BREAK, SLICE("@"),
			slice_from(bare, at + 1));
		add_atom(column, QUERY_BREAK, SLICE(""),
			slice_part(bare, 0, at));
	}
	if (name)
		add_clean_piece(column, slice_of(name));
}

static struct slice bytes_of(ProtobufCBinaryData data)
{
	return slice_make(data.data ? (const char *)data.data : "", data.len);
}

static void add_texts(struct document *document, const Content *content)
{
	struct buffer *column = &document->columns[COLUMN_TEXT];

	/* What people wrote comes first: that is what a hit shows. */
	for (int written = 1; written >= 0; written--)
		for (size_t i = 0; i < content->n_texts; i++) {
			const Text *text = content->texts[i];

			if (text_is_written(text) != (written == 1))
				continue;
			add_clean_piece(column, bytes_of(text->text));
			add_clean_piece(&document->columns[COLUMN_FILES],
				slice_of(text->file_name));
		}
}

static void add_attachments(struct document *document, const Content *content)
{
	for (size_t i = 0; i < content->n_attachments; i++) {
		const Attachment *attachment = content->attachments[i];

		if (!attachment_is_file(attachment))
			continue;
		add_fact(document, "has", "attachment");
		add_fact(document, "rule", attachment->threat);
		add_fact(document, "verdict", attachment->verdict);
		add_clean_piece(&document->columns[COLUMN_FILES],
			slice_of(attachment->file_name));
	}
}

static void add_status(struct document *document, unsigned status)
{
	char text[16];

	if (status == 0)
		return;
	(void)snprintf(text, sizeof(text), "%u", status);
	add_fact(document, "verdict", text);
}

static void add_trail(struct document *document, const Metadata *metadata)
{
	for (size_t i = 0; i < metadata->n_trail; i++) {
		const TrailEntry *entry = metadata->trail[i];

		if (word_of_entry(entry) != WORD_PASSED)
			add_fact(document, "verdict", entry->verdict);
		add_fact(document, "rule", entry->rule);
		add_status(document, entry->status);
	}
	add_fact(document, "verdict", outcome_word_text(document->verdict));
	add_status(document, metadata->answer_status);
}

static void add_facts(struct document *document, const char *node,
	const Metadata *metadata, const Content *content)
{
	const char *kind = kind_word(metadata, content);

	add_fact(document, "kind", kind);
	if (metadata->is_request && strcmp(kind, "im") != 0 &&
		has_written(content))
		add_fact(document, "kind", "im");
	add_fact(document, "method", metadata->method);
	add_fact(document, "direction", direction_word(metadata->direction));
	add_fact(document, "node", node);
	add_trail(document, metadata);
}

bool document_make(const Sipwarden__Record__Record *record,
	const Metadata *metadata, const Content *content,
	struct document *document)
{
	bool failed = false;
	bool written = has_written(content) || has_file(content);

	*document = (struct document){.verdict = verdict_of(metadata, content)};
	document->shown = written || document->verdict > WORD_EDITED;
	document->opens_conversation =
		metadata->is_request &&
		(document->shown || strcmp(metadata->method, "INVITE") == 0 ||
			strcmp(metadata->method, "MESSAGE") == 0);
	/* A plain answer is reached through what it answers. */
	if (!metadata->is_request && !document->shown)
		return true;
	add_person(&document->columns[COLUMN_SENDER], metadata->from,
		metadata->from_name);
	if (metadata->identity)
		add_person(&document->columns[COLUMN_SENDER],
			metadata->identity->address_of_record, NULL);
	add_person(&document->columns[COLUMN_RECIPIENT], metadata->to,
		metadata->to_name);
	add_facts(document, record->node, metadata, content);
	if (content) {
		add_texts(document, content);
		add_attachments(document, content);
	}
	for (int i = 0; i < COLUMNS; i++)
		failed |= document->columns[i].failed;
	if (failed)
		document_clear(document);
	return !failed;
}

void document_clear(struct document *document)
{
	for (int i = 0; i < COLUMNS; i++)
		buffer_clear(&document->columns[i]);
}
