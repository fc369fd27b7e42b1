/* sight.c -- what bytes are, by looking at them. */
#include "lib/mime/sight.h"

#include "lib/charset.h"

/* So many characters of base64, lines put together, are no words. */
enum { BASE64_RUN_LONG = 64 };

/* What is not plain text though its bytes are characters; compared without
 * regard to case. Lists end with an absent slice. */
#define MAGIC(literal)                                                         \
	{                                                                      \
		(literal), sizeof(literal) - 1                                 \
	}
#define MAGIC_END                                                              \
	{                                                                      \
		NULL, 0                                                        \
	}
#define MAGICS(...) ((const struct slice[]){__VA_ARGS__, MAGIC_END})

/* At the start, blanks and a byte order mark aside. */
static const struct slice magic_at_start[] = {MAGIC("MZ"), MAGIC("PK"),
	MAGIC("Rar!"), MAGIC("#!"), MAGIC("ITSF"), MAGIC("II*"), MAGIC("GIF8"),
	MAGIC("RIFF"), MAGIC("BM"), MAGIC("CWS"), MAGIC("FWS"), MAGIC("ZWS"),
	MAGIC("regedit4"), MAGIC("windows registry editor"), MAGIC_END};

/* At the start of a line. */
static const struct slice magic_at_line[] = {MAGIC("%!PS"), MAGIC("@echo"),
	MAGIC("begin-base64 "), MAGIC("begin 0"), MAGIC("begin 4"),
	MAGIC("begin 6"), MAGIC("begin 7"), MAGIC("=ybegin"), MAGIC_END};

/* Anywhere, by the first byte: a file need not begin with its magic, readers
 * of PDF look for it in the first 1024 bytes. The first is EICAR's,
 * without its X, since behind a letter no letter is looked at. */
static const struct slice *const magic_anywhere[128] = {
	['5'] = MAGICS(MAGIC("5O!P%@AP")),
	['%'] = MAGICS(MAGIC("%PDF-")),
	['{'] = MAGICS(MAGIC("{\\rtf")),
	['#'] = MAGICS(MAGIC("#@~^")),
	['<'] = MAGICS(MAGIC("<!doctype"), MAGIC("<!entity"), MAGIC("<%"),
		MAGIC("<?php"), MAGIC("<?xml-stylesheet"), MAGIC("<html"),
		MAGIC("<head"), MAGIC("<script"), MAGIC("<iframe"),
		MAGIC("<frame"), MAGIC("<object"), MAGIC("<embed"),
		MAGIC("<applet"), MAGIC("<svg"), MAGIC("<img"), MAGIC("<meta"),
		MAGIC("<form"), MAGIC("<link"), MAGIC("<job"), MAGIC("<hta:"),
		MAGIC("<registration")),
	['['] = MAGICS(MAGIC("[internetshortcut]"), MAGIC("[autorun]")),
	['('] = MAGICS(MAGIC("(this file must be converted")),
	['-'] = MAGICS(MAGIC("-----begin")),
	['a'] = MAGICS(
		MAGIC("activexobject"), MAGIC("auto_open"), MAGIC("autoopen")),
	['c'] = MAGICS(MAGIC("content-type:"),
		MAGIC("content-transfer-encoding:"), MAGIC("createobject")),
	['d'] = MAGICS(
		MAGIC("d0cf11e0"), MAGIC("data:"), MAGIC("document.write")),
	['e'] = MAGICS(MAGIC("eval(")),
	['j'] = MAGICS(MAGIC("javascript:")),
	['m'] = MAGICS(MAGIC("mime-version:")),
	['p'] = MAGICS(MAGIC("powershell")),
	['s'] = MAGICS(MAGIC("shellexecute"), MAGIC("string.fromcharcode")),
	['v'] = MAGICS(MAGIC("vbscript:")),
	['w'] = MAGICS(MAGIC("wscript")),
};

static char lower(char c)
{
	return (char)(c >= 'A' && c <= 'Z' ? c | 0x20 : c);
}

