/* walk.c -- every part of a body, without recursion.
 *
 * A list of items still to do takes the place of a call stack: a container
 * puts its parts at the front, so that entries come in the order of the bytes.
 * Their number and depth are limited, and each layer of decoding counts
 * towards one limit on bytes.
 */
#include "lib/mime/entity.h"
#include "lib/mime/inflate.h"
#include "lib/mime/judged.h"
#include "lib/mime/list.h"
#include "lib/mime/multipart.h"
#include "lib/mime/part.h"
#include "lib/mime/transfer.h"
#include "lib/mime/value.h"
#include "lib/mime/words.h"

#include "lib/charset.h"

enum treatment {
	TREAT_LEAF,
	TREAT_MULTIPART,
	TREAT_MAIL,
	TREAT_SIP,
	TREAT_CPIM,
	TREAT_UNSEEN
};

struct item {
	struct item *next;
	struct judged_body body;
	struct slice
		stands; /* in the message for it; absent: the body itself */
	unsigned depth;
};

struct walk {
	struct judged_list *list;
	struct judged_fault *fault;
	struct item *next; /* to do */
	unsigned items;    /* made so far */
	size_t first;      /* its entries begin here in the list */
	struct slice mail; /* the top, if a mail reader would walk it */
};

/* An item while it is looked at. */
struct visit {
	struct walk *walk;
	const struct item *item;
	struct value type;
	struct value disposition;
	struct slice bytes;     /* decoded */
	struct slice file_name; /* absent: none */
	const char *unseen;
	struct item **tail; /* where its next part goes */
	struct item *parts; /* the first */
	unsigned part_count;
};

static const struct {
	struct slice type;
	enum treatment treatment;
	const char *unseen;
} types[] = {
	{{"message/cpim", 12}, TREAT_CPIM, NULL},
	{{"message/sip", 11}, TREAT_SIP, NULL},
	{{"message/sipfrag", 15}, TREAT_SIP, NULL},
	{{"message/rfc822", 14}, TREAT_MAIL, NULL},
	{{"message/global", 14}, TREAT_MAIL, NULL},
	{{"message/news", 12}, TREAT_MAIL, NULL},
	{{"message/partial", 15}, TREAT_UNSEEN, "a piece of a message"},
	{{"message/external-body", 21}, TREAT_UNSEEN,
		"content that lies elsewhere"},
	{{"application/vnd.gsma.rcs-ft-http+xml", 36}, TREAT_UNSEEN,
		"content that lies elsewhere"},
	{{"application/ms-filetransfer+xml", 31}, TREAT_UNSEEN,
		"a transfer that goes past us"},
	{{"application/pkcs7-mime", 22}, TREAT_UNSEEN, "a PKCS 7 envelope"},
	{{"application/x-pkcs7-mime", 24}, TREAT_UNSEEN, "a PKCS 7 envelope"},
	{{"application/cms", 15}, TREAT_UNSEEN, "a PKCS 7 envelope"},
	{{"application/pgp-encrypted", 25}, TREAT_UNSEEN,
		"encrypted with OpenPGP"},
	{{"application/pgp", 15}, TREAT_UNSEEN, "encrypted with OpenPGP"},
	{{"application/x-pgp", 17}, TREAT_UNSEEN, "encrypted with OpenPGP"},
	{{"application/lime", 16}, TREAT_UNSEEN, "encrypted with LIME"},
	{{"application/sigcomp", 19}, TREAT_UNSEEN, "compressed by SigComp"},
	{{"multipart/encrypted", 19}, TREAT_UNSEEN, "encrypted"},
	{{"multipart/byteranges", 20}, TREAT_UNSEEN, "pieces of a file"},
};

static bool fail(const struct visit *visit, const char *text, unsigned status)
{
	return judged_fail(
		visit->walk->fault, text, visit->item->body.place, status);
}

static bool fail_spent(const struct visit *visit)
{
	return judged_fail_spent(visit->walk->fault, visit->item->body.place);
}

static struct arena *arena_of(const struct visit *visit)
{
	return visit->walk->list->arena;
}

static bool is_media_type(struct slice main)
{
	struct slice type, subtype = main;

	return slice_cut(&subtype, '/', &type) && value_is_token(type) &&
	       value_is_token(subtype);
}

static bool type_read(struct visit *visit)
{
	const struct slice declared = visit->item->body.content_type;
	const char *wrong;

	visit->type.main = (struct slice){NULL, 0};
	visit->type.count = 0;
	if (!declared.at)
		return true;
	wrong = value_read(&visit->type, arena_of(visit), declared);
	if (!wrong && !is_media_type(visit->type.main))
		wrong = "media type that is none";
	return !wrong || fail(visit, wrong, 400);
}

