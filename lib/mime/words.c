/* words.c -- encoded words of headers (RFC 2047, RFC 2231 5). */
#include "lib/mime/words.h"

#include "lib/charset.h"
#include "lib/mime/escape.h"
#include "lib/mime/transfer.h"

/* No character set makes more of one byte of an encoded word. */
enum { WORDS_GROWTH = 4 };

struct word {
	struct slice charset;
	struct slice encoded;
	bool base64;
	size_t size; /* of the whole */
};

/* Bytes of neighbouring words in one character set, which may cut a character
 * in two (forbidden, and done all the same). */
struct words {
	struct arena *arena;
	char *out;
	size_t size;
	size_t room;
	char *run;
	size_t run_size;
	struct slice charset;
	struct slice source; /* the words as they stand */
	bool unknown;
};

bool words_present(struct slice text)
{
	return slice_search(text, SLICE("=?")) != SIZE_MAX;
}

/* Reads =?charset*language?B?text?= at the start of text. Every step stops at
 * a question mark, so that no byte is looked at for two words. */
static bool word_read(struct slice text, struct word *word)
{
	struct slice rest = slice_from(text, 2);
	struct slice charset, encoding;
	size_t end;

	if (!slice_cut(&rest, '?', &charset) ||
		!slice_cut(&rest, '?', &encoding) || encoding.size != 1)
		return false;
	end = slice_find(rest, '?');
	if (end == SIZE_MAX || end + 1 >= rest.size || rest.at[end + 1] != '=')
		return false;
	(void)slice_cut(&charset, '*', &word->charset);
	word->encoded = slice_part(rest, 0, end);
	word->base64 = (encoding.at[0] | 0x20) == 'b';
	word->size = (size_t)(rest.at + end + 2 - text.at);
	return word->base64 || (encoding.at[0] | 0x20) == 'q';
}

static bool words_put(struct words *words, struct slice text)
{
	if (text.size > words->room - words->size)
		return false;
	if (text.size)
		memcpy(words->out + words->size, text.at, text.size);
	words->size += text.size;
	return true;
}

/* Writes what the run says; what it cannot say, as it stands. */
static bool run_end(struct words *words)
{
	const struct slice run = slice_make(words->run, words->run_size);
	struct slice text = words->source;
	enum charset_outcome outcome;

	if (slice_empty(words->source))
		return true;
	if (charset_names_utf8(words->charset)) {
		if (!charset_mend(words->arena, run, &text))
			return false;
	} else {
		outcome = charset_decode(words->arena, run, words->charset,
			CHARSET_REPLACE, &text);
		if (outcome == CHARSET_SPENT)
			return false;
		if (outcome == CHARSET_UNKNOWN)
			words->unknown = true;
	}
	words->source.size = 0;
	words->run_size = 0;
	return words_put(words, text);
}

static void word_decode_q(struct words *words, struct slice encoded)
{
	for (size_t at = 0; at < encoded.size; at++) {
		const long code =
			encoded.at[at] == '='
				? escape_hex(slice_from(encoded, at + 1), 2)
				: -1;
		char byte = encoded.at[at];

		if (code >= 0) {
			byte = (char)code;
			at += 2;
		} else if (byte == '_') {
			byte = ' ';
		}
		words->run[words->run_size++] = byte;
	}
}

static bool word_add(struct words *words, const struct word *word,
	struct slice whole, bool joined)
{
	if (!joined || !slice_equal_nocase(word->charset, words->charset)) {
		if (!run_end(words))
			return false;
		words->charset = word->charset;
		words->source = slice_part(whole, 0, 0);
	}
	words->source.size = (size_t)(whole.at + whole.size - words->source.at);
	if (word->base64)
		words->run_size += transfer_base64_lax(
			word->encoded, words->run + words->run_size);
	else
		word_decode_q(words, word->encoded);
	return true;
}

static bool is_blank(struct slice text)
{
	return slice_empty(slice_trim(text));
}

static bool words_walk(struct words *words, struct slice text)
{
	size_t shown = 0; /* up to here text is dealt with */
	size_t at = 0;
	bool joined = false;

	for (;;) {
		const size_t found =
			slice_search(slice_from(text, at), SLICE("=?"));
		struct word word;
		struct slice between;

		if (found == SIZE_MAX)
			break;
		at += found;
		if (!word_read(slice_from(text, at), &word)) {
			at += 2;
			continue;
		}
		between = slice_part(text, shown, at - shown);
		joined = joined && is_blank(between);
		if (!joined && (!run_end(words) || !words_put(words, between)))
			return false;
		if (!word_add(words, &word, slice_part(text, at, word.size),
			    joined))
			return false;
		joined = true;
		at += word.size;
		shown = at;
	}
	return run_end(words) && words_put(words, slice_from(text, shown));
}

bool words_read(struct arena *arena, struct slice text, struct slice *plain,
	bool *unknown)
{
	struct words words = {
		.arena = arena, .room = text.size * WORDS_GROWTH + 16};

	if (text.size > SIZE_MAX / (2 * WORDS_GROWTH))
		return false;
	words.out = arena_take(arena, words.room);
	words.run = arena_take(arena, text.size + 1);
	if (!words.out || !words.run || !words_walk(&words, text))
		return false;
	*plain = slice_make(words.out, words.size);
	*unknown = words.unknown;
	return true;
}
