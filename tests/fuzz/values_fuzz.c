/* values_fuzz.c -- any text as URI, address and Via: where libosip2 reads it
 * too, it must read the same. */
#include "lib/log.h"
#include "proxy/parse/library.h"
#include "proxy/parse/values.h"

#include <osipparser2/osip_parser.h>
#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

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

static unsigned long number(const char *text)
{
	return text ? strtoul(text, NULL, 10) : 0;
}

static void compare_uri(const struct uri *ours, const osip_uri_t *theirs)
{
	must(slice_equal_nocase(ours->scheme, slice_of(theirs->scheme)));
	if (!ours->sip)
		return;
	must(is_same(ours->user, theirs->username));
	must(is_same(ours->password, theirs->password));
	must(is_same(ours->host, theirs->host));
	must(ours->port == number(theirs->port));
}

static void read_uri(struct arena *arena, struct slice text, const char *string)
{
	struct uri uri, again;
	struct slice record, value;
	osip_uri_t *theirs;

	if (!uri_read(arena, text, &uri))
		return;
	must(uri_equal(&uri, &uri));
	record = uri_address_of_record(arena, &uri);
	must(!record.at || slice_find(record, '@') != SIZE_MAX);
	if (record.at && record.size < 2000) {
		record = arena_format(arena, "sip:%.*s", SLICE_ARGS(record));
		must(uri_read(arena, record, &again));
		must(slice_equal(uri.user, again.user));
	}
	(void)uri_parameter(&uri, SLICE("transport"), &value);
	library_enter(arena);
	if (osip_uri_init(&theirs) == 0 && osip_uri_parse(theirs, string) == 0)
		compare_uri(&uri, theirs);
	library_leave();
}

static void read_address(
	struct arena *arena, struct slice text, const char *string)
{
	struct name_address address;
	struct slice tag;
	osip_from_t *theirs;
	osip_generic_param_t *parameter = NULL;

	if (!name_address_read(arena, text, &address) || address.star)
		return;
	library_enter(arena);
	if (osip_from_init(&theirs) == 0 &&
		osip_from_parse(theirs, string) == 0 && theirs->url) {
		compare_uri(&address.uri, theirs->url);
		(void)osip_from_get_tag(theirs, &parameter);
		if (parameter_find(
			    arena, address.parameters, SLICE("tag"), &tag))
			must(parameter && is_same(tag, parameter->gvalue));
		else
			must(!parameter);
	}
	library_leave();
}

static void read_via(struct arena *arena, struct slice text, const char *string)
{
	osip_generic_param_t *branch = NULL;
	osip_via_t *theirs;
	struct via via;

	/* The library is given unfolded text alone. */
	if (!via_read(arena, text, &via) || slice_find(text, '\r') != SIZE_MAX)
		return;
	library_enter(arena);
	if (osip_via_init(&theirs) == 0 &&
		osip_via_parse(theirs, string) == 0) {
		(void)osip_via_param_get_byname(
			theirs, (char *)(uintptr_t) "branch", &branch);
		must(is_same(via.host, theirs->host));
		must(is_same(via.transport, theirs->protocol));
		must(via.port == number(theirs->port));
		must(is_same(via.branch, branch ? branch->gvalue : NULL));
	}
	library_leave();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *arena = arena_new(16 << 20);
	struct slice text = arena_copy(arena, slice_make(data, size));

	if (text.at && size && size < 2048) {
		const char *string = text.at;

		read_uri(arena, text, string);
		read_address(arena, text, string);
		read_via(arena, text, string);
	}
	arena_release(&arena);
	return 0;
}
