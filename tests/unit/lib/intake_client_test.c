/* intake_client_test.c -- each record is on disk once, or refused. */
#include "lib/intake_client.h"

#include "tests/unit/archiver/intake/house.h"

static void the_client_settles_each_record_once(void **state)
{
	struct house house;
	struct intake_client *client;
	struct sample *sample = sample_make("ignored", 0, 1, 50);
	uint64_t number, before = 0;
	pid_t child;

	(void)state;
	house_make(&house);
	client = intake_client_new(house.socket, "store");
	assert_non_null(client);
	assert_int_equal(
		intake_client_submit(client, &sample->record, 50, &number),
		ETIMEDOUT);
	for (int i = 0; i < 5; i++) {
		child = house_fork(&house);
		assert_int_equal(intake_client_submit(client, &sample->record,
					 5000, &number),
			0);
		assert_true(number > before);
		before = number;
		sample->record.format = 0;
		kill_it(child);
	}
	child = house_fork(&house);
	sample->bytes[0] ^= 1;
	assert_int_equal(
		intake_client_submit(client, &sample->record, 5000, &number),
		EBADMSG);
	assert_non_null(strstr(intake_client_refusal(client), "digest"));
	sample->bytes[0] ^= 1;
	assert_int_equal(
		intake_client_submit(client, &sample->record, 5000, &number),
		0);
	assert_string_equal(intake_client_refusal(client), "");
	kill_it(child);
	intake_client_close(&client);
	sample_free(sample);
	sample_folder_remove(house.folder);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_client_settles_each_record_once)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