static bool disposition_read(struct visit *visit)
{
	const struct slice declared = visit->item->body.disposition;
	const char *wrong;

	visit->disposition.count = 0;
	if (!declared.at)
		return true;
	wrong = value_read(&visit->disposition, arena_of(visit), declared);
	return !wrong || fail(visit, wrong, 400);
}

/* A parameter that decides how the rest is read must be plain: RFC 2231 and
 * quoted pairs are not known to all. False: it is not. */
static bool plain_parameter(
	struct visit *visit, struct slice name, struct slice *value)
{
	const struct value_parameter *found = value_find(&visit->type, name);

	*value = (struct slice){NULL, 0};
	if (!found)
		return true;
	*value = found->value;
	if (found->extended || found->escaped || slice_empty(found->value) ||
		(!found->quoted && !value_is_token(found->value)))
		return fail(visit, "parameter in an unusual form", 400);
	return true;
}

/* Nobody reads these as words. */
static bool is_mechanical(struct slice name)
{
	static const struct slice names[] = {{"charset", 7}, {"boundary", 8},
		{"handling", 8}, {"ms-body", 7}, {"size", 4}};

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (slice_equal(name, names[i]))
			return true;
	return false;
}

static bool parameters_judge(struct visit *visit, const struct value *value)
{
	struct judged_list *list = visit->walk->list;
	const size_t first = list->count;

	for (size_t i = 0; i < value->count; i++)
		if (!is_mechanical(value->parameters[i].name) &&
			!judged_add_text(list, visit->item->body.place,
				value->parameters[i].value, visit->walk->fault))
			return false;
	for (size_t i = first; i < list->count; i++)
		list->entries[i].editable = false;
	return true;
}

static bool file_name_read(struct visit *visit)
{
	const struct value_parameter *found =
		value_find(&visit->disposition, SLICE("filename"));
	bool unknown;

	if (!found)
		found = value_find(&visit->type, SLICE("name"));
	visit->file_name = (struct slice){NULL, 0};
	if (!found)
		return true;
	visit->file_name = found->value;
	return !words_present(found->value) ||
	       words_read(arena_of(visit), found->value, &visit->file_name,
		       &unknown) ||
	       fail_spent(visit);
}

static bool head_read(struct visit *visit)
{
	return type_read(visit) && disposition_read(visit) &&
	       parameters_judge(visit, &visit->type) &&
	       parameters_judge(visit, &visit->disposition) &&
	       file_name_read(visit);
}

/* Those who know nothing of the transfer encoding show what was sent. SIP has
 * none (RFC 3261 knows the header in parts alone), so at the top that holds
 * for base64, too. */
static bool as_sent_judge(struct visit *visit, enum transfer_encoding encoding)
{
	const struct slice sent = visit->item->body.bytes;

	if ((encoding == TRANSFER_BASE64 && visit->item->depth) ||
		!charset_is_utf8(sent) || slice_find(sent, '\0') != SIZE_MAX)
		return true;
	return judged_add_reading(visit->walk->list, visit->item->body.place,
		sent, sent, visit->walk->fault);
}

static bool transfer_undo(struct visit *visit)
{
	const enum transfer_encoding encoding =
		transfer_encoding_of(visit->item->body.transfer_encoding);
	const struct slice sent = visit->item->body.bytes;
	const char *wrong = NULL;

	visit->bytes = sent;
	if (encoding == TRANSFER_UNKNOWN)
		visit->unseen = "in an unknown transfer encoding";
	if (encoding == TRANSFER_UNKNOWN || encoding == TRANSFER_IDENTITY)
		return true;
	wrong = encoding == TRANSFER_BASE64
			? transfer_base64(arena_of(visit), sent, &visit->bytes)
			: transfer_quoted_printable(
				  arena_of(visit), sent, &visit->bytes);
	if (wrong)
		return fail(visit, wrong, 400);
	if (!visit->bytes.at)
		return fail_spent(visit);
	return judged_count(visit->walk->list, visit->bytes.size,
		       visit->item->body.place, visit->walk->fault) &&
	       as_sent_judge(visit, encoding);
}

static bool content_undo(struct visit *visit)
{
	const struct slice names = visit->item->body.content_encoding;
	struct judged_list *list = visit->walk->list;
	size_t limit = judged_left(list);

	if (!names.at || visit->unseen || slice_empty(visit->bytes))
		return true;
	switch (inflate_read(
		list->arena, visit->bytes, names, &limit, &visit->bytes)) {
	case INFLATE_UNKNOWN:
		visit->unseen = "in an unknown content encoding";
		break;
	case INFLATE_WRONG:
		return fail(visit, "damaged compression", 400);
	case INFLATE_LARGE:
		return fail(visit, "too large when decompressed", 413);
	case INFLATE_DONE:
		break;
	}
	list->decoded_bytes = list->limits.decoded_bytes - limit;
	return true;
}

