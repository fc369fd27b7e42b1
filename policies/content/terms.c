/* terms.c -- the words and phrases of a rule, and the files that hold them. */
#include "policies/content/terms.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unicode/uchar.h>
#include <unicode/utf8.h>
#include <unistd.h>

/* Is it UTF-8, without NUL? */
static bool text_is_sound(struct slice text)
{
	const uint8_t *bytes = (const uint8_t *)text.at;
	for (size_t at = 0; at < text.size;) {
		UChar32 point;
		U8_NEXT(bytes, at, text.size, point);
		if (point <= 0)
			return false;
	}
	return true;
}

static int load(int file, struct slice *bytes)
{
	struct stat state;
	if (fstat(file, &state) != 0)
		return errno;
	if (!S_ISREG(state.st_mode))
		return S_ISDIR(state.st_mode) ? EISDIR : EINVAL;
	if (state.st_size > RULE_FILE_SIZE)
		return EFBIG;
	size_t room = (size_t)state.st_size + 1, size = 0;
	char *at = malloc(room);
	ssize_t got = at ? 1 : -1;
	while (at && size < room && got > 0) {
		got = read(file, at + size, room - size);
		if (got > 0)
			size += (size_t)got;
		else if (got < 0 && errno == EINTR)
			got = 1;
	}
	if (got < 0) {
		int error = errno;
		free(at);
		return error;
	}
	*bytes = slice_make(at, size);
	return 0;
}

int rule_file_load(const char *path, struct slice *bytes)
{
	/* A pipe must not hold us up. */
	int file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (file < 0)
		return errno;
	int error = load(file, bytes);
	close(file);
	return error;
}

/* A fault of a terms file stands where the rule file names it. */
static void term_fault(const struct term_source *source, struct slice term,
	const char *sentence)
{
	if (source->file)
		fault_add(source->faults, source->place,
			"%.200s, line %u: the term \"%.*s\" %s", source->file,
			source->line, (int)(term.size < 60 ? term.size : 60),
			term.at, sentence);
	else
		fault_add(source->faults, source->place, "the term \"%.*s\" %s",
			(int)(term.size < 60 ? term.size : 60), term.at,
			sentence);
}

/* Adds the spelling as folded, unless nothing is left of it. */
static bool spelling_add(
	struct term_source *source, bool prefix, struct slice text, bool *empty)
{
	struct rule_list *list = source->list;
	struct folded *work = source->work;
	if (fold_text(work, text) != 0)
		return false;
	struct slice folded = slice_trim(slice_make(work->bytes, work->size));
	*empty = folded.size == 0;
	if (*empty)
		return true;
	if (!list_grow((void **)&list->terms, list->term_count,
		    &list->term_room, sizeof(*list->terms)))
		return false;
	struct slice copy = arena_copy(list->arena, folded);
	list->terms[list->term_count++] = (struct term){
		.rule = source->rule, .prefix = prefix, .folded = copy};
	return copy.at != NULL;
}

/* How a term is written anew to find its other spellings. */
enum spelling { SPELLING_SMALL, SPELLING_CAPITAL, SPELLING_SENTENCE };

static UChar32 respell(UChar32 point, enum spelling spelling, bool first)
{
	bool capital = spelling == SPELLING_CAPITAL ||
		       (spelling == SPELLING_SENTENCE && first);
	return capital ? u_toupper(point) : u_tolower(point);
}

/* Greek letters whose capital and small form look like two Latin letters fold
 * by their look, so a term with one folds otherwise when written in capitals.
 * Does the term hold such a letter? */
static bool has_two_looks(struct slice text)
{
	const uint8_t *bytes = (const uint8_t *)text.at;
	for (size_t at = 0; at < text.size;) {
		UChar32 point, small[FOLD_MOST], capital[FOLD_MOST];
		U8_NEXT(bytes, at, text.size, point);
		if (point < 0x370 || point > 0x1FFF)
			continue;
		size_t smalls = fold_point(u_tolower(point), small);
		size_t capitals = fold_point(u_toupper(point), capital);
		if (smalls && capitals && small[0] != capital[0])
			return true;
	}
	return false;
}

static bool respelled_add(struct term_source *source, bool prefix,
	struct slice text, enum spelling spelling)
{
	char out[4 * RULE_TERM_SIZE];
	const uint8_t *bytes = (const uint8_t *)text.at;
	size_t size = 0;
	bool empty;
	for (size_t at = 0; at < text.size;) {
		UChar32 point;
		bool first = at == 0;
		U8_NEXT(bytes, at, text.size, point);
		point = respell(point, spelling, first);
		size += point_write(out + size, point);
	}
	return spelling_add(source, prefix, slice_make(out, size), &empty);
}

static bool spellings_add(
	struct term_source *source, bool prefix, struct slice text)
{
	bool empty;
	if (!spelling_add(source, prefix, text, &empty))
		return false;
	if (empty) {
		term_fault(source, text,
			"has no letter or sign that could be seen");
		return true;
	}
	if (!has_two_looks(text))
		return true;
	for (enum spelling spelling = SPELLING_SMALL;
		spelling <= SPELLING_SENTENCE; spelling++)
		if (!respelled_add(source, prefix, text, spelling))
			return false;
	return true;
}

bool term_add(struct term_source *source, struct slice text)
{
	text = slice_trim(text);
	struct slice stem = text;
	bool prefix = text.size > 0 && text.at[text.size - 1] == '*';
	if (prefix)
		stem.size--;
	if (!text_is_sound(text))
		term_fault(source, SLICE("?"), "is not UTF-8 text");
	else if (stem.size > RULE_TERM_SIZE)
		term_fault(source, text, "is longer than 1024 bytes");
	else if (slice_find(stem, '*') != SIZE_MAX)
		term_fault(source, text, "has a * that is not at its end");
	else if (prefix &&
		 (stem.size == 0 || slice_trim(stem).size < stem.size))
		term_fault(source, text,
			"has no beginning of a word right before its *");
	else if (source->list->term_count >= RULE_TERMS)
		term_fault(source, text, "is one more than 200000 terms");
	else
		return spellings_add(source, prefix, stem);
	return true;
}

static bool line_add(struct term_source *source, struct slice line)
{
	/* "#secret" is a term, "# secret" is not. */
	if (line.size == 0 ||
		(line.at[0] == '#' && (line.size == 1 || line.at[1] == ' ' ||
					      line.at[1] == '\t')))
		return true;
	return term_add(source, line);
}

static bool lines_add(struct term_source *source, struct slice rest)
{
	struct slice line;
	size_t before = source->list->term_count + source->faults->count;
	if (slice_starts_nocase(rest, SLICE("\xEF\xBB\xBF")))
		rest = slice_from(rest, 3);
	for (source->line = 1; slice_cut(&rest, '\n', &line); source->line++)
		if (!line_add(source, slice_trim(line)))
			return false;
	if (source->list->term_count + source->faults->count == before)
		fault_add(source->faults, source->place,
			"the terms file %.200s has no terms", source->file);
	return true;
}

bool terms_file_add(struct term_source *source, EVP_MD_CTX *digest)
{
	struct slice bytes;
	int error = rule_file_load(source->file, &bytes);
	if (error) {
		fault_add(source->faults, source->place,
			"the terms file %.200s cannot be read: %s",
			source->file,
			error == EINVAL ? "it is no plain file"
					: strerror(error));
		return true;
	}
	bool whole = EVP_DigestUpdate(digest, bytes.at, bytes.size) == 1 &&
		     lines_add(source, bytes);
	free((void *)(uintptr_t)bytes.at);
	return whole;
}
