/* rule_file.h -- reads a rule file: YAML, each fault with its place. */
#ifndef POLICIES_CONTENT_RULE_FILE_H
#define POLICIES_CONTENT_RULE_FILE_H

#include "policies/content/rule.h"

#include <openssl/evp.h>

/* Reads the rules from the bytes of a file into list (its arena is there).
 * Terms files are looked for beside the file that faults names; their bytes
 * go into digest. False when memory is short; other faults are in faults. */
bool rule_file_read(struct slice bytes, EVP_MD_CTX *digest,
	struct rule_list *list, struct faults *faults)
	__attribute__((warn_unused_result));

#endif
