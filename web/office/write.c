/* Writing: drafts become signed events, sealed to the hubs that need them, in one transaction of the spool;
 * then they stand in the case file at once. What an event may say is node/casework's; putting it into the log
 * is sync's.
 *
 * "Acknowledged means on the card": the case file and the spool take a batch together or not at all, and the
 * page that follows is sent only after. Office role and commands. */
#include "web/office/write.h"

#include <string.h>

#include "node/base/clock.h"
#include "node/base/control.h"
#include "node/base/text.h"
#include "node/casework/envelope.h"
#include "node/casework/lists.h"
#include "node/casework/recipients.h"
#include "node/casework/referral.h"
#include "node/casework/schema.h"
#include "node/store/doorbell.h"
#include "node/store/spool.h"
#include "node/vault/encoding.h"
#include "web/office/urgent.h"

struct batch {
	struct office *office;
	const char *by;
	struct event **events;
	size_t event_count;
	struct sealed *sealed;
	size_t sealed_count;
	bool is_closed;
};

struct batch *batch_new(const void *context, struct office *office, const char *by)
{
	struct batch *batch = memory_new(context, struct batch);

	batch->office = office;
	batch->by = memory_string(batch, by);
	return batch;
}

void batch_close(struct batch *batch)
{
	batch->is_closed = true;
}

struct office *batch_office(const struct batch *batch)
{
	return batch->office;
}

const char *batch_by(const struct batch *batch)
{
	return batch->by;
}

void write_key_new(char out[static ENTITY_KEY_SIZE], const struct office *office)
{
	char ulid[ULID_SIZE];

	ids_ulid_new(ulid, (uint64_t)clock_wall_ms());
	ids_key_make(out, office->trust.self.log, ulid);
}

/* The hub that an entity belongs to: of a part of a case the case's, of a message the report's. */
static void home_of(char out[static LOG_ID_SIZE], const char *key, const char *case_key, const json_t *set)
{
	const char *report = json_text_or(set, "report", "");

	if (*case_key)
		ids_key_log(out, case_key);
	else if (ids_is_key(report))
		ids_key_log(out, report);
	else
		ids_key_log(out, key);
}

/* A hub that the roster does not hold yet works alone, whatever the roster says of others. */
static const struct roster *roster_of_us(const struct office *office)
{
	const struct roster *roster = office_roster(office);

	return roster && roster_member(roster, office->trust.self.log) ? roster : NULL;
}

/* What of a referral is the sender's alone: the provider's hub needs it for nothing. */
static bool is_own_part(const json_t *set)
{
	static const char *const names[] = {"pass", "override_by", "override_why"};
	size_t count = 0;

	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		count += json_object_get(set, names[i]) != NULL;
	return count == json_object_size(set);
}

/* A referral, from when it is sent, and what is answered to it are for the two hubs that it is between, and
 * for nobody else; before that it is the sender's. Whoever is neither has no part in it. */
static const struct error *readers_of_referral(
	struct batch *batch, const struct event_draft *draft, bool is_reply, json_t **to)
{
	const struct office *office = batch->office;
	const char *key = is_reply ? json_text_or(draft->set, "referral", "") : draft->key;
	const char *self = office->trust.self.log;
	struct referral_hubs hubs;

	if (!ids_is_key(key))
		return error_new(ERROR_INVALID, "an answer that does not say to what");
	TRY(referral_hubs(office->file, key, is_reply ? NULL : draft->set, &hubs));
	if (strcmp(hubs.sender, self) != 0 && strcmp(hubs.provider, self) != 0)
		return error_new(ERROR_DENIED,
			"a referral is between the hub that sent it and the provider's; this hub is neither");
	if (!is_reply && is_own_part(draft->set))
		*hubs.provider = '\0';
	*to = recipients_between(roster_of_us(office), &office->trust.self, hubs.sender, hubs.provider);
	return NULL;
}

/* Whom an event is for: the hub that the record belongs to and headquarters, by the coalition's policy; but
 * headquarters alone for whatever is said of a report that its reporter wanted nobody else to open. */
static const struct error *readers_of(struct batch *batch, const struct event_draft *draft, json_t **to)
{
	const char *report = json_text_or(draft->set, "report", "");
	bool is_for_headquarters, is_reply = strcmp(draft->entity, "reply") == 0;
	char home[LOG_ID_SIZE];

	if (is_reply || strcmp(draft->entity, "referral") == 0)
		return readers_of_referral(batch, draft, is_reply, to);
	if (*draft->case_key)
		report = draft->case_key;
	else if (!ids_is_key(report))
		report = draft->key;
	TRY(lists_is_for_headquarters(batch->office->file, report, &is_for_headquarters));
	home_of(home, draft->key, draft->case_key, draft->set);
	*to = is_for_headquarters
		      ? json_pack("[s]", "hq")
		      : recipients_named(roster_of_us(batch->office), &batch->office->trust.self, home);
	return NULL;
}

