/* dump.c -- what is under way, entry by entry, for `sipwarden dump`. */
#include "proxy/dump.h"

#include "lib/clock.h"
#include "proxy/routing/user_services/bindings.h"
#include "proxy/worker.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	PIECE = 128, /* shown in one turn of a worker */
	PIECE_BYTES = 512 * 1024,
	PIECE_FIELDS = 10,
	WORKER_PATIENCE_MS = 2000,
	BETWEEN = '\x1f', /* fields */
	BEHIND = '\x1e',  /* an entry */
	FIELD_BYTES = 256
};

/* For "%.*s": strangers chose how long it is. */
#define FIELD(slice) SLICE_ARGS(slice_part(slice, 0, FIELD_BYTES))

struct piece;

/* Writes a piece from where the cursor stands; false: it was the last. */
typedef bool piece_fn(struct worker *worker, struct piece *piece);

/* A worker writes text, which is quick; JSON is made of it by whoever asked. */
struct piece {
	piece_fn *write;
	uint64_t cursor;
	bool more;
	size_t size;
	uint64_t now_ms; /* of the wall clock */
	unsigned worker;
	char text[PIECE_BYTES];
};

static void put(struct piece *piece, char end, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* What does not fit is left out, with what is behind it. */
static void put(struct piece *piece, char end, const char *format, ...)
{
	size_t room = PIECE_BYTES - piece->size;
	va_list arguments;
	int size;

	va_start(arguments, format);
	size = vsnprintf(piece->text + piece->size, room, format, arguments);
	va_end(arguments);
	if (size < 0 || (size_t)size + 1 >= room)
		return;
	for (int i = 0; i < size; i++)
		if ((unsigned char)piece->text[piece->size + (size_t)i] < ' ')
			piece->text[piece->size + (size_t)i] = '?';
	piece->size += (size_t)size;
	piece->text[piece->size++] = end;
}

static void put_address(
	struct piece *piece, char end, const union address *address)
{
	char text[ADDRESS_TEXT_SIZE];

	address_text(address, text);
	put(piece, end, "%s", text);
}

/* --- bindings: user contact transport reached expires_s q ----------------- */

/* A password and headers may stand in a URI; neither is shown. */
static void put_uri(struct piece *piece, char end, struct slice uri)
{
	struct slice rest, scheme, user, host;

	uri = slice_part(uri, 0, slice_find(uri, '?'));
	rest = uri;
	if (slice_find(uri, '@') == SIZE_MAX ||
		!slice_cut(&rest, ':', &scheme) || !rest.at ||
		!slice_cut(&rest, '@', &user)) {
		put(piece, end, "%.*s", FIELD(uri));
		return;
	}
	host = rest;
	user = slice_part(user, 0, slice_find(user, ':'));
	put(piece, end, "%.*s:%.*s@%.*s", FIELD(scheme), FIELD(user),
		FIELD(host));
}

static void show_binding(void *context, struct slice address_of_record,
	const struct binding *binding)
{
	struct piece *piece = context;
	uint64_t left_ms = binding->expires_at_ms > piece->now_ms
				   ? binding->expires_at_ms - piece->now_ms
				   : 0;

	put(piece, BETWEEN, "%.*s", FIELD(address_of_record));
	put_uri(piece, BETWEEN, binding->contact);
	put(piece, BETWEEN, "%s", transport_word(binding->reach.transport));
	put_address(piece, BETWEEN, &binding->reach.address);
	put(piece, BETWEEN, "%llu", (unsigned long long)(left_ms / 1000));
	put(piece, BEHIND, "%u", binding->q_thousandths);
}

/* Shared by all workers: the first one shows them. */
static bool write_bindings(struct worker *worker, struct piece *piece)
{
	uint32_t cursor = (uint32_t)piece->cursor;
	bool more = worker->index == 0 &&
		    bindings_walk(worker->proxy->bindings, &cursor, PIECE,
			    show_binding, piece);

	piece->cursor = cursor;
	return more;
}

/* --- transactions: worker side method state status transport peer call_id - */

static const struct passage *passage_of(const struct transaction_view *view)
{
	if (!view->user)
		return NULL;
	return view->server ? view->user
			    : ((const struct branch *)view->user)->passage;
}

static void show_transaction(void *context, const struct transaction_view *view)
{
	struct piece *piece = context;
	const struct passage *passage = passage_of(view);
	const struct message *message =
		passage ? passage->versions[0].message : NULL;

	put(piece, BETWEEN, "%u", piece->worker);
	put(piece, BETWEEN, "%s", view->server ? "server" : "client");
	if (message)
		put(piece, BETWEEN, "%.*s", FIELD(message->method_name));
	else
		put(piece, BETWEEN, "%s", view->invite ? "INVITE" : "");
	put(piece, BETWEEN, "%s", view->state);
	put(piece, BETWEEN, "%u", view->status);
	put(piece, BETWEEN, "%s", transport_word(view->peer->transport));
	put_address(piece, BETWEEN, &view->peer->address);
	put(piece, BEHIND, "%.*s",
		FIELD(message ? message->call_id : SLICE("")));
}

static bool write_transactions(struct worker *worker, struct piece *piece)
{
	return transactions_walk(worker->transactions, &piece->cursor, PIECE,
		show_transaction, piece);
}

/* --- connections: worker slot state peer local opened unfinished queued --- */

static void show_connection(void *context, const struct connection_view *view)
{
	struct piece *piece = context;

	put(piece, BETWEEN, "%u", piece->worker);
	put(piece, BETWEEN, "%u", view->name.slot);
	put(piece, BETWEEN, "%s", view->state);
	put_address(piece, BETWEEN, view->peer);
	put_address(piece, BETWEEN, view->local);
	put(piece, BETWEEN, "%s", view->opened_by_us ? "us" : "peer");
	put(piece, BETWEEN, "%zu", view->unfinished_bytes);
	put(piece, BEHIND, "%zu", view->queued_bytes);
}

static bool write_connections(struct worker *worker, struct piece *piece)
{
	uint32_t cursor = (uint32_t)piece->cursor;
	bool more = transports_walk(
		worker->transports, &cursor, PIECE, show_connection, piece);

	piece->cursor = cursor;
	return more;
}

/* --- all of them ---------------------------------------------------------- */

/* A name that begins with '#' is of a number. */
static const struct dump_kind {
	const char *name;
	piece_fn *write;
	const char *fields[PIECE_FIELDS];
} kinds[] = {
	{"bindings", write_bindings,
		{"user", "contact", "transport", "reached", "#expires_s",
			"#q_thousandths"}},
	{"transactions", write_transactions,
		{"#worker", "side", "method", "state", "#status", "transport",
			"peer", "call_id"}},
	{"connections", write_connections,
		{"#worker", "#slot", "state", "peer", "local", "opened_by",
			"#unfinished_bytes", "#queued_bytes"}},
};

static void write_piece(struct worker *worker, void *context)
{
	struct piece *piece = context;

	piece->size = 0;
	piece->worker = worker->index;
	piece->more = piece->write(worker, piece);
}

/* Bytes that are no UTF-8 are in nobody's address. */
static json_t *value_of(const char *name, struct slice text)
{
	uint64_t number = 0;
	json_t *value;

	if (*name != '#') {
		value = json_stringn(text.at, text.size);
		return value ? value : json_string("?");
	}
	if (!slice_to_number(text, INT64_MAX, &number))
		number = 0;
	return json_integer((json_int_t)number);
}

static json_t *row_of(const struct dump_kind *kind, struct slice entry)
{
	json_t *row = json_object();
	struct slice field;

	for (int i = 0; i < PIECE_FIELDS && kind->fields[i]; i++) {
		const char *name = kind->fields[i];

		if (!slice_cut(&entry, BETWEEN, &field))
			break;
		(void)json_object_set_new(
			row, name + (*name == '#'), value_of(name, field));
	}
	return row;
}

/* What has been shown, over all workers. */
struct dump {
	struct control_reply *reply;
	const struct dump_kind *kind;
	struct piece *piece; /* owned */
	uint64_t limit, shown, silent;
	bool cut;     /* by the limit */
	bool unheard; /* nobody reads */
};

static void send_piece(struct dump *dump)
{
	struct slice rest = slice_make(dump->piece->text, dump->piece->size);
	struct slice entry;

	while (rest.size && slice_cut(&rest, BEHIND, &entry)) {
		if (dump->limit && dump->shown == dump->limit) {
			dump->cut = true;
			return;
		}
		if (!control_row(dump->reply, row_of(dump->kind, entry))) {
			dump->unheard = true;
			return;
		}
		dump->shown++;
	}
}

static void dump_worker(struct dump *dump, struct worker *worker)
{
	dump->piece->cursor = 0;
	dump->piece->more = true;
	while (dump->piece->more && !dump->cut && !dump->unheard) {
		dump->piece->now_ms = clock_wall_us() / 1000;
		if (!errand_do(&worker->errands, write_piece, dump->piece,
			    WORKER_PATIENCE_MS)) {
			dump->silent++;
			return;
		}
		send_piece(dump);
	}
}

static const struct dump_kind *kind_named(const char *name)
{
	for (size_t i = 0; name && i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (strcmp(kinds[i].name, name) == 0)
			return &kinds[i];
	return NULL;
}

void dump_answer(
	void *context, const json_t *request, struct control_reply *reply)
{
	struct proxy *proxy = context;
	json_int_t limit =
		json_integer_value(json_object_get(request, "limit"));
	struct dump dump = {.reply = reply,
		.kind = kind_named(
			json_string_value(json_object_get(request, "what"))),
		.limit = limit > 0 ? (uint64_t)limit : 0};

	if (!dump.kind) {
		control_refuse(reply, "The proxy shows bindings, transactions "
				      "and connections.");
		return;
	}
	dump.piece = malloc(sizeof(*dump.piece));
	if (!dump.piece) {
		control_refuse(reply, "Memory is short.");
		return;
	}
	dump.piece->write = dump.kind->write;
	for (unsigned i = 0; i < proxy->worker_count; i++)
		dump_worker(&dump, &proxy->workers[i]);
	control_done(reply,
		json_pack("{s:I,s:b,s:I}", "shown", (json_int_t)dump.shown,
			"more", dump.cut, "silent", (json_int_t)dump.silent));
	free(dump.piece);
}
