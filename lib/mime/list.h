/* list.h -- how the files of this folder add to the list of what is judged. */
#ifndef LIB_MIME_LIST_H
#define LIB_MIME_LIST_H

#include "lib/mime/judged.h"

/* Fills in the fault; false, so that a caller returns it. */
bool judged_fail(struct judged_fault *fault, const char *text,
	struct slice place, unsigned status);
/* As judged_fail, for an arena that is spent. */
bool judged_fail_spent(struct judged_fault *fault, struct slice place);
/* An entry more, its kind and place set; NULL on a fault. It may move with
 * the next one. */
struct judged *judged_append(struct judged_list *list, enum judged_kind kind,
	struct slice place, struct judged_fault *fault)
	__attribute__((warn_unused_result));
/* Counts bytes that were made by decoding. False on a fault. */
bool judged_count(struct judged_list *list, size_t bytes, struct slice place,
	struct judged_fault *fault) __attribute__((warn_unused_result));
/* How many bytes may still be made by decoding. */
size_t judged_left(const struct judged_list *list);
/* Adds a further reading of raw; text is valid UTF-8. An empty one is not
 * added. False on a fault. */
bool judged_add_reading(struct judged_list *list, struct slice place,
	struct slice raw, struct slice text, struct judged_fault *fault)
	__attribute__((warn_unused_result));
/* For entries from first on whose bytes were made, not received: raw is what
 * stands in the message for them, and they cannot be edited there. */
void judged_set_raw(struct judged_list *list, size_t first, struct slice raw);
/* Adds an entry of kind JUDGED_UNSEEN for raw; why is static. */
bool judged_add_unseen(struct judged_list *list, struct slice place,
	struct slice raw, const char *why, struct judged_fault *fault)
	__attribute__((warn_unused_result));
/* Adds the further readings that a text of a header has: RFC 2047 words,
 * quoted pairs, percent escapes. raw is what stands in the message for it. */
bool judged_add_header_readings(struct judged_list *list, struct slice place,
	struct slice raw, struct slice text, struct judged_fault *fault)
	__attribute__((warn_unused_result));

#endif