static struct slice part_place(struct visit *visit)
{
	return arena_format(arena_of(visit), "%.*s.%u",
		SLICE_ARGS(visit->item->body.place), ++visit->part_count);
}

/* Judges the headers that have no place of their own. */
static bool others_judge(
	struct visit *visit, const struct entity *entity, struct slice place)
{
	struct judged_list *list = visit->walk->list;
	const size_t first = list->count;

	if (!judged_add_text(list, place, entity->others, visit->walk->fault))
		return false;
	judged_set_raw(list, first, entity->head);
	return true;
}

/* What stands in the message for the parts of a container: once it is decoded,
 * the container itself. */
static struct slice stands_for_parts(const struct visit *visit)
{
	const struct item *item = visit->item;

	return item->stands.at || visit->bytes.at == item->body.bytes.at
		       ? item->stands
		       : item->body.bytes;
}

/* Puts what entity holds on the list of things to do; its other headers are
 * judged at once. */
static bool item_add(struct visit *visit, const struct entity *entity,
	struct slice place, struct slice type_by_default)
{
	struct walk *walk = visit->walk;
	struct item *item;

	if (!others_judge(visit, entity, place))
		return false;
	if (visit->item->depth >= walk->list->limits.depth)
		return fail(visit, "parts within parts too deep", 413);
	if (walk->items >= walk->list->limits.parts)
		return fail(visit, "too many parts", 413);
	item = arena_take(arena_of(visit), sizeof(*item));
	if (!item || !place.at)
		return fail_spent(visit);
	item->body = (struct judged_body){
		.bytes = entity->body.at ? entity->body : SLICE(""),
		.content_type = entity->content_type.at ? entity->content_type
							: type_by_default,
		.transfer_encoding = entity->transfer_encoding,
		.content_encoding = entity->content_encoding,
		.disposition = entity->disposition,
		.place = place,
	};
	item->stands = stands_for_parts(visit);
	item->depth = visit->item->depth + 1;
	walk->items++;
	*visit->tail = item;
	visit->tail = &item->next;
	return true;
}

static bool part_read(
	struct visit *visit, struct slice bytes, struct slice type_by_default)
{
	const struct slice place = part_place(visit);
	struct entity entity;
	const char *wrong =
		entity_read(&entity, arena_of(visit), ENTITY_PART, bytes);

	if (wrong)
		return judged_fail(visit->walk->fault, wrong, place, 400);
	return item_add(visit, &entity, place, type_by_default);
}

static bool multipart_read(struct visit *visit)
{
	const struct slice type_by_default =
		slice_equal(visit->type.main, SLICE("multipart/digest"))
			? SLICE("message/rfc822")
			: (struct slice){NULL, 0};
	struct multipart multipart;
	struct slice boundary, bytes;
	enum multipart_step step;
	const char *wrong;

	if (!plain_parameter(visit, SLICE("boundary"), &boundary))
		return false;
	wrong = multipart_start(&multipart, visit->bytes, boundary);
	if (wrong)
		return fail(visit, wrong, 400);
	while ((step = multipart_next(&multipart, &bytes, &wrong)) ==
		MULTIPART_PART)
		if (!part_read(visit, bytes, type_by_default))
			return false;
	return step == MULTIPART_END || fail(visit, wrong, 400);
}

/* message/rfc822, message/sip, message/sipfrag: one head, one body. */
static bool message_read(struct visit *visit, enum entity_kind kind)
{
	struct entity entity;
	const char *wrong =
		entity_read(&entity, arena_of(visit), kind, visit->bytes);

	if (wrong)
		return fail(visit, wrong, 400);
	return item_add(
		visit, &entity, part_place(visit), (struct slice){NULL, 0});
}

/* RFC 3862 2: a head about the message, a head about its content. */
static bool cpim_read(struct visit *visit)
{
	struct entity outer;
	const char *wrong =
		entity_read(&outer, arena_of(visit), ENTITY_CPIM, visit->bytes);

	if (!wrong && !outer.body.at)
		wrong = "message/cpim without content";
	if (wrong)
		return fail(visit, wrong, 400);
	return others_judge(visit, &outer, visit->item->body.place) &&
	       part_read(visit, outer.body, (struct slice){NULL, 0});
}

