/* sight_test.c -- what must be scanned is told by the bytes. */
#include "lib/mime/sight.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

enum { LIMIT = 4096 };

#define BYTES(literal)                                                         \
	{                                                                      \
		(literal), sizeof(literal) - 1                                 \
	}
#define RUN63 "abcdefghijklmnopqrstuvwxyz0123456789+/ABCDEFGHIJKLMNOPQRSTUVWXY"

static const struct {
	struct slice bytes;
	bool scan;
} cases[] = {
	{BYTES(""), false},
	{BYTES("hello\tworld\r\n"), false},
	{BYTES("\xEF\xBB\xBFhello"), false},
	{BYTES("\xD1\x84\xD0\xB0\xD0\xBB"), false},
	{BYTES("a\0b"), true},
	{BYTES("a\x1B"), true},
	{BYTES("\x7F"
	       "ELF"),
		true},
	{BYTES("\xE4"), true},
	{BYTES(RUN63), false},
	{BYTES(RUN63 "Z"), true},
	{BYTES(RUN63 " Z"), false},
	{BYTES(RUN63 "\r\n  Z"), true},
	{BYTES("x. " RUN63 "="), true},
	{BYTES("MZ at the start"), true},
	{BYTES("the MZ is not"), false},
	{BYTES(" \r\n#!/bin/sh"), true},
	{BYTES("\xEF\xBB\xBF#!/bin/sh"), true},
	{BYTES("x\r\n@echo off"), true},
	{BYTES("x @echo off"), false},
	{BYTES("begin 644 a"), true},
	{BYTES("x %pdf-1"), true},
	{BYTES("x5o!P%@AP"), true},
	{BYTES("aX5O!P%@AP"), true},
	{BYTES("<SCRIPT>"), true},
	{BYTES("a<script>"), true},
	{BYTES("run PowerShell now"), true},
	{BYTES("data:x"), true},
	{BYTES("metadata:x"), false},
	{BYTES("content-type: x"), true},
};

static void bytes_tell_what_is_scanned(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
		if (sight_needs_scan(cases[i].bytes, LIMIT) != cases[i].scan)
			fail_msg("case %zu: %s", i, cases[i].bytes.at);
}

static void encrypted_text_is_told(void **state)
{
	(void)state;
	assert_null(sight_unseen(SLICE("hello")));
	assert_non_null(sight_unseen(SLICE("x ?OTR:AAM")));
	assert_non_null(sight_unseen(SLICE("-----BEGIN PGP MESSAGE-----")));
	assert_null(sight_unseen(SLICE("-----BEGIN PGP SIGNATURE-----")));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bytes_tell_what_is_scanned),
		cmocka_unit_test(encrypted_text_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
