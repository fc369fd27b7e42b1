/* main.c -- scenario-runner: plays scenario files, says what went otherwise.
 *
 * tests/scenarios/README.md tells how scenarios are written.
 */
#include "run.h"
#include "script.h"

#include "proxy/parse/values.h"

#include <signal.h>
#include <stdlib.h>

int main(int argc, char **argv)
{
	unsigned failed = 0, played = 0;

	if (argc < 2) {
		(void)fputs("Usage: scenario-runner FILE...\n", stderr);
		return 2;
	}
	(void)setvbuf(stdout, NULL, _IOLBF, 0);
	(void)signal(SIGPIPE, SIG_IGN);
	values_start();
	clock_begin();
	for (int i = 1; i < argc; i++) {
		struct script script;

		if (!script_read(argv[i], &script))
			return 2;
		for (size_t n = 0; n < script.scenario_count; n++) {
			failed += !script_play(&script, n);
			played++;
		}
		script_free(&script);
	}
	printf("%u scenario%s, %u failed\n", played, played == 1 ? "" : "s",
		failed);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