static bool leaf_read(struct visit *visit)
{
	struct part part = {
		.place = visit->item->body.place,
		.raw = visit->item->stands.at ? visit->item->stands
					      : visit->item->body.bytes,
		.bytes = visit->bytes,
		.media_type = visit->type.main,
		.file_name = visit->file_name,
		.unseen = visit->unseen,
	};

	return plain_parameter(visit, SLICE("charset"), &part.charset) &&
	       part_add(visit->walk->list, &part, visit->walk->fault);
}

static enum treatment treatment_of(struct visit *visit)
{
	const struct slice type = visit->type.main;

	for (size_t i = 0; i < sizeof(types) / sizeof(*types); i++) {
		if (!slice_equal(type, types[i].type))
			continue;
		if (types[i].unseen && !visit->unseen)
			visit->unseen = types[i].unseen;
		return types[i].treatment;
	}
	return slice_starts_nocase(type, SLICE("multipart/")) ? TREAT_MULTIPART
							      : TREAT_LEAF;
}

/* RFC 2045 6.4: no encoding but identity on what has parts; some readers
 * decode it all the same. */
static bool is_encoded_container(
	const struct visit *visit, enum treatment treatment)
{
	return treatment != TREAT_LEAF && treatment != TREAT_UNSEEN &&
	       transfer_encoding_of(visit->item->body.transfer_encoding) !=
		       TRANSFER_IDENTITY;
}

static bool content_read(struct visit *visit)
{
	const enum treatment treatment = treatment_of(visit);

	if (is_encoded_container(visit, treatment))
		return fail(visit, "container in a transfer encoding", 400);
	if (!transfer_undo(visit) || !content_undo(visit))
		return false;
	if (slice_empty(visit->bytes) && !visit->unseen)
		return true;
	if (visit->unseen || treatment == TREAT_LEAF)
		return leaf_read(visit);
	if (visit->item->depth == 0 &&
		(treatment == TREAT_MULTIPART || treatment == TREAT_MAIL))
		visit->walk->mail = visit->bytes;
	switch (treatment) {
	case TREAT_MULTIPART:
		return multipart_read(visit);
	case TREAT_CPIM:
		return cpim_read(visit);
	case TREAT_SIP:
		return message_read(visit, ENTITY_SIP);
	default:
		return message_read(visit, ENTITY_MAIL);
	}
}

static bool item_visit(struct walk *walk, const struct item *item)
{
	struct visit visit;

	visit.walk = walk;
	visit.item = item;
	visit.unseen = NULL;
	visit.parts = NULL;
	visit.tail = &visit.parts;
	visit.part_count = 0;
	if (!head_read(&visit) || !content_read(&visit))
		return false;
	*visit.tail = walk->next;
	walk->next = visit.parts;
	return true;
}

static bool anything_scanned(const struct walk *walk)
{
	for (size_t i = walk->first; i < walk->list->count; i++)
		if (walk->list->entries[i].scan)
			return true;
	return false;
}

static char *bytes_put(char *out, struct slice bytes)
{
	if (bytes.size)
		memcpy(out, bytes.at, bytes.size);
	return out + bytes.size;
}

/* The scanner's own reader of MIME finds what ours might not, but only behind
 * a head that makes it a mail. */
static bool whole_add(struct walk *walk, const struct judged_body *body)
{
	const struct slice head = SLICE("MIME-Version: 1.0\r\nContent-Type: ");
	const struct slice end = SLICE("\r\n\r\n");
	const size_t size = head.size + body->content_type.size + end.size +
			    walk->mail.size;
	struct judged *entry;
	char *mail;

	if (!walk->mail.at || !anything_scanned(walk))
		return true;
	if (!judged_count(walk->list, size, body->place, walk->fault))
		return false;
	mail = arena_take(walk->list->arena, size);
	if (!mail)
		return judged_fail_spent(walk->fault, body->place);
	entry = judged_append(
		walk->list, JUDGED_WHOLE, body->place, walk->fault);
	if (!entry)
		return false;
	entry->raw = walk->mail;
	entry->decoded = slice_make(mail, size);
	entry->scan = true;
	mail = bytes_put(mail, head);
	mail = bytes_put(mail, body->content_type);
	mail = bytes_put(mail, end);
	(void)bytes_put(mail, walk->mail);
	return true;
}

bool judged_add_body(struct judged_list *list, const struct judged_body *body,
	struct judged_fault *fault)
{
	const struct item top = {.body = *body};
	struct walk walk = {.list = list, .fault = fault, .first = list->count};
	const struct item *item = &top;

	for (; item; item = walk.next) {
		if (item != &top)
			walk.next = item->next;
		if (!item_visit(&walk, item))
			return false;
	}
	return whole_add(&walk, body);
}
