/* Many writers, one fsync: reports that arrive together are put on the card together (see group.h).
 *
 * What a job writes is the caller's; here are the thread, the queue and the one invariant: `done` without an
 * error is called only after the commit that holds the job's rows has returned, so that nobody is told
 * "saved" too early. While one commit waits for the card, the next batch gathers by itself, and whoever comes
 * while a batch is written joins it; no job ever waits for others to come. Runs in intake and office. */
#include "node/store/group.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#define TOGETHER_MAX 256 /* jobs after which nobody joins a batch any more: the first has waited enough */

struct entry {
	struct entry *next;
	group_work *work;
	group_done *done;
	void *job;
	bool has_failed;
	struct error error; /* valid once it has failed */
};

struct group {
	struct db *db;
	struct query begin, commit, savepoint, release, undo;
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t arrived;
	struct entry *first, **last; /* what waits, oldest first; under the lock */
	bool stopping, is_log_to_go; /* under the lock, too */
};

/* Errors live in a ring that a large batch would run over: an entry keeps its own copy. */
static void entry_fail(struct entry *entry, const struct error *error)
{
	if (!error || entry->has_failed)
		return;
	entry->error = *error;
	entry->has_failed = true;
}

static void fail_until(struct entry *from, const struct entry *end, const struct error *error)
{
	struct error copy = *error;

	for (; from != end; from = from->next)
		entry_fail(from, &copy);
}

/* One job in a savepoint of its own, so that it can fail alone. */
static void work_apart(struct group *group, struct entry *entry)
{
	const struct error *error = db_done(&group->savepoint);

	if (error) {
		entry_fail(entry, error);
		return;
	}
	entry_fail(entry, entry->work(group->db, entry->job));
	if (sqlite3_get_autocommit(group->db->handle))
		return;
	if (entry->has_failed)
		error = db_done(&group->undo);
	if (!error)
		error = db_done(&group->release);
	if (error) {
		entry_fail(entry, error);
		db_rollback(group->db);
	}
}

/* What waits now, oldest first; NULL: nothing. Under the lock. */
static struct entry *take_waiting(struct group *group)
{
	struct entry *taken = group->first;

	group->first = NULL;
	group->last = &group->first;
	return taken;
}

/* The one after `entry`: of its batch or, behind the last, of those who came while it was written. */
static struct entry *next_of(struct group *group, struct entry *entry, size_t done)
{
	if (!entry->next && done < TOGETHER_MAX) {
		pthread_mutex_lock(&group->lock);
		entry->next = take_waiting(group);
		pthread_mutex_unlock(&group->lock);
	}
	return entry->next;
}

/* Runs jobs from `first` within one transaction and returns the first that it did not come to. A full card
 * can make SQLite roll back everything in the middle; then what ran has failed, and the rest gets a
 * transaction of its own. */
static struct entry *run_transaction(struct group *group, struct entry *first)
{
	const struct error *error = db_done(&group->begin);
	struct entry *entry = first;
	size_t done = 0;

	if (error) {
		fail_until(first, NULL, error);
		return NULL;
	}
	if (!first->next) {
		/* Alone it needs no savepoint: if it fails, all of it does. */
		entry_fail(first, first->work(group->db, first->job));
		entry = first->has_failed ? NULL : next_of(group, first, ++done);
	}
	while (entry && !sqlite3_get_autocommit(group->db->handle)) {
		work_apart(group, entry);
		entry = next_of(group, entry, ++done);
	}
	if (sqlite3_get_autocommit(group->db->handle)) {
		fail_until(first, entry,
			error_new(ERROR_SYSTEM, "%s: the transaction was given up", group->db->name));
		return entry;
	}
	if (first->next || !first->has_failed)
		error = db_done(&group->commit);
	if (error)
		fail_until(first, entry, error);
	db_rollback(group->db);
	return entry;
}

static void run_batch(struct group *group, struct entry *batch)
{
	for (struct entry *rest = batch; rest;)
		rest = run_transaction(group, rest);
	while (batch) {
		struct entry *next = batch->next;

		batch->done(batch->job, batch->has_failed ? &batch->error : NULL);
		free(batch);
		batch = next;
	}
}