static const struct error *seal_event(struct batch *batch, struct event *event)
{
	const struct office *office = batch->office;
	const struct member_keys *self = &office->trust.self;
	struct age_recipient recipients[AGE_RECIPIENTS_MAX];
	struct sealed *sealed;
	size_t count;

	TRY(recipients_of(event->to, roster_of_us(office), self, recipients, &count));
	batch->sealed = memory_resize(batch, batch->sealed, struct sealed, batch->sealed_count + 1);
	sealed = &batch->sealed[batch->sealed_count];
	*sealed = (struct sealed){.kind = 'o'};
	TRY(envelope_seal(batch, event->line, self->log, self->epoch, office->vault->office, recipients,
		count, &sealed->body));
	batch->sealed_count++;
	return NULL;
}

static const struct error *add(struct batch *batch, struct event_draft *draft)
{
	const struct entity *entity = schema_entity(draft->entity);
	const struct member_keys *self = &batch->office->trust.self;
	struct event *event;

	if (!entity)
		return error_new(ERROR_INVALID, "there are no records of the kind %s", draft->entity);
	TRY(casefile_may_write(batch->office->file, draft->entity, draft->key, draft->case_key));
	if (entity->is_local)
		draft->to = json_pack("[s]", self->log);
	else if (entity->is_for_all)
		draft->to = json_pack("[s]", "all");
	else
		TRY(readers_of(batch, draft, &draft->to));
	draft->by = batch->by;
	TRY(event_make(batch, draft, &event));
	TRY(seal_event(batch, event));
	batch->events = memory_resize(batch, batch->events, struct event *, batch->event_count + 1);
	batch->events[batch->event_count++] = event;
	return NULL;
}

/* Of a report that staff take, headquarters gets what it gets of one from the public form where the policy is
 * a summary (web/intake/compose.c): an event of its own, which says nothing that this hub does not know, and
 * only the first time. */
static const struct error *add_summary(struct batch *batch, const struct event_draft *whole)
{
	static const char *const names[] = {"danger", "needs", "district"};
	const struct office *office = batch->office;
	const struct roster *roster = roster_of_us(office);
	json_t *set CLEANUP(json_decref) = json_object(), *to CLEANUP(json_decref) = json_pack("[s]", "hq");
	struct event_draft draft = *whole;
	struct event *event;

	if (!roster || roster->sharing != SHARING_SUMMARY || office->trust.self.role == MEMBER_HEADQUARTERS ||
		strcmp(draft.entity, "report") != 0)
		return NULL;
	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if (json_object_get(draft.set, names[i]) && !json_object_get(draft.over, names[i]))
			json_object_set(set, names[i], json_object_get(draft.set, names[i]));
	if (!json_object_size(set))
		return NULL;
	draft.set = set;
	draft.over = NULL;
	draft.from = NULL;
	draft.to = to;
	draft.is_restated = false;
	TRY(event_make(batch, &draft, &event));
	return seal_event(batch, event);
}

static const struct error *add_draft(struct batch *batch, struct event_draft *draft)
{
	const struct error *error = NULL;

	if (!draft->over)
		error = casefile_over(
			batch->office->file, draft->entity, draft->key, draft->set, &draft->over);
	if (!error)
		error = add(batch, draft);
	if (!error)
		error = add_summary(batch, draft);
	json_decref(draft->set);
	json_decref(draft->over);
	json_decref(draft->from);
	json_decref(draft->to);
	return error;
}

const struct error *batch_event(struct batch *batch, const char *entity, const char *key,
	const char *case_key, json_t *set, json_t *over)
{
	struct event_draft draft = {
		.entity = entity, .key = key, .case_key = case_key ? case_key : "", .set = set, .over = over};

	return add_draft(batch, &draft);
}

const struct error *batch_restate(struct batch *batch, const char *entity, const char *key,
	const char *case_key, json_t *set, json_t *from)
{
	struct event_draft draft = {.entity = entity,
		.key = key,
		.case_key = case_key ? case_key : "",
		.set = set,
		.from = from,
		.is_restated = true};

	return add_draft(batch, &draft);
}

/* Whoever leaves a trace need not be one who reads them, so it is not asked what it replaces: nothing. */
const struct error *batch_audit(struct batch *batch, const char *what, const char *on)
{
	char key[ENTITY_KEY_SIZE], at[TEXT_TIME_SIZE];

	write_key_new(key, batch->office);
	text_time(at, clock_wall_seconds());
	return batch_event(batch, "audit", key, "",
		json_pack("{ssssssss}", "what", what, "who", batch->by, "on", on, "at", at), json_object());
}

