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
#include "node/casework/arrival.h"
#include "node/casework/envelope.h"
#include "node/casework/lists.h"
#include "node/casework/recipients.h"
#include "node/casework/referral.h"
#include "node/casework/schema.h"
#include "node/casework/trail.h"
#include "node/store/doorbell.h"
#include "node/store/spool.h"
#include "node/vault/encoding.h"
#include "web/office/readers.h"
#include "web/office/traces.h"
#include "web/office/urgent.h"

struct batch {
	struct office *office;
	const char *by;
	struct event **events;
	size_t event_count;
	struct sealed *sealed;
	size_t sealed_count;
	json_t *audit; /* entries that go with it (traces.h), made into events when it is committed */
	bool is_closed;
};

static int batch_free(struct batch *batch)
{
	json_decref(batch->audit);
	return 0;
}

struct batch *batch_new(const void *context, struct office *office, const char *by)
{
	struct batch *batch = memory_new(context, struct batch);

	talloc_set_destructor(batch, batch_free);
	batch->office = office;
	batch->audit = json_array();
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

/* The case or report whose owner and readers decide: of a part of a case the case, of a message the report.
 */
static const char *subject_of(const struct event_draft *draft)
{
	const char *report = json_text_or(draft->set, "report", "");

	if (*draft->case_key)
		return draft->case_key;
	return ids_is_key(report) ? report : draft->key;
}

/* Only the owner, and headquarters, write; what an earlier owner wrote would wait at the new one. */
static const struct error *check_owner(const struct office *office, const struct readers *readers)
{
	const char *self = office->trust.self.log;

	if (strcmp(readers->owner, self) == 0 || office->trust.self.role == MEMBER_HEADQUARTERS)
		return NULL;
	return error_new(ERROR_DENIED, "this belongs to %s, which alone may change it",
		office_hub_name(office, readers->owner));
}

/* What of a referral is the sender's alone: the provider's hub needs it for nothing. */
static bool is_own_part(const json_t *set)
{
	const struct entity *entity = schema_entity("referral");
	const char *name;
	json_t *value;

	json_object_foreach ((json_t *)set, name, value) {
		const struct field *field = schema_field(entity, name);

		if (!field || !field->is_kept)
			return false;
	}
	return true;
}

static void add_reader(json_t *to, const char *whom)
{
	json_t *one;
	size_t i;

	json_array_foreach (to, i, one)
		if (strcmp(json_string_value(one), whom) == 0)
			return;
	json_array_append_new(to, json_string(whom));
}

/* A referral, from when it is sent, and what is answered to it are for the two hubs that it is between, its
 * sender of now and the provider's, and for nobody else; before that it is the sender's. Whoever is neither
 * has no part in it; a new one is made by whoever owns the case. Whom the sender names to be the next one
 * reads that, too. */
static const struct error *readers_of_referral(
	struct batch *batch, const struct event_draft *draft, bool is_reply, json_t **to)
{
	const struct office *office = batch->office;
	const char *key = is_reply ? json_text_or(draft->set, "referral", "") : draft->key;
	const char *self = office->trust.self.log;
	struct referral_hubs hubs;
	struct readers readers;

	if (!ids_is_key(key))
		return error_new(ERROR_INVALID, "an answer that does not say to what");
	TRY(referral_hubs(office->file, key, is_reply ? NULL : draft->set, &hubs));
	if (!is_reply && hubs.is_new) {
		TRY(readers_find(batch->office, draft->case_key, &readers));
		TRY(check_owner(office, &readers));
	}
	if (strcmp(hubs.sender, self) != 0 && strcmp(hubs.provider, self) != 0)
		return error_new(ERROR_DENIED,
			"a referral is between the hub that sent it and the provider's; this hub is neither");
	if (!is_reply && is_own_part(draft->set))
		*hubs.provider = '\0';
	*to = recipients_between(readers_roster(office), &office->trust.self, hubs.sender, hubs.provider);
	if (*hubs.next)
		add_reader(*to, hubs.next);
	return NULL;
}

/* The hub that a transfer names reads it too, as it was offered and when it is withdrawn. */
static const struct error *add_asked(struct batch *batch, const struct event_draft *draft, json_t *to)
{
	json_t *offer CLEANUP(json_decref) = NULL;
	const char *asked = json_text_or(draft->set, "to", "");
	const struct error *error;

	if (!*asked) {
		error = casefile_get(batch->office->file, "transfer", draft->key, &offer);
		if (error && error->code != ERROR_NOT_FOUND)
			return error;
		asked = json_text_or(offer, "to", "");
	}
	if (ids_is_log(asked))
		add_reader(to, asked);
	return NULL;
}

/* An answer to an offer is for whoever made it, and for headquarters where that read the offer. */
static const struct error *readers_of_answer(
	struct batch *batch, const struct event_draft *draft, json_t **to)
{
	struct query query CLEANUP(db_finish) = {0};
	const char *transfer = json_text_or(draft->set, "transfer", "");
	char from[LOG_ID_SIZE];
	bool is_seen;

