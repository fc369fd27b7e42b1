/* settings.c -- a configuration file becomes struct settings, or faults. */
#include "lib/settings.h"

#include "lib/settings/file.h"
#include "lib/settings/reader.h"
#include "lib/settings/settings.h"

#include "lib/log.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

enum {
	SETTINGS_FILE_BYTES = 1024 * 1024,
	SETTINGS_MEMORY_BYTES = 64 * 1024 * 1024
};

/* What settings_release finds behind the struct that callers see. */
struct owned_settings {
	struct settings settings; /* first: its address is the whole's */
	struct arena *arena;      /* owned */
};

void settings_release(struct settings **settings)
{
	struct owned_settings *owned = (struct owned_settings *)*settings;

	if (!owned)
		return;
	arena_release(&owned->arena);
	free(owned);
	*settings = NULL;
}

static struct settings *settings_new(struct arena **arena)
{
	struct owned_settings *owned = calloc(1, sizeof(*owned));

	if (!owned)
		return NULL;
	owned->arena = arena_new(SETTINGS_MEMORY_BYTES);
	if (!owned->arena) {
		free(owned);
		return NULL;
	}
	*arena = owned->arena;
	return &owned->settings;
}

/* The folder of a path, from where relative paths are taken: whole, so that
 * they stay right when the program changes its own folder. */
static const char *folder_of(struct arena *arena, const char *path)
{
	const char *slash = strrchr(path, '/');
	size_t size = slash ? (size_t)(slash - path) : 0;
	char here[PATH_MAX];

	if (path[0] == '/')
		return arena_copy(arena, slice_make(path, size)).at;
	if (!getcwd(here, sizeof(here)))
		return NULL;
	return arena_format(
		arena, "%s%s%.*s", here, size ? "/" : "", (int)size, path)
		.at;
}

static void read_text(
	struct reader *reader, const char *path, struct slice text)
{
	struct settings *settings = reader->settings;

	settings->file = arena_copy(reader->arena, slice_of(path)).at;
	reader->folder = folder_of(reader->arena, path);
	settings->text = arena_copy(reader->arena, text);
	if (!settings->file || !reader->folder || !settings->text.at) {
		reader_is_full(reader, (struct place){1, 1});
		return;
	}
	reader->root = tree_read(reader->arena, text, reader->faults);
	if (!reader->root)
		return;
	if (reader->root->kind != TREE_MAPPING) {
		fault_add(reader->faults, reader->root->place,
			"a configuration is a mapping that begins with "
			"`server:`");
		return;
	}
	reader_sort_keys(reader);
	reader_fill(reader);
	settings_complete(reader);
	settings_check_meaning(reader);
}

size_t settings_read_memory(const char *path, struct slice text,
	struct settings **settings,
	struct settings_fault faults[SETTINGS_FAULTS])
{
	struct faults found = {.file = path, .out = faults};
	struct reader reader = {.faults = &found};

	*settings = NULL;
	reader.settings = settings_new(&reader.arena);
	if (!reader.settings) {
		reader_is_full(&reader, (struct place){1, 1});
		return found.count;
	}
	read_text(&reader, path, text);
	if (found.count)
		settings_release(&reader.settings);
	*settings = reader.settings;
	return found.count;
}

size_t settings_read(const char *path, struct settings **settings,
	struct settings_fault faults[SETTINGS_FAULTS])
{
	struct faults found = {.file = path, .out = faults};
	struct slice text;
	size_t count;
	int error = file_read(path, SETTINGS_FILE_BYTES, &text);

	*settings = NULL;
	if (error) {
		fault_add(&found, (struct place){1, 1},
			"the configuration cannot be read: %s",
			strerror(error));
		return found.count;
	}
	count = settings_read_memory(path, text, settings, faults);
	file_forget(&text);
	return count;
}

void settings_print_faults(
	const char *path, const struct settings_fault *faults, size_t count)
{
	for (size_t i = 0; i < count; i++)
		(void)fprintf(stderr, "%s\n", faults[i].text);
	if (count >= SETTINGS_FAULTS)
		(void)fprintf(stderr, "there may be more beyond these\n");
	(void)fprintf(stderr,
		"%zu fault%s; correct the configuration "
		"and try it with `sipwarden check %s`; every setting is in "
		"sipwarden.yaml(5)\n",
		count, count == 1 ? "" : "s", path);
}

struct settings *settings_read_or_exit(const char *path)
{
	static struct settings_fault faults[SETTINGS_FAULTS];
	struct settings *settings;
	size_t count = settings_read(path, &settings, faults);

	if (count) {
		settings_print_faults(path, faults, count);
		exit(EX_CONFIG);
	}
	return settings;
}

const char *transport_word(enum transport transport)
{
	static const char *const words[] = {[TRANSPORT_UDP] = "udp",
		[TRANSPORT_TCP] = "tcp",
		[TRANSPORT_TLS] = "tls",
		[TRANSPORT_WSS] = "wss"};

	must(transport <= TRANSPORT_WSS);
	return words[transport];
}

const char *role_word(enum server_role role)
{
	static const char *const words[] = {[ROLE_HOME] = "home",
		[ROLE_FRONT_END] = "front-end",
		[ROLE_PERIMETER] = "perimeter"};

	must(role <= ROLE_PERIMETER);
	return words[role];
}

const char *stage_word(enum stage_name stage)
{
	static const char *const words[STAGE_NAMES] = {[STAGE_LOG] = "log",
		[STAGE_CONTENT_FILTER] = "content-filter",
		[STAGE_VIRUS_SCAN] = "virus-scan"};

	must((int)stage < STAGE_NAMES);
	return words[stage];
}
