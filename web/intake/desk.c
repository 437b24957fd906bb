/* Reports from the desk (desk.h, and intake_report of role.h): the same checks, sealing and transaction as
 * Send, but the caller waits. While the role runs its socket takes them; else the command takes the role's
 * lock and does the work itself, the slow step included.
 *
 * Invariant: only one process at a time writes intake.db. Runs in intake, and in `engabo report`. */
#include "web/intake/desk.h"

#include <string.h>

#include "node/base/files.h"
#include "node/store/doorbell.h"
#include "sync/urgent.h"
#include "web/intake/role.h"

/* What another thread will tell. */
struct wait {
	pthread_mutex_t lock;
	pthread_cond_t told;
	bool is_told, has_failed;
	struct error error;
};

static void wait_tell(struct wait *wait, const struct error *error)
{
	pthread_mutex_lock(&wait->lock);
	wait->has_failed = error != NULL;
	if (error)
		wait->error = *error;
	wait->is_told = true;
	/* Within the lock: once it is released, the waiter may be gone. */
	pthread_cond_signal(&wait->told);
	pthread_mutex_unlock(&wait->lock);
}

static const struct error *wait_end(struct wait *wait)
{
	pthread_mutex_lock(&wait->lock);
	while (!wait->is_told)
		pthread_cond_wait(&wait->told, &wait->lock);
	pthread_mutex_unlock(&wait->lock);
	pthread_cond_destroy(&wait->told);
	pthread_mutex_destroy(&wait->lock);
	return wait->has_failed ? error_new(wait->error.code, "%s", wait->error.message) : NULL;
}

struct taking {
	struct wait wait;
	struct fresh_code code;
};

static void code_arrived(void *user, struct fresh_code *code, const struct error *error)
{
	struct taking *taking = user;

	if (code)
		taking->code = *code;
	wait_tell(&taking->wait, error);
}

static const struct error *take_code(struct code_source *codes, struct fresh_code *out)
{
	struct taking taking = {.wait = {PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER}};

	codes->take(codes, code_arrived, &taking);
	TRY(wait_end(&taking.wait));
	*out = taking.code;
	return NULL;
}

struct saving {
	struct intake_save save; /* first: the writer knows us by it */
	struct wait wait;
};

static void saved(struct intake_save *save, const struct error *error)
{
	wait_tell(&((struct saving *)save)->wait, error);
}

static const struct error *save_composed(struct intake *intake, const struct composed *composed)
{
	struct saving saving = {
		.save = {.composed = composed, .intake = intake, .done = saved},
		.wait = {PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER},
	};

	intake_save(&saving.save);
	return wait_end(&saving.wait);
}

static const struct error *answer_report(struct intake *intake, const json_t *fields, json_t *reply)
{
	void *scratch CLEANUP(memory_free) = memory_context(NULL);
	struct fresh_code code = {.code = NULL};
	char shown[MAILBOX_SHOWN_SIZE];
	struct composed composed;
	const struct error *error;

	TRY(compose_check(fields));
	TRY(intake_may_take(intake));
	TRY(take_code(intake->codes, &code));
	error = compose_report(scratch, intake->coalition, fields, false, &code, &composed);
	if (!error)
		error = save_composed(intake, &composed);
	if (!error) {
		mailbox_code_shown(shown, code.code);
		json_object_set_new(reply, "code", json_string(shown));
		json_object_set_new(reply, "report", json_string(composed.key));
		secret_wipe(shown, sizeof shown);
	}
	secret_free(code.code);
	return error;
}

const struct error *desk_answer(void *user, const json_t *request, json_t *reply)
{
	const char *what = json_text_or(request, "do", "");
	json_t *fields;

	if (strcmp(what, "report") != 0)
		return error_new(ERROR_USAGE, "intake does not know how to \"%.20s\"", what);
	TRY(json_get_object(request, "report", &fields));
	return answer_report(user, fields, reply);
}

static void fresh_code_make(struct fresh_code *out)
{
	struct secret *seed CLEANUP(secret_free) = NULL;
	struct mailbox *mailbox CLEANUP(mailbox_free) = NULL;

	out->code = mailbox_code_new();
	seed = mailbox_seed(out->code);
	mailbox = mailbox_of_seed(seed);
	memcpy(out->mailbox, mailbox->id, sizeof out->mailbox);
	out->recipient = mailbox->recipient;
	out->signer = mailbox->signer;
}

static void keep_version(void *user, int version)
{
	error_ignore(db_meta_set_number(user, "roster", version)); /* the role will accept it again */
}

static const struct error *spool_alone(struct db *db, struct intake *intake, const struct composed *composed)
{
	const struct error *error;

	TRY(db_begin(db));
	error = intake_keep_clock(db, intake);
	if (!error)
		error = compose_spool(db, composed);
	if (!error)
		error = db_commit(db);
	if (error)
		db_rollback(db);
	return error;
}

const struct error *intake_report(struct home *home, const json_t *fields,
	char shown[static MAILBOX_SHOWN_SIZE], char key[static ENTITY_KEY_SIZE])
{
	void *scratch CLEANUP(memory_free) = memory_context(NULL);
	struct intake *intake = memory_new(scratch, struct intake);
	struct db *db CLEANUP(db_close) = NULL;
	struct fresh_code code = {.code = NULL};
	int lock CLEANUP(fd_close) = -1, roster;
	struct composed composed;
	const struct error *error;

	intake->home = home;
	TRY(files_lock(home_file(intake, home, "run/intake.lock"), &lock));
	TRY(compose_check(fields));
	TRY(intake_open_db(home, &db, &roster));
	TRY(intake_claim_db(home, db));
	TRY(coalition_open(intake, home, roster, keep_version, db, &intake->coalition));
	TRY(intake_may_take(intake));
	fresh_code_make(&code);
	error = compose_report(intake, intake->coalition, fields, false, &code, &composed);
	if (!error)
		error = spool_alone(db, intake, &composed);
	if (!error) {
		doorbell_ring(home_file(intake, home, "run/sync.bell"));
		if (composed.entries[0].urgent)
			doorbell_ring(home_file(intake, home, URGENT_BELL));
		mailbox_code_shown(shown, code.code);
		memcpy(key, composed.key, ENTITY_KEY_SIZE);
	}
	secret_free(code.code);
	return error;
}
