/* bindings_file.h -- the bindings in SQLite: for the writer thread alone. */
#ifndef PROXY_ROUTING_USER_SERVICES_BINDINGS_FILE_H
#define PROXY_ROUTING_USER_SERVICES_BINDINGS_FILE_H

#include "proxy/routing/user_services/bindings.h"

struct bindings_file;

/* NULL: reason says what is wrong and what to do. */
struct bindings_file *bindings_file_open(const char *path, char reason[512])
	__attribute__((warn_unused_result));
void bindings_file_close(struct bindings_file **file);
/* Calls take for each binding that has not expired. 0 or EIO. */
int bindings_file_read(struct bindings_file *file, uint64_t now_ms,
	void (*take)(void *context, struct slice address_of_record,
		const struct binding *binding),
	void *context) __attribute__((warn_unused_result));
/* All 0 or EIO. Between begin and commit. */
int bindings_file_begin(struct bindings_file *file)
	__attribute__((warn_unused_result));
int bindings_file_commit(struct bindings_file *file)
	__attribute__((warn_unused_result));
void bindings_file_roll_back(struct bindings_file *file);
int bindings_file_put(struct bindings_file *file,
	struct slice address_of_record, const struct binding *binding)
	__attribute__((warn_unused_result));
int bindings_file_remove(struct bindings_file *file,
	struct slice address_of_record, struct slice contact)
	__attribute__((warn_unused_result));
int bindings_file_expire(struct bindings_file *file, uint64_t now_ms)
	__attribute__((warn_unused_result));

#endif
