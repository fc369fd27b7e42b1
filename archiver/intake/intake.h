/* intake.h -- takes records from their makers, keeps them, says so.
 *
 * One loop: it reads what the makers sent, gathers for at most gather_us, then
 * writes and syncs once and acknowledges. While the disk works nothing could
 * be acknowledged anyway, so no thread beside it is needed; the kernel holds
 * what comes meanwhile. No maker can delay another by more than one turn.
 */
#ifndef ARCHIVER_INTAKE_INTAKE_H
#define ARCHIVER_INTAKE_INTAKE_H

#include "archiver/journal/disk.h"
#include "lib/record/digest.h"
#include "lib/stats/stats.h"

#include <stddef.h>

enum {
	INTAKE_CONNECTIONS = 256,
	INTAKE_BATCH_BYTES = 4 * 1024 * 1024, /* then it is committed at once */
	INTAKE_WHY_BYTES = 512
};

struct intake_options {
	const char *socket;
	const char *journal;
	const char *program; /* name and version for the boot record */
	const char *version;
	uint8_t configuration[RECORD_DIGEST_BYTES];
	uint64_t segment_bytes;
	uint64_t reserve_bytes;
	uint32_t node;
	uint32_t gather_us;
	uint32_t departure_ms;           /* 0: DEPARTURES_LIMIT_MS */
	const struct journal_disk *disk; /* NULL: the system's */
	struct stats *stats;             /* borrowed; NULL: nobody asks */
};

struct intake;

/* Opens journal and socket and takes the boot record. options and what they
 * point to must outlive it. 0, or errno and in `why` a sentence that says what
 * is wrong and what to do. */
int intake_open(const struct intake_options *options, struct intake **intake,
	char why[INTAKE_WHY_BYTES]) __attribute__((warn_unused_result));
/* Runs until `stop` becomes readable (a signalfd, a pipe); then syncs,
 * acknowledges and returns. False when records had to be left unsynced. */
bool intake_run(struct intake *intake, int stop);
void intake_close(struct intake **intake);

#endif
