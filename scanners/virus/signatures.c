/* signatures.c -- the signature folder: has it changed, and what is in it. */
#include "scanners/virus/signatures.h"

#include "scanners/virus/hash.h"

#include <dirent.h>
#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

/* The endings that cl_load takes; all else in the folder is left alone. */
static const char *const endings[] = {".cat", ".cbc", ".cdb", ".cfg", ".cld",
	".crb", ".cud", ".cvd", ".db", ".fp", ".ftm", ".gdb", ".hdb", ".hdu",
	".hsb", ".hsu", ".idb", ".ign", ".ign2", ".imp", ".info", ".ioc",
	".ldb", ".ldu", ".mdb", ".mdu", ".msb", ".msu", ".ndb", ".ndu", ".pdb",
	".pwdb", ".rmd", ".sdb", ".sfp", ".wdb", ".yar", ".yara", ".zmd"};

static int is_signature_file(const struct dirent *entry)
{
	const char *ending = strrchr(entry->d_name, '.');

	if (!ending || entry->d_name[0] == '.')
		return 0;
	for (size_t i = 0; i < sizeof(endings) / sizeof(endings[0]); i++)
		if (strcasecmp(ending, endings[i]) == 0)
			return 1;
	return 0;
}

static int by_name(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

static int add_state(int folder, const char *name, struct hash *hash)
{
	struct stat status;

	if (fstatat(folder, name, &status, 0) < 0)
		return errno;
	hash_add(hash, &status.st_ino, sizeof(status.st_ino));
	hash_add(hash, &status.st_size, sizeof(status.st_size));
	hash_add(hash, &status.st_mtim, sizeof(status.st_mtim));
	return 0;
}

static int add_content(int folder, const char *name, struct hash *hash)
{
	struct stat status;
	uint64_t size;
	int error = 0, file = openat(folder, name, O_RDONLY | O_CLOEXEC);

	if (file < 0)
		return errno;
	if (fstat(file, &status) < 0)
		error = errno;
	if (!error) {
		size = htobe64((uint64_t)status.st_size);
		hash_add(hash, &size, sizeof(size));
		error = hash_add_file(hash, file, (uint64_t)status.st_size);
	}
	close(file);
	return error;
}

typedef int add_fn(int folder, const char *name, struct hash *hash);

static int add_all(int folder, struct dirent **entries, int count, add_fn *add,
	struct hash *hash)
{
	int error = 0;

	for (int i = 0; i < count && !error; i++) {
		const char *name = entries[i]->d_name;

		hash_add(hash, name, strlen(name) + 1);
		error = add(folder, name, hash);
	}
	return error;
}

static int digest_of(const char *folder, add_fn *add, uint64_t *number)
{
	uint8_t digest[HASH_BYTES];
	struct dirent **entries = NULL;
	struct hash *hash = NULL;
	int error = 0, count = -1;
	int opened = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (opened >= 0)
		count = scandirat(
			opened, ".", &entries, is_signature_file, by_name);
	if (count <= 0)
		error = count < 0 ? errno : ENODATA;
	else if (!(hash = hash_new()))
		error = ENOMEM;
	else
		error = add_all(opened, entries, count, add, hash);
	if (hash) {
		hash_finish(&hash, digest);
		memcpy(number, digest, sizeof(*number));
		*number = be64toh(*number);
	}
	for (int i = 0; i < count; i++)
		free(entries[i]);
	free(entries);
	if (opened >= 0)
		close(opened);
	return error;
}

int signatures_print(const char *folder, uint64_t *print)
{
	return digest_of(folder, add_state, print);
}

int signatures_generation(const char *folder, uint64_t *generation)
{
	return digest_of(folder, add_content, generation);
}
