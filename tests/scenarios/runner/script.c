/* script.c -- reads a scenario file into steps. */
#include "script.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

static char *copy_of(const char *text)
{
	char *copy = strdup(text);

	if (!copy)
		abort();
	return copy;
}

static void *grown(void *items, size_t count, size_t size)
{
	void *more = realloc(items, (count + 1) * size);

	if (!more)
		abort();
	return more;
}

/* Two columns, or a tab, make an indented line. */
static const char *unindented(const char *line)
{
	if (*line == '\t')
		return line + 1;
	return line[0] == ' ' && line[1] == ' ' ? line + 2 : NULL;
}

static void cut_end(char *line)
{
	char *remark = strstr(line, "  # ");
	size_t size;

	if (*line == '#')
		*line = '\0';
	if (remark && !unindented(line))
		*remark = '\0';
	size = strlen(line);
	while (size && isspace((unsigned char)line[size - 1]))
		line[--size] = '\0';
}

static bool is_title(const struct step *step)
{
	return !strncmp(step->text, "title ", 6);
}

static bool take_line(struct script *script, unsigned number, char *line)
{
	struct step *step;
	const char *inside;

	cut_end(line);
	if (!*line)
		return true;
	inside = unindented(line);
	if (inside && !script->step_count)
		return false;
	if (inside) {
		step = &script->steps[script->step_count - 1];
		step->block =
			grown(step->block, step->block_count, sizeof(char *));
		step->block[step->block_count++] = copy_of(inside);
		return true;
	}
	script->steps = grown(script->steps, script->step_count, sizeof(*step));
	step = &script->steps[script->step_count++];
	*step = (struct step){
		.file = script->file, .line = number, .text = copy_of(line)};
	if (is_title(step)) {
		if (script->scenario_count == SCENARIOS)
			return false;
		script->begins[script->scenario_count++] =
			script->step_count - 1;
	}
	return true;
}

bool script_read(const char *path, struct script *script)
{
	FILE *file = fopen(path, "r");
	char line[4096];
	unsigned number = 0;
	bool taken = true;

	*script = (struct script){.file = path};
	if (!file) {
		(void)fprintf(stderr, "%s: %s\n", path, strerror(errno));
		return false;
	}
	while (taken && fgets(line, sizeof(line), file))
		taken = take_line(script, ++number, line);
	(void)fclose(file);
	script->begins[script->scenario_count] = script->step_count;
	if (taken && script->scenario_count)
		return true;
	(void)fprintf(stderr, "%s:%u: %s\n", path, number,
		taken ? "no line begins with `title`"
		      : "an indented line belongs to one that is not, or "
			"there are too many scenarios");
	script_free(script);
	return false;
}

void script_free(struct script *script)
{
	for (size_t i = 0; i < script->step_count; i++) {
		struct step *step = &script->steps[i];

		for (size_t n = 0; n < step->block_count; n++)
			free(step->block[n]);
		free(step->block);
		free(step->text);
	}
	free(script->steps);
}
