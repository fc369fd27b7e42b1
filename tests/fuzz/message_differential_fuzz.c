/* message_differential_fuzz.c -- what we take must mean to libosip2's parser
 * what it means to us.
 *
 * Compared, and any difference aborts: request or response, method, status,
 * CSeq, Call-ID, tags, and the Vias: how many, and host, transport and branch
 * of the first. Not compared, each for a reason of its own:
 *
 * - what we refuse: it goes no further, so nobody can read it in another way.
 *   libosip2 takes much of it (a negative Content-Length, SIP/7.0, CSeq beyond
 *   2^31 or of another method, missing From, To and Call-ID);
 * - what libosip2 refuses: method names with token characters beyond letters
 *   and digits, schemes with digits, + - or ., parts of a multipart body
 *   without headers, values of headers that we do not read. Such messages are
 *   forwarded as bytes, and where we need a value of theirs through libosip2
 *   (values.h) it is refused there;
 * - bodies: libosip2 drops one without Content-Type;
 * - URIs and addresses as such: values_fuzz.c compares them, also the %00 that
 *   libosip2 takes for the end of a name;
 * - headers that it keeps as text: it writes them anew, we never do.
 *
 * libosip2_defects_test.c holds each of these against the library.
 */
#include "lib/log.h"
#include "proxy/parse/library.h"
#include "proxy/parse/message.h"
#include "proxy/parse/values.h"

#include <osipparser2/osip_parser.h>
#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct message_limits limits = {8192, 64, 2048, 32};

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	values_start();
	return 0;
}

static bool is_same(struct slice ours, const char *theirs)
{
	if (!ours.at || !theirs)
		return !ours.at && !theirs;
	return slice_equal(ours, slice_of(theirs));
}

static void compare_addresses(
	const struct message *ours, const osip_message_t *theirs)
{
	osip_generic_param_t *tag = NULL;

	(void)osip_from_get_tag(theirs->from, &tag);
	must(is_same(ours->from_tag, tag ? tag->gvalue : NULL));
	tag = NULL;
	(void)osip_to_get_tag(theirs->to, &tag);
	must(is_same(ours->to_tag, tag ? tag->gvalue : NULL));
}

static void compare_call_id(
	const struct message *ours, const osip_call_id_t *theirs)
{
	size_t at = slice_find(ours->call_id, '@');

	must(is_same(slice_part(ours->call_id, 0, at), theirs->number));
	if (at == SIZE_MAX)
		must(!theirs->host);
	else
		must(is_same(slice_from(ours->call_id, at + 1), theirs->host));
}

static void compare_via(
	const struct message *ours, const osip_message_t *theirs)
{
	osip_generic_param_t *branch = NULL;
	osip_via_t *via = osip_list_get(&theirs->vias, 0);

	must((size_t)osip_list_size(&theirs->vias) == ours->via_count);
	must(is_same(ours->via.host, via->host));
	must(is_same(ours->via.transport, via->protocol));
	(void)osip_via_param_get_byname(
		via, (char *)(uintptr_t) "branch", &branch);
	must(is_same(ours->via.branch, branch ? branch->gvalue : NULL));
}

static void compare(const struct message *ours, const osip_message_t *theirs)
{
	must(ours->is_request == (theirs->status_code == 0));
	if (ours->is_request)
		must(is_same(ours->method_name, theirs->sip_method));
	else
		must((int)ours->status == theirs->status_code);
	must(theirs->call_id && theirs->cseq && theirs->from && theirs->to);
	must(is_same(ours->method_name, theirs->cseq->method));
	must(ours->cseq == strtoul(theirs->cseq->number, NULL, 10));
	compare_call_id(ours, theirs->call_id);
	compare_addresses(ours, theirs);
	compare_via(ours, theirs);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *arena = arena_new(16 << 20);
	struct message_fault fault;
	struct message *ours;
	osip_message_t *theirs;

	if (message_index(slice_make(data, size), true, &limits, &ours,
		    &fault) == 0) {
		library_enter(arena);
		if (osip_message_init(&theirs) == 0 &&
			osip_message_parse(
				theirs, ours->bytes.at, ours->bytes.size) == 0)
			compare(ours, theirs);
		library_leave();
	}
	message_release(&ours);
	arena_release(&arena);
	return 0;
}