/* The field is "<id> <ssh-ed25519 base64 key> <age1...>". */
const struct error *batch_item(struct batch *batch, const char *mailbox, json_t *item)
{
	json_t *owned CLEANUP(json_decref) = item;
	struct age_recipient recipient;
	struct sealed *sealed;
	const char *age = strrchr(mailbox, ' ');

	if (!*mailbox)
		return NULL;
	if (!age || strcspn(mailbox, " ") != sizeof sealed->mailbox - 1)
		return error_new(
			ERROR_INVALID, "the report's mailbox is damaged; the reporter cannot be answered");
	TRY(age_recipient_parse(&recipient, age + 1));
	batch->sealed = memory_resize(batch, batch->sealed, struct sealed, batch->sealed_count + 1);
	sealed = &batch->sealed[batch->sealed_count];
	*sealed = (struct sealed){.kind = 'm'};
	memcpy(sealed->mailbox, mailbox, sizeof sealed->mailbox - 1);
	TRY(envelope_seal_item(batch, json_line(batch, owned), &recipient, &sealed->body));
	batch->sealed_count++;
	return NULL;
}

/* Handed to the running role, which owns office.db. */
static const struct error *spool_by_role(struct office *office, const struct sealed *sealed, size_t count)
{
	void *scratch CLEANUP(memory_free) = memory_context(NULL);
	json_t *entries = json_array(), *reply = NULL;
	json_t *request CLEANUP(json_decref) = json_pack("{ssso}", "do", "spool", "entries", entries);

	for (size_t i = 0; i < count; i++) {
		const char kind[2] = {sealed[i].kind, 0};

		json_array_append_new(
			entries, json_pack("{ssssss}", "kind", kind, "mailbox", sealed[i].mailbox, "body",
					 encoding_base64(scratch, sealed[i].body)));
	}
	TRY(control_call(home_file(scratch, office->home, "run/office.sock"), request, 30000, &reply));
	json_decref(reply);
	return NULL;
}

static const struct error *spool_here(struct office *office, const struct sealed *sealed, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct spool_entry entry = {.kind = sealed[i].kind, .body = sealed[i].body};
		int64_t id;

		memcpy(entry.mailbox, sealed[i].mailbox, sizeof entry.mailbox);
		TRY(spool_add(office->db, &entry, &id));
	}
	return db_meta_set_number(office->db, "hlc", (int64_t)clock_next());
}

const struct error *write_spool(struct office *office, const struct sealed *sealed, size_t count)
{
	void *scratch CLEANUP(memory_free) = memory_context(NULL);
	const struct error *error;

	if (!office->is_writer)
		return spool_by_role(office, sealed, count);
	TRY(db_begin(office->db));
	error = spool_here(office, sealed, count);
	if (!error)
		error = db_commit(office->db);
	if (error) {
		db_rollback(office->db);
		return error;
	}
	doorbell_ring(home_file(scratch, office->home, "run/sync.bell"));
	return NULL;
}

static const struct error *take_all(struct batch *batch)
{
	struct office *office = batch->office;
	const struct roster *roster = office_roster(office);
	struct event_origin origin = {.epoch = office->trust.self.epoch,
		.kind = 'o',
		.roster_version = office_roster_version(office)};
	enum taken taken;

	memcpy(origin.log, office->trust.self.log, sizeof origin.log);
	origin.is_headquarters =
		roster && roster_member(roster, origin.log) && office->trust.self.role == MEMBER_HEADQUARTERS;
	for (size_t i = 0; i < batch->event_count; i++) {
		TRY(casefile_take(office->file, batch->events[i], &origin, &taken));
		if (taken == TAKEN_REFUSED)
			return error_new(ERROR_DENIED,
				"this record belongs to another hub, which alone may change it");
	}
	return NULL;
}

const struct error *batch_commit(struct batch *batch)
{
	struct office *office = batch->office;
	const struct error *error;

	if (batch->is_closed)
		return error_new(ERROR_DENIED, "nothing is saved before the form is sent again");
	TRY(casefile_begin(office->file));
	error = take_all(batch);
	if (!error)
		error = write_spool(office, batch->sealed, batch->sealed_count);
	if (error) {
		casefile_abandon(office->file);
		return error;
	}
	office->new_events += (int64_t)batch->event_count;
	TRY(casefile_end(office->file));
	error = urgent_note(office);
	if (error) /* what was written stands; the next request tries again */
		office_trouble(office, office->trust.self.log, error->message);
	return NULL;
}
