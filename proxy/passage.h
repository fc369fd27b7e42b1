/* passage.h -- one message on its way through the steps.
 *
 * Alice sends a MESSAGE for bob. The worker that received it indexed it and
 * handed it to the owner of its Call-ID. There transactions say that it is new,
 * and a passage of kind REQUEST begins: authorization notes that the peer is a
 * client, identity that alice is claimed; the chain before routing judges
 * version 0 (a stage that must ask the scanner WAITs, and the worker does other
 * work meanwhile); routing finds two contacts of bob, so there are two
 * branches; the chain after routing sees each of them; archiving makes one
 * record with what will be sent on each and WAITs until it is durable; forward
 * starts two client transactions. The passage stays as the response context.
 *
 * Each answer of bob's endpoints is a passage of kind RESPONSE that points to
 * its branch: the chain after routing in reverse, the choice (forward now,
 * keep, drop), the chain before routing in reverse, archiving, forward
 * upstream.
 *
 * An ACK of a 2xx is a passage of kind ACK: no transaction, at most one branch.
 *
 * Everything here belongs to one worker.
 */
#ifndef PROXY_PASSAGE_H
#define PROXY_PASSAGE_H

#include "lib/arena.h"
#include "lib/mime/judged.h"
#include "lib/settings.h"
#include "proxy/edits.h"
#include "proxy/lifecycle.h"
#include "proxy/parse/message.h"
#include "proxy/timers.h"
#include "proxy/trail.h"
#include "proxy/transactions/transactions.h"
#include "proxy/transports/transports.h"
#include "proxy/verdict.h"

#include <stdbool.h>
#include <stdint.h>

struct worker;
struct passage;
struct ended_dialog;

enum peer_class { PEER_CLIENT, PEER_GATEWAY, PEER_INTERNAL_SERVER };

/* Who is at the other end, or will be. */
struct peer {
	enum peer_class class;
	bool inside; /* one of our own people or servers */
	/* Of the internal server (borrowed from the settings); NULL. */
	const struct internal_server_settings *server;
};
const char *peer_class_word(enum peer_class class);

enum direction {
	DIRECTION_UNKNOWN,
	DIRECTION_INTERNAL,
	DIRECTION_INBOUND,
	DIRECTION_OUTBOUND,
	DIRECTION_TRANSIT
};

/* So far every identity is claimed: authentication is none. */
struct identity {
	const char *assurance;          /* "none", "claimed", "proven" */
	struct slice address_of_record; /* of From; absent: not a SIP URI */
};

/* One content of the message: version 0 came in, later ones are edits of
 * stages. What is judged is listed once for each version. */
struct version {
	struct message *message; /* held */
	enum { LIST_UNMADE, LIST_MADE, LIST_FAULTY } list_state;
	struct judged_list list;
	struct judged_fault fault; /* LIST_FAULTY */
	unsigned char sha256[32];  /* of the bytes; see digest_made */
	bool digest_made;
};
enum { PASSAGE_VERSIONS = 8, PASSAGE_BRANCHES = 16 };

/* Routing's word for one branch. */
struct target {
	struct slice uri; /* Request-URI to send it with */
	struct destination destination;
	struct peer next;       /* class of the next hop */
	bool remove_route[2];   /* first and second Route value are ours: go */
	bool remove_all_routes; /* what an untrusted client brought */
	struct slice add_route; /* a Route header value to put on top; absent */
	uint32_t q_thousandths; /* of the contact (RFC 3261 20.10) */
};

enum branch_state {
	BRANCH_PLANNED, /* has not left */
	BRANCH_REFUSED, /* a stage after routing said no */
	BRANCH_SENT,    /* client transaction runs (an ACK: is gone) */
	BRANCH_RINGING, /* a provisional answer came */
	BRANCH_FINAL,   /* has its final answer (status) */
};

struct branch_event {
	struct branch_event *next;
	unsigned branch;   /* 0: our own answer */
	const char *event; /* "sent", "transport-error", "timeout",
			      "cancelled", "cut-short", "final",
			      "answered" */
	unsigned status;
	uint64_t at_us;
};

struct branch {
	struct branch *next;
	struct passage *passage; /* borrowed */
	unsigned number;         /* from 1 */
	struct target target;
	enum direction direction; /* towards this next hop */
	unsigned version;         /* index into passage->versions */
	struct edits edits;       /* of the hop, against that version */
	struct slice via_branch;  /* z9hG4bK… that we write */
	struct slice via;         /* the whole Via line that we add */
	enum branch_state state;
	unsigned status;                   /* BRANCH_FINAL, BRANCH_REFUSED */
	struct slice reason;               /* BRANCH_REFUSED */
	struct client_transaction *client; /* NULL when it has ended */
	bool judged;                       /* by the chain after routing */
	bool cancelled;                    /* we sent (or wanted) a CANCEL */
	struct timer timer_c;              /* RFC 3261 16.6.11, INVITE */
	struct passage *kept; /* its final answer, waiting for the choice */
};

enum passage_kind { PASSAGE_REQUEST, PASSAGE_ACK, PASSAGE_RESPONSE };

/* What becomes of the message; set by the step that decides, carried out by
 * forward, told in the record. */
enum disposition {
	DISPOSITION_FORWARD, /* on the branches, or upstream */
	DISPOSITION_ANSWER,  /* by us: answer_status, answer_reason */
	DISPOSITION_DISCARD
};

/* A verdict that still holds: bound to what was judged (see stages/chain.c). */
struct standing_verdict {
	unsigned version;
	enum direction direction;
	uint64_t judge; /* rule set or signature generation */
	bool valid;
};
enum { STANDING_VERDICTS = 4 };