static void *run(void *user)
{
	struct group *group = user;

	pthread_mutex_lock(&group->lock);
	for (;;) {
		struct entry *batch = take_waiting(group);

		if (!batch && group->is_log_to_go) {
			group->is_log_to_go = false;
			pthread_mutex_unlock(&group->lock);
			error_ignore(db_run(group->db, "PRAGMA wal_checkpoint(TRUNCATE)"));
			pthread_mutex_lock(&group->lock);
			continue;
		}
		if (!batch && group->stopping)
			break;
		if (!batch) {
			pthread_cond_wait(&group->arrived, &group->lock);
			continue;
		}
		pthread_mutex_unlock(&group->lock);
		run_batch(group, batch);
		pthread_mutex_lock(&group->lock);
	}
	pthread_mutex_unlock(&group->lock);
	return NULL;
}

static const struct error *prepare(struct group *group)
{
	TRY(db_prepare(group->db, &group->begin, "BEGIN IMMEDIATE"));
	TRY(db_prepare(group->db, &group->commit, "COMMIT"));
	TRY(db_prepare(group->db, &group->savepoint, "SAVEPOINT job"));
	TRY(db_prepare(group->db, &group->undo, "ROLLBACK TO job"));
	return db_prepare(group->db, &group->release, "RELEASE job");
}

static void finish(struct group *group)
{
	db_finish(&group->begin);
	db_finish(&group->commit);
	db_finish(&group->savepoint);
	db_finish(&group->undo);
	db_finish(&group->release);
	pthread_cond_destroy(&group->arrived);
	pthread_mutex_destroy(&group->lock);
	memory_free(group);
}

const struct error *group_start(struct db *db, struct group **out)
{
	struct group *group = memory_new(NULL, struct group);
	const struct error *error;
	int failed;

	group->db = db;
	group->last = &group->first;
	pthread_mutex_init(&group->lock, NULL);
	pthread_cond_init(&group->arrived, NULL);
	error = prepare(group);
	if (!error) {
		failed = pthread_create(&group->thread, NULL, run, group);
		if (failed)
			error = error_system(failed, "cannot start the writer of %s", db->name);
	}
	if (error) {
		finish(group);
		return error;
	}
	*out = group;
	return NULL;
}

void group_submit(struct group *group, group_work *work, group_done *done, void *job)
{
	struct entry *entry = malloc(sizeof *entry);

	if (!entry)
		abort();
	*entry = (struct entry){.work = work, .done = done, .job = job};
	pthread_mutex_lock(&group->lock);
	*group->last = entry;
	group->last = &entry->next;
	pthread_mutex_unlock(&group->lock);
	pthread_cond_signal(&group->arrived);
}

struct waiter {
	group_work *work;
	void *job;
	pthread_mutex_t lock;
	pthread_cond_t finished;
	bool is_done, failed;
	struct error error;
};

static const struct error *waiter_work(struct db *db, void *user)
{
	struct waiter *waiter = user;

	return waiter->work(db, waiter->job);
}

static void waiter_done(void *user, const struct error *error)
{
	struct waiter *waiter = user;

	pthread_mutex_lock(&waiter->lock);
	waiter->failed = error != NULL;
	if (error)
		waiter->error = *error;
	waiter->is_done = true;
	/* Within the lock: once it is released, the waiter may be gone. */
	pthread_cond_signal(&waiter->finished);
	pthread_mutex_unlock(&waiter->lock);
}

const struct error *group_wait(struct group *group, group_work *work, void *job)
{
	struct waiter waiter = {.work = work, .job = job};

	pthread_mutex_init(&waiter.lock, NULL);
	pthread_cond_init(&waiter.finished, NULL);
	group_submit(group, waiter_work, waiter_done, &waiter);
	pthread_mutex_lock(&waiter.lock);
	while (!waiter.is_done)
		pthread_cond_wait(&waiter.finished, &waiter.lock);
	pthread_mutex_unlock(&waiter.lock);
	pthread_cond_destroy(&waiter.finished);
	pthread_mutex_destroy(&waiter.lock);
	return waiter.failed ? error_new(waiter.error.code, "%s", waiter.error.message) : NULL;
}

void group_empty_log(struct group *group)
{
	pthread_mutex_lock(&group->lock);
	group->is_log_to_go = true;
	pthread_mutex_unlock(&group->lock);
	pthread_cond_signal(&group->arrived);
}

void group_stop(struct group *group)
{
	struct db *db = group->db;

	pthread_mutex_lock(&group->lock);
	group->stopping = true;
	pthread_mutex_unlock(&group->lock);
	pthread_cond_signal(&group->arrived);
	pthread_join(group->thread, NULL);
	finish(group);
	db_close(db);
}
