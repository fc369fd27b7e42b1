/* ms_text.c -- the first message of a session, in the INVITE's ms-text-format.
 */
#include "lib/mime/judged.h"

#include "lib/mime/list.h"
#include "lib/mime/transfer.h"
#include "lib/mime/value.h"

static bool body_add(struct judged_list *list, struct slice place,
	struct slice value, struct slice encoded, struct judged_fault *fault)
{
	const size_t first = list->count;
	struct judged_body body = {.content_type = value, .place = place};
	const char *wrong = transfer_base64(list->arena, encoded, &body.bytes);

	if (wrong)
		return judged_fail(fault, wrong, place, 400);
	if (!body.bytes.at)
		return judged_fail_spent(fault, place);
	if (!judged_count(list, body.bytes.size, place, fault) ||
		!judged_add_body(list, &body, fault))
		return false;
	/* What stands in the message is the base64, not what it says. */
	judged_set_raw(list, first, encoded);
	return true;
}

bool judged_add_ms_text(struct judged_list *list, struct slice place,
	struct slice value, struct judged_fault *fault)
{
	const struct value_parameter *found;
	struct value read;
	const char *wrong = value_read(&read, list->arena, value);

	if (wrong)
		return judged_fail(fault, wrong, place, 400);
	found = value_find(&read, SLICE("ms-body"));
	if (!found)
		return judged_add_text(list, place, value, fault);
	if (found->extended || found->escaped)
		return judged_fail(
			fault, "parameter in an unusual form", place, 400);
	return body_add(list, place, value, found->value, fault);
}