struct passage {
	struct passage *next, **link; /* all passages of the worker */
	struct worker *worker;
	struct arena *arena; /* owned */
	enum passage_kind kind;
	enum lifecycle_step step;
	bool waiting;      /* a step said WAIT */
	bool running;      /* passage_run is on the stack */
	bool ended;        /* DONE and torn down as soon as nothing runs */
	uint64_t began_us; /* steady clock */

	struct arrival arrival;
	struct version versions[PASSAGE_VERSIONS];
	unsigned version_count;
	unsigned version; /* the current one before routing */
	struct peer source;
	struct identity identity;
	enum direction direction;
	struct slice recipient; /* address of record of the Request-URI (for a
				   response: of the request's sender) */
	struct trail trail;
	bool counted;   /* among its client's outstanding requests */
	bool made_here; /* a request that the server itself makes */

	void *registration; /* routing/user_services/registrar.c; NULL */

	/* The place in the chain that runs (stages/chain.c). */
	struct {
		size_t position;
		size_t again_to; /* up to here it runs anew, for an edit */
		struct branch *branch; /* after routing */
		struct trail_entry *entry;
		uint64_t began_us;
		void *job;                /* of the stage that WAITs */
		void (*abort)(void *job); /* takes the job back */
		struct timer deadline;
		struct standing_verdict key; /* what the stage judges */
		struct verdict verdict;      /* came after a WAIT */
		bool has_verdict;
	} chain;
	struct standing_verdict standing[STAGE_NAMES][STANDING_VERDICTS];

	enum disposition disposition;
	unsigned answer_status;
	struct slice answer_reason;
	struct slice answer_headers; /* whole lines with CRLF; absent */
	bool tell_sender;            /* of a refused file, by a MESSAGE */
	bool unrecorded; /* a refusal of steps 1 to 3: counted, not recorded */

	/* Archiving. */
	struct archive_wait *archive_wait; /* arena; NULL: never waited */
	uint64_t submission; /* sequence of its record; 0: none yet */
	bool submitted;      /* its record is on the way, or counted as lost */
	bool archive_failed; /* waited in vain: 503 */
	unsigned char message_id[16], stream[16], same_text_as[16];
	bool same_text_as_set;
	struct branch_event *events; /* for the next outcome record */

	struct {
		struct passage *next, **link;
	} ready; /* private to ready.c */

	/* Order of one Call-ID and direction (order.c). */
	struct {
		struct passage *next;
		struct order_line *line;
		bool waits; /* at archiving, for its turn */
	} order;

	/* REQUEST: response context. */
	struct server_transaction *server; /* NULL when it has ended */
	struct branch *branches;
	unsigned branch_count;
	unsigned final_status; /* forwarded upstream; 0: none yet */
	bool answered_100;
	bool cancelled;
	struct ended_dialog *withheld; /* forward/refusals.c */
	struct timer timer;            /* life of a non-INVITE, or late 100 */
	unsigned responses;            /* RESPONSE passages under way */
	struct slice challenges; /* of the branches that were not chosen: header
				    lines; absent: none */
	struct dialog *dialog;   /* forward/dialogs.h; NULL */
	struct slice to_tag;     /* of answers that we make */
	/* INVITE whose 2xx went upstream: what a BYE of ours needs. */
	struct message *success; /* held */

	/* RESPONSE. */
	struct passage *request; /* borrowed: it waits for us */
	struct branch *branch;
	enum { CHOICE_OPEN, CHOICE_FORWARD, CHOICE_DROP } choice;
};

/* The message as it stands now: before routing, or on a branch. */
static inline struct message *passage_message(const struct passage *passage)
{
	return passage->versions[passage->version].message;
}
static inline struct message *branch_message(const struct branch *branch)
{
	return branch->passage->versions[branch->version].message;
}

/* Begins: message is held by the passage. NULL: memory (answer 503). */
struct passage *passage_new(struct worker *worker, enum passage_kind kind,
	struct message *message, const struct arrival *arrival)
	__attribute__((warn_unused_result));
/* Runs steps until one waits or the passage is done. May free it. */
void passage_run(struct passage *passage);
/* What a step waited for is there: the same step is called again. From the
 * loop, never from inside the step itself. May free it. */
void passage_resume(struct passage *passage);
/* The same, but at the end of the loop's turn: fit to be called from within
 * another passage's step. */
void passage_wake(struct passage *passage);
/* Called by whatever a request's passage lived for (a transaction, a response)
 * when it has ended; frees the passage when nothing is left. */
void passage_settle(struct passage *passage);
/* True for a request that is answered and only absorbs what comes again: a
 * stop need not wait for it. */
bool passage_is_answered(const struct passage *passage);
/* Frees a passage whatever it waits for, its responses first (the program
 * stops). */
void passage_drop(struct passage *passage);
/* Ends a passage that has not gone out yet: jobs of its stages are aborted. */
void passage_abort_stages(struct passage *passage);
/* For any step: settle it by an answer of ours (no earlier one is undone).
 * reason is copied; headers are whole lines or absent. Then return
 * PROGRESS_NEXT: archiving and forward carry it out. */
void passage_answer(struct passage *passage, unsigned status,
	struct slice reason, struct slice headers);
/* Adds a version (bytes of an edit, copied and indexed). Its number, or 0 when
 * the bytes are no SIP message any more, or there are too many versions. */
unsigned passage_add_version(struct passage *passage, struct slice bytes);
/* The list of what is judged of a version, made on first use (judged.c). NULL
 * when it is faulty: version->fault. */
const struct judged_list *passage_judged(
	struct passage *passage, unsigned version);
/* A branch to this target; NULL over PASSAGE_BRANCHES or memory. */
struct branch *passage_add_branch(
	struct passage *passage, const struct target *target);

#endif