/* The second byte first: most words go no further than the first. */
static bool begins_with_one(struct slice bytes, const struct slice *list)
{
	const char second = bytes.size > 1 ? lower(bytes.at[1]) : '\0';

	for (; list->at; list++)
		if (lower(list->at[1]) == second &&
			slice_starts_nocase(bytes, *list))
			return true;
	return false;
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static bool magic_starts(struct slice bytes)
{
	size_t at = charset_mark_of(bytes) == CHARSET_MARK_UTF8 ? 3 : 0;

	while (at < bytes.size && is_blank(bytes.at[at]))
		at++;
	return begins_with_one(slice_from(bytes, at), magic_at_start);
}

static bool is_letter(char c)
{
	return (unsigned char)((c | 0x20) - 'a') < 26;
}

/* What begins with a letter counts where a word begins: most bytes of a text
 * need no look then. */
static bool magic_within(struct slice bytes)
{
	bool in_word = false;

	for (size_t at = 0; at < bytes.size; at++) {
		const bool letter = is_letter(bytes.at[at]);
		const unsigned char c = (unsigned char)lower(bytes.at[at]);
		const struct slice *list = (letter && in_word) || c >= 128
						   ? NULL
						   : magic_anywhere[c];

		if (list && begins_with_one(slice_from(bytes, at), list))
			return true;
		in_word = letter;
	}
	return false;
}

static bool magic_at_lines(struct slice bytes)
{
	size_t at = 0;
	size_t found = 0;

	while (found != SIZE_MAX) {
		at += found;
		if (begins_with_one(slice_from(bytes, at), magic_at_line))
			return true;
		found = slice_find(slice_from(bytes, at), '\n');
		if (found != SIZE_MAX)
			found++;
	}
	return false;
}

static bool is_base64(char c)
{
	return (lower(c) >= 'a' && lower(c) <= 'z') || (c >= '0' && c <= '9') ||
	       c == '+' || c == '/' || c == '=' || c == '-' || c == '_';
}

/* Lines are put together, however short and however far indented: a blank
 * within a line ends the run. */
static bool base64_runs(struct slice bytes)
{
	size_t run = 0;
	bool indented = true;

	for (size_t at = 0; at < bytes.size; at++) {
		const char c = bytes.at[at];

		if (c == '\n' || c == '\r') {
			indented = true;
		} else if (is_base64(c)) {
			indented = false;
			if (++run == BASE64_RUN_LONG)
				return true;
		} else if (!indented || !is_blank(c)) {
			run = 0;
		}
	}
	return false;
}

static bool is_control(char c)
{
	return (unsigned char)c < 0x20 || c == 0x7F;
}

bool sight_is_text(struct slice bytes)
{
	for (size_t i = 0; i < bytes.size; i++)
		if (is_control(bytes.at[i]) && bytes.at[i] != '\t' &&
			bytes.at[i] != '\r' && bytes.at[i] != '\n')
			return false;
	return charset_is_utf8(bytes);
}

bool sight_may_be_text(struct slice bytes)
{
	for (size_t i = 0; i < bytes.size; i++)
		if (is_control(bytes.at[i]) &&
			(!bytes.at[i] || !strchr("\t\r\n\f\033", bytes.at[i])))
			return false;
	return true;
}

bool sight_needs_scan(struct slice bytes, size_t text_limit)
{
	if (slice_empty(bytes))
		return false;
	return bytes.size > text_limit || !sight_is_text(bytes) ||
	       magic_starts(bytes) || magic_at_lines(bytes) ||
	       magic_within(bytes) || base64_runs(bytes);
}

const char *sight_unseen(struct slice text)
{
	if (slice_search(text, SLICE("-----BEGIN PGP MESSAGE")) != SIZE_MAX)
		return "encrypted with OpenPGP";
	if (slice_search(text, SLICE("?OTR:")) != SIZE_MAX ||
		slice_search(text, SLICE("?OTR|")) != SIZE_MAX)
		return "encrypted with OTR";
	return NULL;
}
