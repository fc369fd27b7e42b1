/* terms.h -- the words and phrases of a rule, and the files that hold them. */
#ifndef POLICIES_CONTENT_TERMS_H
#define POLICIES_CONTENT_TERMS_H

#include "policies/content/fold.h"
#include "policies/content/rule.h"

#include <openssl/evp.h>

/* Who brings terms, and where they stand. */
struct term_source {
	struct rule_list *list;
	uint32_t rule;
	struct folded *work;
	struct faults *faults;
	struct place place; /* in the rule file */
	const char *file;   /* the terms file; NULL: none */
	unsigned line;      /* in the terms file */
};

/* Folds a term and adds it, with its other spellings, to the list. A fault is
 * added where it cannot be; false when memory is short. */
bool term_add(struct term_source *source, struct slice text)
	__attribute__((warn_unused_result));
/* Adds each line of the source's file, and its bytes to the digest. As
 * term_add. */
bool terms_file_add(struct term_source *source, EVP_MD_CTX *digest)
	__attribute__((warn_unused_result));

/* Reads a regular file of up to RULE_FILE_SIZE bytes: 0 or errno. *bytes is
 * from malloc; the caller frees it. */
int rule_file_load(const char *path, struct slice *bytes)
	__attribute__((warn_unused_result));
#endif
