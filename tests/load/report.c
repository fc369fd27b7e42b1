/* report.c -- a table for people on stderr, one line of JSON on stdout. */
#include "tests/load/load.h"

#include <stdio.h>
#include <sys/resource.h>

static const struct {
	const char *name;
	double share;
} shares[] = {{"p50", 0.5}, {"p90", 0.9}, {"p99", 0.99}, {"p99.9", 0.999}};
enum { SHARES = sizeof(shares) / sizeof(shares[0]) };

static double seconds_of(struct timeval time)
{
	return (double)time.tv_sec + (double)time.tv_usec / 1e6;
}

static unsigned long long big(uint64_t number)
{
	return number;
}

static void histogram_json(const char *name, const struct histogram *histogram)
{
	printf("\"%s\":{", name);
	for (size_t i = 0; i < SHARES; i++)
		printf("\"%s\":%llu,", shares[i].name,
			big(histogram_at(histogram, shares[i].share)));
	printf("\"max\":%llu,\"count\":%llu}", big(histogram->most_us),
		big(histogram->count));
}

static void histogram_row(const char *name, const struct histogram *histogram)
{
	if (!histogram->count)
		return;
	fprintf(stderr, "%-20s", name);
	for (size_t i = 0; i < SHARES; i++)
		fprintf(stderr, " %s %llu", shares[i].name,
			big(histogram_at(histogram, shares[i].share)));
	fprintf(stderr, " max %llu us\n", big(histogram->most_us));
}

static void statuses_of(const struct counts *counts, enum kind from,
	enum kind to, uint64_t statuses[STATUSES])
{
	for (size_t status = 0; status < STATUSES; status++) {
		statuses[status] = 0;
		for (enum kind kind = from; kind < to; kind++)
			statuses[status] += counts->statuses[kind][status];
	}
}

static void statuses_json(const uint64_t statuses[STATUSES])
{
	const char *separator = "";

	printf("{");
	for (size_t status = 0; status < STATUSES; status++) {
		if (!statuses[status])
			continue;
		printf("%s\"%zu\":%llu", separator, status,
			big(statuses[status]));
		separator = ",";
	}
	printf("}");
}

static void kinds_json(const struct load *load)
{
	const struct counts *counts = &load->counts;
	const char *separator = "";

	printf("\"kinds\":{");
	for (enum kind kind = 0; kind < KINDS; kind++) {
		uint64_t statuses[STATUSES];

		if (!load->options.mix[kind])
			continue;
		statuses_of(counts, kind, kind + 1, statuses);
		printf("%s\"%s\":{\"sent\":%llu,\"received\":%llu,"
		       "\"answered\":",
			separator, kind_names[kind],
			big(counts->sent_by_kind[kind]),
			big(counts->received_by_kind[kind]));
		statuses_json(statuses);
		printf(",");
		histogram_json("answer_us", &load->answer_us[kind]);
		printf(",");
		histogram_json("receive_us", &load->receive_us[kind]);
		printf("}");
		separator = ",";
	}
	printf("},");
}

static void counts_json(const struct load *load)
{
	const struct counts *counts = &load->counts;
	const struct channel_counts channels = channels_counts(load->channels);

	printf("\"exchanges\":%llu,\"sent\":%llu,\"resent\":%llu,"
	       "\"acks\":%llu,\"not_sent\":%llu,\"unanswered\":%llu,"
	       "\"answered_late\":%llu,\"received\":%llu,"
	       "\"received_twice\":%llu,\"received_again\":%llu,"
	       "\"forbidden_received\":%llu,\"infected_received\":%llu,"
	       "\"to_senders\":%llu,\"strangers\":%llu,"
	       "\"failed_registers\":%llu,\"own_drops\":%llu,"
	       "\"send_failed\":%llu,\"connections\":%llu,",
		big(counts->exchanges), big(counts->sent), big(counts->resent),
		big(counts->acks), big(counts->not_sent),
		big(counts->unanswered), big(counts->answered_late),
		big(counts->received), big(counts->received_twice),
		big(counts->received_again),
		big(counts->received_by_kind[KIND_FORBIDDEN]),
		big(counts->received_by_kind[KIND_INFECTED]),
		big(counts->to_senders), big(counts->strangers),
		big(counts->failed_registers), big(channels.dropped),
		big(channels.send_failed), big(channels.connected));
}

static void json(const struct load *load, double took,
	const struct histogram *answers, const struct histogram *receives)
{
	uint64_t statuses[STATUSES];
	struct rusage usage;

	getrusage(RUSAGE_SELF, &usage);
	statuses_of(&load->counts, 0, KINDS, statuses);
	printf("{\"load\":\"sipwarden-load\",\"seed\":%llu,\"rate\":%g,"
	       "\"rate_reached\":%.1f,\"seconds\":%.3f,",
		big(load->options.seed), load->options.rate,
		took > 0 ? (double)load->counts.exchanges / took : 0, took);
	counts_json(load);
	printf("\"answered\":");
	statuses_json(statuses);
	printf(",");
	kinds_json(load);
	histogram_json("answer_us", answers);
	printf(",");
	histogram_json("receive_us", receives);
	printf(",");
	histogram_json("late_us", &load->late_us);
	printf(",\"user_s\":%.3f,\"system_s\":%.3f}\n",
		seconds_of(usage.ru_utime), seconds_of(usage.ru_stime));
	fflush(stdout);
}

static void table(const struct load *load, double took,
	const struct histogram *answers, const struct histogram *receives)
{
	const struct counts *counts = &load->counts;

	fprintf(stderr,
		"seed %llu: %llu exchanges in %.1f s; %llu requests sent, "
		"%llu answered, %llu not\n"
		"received %llu, twice %llu; refused content received: %llu "
		"forbidden, %llu infected\n",
		big(load->options.seed), big(counts->exchanges), took,
		big(counts->sent), big(counts->answered),
		big(counts->unanswered), big(counts->received),
		big(counts->received_twice),
		big(counts->received_by_kind[KIND_FORBIDDEN]),
		big(counts->received_by_kind[KIND_INFECTED]));
	for (enum kind kind = 0; kind < KINDS; kind++) {
		if (!counts->sent_by_kind[kind])
			continue;
		fprintf(stderr, "%-20s sent %llu received %llu",
			kind_names[kind], big(counts->sent_by_kind[kind]),
			big(counts->received_by_kind[kind]));
		for (size_t status = 0; status < STATUSES; status++)
			if (counts->statuses[kind][status])
				fprintf(stderr, " %zu: %llu", status,
					big(counts->statuses[kind][status]));
		fprintf(stderr, "\n");
	}
	histogram_row("sent to answered", answers);
	histogram_row("sent to received", receives);
	histogram_row("sent late by", &load->late_us);
}

void report(struct load *load)
{
	struct histogram answers = {0}, receives = {0};
	double took = (double)(load->end_us - load->start_us) / 1e6;

	for (enum kind kind = 0; kind < KINDS; kind++) {
		histogram_merge(&answers, &load->answer_us[kind]);
		histogram_merge(&receives, &load->receive_us[kind]);
	}
	table(load, took, &answers, &receives);
	json(load, took, &answers, &receives);
}
