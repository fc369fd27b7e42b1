/* mime_fuzz.c -- any body and any header: no crash, texts valid, sums kept. */
#include "lib/charset.h"
#include "lib/log.h"
#include "lib/mime/judged.h"

static const struct judged_limits limits = {
	.depth = 8, .parts = 100, .decoded_bytes = 1 << 20, .text_limit = 4096};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct slice line_cut(struct slice *rest)
{
	struct slice line = {NULL, 0};

	(void)slice_cut(rest, '\n', &line);
	return line.size ? line : (struct slice){NULL, 0};
}

static void check(const struct judged_list *list)
{
	must(list->count <= limits.parts);
	must(list->decoded_bytes <= limits.decoded_bytes);
	for (size_t i = 0; i < list->count; i++) {
		const struct judged *entry = &list->entries[i];

		must(entry->place.at != NULL);
		must(charset_is_utf8(entry->text));
		must(charset_is_utf8(entry->file_name));
		must(slice_find(entry->text, '\0') == SIZE_MAX);
		must((entry->kind == JUDGED_UNSEEN) == (entry->unseen != NULL));
		must(!entry->editable || entry->text.at == entry->raw.at);
	}
}

/* The first line says what it is: "text", "uri", "address", "ms" or a media
 * type, behind which come the other headers of a body, one a line. */
static bool judge(struct judged_list *list, struct slice input,
	struct judged_fault *fault)
{
	const struct slice place = SLICE("body");
	const struct slice first = line_cut(&input);
	struct judged_body body = {.content_type = first, .place = place};

	if (slice_equal(first, SLICE("text")))
		return judged_add_text(list, place, input, fault);
	if (slice_equal(first, SLICE("uri")))
		return judged_add_uri(list, place, input, fault);
	if (slice_equal(first, SLICE("address")))
		return judged_add_address(list, place, input, fault);
	if (slice_equal(first, SLICE("ms")))
		return judged_add_ms_text(list, place, input, fault);
	body.transfer_encoding = line_cut(&input);
	body.content_encoding = line_cut(&input);
	body.disposition = line_cut(&input);
	body.bytes = input;
	return judged_add_body(list, &body, fault);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *arena = arena_new(64 << 20);
	struct judged_fault fault = {NULL, {NULL, 0}, 0};
	struct judged_list list;

	must(arena != NULL);
	judged_start(&list, arena, limits);
	if (!judge(&list, slice_make(data, size), &fault))
		must(fault.text && fault.status >= 400 && fault.place.at);
	check(&list);
	arena_release(&arena);
	return 0;
}
