/* script.h -- a scenario file: its lines, and where each scenario begins. */
#ifndef TESTS_SCENARIOS_SCRIPT_H
#define TESTS_SCENARIOS_SCRIPT_H

#include "run.h"

enum { SCENARIOS = 64 };

/* Lines before the first title belong to every scenario of the file. */
struct script {
	const char *file; /* borrowed */
	struct step *steps;
	size_t step_count;
	size_t begins[SCENARIOS + 1]; /* of each title; then the end */
	size_t scenario_count;
};

/* False: said why, with file and line. */
bool script_read(const char *path, struct script *script);
void script_free(struct script *script);
/* False: it went otherwise, and that has been said. */
bool script_play(const struct script *script, size_t number);

#endif
