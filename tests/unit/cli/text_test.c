/* text_test.c -- what strangers wrote cannot drive the terminal. */
#include "cli/text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static const struct {
	const char *text, *printed;
} plain[] = {
	{"lunch at noon?", "lunch at noon?"},
	{"Käse 悬空 😀", "Käse 悬空 😀"},
	{"\x1b[2Jgone", "\\x1b[2Jgone"},
	{"\x07\x08\x7f", "\\x07\\x08\\x7f"},
	{"a\rb", "a\\x0db"},
	{"\xc2\x9b"
	 "31m",
		"\\u{9b}31m"},
	{"a\xe2\x80\xae"
	 "b",
		"a\\u{202e}b"},
	{"a\xe2\x80\x8b"
	 "b",
		"a\\u{200b}b"},
	{"bad\xff\xc0", "bad\\xff\\xc0"},
	{"a\nb\tc", "a b c"},
};

static void text_is_escaped(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(plain) / sizeof(plain[0]); i++) {
		char *out;
		size_t size;
		FILE *file = open_memstream(&out, &size);

		text_print(file, slice_of(plain[i].text));
		(void)fclose(file);
		assert_string_equal(out, plain[i].printed);
		free(out);
	}
}

static const struct {
	const char *text, *printed;
} wrapped[] = {
	{"", ""},
	{"one two", "  one two\n"},
	{"one\ntwo\r\n\nthree", "  one\n  two\n  \n  three\n"},
	{"aaaaaaaaa bbbbbbbbb ccccccccc",
		"  aaaaaaaaa bbbbbbbbb\n  ccccccccc\n"},
	/* a word that fits no line is cut */
	{"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
		"  aaaaaaaaaaaaaaaaaaaaaa\n  aaaaaaaaa\n"},
	/* wide characters take two columns */
	{"空空空空空空空空空空空空空", "  空空空空空空空空空空空\n  空空\n"},
	{"a\x1b[1;1H", "  a\\x1b[1;1H\n"},
};

static void lines_are_wrapped(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(wrapped) / sizeof(wrapped[0]); i++) {
		char *out;
		size_t size;
		FILE *file = open_memstream(&out, &size);

		text_print_wrapped(file, slice_of(wrapped[i].text), 2, 24);
		(void)fclose(file);
		assert_string_equal(out, wrapped[i].printed);
		free(out);
	}
}

static void marks_are_bold_on_a_terminal_only(void **state)
{
	const struct text_mark marks[] = {{4, 5}, {10, 2}};

	(void)state;
	for (int bold = 0; bold < 2; bold++) {
		char *out;
		size_t size;
		FILE *file = open_memstream(&out, &size);

		text_print_marked(
			file, SLICE("the lünch 悬空 x"), marks, 2, 0, 40, bold);
		(void)fclose(file);
		assert_string_equal(out, bold ? "the \033[1mlünch\033[22m "
						"\033[1m悬空\033[22m x\n"
					      : "the lünch 悬空 x\n");
		free(out);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(text_is_escaped),
		cmocka_unit_test(lines_are_wrapped),
		cmocka_unit_test(marks_are_bold_on_a_terminal_only),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
