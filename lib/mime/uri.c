/* uri.c -- headers within URIs, and the headers of SIP that hold URIs. */
#include "lib/mime/judged.h"

#include "lib/charset.h"
#include "lib/mime/escape.h"
#include "lib/mime/list.h"

enum { URI_HEADERS_MAX = 64 };

/* RFC 3261 19.1.1: sip:…?name=value&name=value. */
struct uri {
	struct judged_list *list;
	struct slice place;
	struct judged_fault *fault;
	struct judged_body body;
	unsigned count;
};

static bool is_sip(struct slice uri)
{
	return slice_starts_nocase(uri, SLICE("sip:")) ||
	       slice_starts_nocase(uri, SLICE("sips:")) ||
	       slice_starts_nocase(uri, SLICE("im:")) ||
	       slice_starts_nocase(uri, SLICE("pres:"));
}

/* Where the value goes that must come once; NULL for a text. */
static struct slice *single_of(struct uri *uri, struct slice name)
{
	if (slice_equal_nocase(name, SLICE("body")))
		return &uri->body.bytes;
	if (slice_equal_nocase(name, SLICE("content-type")) ||
		slice_equal_nocase(name, SLICE("c")))
		return &uri->body.content_type;
	if (slice_equal_nocase(name, SLICE("content-encoding")) ||
		slice_equal_nocase(name, SLICE("e")))
		return &uri->body.content_encoding;
	if (slice_equal_nocase(name, SLICE("content-transfer-encoding")))
		return &uri->body.transfer_encoding;
	if (slice_equal_nocase(name, SLICE("content-disposition")))
		return &uri->body.disposition;
	return NULL;
}

static bool header_add(struct uri *uri, struct slice header)
{
	struct slice name, value = header;
	struct slice *single;

	if (++uri->count > URI_HEADERS_MAX)
		return judged_fail(uri->fault, "too many headers in a URI",
			uri->place, 400);
	(void)slice_cut(&value, '=', &name);
	if (!value.at)
		return true; /* the text of the whole has it */
	if (!escape_undo_percent(uri->list->arena, name, &name) ||
		!escape_undo_percent(uri->list->arena, value, &value))
		return judged_fail_spent(uri->fault, uri->place);
	single = single_of(uri, name);
	if (!single)
		return judged_add_text(
			uri->list, uri->place, value, uri->fault);
	if (single->at)
		return judged_fail(uri->fault, "repeated header in a URI",
			uri->place, 400);
	*single = value;
	return true;
}

static bool headers_add(struct uri *uri, struct slice headers)
{
	struct slice header;

	while (slice_cut(&headers, '&', &header))
		if (!header_add(uri, header))
			return false;
	if (!uri->body.bytes.at)
		return true;
	return judged_add_body(uri->list, &uri->body, uri->fault);
}

/* What stands behind the question mark of a URI of SIP. */
static bool inner_add(struct judged_list *list, struct slice place,
	struct slice text, struct judged_fault *fault)
{
	struct uri uri = {list, place, fault, {.place = place}, 0};
	const size_t mark = slice_find(text, '?');
	const size_t first = list->count;

	if (mark == SIZE_MAX || !is_sip(text))
		return true;
	if (!headers_add(&uri, slice_from(text, mark + 1)))
		return false;
	judged_set_raw(list, first, text);
	return true;
}

bool judged_add_uri(struct judged_list *list, struct slice place,
	struct slice uri, struct judged_fault *fault)
{
	return judged_add_text(list, place, uri, fault) &&
	       inner_add(list, place, slice_trim(uri), fault);
}

/* Behind the quoted string at the start of rest. */
static size_t quoted_skip(struct slice rest)
{
	size_t at = 1;

	while (at < rest.size && rest.at[at] != '"')
		at += rest.at[at] == '\\' ? 2 : 1;
	return at < rest.size ? at + 1 : rest.size;
}

/* The next <…> outside quotes; false when there is none. */
static bool angles_cut(struct slice *rest, struct slice *inner)
{
	size_t at = 0;
	size_t end;

	while (at < rest->size && rest->at[at] != '<')
		at += rest->at[at] == '"' ? quoted_skip(slice_from(*rest, at))
					  : 1;
	if (at >= rest->size)
		return false;
	*rest = slice_from(*rest, at + 1);
	end = slice_find(*rest, '>');
	*inner = slice_part(*rest, 0, end);
	*rest = slice_from(*rest, end);
	return true;
}

bool judged_add_address(struct judged_list *list, struct slice place,
	struct slice value, struct judged_fault *fault)
{
	struct slice rest = value;
	struct slice inner;
	bool any = false;

	if (!judged_add_text(list, place, value, fault))
		return false;
	while (angles_cut(&rest, &inner)) {
		any = true;
		if (!inner_add(list, place, slice_trim(inner), fault))
			return false;
	}
	/* RFC 3261 20: without <>, a question mark may not stand here; those
	 * who take it all the same find headers. */
	return any || inner_add(list, place, slice_trim(value), fault);
}