	if (!ids_is_key(transfer))
		return error_new(ERROR_INVALID, "an answer that does not say to which transfer");
	TRY(db_prepare(casefile_db(batch->office->file), &query,
		"SELECT 1 FROM entity e JOIN said v ON v.entity = e.id, json_each(v.line, "
		"'$.to') t"
		" WHERE e.tail = substr(?1, -8) AND e.key = ?1 AND e.type = 'transfer' AND t.value = 'hq'"));
	db_bind_text(&query, 1, transfer);
	TRY(db_step(&query, &is_seen));
	ids_key_log(from, transfer);
	*to = json_pack("[s]", batch->office->trust.self.log);
	add_reader(*to, from);
	if (is_seen)
		add_reader(*to, "hq");
	return NULL;
}

/* That something was opened here is for the hubs that said it. */
static json_t *readers_of_opening(const struct office *office, const json_t *set)
{
	json_t *to = json_pack("[s]", office->trust.self.log), *list, *one;
	struct arrival_place place;
	char log[LOG_ID_SIZE];
	const char *page;
	size_t i;

	json_object_foreach ((json_t *)set, page, list)
		json_array_foreach (list, i, one)
			if (arrival_parse(json_string_value(one), log, &place))
				add_reader(to, log);
	return to;
}

/* Whom an event is for: the hub that the record belongs to and headquarters, by what is shared with it; but
 * headquarters alone for whatever is said of a report that its reporter wanted nobody else to open. */
static const struct error *readers_of(struct batch *batch, const struct event_draft *draft, json_t **to)
{
	const struct office *office = batch->office;
	const struct entity *entity = schema_entity(draft->entity);
	bool is_case = entity->in_case || strcmp(draft->entity, "case") == 0;
	struct readers readers;

	if (strcmp(draft->entity, "referral") == 0 || strcmp(draft->entity, "reply") == 0)
		return readers_of_referral(batch, draft, strcmp(draft->entity, "reply") == 0, to);
	if (strcmp(draft->entity, "takeover") == 0)
		return readers_of_answer(batch, draft, to);
	if (strcmp(draft->entity, "opened") == 0) {
		*to = readers_of_opening(office, draft->set);
		return NULL;
	}
	TRY(readers_find(batch->office, subject_of(draft), &readers));
	TRY(check_owner(office, &readers));
	*to = readers.is_for_headquarters
		      ? json_pack("[s]", "hq")
		      : recipients_shared(readers_roster(office), &office->trust.self, readers.owner,
				is_case ? readers.sharing : readers.of_reports);
	if (draft->is_summary)
		add_reader(*to, "hq");
	return strcmp(draft->entity, "transfer") == 0 ? add_asked(batch, draft, *to) : NULL;
}

static const struct error *seal_event(struct batch *batch, struct event *event)
{
	const struct office *office = batch->office;
	const struct member_keys *self = &office->trust.self;
	struct age_recipient recipients[AGE_RECIPIENTS_MAX];
	struct sealed *sealed;
	size_t count;

	TRY(recipients_of(event->to, readers_roster(office), self, recipients, &count));
	batch->sealed = memory_resize(batch, batch->sealed, struct sealed, batch->sealed_count + 1);
	sealed = &batch->sealed[batch->sealed_count];
	*sealed = (struct sealed){.kind = 'o'};
	TRY(envelope_seal(batch, event->line, self->log, self->epoch, office->vault->office, recipients,
		count, &sealed->body));
	batch->sealed_count++;
	return NULL;
}

/* Other hubs would refuse it (permit.c). */
static const struct error *check_rule(const struct batch *batch, const struct event_draft *draft)
{
	bool is_rule = strcmp(draft->entity, "principles") == 0 || strcmp(draft->entity, "code") == 0;

	return is_rule && !draft->is_restated && !office_may_rule(batch->office)
		       ? error_new(ERROR_DENIED, "only headquarters writes this, for the whole coalition")
		       : NULL;
}

static const struct error *add(struct batch *batch, struct event_draft *draft)
{
	const struct entity *entity = schema_entity(draft->entity);
	const struct member_keys *self = &batch->office->trust.self;
	struct event *event;

	if (!entity)
		return error_new(ERROR_INVALID, "there are no records of the kind %s", draft->entity);
	TRY(check_rule(batch, draft));
	TRY(casefile_may_write(batch->office->file, draft->entity, draft->key, draft->case_key));
	TRY(casefile_may_set(batch->office->file, draft->entity, draft->key, draft->set));
	if (entity->is_local)
		draft->to = json_pack("[s]", self->log);
	else if (entity->is_for_all)
		draft->to = json_pack("[s]", "all");
	else
		TRY(readers_of(batch, draft, &draft->to));
	if (!draft->by)
		draft->by = batch->by;
	TRY(event_make(batch, draft, &event));
	if (!batch->office->is_practice)
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
	const struct roster *roster = readers_roster(office);
	json_t *set CLEANUP(json_decref) = json_object(), *to CLEANUP(json_decref) = json_pack("[s]", "hq");
	struct event_draft draft = *whole;
	struct event *event;

	if (office->is_practice || !roster || roster->sharing != SHARING_SUMMARY ||
		office->trust.self.role == MEMBER_HEADQUARTERS || strcmp(draft.entity, "report") != 0)
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

/* What headquarters gets where a summary is shared goes into an event of its own: every field is said once,
 * and sealed to whoever reads it. */
static const struct error *split_draft(
	struct batch *batch, const struct event_draft *draft, struct event_draft *summary, bool *is_split)
{
	struct readers readers;
	const char *name;
	json_t *value;
	void *next;

	*is_split = false;
	if (batch->office->trust.self.role == MEMBER_HEADQUARTERS ||
		!readers_summary_has(draft->entity, "state"))
		return NULL;
	TRY(readers_find(batch->office, subject_of(draft), &readers));
	if (readers.sharing != SHARING_SUMMARY || readers.is_for_headquarters)
		return NULL;
	*summary = *draft;
	summary->is_summary = true;
	summary->set = json_object();
	summary->over = json_object();
	json_object_foreach_safe(draft->set, next, name, value)
	{
		json_t *over = json_object_get(draft->over, name);

		if (!readers_summary_has(draft->entity, name))
			continue;
		if (over)
			json_object_set(summary->over, name, over);
		json_object_set(summary->set, name, value);
		json_object_del(draft->set, name);
		json_object_del(draft->over, name);
	}
	*is_split = true;
	return NULL;
}

static const struct error *add_parts(struct batch *batch, struct event_draft *draft)
{
	struct event_draft summary;
	const struct error *error = NULL;
	bool is_split;

	TRY(split_draft(batch, draft, &summary, &is_split));
	if (is_split) {
		if (json_object_size(summary.set))
			error = add(batch, &summary);
		json_decref(summary.set);
		json_decref(summary.over);
		json_decref(summary.to == draft->to ? NULL : summary.to);
		if (error)
			return error;
	}
	return json_object_size(draft->set) ? add(batch, draft) : NULL;
}

static const struct error *add_draft(struct batch *batch, struct event_draft *draft)
{
	const struct error *error = NULL;

	if (!draft->over)
		error = casefile_over(
			batch->office->file, draft->entity, draft->key, draft->set, &draft->over);
	if (!error)
		error = add_parts(batch, draft);
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

const struct error *batch_adopt(struct batch *batch, const char *entity, const char *key,
	const char *case_key, json_t *set, json_t *over, json_t *from)
{
	struct event_draft draft = {.entity = entity,
		.key = key,
		.case_key = case_key,
		.set = set,
		.over = over,
		.from = from,
		.is_restated = true};

	return add_draft(batch, &draft);
}

const struct error *batch_hand(struct batch *batch, const char *entity, const char *key, const char *case_key,
	json_t *set, json_t *from, const char *whom)
{
	json_t *to CLEANUP(json_decref) = json_pack("[s]", whom), *said CLEANUP(json_decref) = set,
		   *sources CLEANUP(json_decref) = from, *over CLEANUP(json_decref) = NULL;
	struct event_draft draft = {.entity = entity,
		.key = key,
		.case_key = case_key,
		.by = batch->by,
		.set = set,
		.from = from,
		.to = to,
		.is_restated = true};
	struct event *event;

	TRY(casefile_over(batch->office->file, entity, key, set, &over));
	draft.over = over;
	TRY(event_make(batch, &draft, &event));
	return seal_event(batch, event);
}

const struct error *batch_pass(struct batch *batch, struct bytes line, const char *whom)
{
	json_t *to CLEANUP(json_decref) = json_pack("[s]", whom);
	struct event event = {.to = to, .line = line};

	return seal_event(batch, &event);
}

const struct error *batch_audit(struct batch *batch, const char *what, const char *on)
{
	json_t *entry;

	TRY(traces_entry(batch->office, batch->by, what, on, &entry));
	json_array_append_new(batch->audit, entry);
	return NULL;
}

/* One entry as an event, which the next one follows. The officer who writes it does not read the trail. */
static const struct error *add_entry(struct batch *batch, const json_t *entry, struct trail_end *end)
{
	json_t *set CLEANUP(json_decref) = json_deep_copy(entry), *over CLEANUP(json_decref) = json_object();
	char key[ENTITY_KEY_SIZE];
	struct event_draft draft = {.entity = "audit",
		.key = key,
		.case_key = "",
		.by = json_text_or(entry, "who", ""),
		.set = set,
		.over = over};
	const struct error *error;

	if (!*json_text_or(entry, "record", ""))
		json_object_del(set, "record");
	json_object_set_new(set, "prev", json_string(end->hash));
	json_object_set_new(set, "n", json_integer(++end->n));
	write_key_new(key, batch->office);
	error = add(batch, &draft);
	json_decref(draft.to);
	TRY(error);
	trail_hash(end->hash, batch->events[batch->event_count - 1]->line);
	return NULL;
}

/* What was asked for, what the events do by themselves, and what waited. */
static const struct error *add_audit(struct batch *batch)
{
	const json_t *waiting = traces_waiting(batch->office), *entry;
	struct trail_end end;
	size_t i;

	for (i = 0; i < batch->event_count; i++)
		TRY(traces_of_event(batch->office, batch->events[i], batch->audit));
	TRY(trail_end(casefile_db(batch->office->file), &end));
	json_array_foreach (waiting, i, entry)
		TRY(add_entry(batch, entry, &end));
	json_array_foreach (batch->audit, i, entry)
		TRY(add_entry(batch, entry, &end));
	return NULL;
}

/* The field is "<id> <ssh-ed25519 base64 key> <age1...>". */
const struct error *batch_item(struct batch *batch, const char *mailbox, json_t *item)
{
	json_t *owned CLEANUP(json_decref) = item;
	struct age_recipient recipient;
	struct sealed *sealed;
	const char *age = strrchr(mailbox, ' ');

	if (!*mailbox || batch->office->is_practice)
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
	TRY(add_audit(batch));
	TRY(casefile_begin(office->file));
	error = take_all(batch);
	if (!error && !office->is_practice)
		error = write_spool(office, batch->sealed, batch->sealed_count);
	if (error) {
		casefile_abandon(office->file);
		return error;
	}
	office->new_events += (int64_t)batch->event_count;
	traces_clear(office);
	TRY(casefile_end(office->file));
	if (office->is_practice)
		return NULL;
	error = urgent_note(office);
	if (error) /* what was written stands; the next request tries again */
		office_trouble(office, office->trust.self.log, error->message);
	return NULL;
}
