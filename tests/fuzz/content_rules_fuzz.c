/* content_rules_fuzz.c -- any bytes as a rule file: faults, or rules that run.
 */
#include "policies/content/content.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Long files with large expressions are slow to compile, not wrong. */
enum { FILE_SIZE = 2048 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct content_fault faults[CONTENT_FAULTS];
	static struct content_judgement judgement;
	struct content_rules *rules = NULL;
	if (size > FILE_SIZE)
		return 0;
	size_t count = content_rules_parse(
		"fuzz.yaml", slice_make(data, size), &rules, faults);
	if ((count == 0) != (rules != NULL))
		abort();
	for (size_t i = 0; i < count; i++)
		if (strncmp(faults[i].text, "fuzz.yaml:", 10) != 0)
			abort();
	if (!rules)
		return 0;
	struct content_scratch *scratch = content_scratch_new(rules);
	struct content_text text = {slice_make(data, size), true};
	if (!scratch || content_judge(rules, scratch, &text, 1, CONTENT_INBOUND,
				&judgement) != 0)
		abort();
	content_scratch_release(&scratch);
	content_rules_release(&rules);
	return 0;
}
