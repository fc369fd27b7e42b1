/* bindings_fuzz.c -- any bytes as the file of bindings, and any columns in it:
 * what is read is whole, and can be written again. */
#include "lib/log.h"
#include "proxy/routing/user_services/bindings_file.h"

#include <fcntl.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

int LLVMFuzzerInitialize(int *count, char ***words);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static char folder[] = "/dev/shm/bindings-fuzz-XXXXXX";
static char path[64];

static void remove_files(void)
{
	static const char *const tails[] = {"", "-wal", "-shm", "-journal"};
	char name[80];

	for (size_t i = 0; i < sizeof(tails) / sizeof(tails[0]); i++) {
		(void)snprintf(name, sizeof(name), "%s%s", path, tails[i]);
		(void)unlink(name);
	}
}

static void remove_folder(void)
{
	remove_files();
	(void)rmdir(folder);
}

int LLVMFuzzerInitialize(int *count, char ***words)
{
	(void)count;
	(void)words;
	must(mkdtemp(folder));
	(void)snprintf(path, sizeof(path), "%s/bindings", folder);
	atexit(remove_folder);
	return 0;
}

struct heard {
	size_t count;
	size_t bytes;
};

static void hear(void *context, struct slice address_of_record,
	const struct binding *binding)
{
	struct heard *heard = context;

	must(binding->contact.at);
	must(binding->reach.address.any.sa_family == AF_INET ||
		binding->reach.address.any.sa_family == AF_INET6);
	heard->count++;
	heard->bytes += address_of_record.size + binding->contact.size +
			binding->instance.size + binding->path.size +
			binding->call_id.size;
	/* Each byte is there. */
	for (size_t i = 0; i < binding->call_id.size; i++)
		heard->bytes += binding->call_id.at[i] == '\0';
}

static void read_file(void)
{
	char reason[512];
	struct bindings_file *file = bindings_file_open(path, reason);
	struct heard heard = {0, 0};

	if (!file)
		return;
	(void)!bindings_file_read(file, 1, hear, &heard);
	(void)!bindings_file_expire(file, UINT64_C(1) << 62);
	bindings_file_close(&file);
}

static void write_whole(const uint8_t *data, size_t size)
{
	int file = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	must(file >= 0 && write(file, data, size) == (ssize_t)size);
	close(file);
}

/* One row: eleven texts, one a line; numbers are what SQLite makes of them. */
static void write_row(struct slice rest)
{
	char reason[512];
	struct bindings_file *file = bindings_file_open(path, reason);
	sqlite3 *data;
	sqlite3_stmt *put;
	struct slice line;

	must(file);
	bindings_file_close(&file);
	must(sqlite3_open(path, &data) == SQLITE_OK);
	must(sqlite3_prepare_v2(data,
		     "INSERT OR IGNORE INTO binding VALUES"
		     "(?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11,?12)",
		     -1, &put, NULL) == SQLITE_OK);
	for (int i = 1; i <= 12; i++) {
		line = (struct slice){"", 0};
		(void)slice_cut(&rest, '\n', &line);
		sqlite3_bind_text(put, i, line.at ? line.at : "",
			(int)line.size, SQLITE_STATIC);
	}
	(void)sqlite3_step(put);
	sqlite3_finalize(put);
	sqlite3_close(data);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	remove_files();
	if (size > 6 && memcmp(data, "SQLite", 6) == 0)
		write_whole(data, size);
	else
		write_row(slice_make(data, size));
	read_file();
	return 0;
}
