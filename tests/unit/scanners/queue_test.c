/* queue_test.c -- whose turn it is, and who gives way. */
#include "scanners/queue.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static struct job *make_job(uint32_t sender, uint32_t number)
{
	struct job *job = calloc(1, sizeof(*job));

	assert_non_null(job);
	job->sender = sender;
	job->number = number;
	job->descriptor = -1;
	job->answer_by_ms = 1000;
	return job;
}

static void add(struct queue *queue, uint32_t sender, uint32_t number)
{
	assert_null(queue_add(queue, make_job(sender, number)));
}

/* Adds one more and returns the number of the job that found no place. */
static uint32_t overflow(struct queue *queue, uint32_t sender, uint32_t number)
{
	struct job *loser = queue_add(queue, make_job(sender, number));
	uint32_t lost;

	assert_non_null(loser);
	lost = loser->number;
	job_free(loser);
	return lost;
}

static struct job *run_next(struct queue *queue, uint32_t number)
{
	struct job *job = queue_next(queue);

	assert_non_null(job);
	assert_int_equal(job->number, number);
	queue_start(queue, job);
	return job;
}

static void finish(struct queue *queue, struct job *job)
{
	queue_end(queue, job);
	job_free(job);
}

static void run_through(struct queue *queue, uint32_t number)
{
	finish(queue, run_next(queue, number));
}

static void end(struct queue *queue)
{
	struct job *job;

	while ((job = queue_any(queue))) {
		queue_remove(queue, job);
		job_free(job);
	}
	assert_int_equal(queue_waiting(queue), 0);
	queue_free(&queue);
	assert_null(queue);
}

static void senders_take_turns(void **state)
{
	struct queue *queue = queue_new(10, 4);

	(void)state;
	add(queue, 1, 11);
	add(queue, 1, 12);
	add(queue, 1, 13);
	add(queue, 2, 21);
	add(queue, 2, 22);
	add(queue, 3, 31);
	run_through(queue, 11);
	run_through(queue, 21);
	run_through(queue, 31);
	run_through(queue, 12);
	run_through(queue, 22);
	run_through(queue, 13);
	assert_null(queue_next(queue));
	end(queue);
}

static void stand_by_is_for_those_without_work(void **state)
{
	struct queue *queue = queue_new(10, 2);
	struct job *running[3];

	(void)state;
	for (uint32_t i = 0; i < 5; i++)
		add(queue, 1, 10 + i);
	running[0] = run_next(queue, 10);
	running[1] = run_next(queue, 11);
	assert_null(queue_next(queue));
	add(queue, 2, 20);
	add(queue, 2, 21);
	running[2] = run_next(queue, 20);
	assert_null(queue_next(queue));
	finish(queue, running[0]);
	assert_null(queue_next(queue)); /* two run, and both have work */
	finish(queue, running[2]);
	running[0] = run_next(queue, 21 - 9);
	finish(queue, running[0]);
	finish(queue, running[1]);
	end(queue);
}

static void longest_lane_gives_way(void **state)
{
	struct queue *queue = queue_new(4, 1);

	(void)state;
	for (uint32_t i = 1; i <= 4; i++)
		add(queue, 1, 10 + i);
	assert_int_equal(overflow(queue, 1, 15), 15);
	assert_int_equal(overflow(queue, 2, 21), 14);
	assert_int_equal(overflow(queue, 2, 22), 13);
	/* two each: neither has more than a fair share */
	assert_int_equal(overflow(queue, 2, 23), 23);
	assert_int_equal(overflow(queue, 1, 16), 16);
	assert_int_equal(overflow(queue, 3, 31), 12);
	assert_int_equal(queue_waiting(queue), 4);
	run_through(queue, 11);
	run_through(queue, 21);
	run_through(queue, 31);
	run_through(queue, 22);
	end(queue);
}

static void refused_sender_leaves_nothing(void **state)
{
	struct queue *queue = queue_new(1, 1);

	(void)state;
	add(queue, 1, 11);
	assert_int_equal(overflow(queue, 2, 21), 21);
	run_through(queue, 11);
	end(queue);
}

static void expiry_is_by_the_earliest(void **state)
{
	struct queue *queue = queue_new(10, 1);
	struct job *early = make_job(1, 11), *late = make_job(2, 21);
	uint64_t next_ms = 5000;

	(void)state;
	assert_null(queue_expired(queue, 1, &next_ms));
	assert_int_equal(next_ms, 5000);
	early->answer_by_ms = 100;
	late->answer_by_ms = 300;
	assert_null(queue_add(queue, late));
	assert_null(queue_add(queue, early));
	assert_null(queue_expired(queue, 99, &next_ms));
	assert_int_equal(next_ms, 100);
	assert_ptr_equal(queue_expired(queue, 100, &next_ms), early);
	queue_remove(queue, early);
	job_free(early);
	next_ms = 5000;
	assert_null(queue_expired(queue, 100, &next_ms));
	assert_int_equal(next_ms, 300);
	assert_ptr_equal(queue_expired(queue, 301, &next_ms), late);
	end(queue);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(senders_take_turns),
		cmocka_unit_test(stand_by_is_for_those_without_work),
		cmocka_unit_test(longest_lane_gives_way),
		cmocka_unit_test(refused_sender_leaves_nothing),
		cmocka_unit_test(expiry_is_by_the_earliest),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
