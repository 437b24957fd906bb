/* Codes are ready before anyone asks, each is given once, and the child that makes them takes nobody down
 * silently. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "web/intake/pool.h"

#define ASKED 20 /* more than are made ahead */

struct basket {
	pthread_mutex_t lock;
	pthread_cond_t arrived;
	struct fresh_code codes[ASKED];
	struct secret *seed;
	size_t count, failed;
};

static void take(void *user, struct fresh_code *code, const struct error *error)
{
	struct basket *basket = user;

	pthread_mutex_lock(&basket->lock);
	if (error)
		basket->failed++;
	else
		basket->codes[basket->count++] = *code;
	pthread_cond_signal(&basket->arrived);
	pthread_mutex_unlock(&basket->lock);
}

static void derived(void *user, struct secret *seed, const struct error *error)
{
	struct basket *basket = user;

	pthread_mutex_lock(&basket->lock);
	if (error)
		basket->failed++;
	basket->seed = seed;
	basket->count++;
	pthread_cond_signal(&basket->arrived);
	pthread_mutex_unlock(&basket->lock);
}

static void wait_for(struct basket *basket, size_t count)
{
	pthread_mutex_lock(&basket->lock);
	while (basket->count + basket->failed < count)
		pthread_cond_wait(&basket->arrived, &basket->lock);
	pthread_mutex_unlock(&basket->lock);
}

static void empty(struct basket *basket)
{
	for (size_t i = 0; i < ASKED; i++)
		secret_free(basket->codes[i].code);
	secret_free(basket->seed);
}

static void everyone_gets_a_code_of_their_own_that_opens_its_mailbox(void **state)
{
	struct basket basket = {PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, {{0}}, NULL, 0, 0};
	struct basket back = {PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, {{0}}, NULL, 0, 0};
	struct pool *pool;
	struct code_source *source;

	assert_null(pool_start(&pool));
	source = pool_source(pool);
	for (int i = 0; i < ASKED; i++)
		source->take(source, take, &basket);
	wait_for(&basket, ASKED);
	assert_int_equal(basket.failed, 0);
	for (size_t i = 0; i < ASKED; i++)
		for (size_t j = 0; j < i; j++)
			assert_string_not_equal(basket.codes[i].mailbox, basket.codes[j].mailbox);
	source->derive(source, basket.codes[3].code, derived, &back);
	wait_for(&back, 1);
	{
		struct mailbox *mailbox CLEANUP(mailbox_free) = mailbox_of_seed(back.seed);

		assert_string_equal(mailbox->id, basket.codes[3].mailbox);
		assert_memory_equal(
			&mailbox->recipient, &basket.codes[3].recipient, sizeof mailbox->recipient);
		assert_memory_equal(&mailbox->signer, &basket.codes[3].signer, sizeof mailbox->signer);
	}
	pool_stop(pool);
	pool_free(pool);
	empty(&basket);
	empty(&back);
}

static void stopping_fails_what_waits_and_what_comes(void **state)
{
	struct basket basket = {PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, {{0}}, NULL, 0, 0};
	struct pool *pool;
	struct code_source *source;

	assert_null(pool_start(&pool));
	source = pool_source(pool);
	for (int i = 0; i < ASKED - 1; i++)
		source->take(source, take, &basket);
	pool_stop(pool);
	wait_for(&basket, ASKED - 1);
	source->take(source, take, &basket);
	wait_for(&basket, ASKED);
	assert_true(basket.failed > 0);
	pool_free(pool);
	empty(&basket);
}

static pid_t child_of_this_process(void)
{
	char path[64];
	int pid = 0;
	FILE *file;

	snprintf(path, sizeof path, "/proc/self/task/%d/children", (int)getpid());
	file = fopen(path, "r");
	assert_non_null(file);
	assert_int_equal(fscanf(file, "%d", &pid), 1);
	fclose(file);
	return pid;
}

static void a_child_that_dies_is_noticed(void **state)
{
	struct basket basket = {PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, {{0}}, NULL, 0, 0};
	struct pool *pool;
	struct code_source *source;
	struct pollfd fd;

	assert_null(pool_start(&pool));
	source = pool_source(pool);
	kill(child_of_this_process(), SIGKILL);
	for (int i = 0; i < ASKED; i++)
		source->take(source, take, &basket);
	wait_for(&basket, ASKED);
	assert_true(basket.failed > 0);
	fd = (struct pollfd){pool_broken_fd(pool), POLLIN, 0};
	assert_int_equal(poll(&fd, 1, -1), 1);
	pool_stop(pool);
	pool_free(pool);
	empty(&basket);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(everyone_gets_a_code_of_their_own_that_opens_its_mailbox),
		cmocka_unit_test(stopping_fails_what_waits_and_what_comes),
		cmocka_unit_test(a_child_that_dies_is_noticed),
	};

	secret_start();
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
