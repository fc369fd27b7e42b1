/* changed_test.c -- which settings two readings differ in. */
#include "lib/settings/changed.h"

#include "lib/settings/settings.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define HEAD                                                                   \
	"server: {name: a.example.com, role: home, domains: [example.com]}\n"  \
	"authentication: none\n"
#define LISTEN "listen:\n  - {transport: udp, address: \"127.0.0.1:5060\"}\n"

static struct settings *read_text(const char *text)
{
	struct settings_fault faults[SETTINGS_FAULTS];
	struct settings *settings = NULL;
	size_t count = settings_read_memory(
		"/tmp/x.yaml", slice_of(text), &settings, faults);

	if (count)
		(void)fprintf(stderr, "%s\n", faults[0].text);
	assert_int_equal(count, 0);
	return settings;
}

static void says(const char *before, const char *after, const char *expected)
{
	const char *names[SETTINGS_CHANGED];
	struct settings *old = read_text(before), *fresh = read_text(after);
	size_t count = settings_changed(old, fresh, names);
	char all[512] = "";

	for (size_t i = 0; i < count; i++) {
		(void)strncat(all, names[i], sizeof(all) - strlen(all) - 2);
		(void)strcat(all, " ");
	}
	assert_string_equal(all, expected);
	settings_release(&old);
	settings_release(&fresh);
}

static void names_what_differs(void **state)
{
	(void)state;
	says(HEAD LISTEN, HEAD LISTEN, "");
	/* order, remarks and ways to write do not count */
	says(HEAD LISTEN, "# new\n" LISTEN HEAD, "");
	says(HEAD LISTEN, HEAD LISTEN "limits: {headers: 99}\n",
		"limits.headers ");
	says(HEAD LISTEN "limits: {headers: 99, transactions: 1000}\n",
		HEAD LISTEN "limits: {headers: 98, transactions: 1000}\n",
		"limits.headers ");
	says(HEAD LISTEN,
		HEAD LISTEN "  - {transport: tcp, address: "
			    "\"127.0.0.1:5060\"}\n",
		"listen ");
	says(HEAD LISTEN,
		HEAD "listen:\n  - {transport: udp, address: "
		     "\"127.0.0.1:5061\"}\n",
		"listen ");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_what_differs),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
