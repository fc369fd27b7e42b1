/* sdp.c -- what a session description says to people, and what it opens. */
#include "lib/mime/sdp.h"

#include "lib/charset.h"
#include "lib/mime/list.h"

struct sdp {
	struct judged_list *list;
	struct slice place;
	struct judged_fault *fault;
	struct slice charset; /* absent: UTF-8 */
};

static bool line_cut(struct slice *rest, struct slice *line)
{
	if (!slice_cut(rest, '\n', line))
		return false;
	*line = slice_trim(*line);
	return true;
}

/* RFC 8866 6.10: the character set of s= and i=. */
static struct slice charset_find(struct slice bytes)
{
	static const struct slice prefix = {"a=charset:", 10};
	struct slice line;

	while (line_cut(&bytes, &line))
		if (slice_starts_nocase(line, prefix))
			return slice_trim(slice_from(line, prefix.size));
	return (struct slice){NULL, 0};
}

static bool line_in_charset_add(const struct sdp *sdp, struct slice value)
{
	struct slice text = {NULL, 0};

	if (!sdp->charset.at || charset_names_utf8(sdp->charset))
		return true;
	switch (charset_decode(sdp->list->arena, value, sdp->charset,
		CHARSET_REPLACE, &text)) {
	case CHARSET_UNKNOWN:
		return judged_add_unseen(sdp->list, sdp->place, value,
			"in an unknown character set", sdp->fault);
	case CHARSET_SPENT:
		return judged_fail_spent(sdp->fault, sdp->place);
	default:
		return slice_equal(value, text) ||
		       judged_add_reading(
			       sdp->list, sdp->place, value, text, sdp->fault);
	}
}

static bool text_add(const struct sdp *sdp, struct slice value)
{
	/* "-" and " " stand for no subject (RFC 8866 5.3). */
	if (slice_empty(value) || slice_equal(value, SLICE("-")))
		return true;
	return judged_add_text(sdp->list, sdp->place, value, sdp->fault) &&
	       line_in_charset_add(sdp, value);
}

/* The words themselves are in the text of the whole. */
static bool attribute_add(const struct sdp *sdp, struct slice value)
{
	struct slice text;

	if (slice_find(value, '%') == SIZE_MAX &&
		slice_find(value, '\\') == SIZE_MAX &&
		slice_search(value, SLICE("=?")) == SIZE_MAX)
		return true;
	if (!charset_mend(sdp->list->arena, value, &text))
		return judged_fail_spent(sdp->fault, sdp->place);
	return judged_add_header_readings(
		sdp->list, sdp->place, value, text, sdp->fault);
}

static bool word_cut(struct slice *rest, struct slice *word)
{
	while (rest->size && rest->at[0] == ' ')
		*rest = slice_from(*rest, 1);
	return slice_cut(rest, ' ', word) && word->size;
}

/* m=<media> <port> <proto> …: what runs past SIP and is no speech or picture
 * (MSRP sessions, data channels, whiteboards, real-time text, fax). */
static bool medium_add(const struct sdp *sdp, struct slice value)
{
	struct slice rest = value;
	struct slice media, port, proto;

	if (!word_cut(&rest, &media) || !word_cut(&rest, &port) ||
		!word_cut(&rest, &proto))
		return judged_fail(
			sdp->fault, "media line that is none", sdp->place, 400);
	if (slice_equal(port, SLICE("0")) ||
		slice_equal_nocase(media, SLICE("audio")) ||
		slice_equal_nocase(media, SLICE("video")) ||
		slice_equal_nocase(proto, SLICE("sip")))
		return true;
	return judged_add_unseen(sdp->list, sdp->place, value,
		"media that we do not understand", sdp->fault);
}

static bool line_add(const struct sdp *sdp, struct slice line)
{
	const struct slice value = slice_trim(slice_from(line, 2));

	if (line.size < 2 || line.at[1] != '=')
		return true;
	switch (line.at[0]) {
	case 's':
	case 'i':
	case 'u':
		return text_add(sdp, value);
	case 'a':
		return attribute_add(sdp, value);
	case 'm':
		return medium_add(sdp, value);
	default:
		return true;
	}
}

bool sdp_add(struct judged_list *list, struct slice place, struct slice bytes,
	struct judged_fault *fault)
{
	const struct sdp sdp = {list, place, fault, charset_find(bytes)};
	struct slice line;

	while (line_cut(&bytes, &line))
		if (!line_add(&sdp, line))
			return false;
	return true;
}
