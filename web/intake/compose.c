/* Writes the events that intake may write, and seals them at once (compose.h): what a person typed leaves
 * this file only as ciphertext. Fields and their limits are node/casework/schema's, the envelope's form is
 * node/casework/envelope's, whom "hq" means is the coalition's.
 *
 * Invariant: an `i` event holds only what any phone could have sent: a report, or a message signed by its
 * mailbox. Runs in intake and in `engabo report`. */
#include "web/intake/compose.h"

#include <string.h>

#include "node/base/clock.h"
#include "node/base/text.h"
#include "node/casework/envelope.h"
#include "node/casework/message.h"
#include "node/casework/schema.h"
#include "web/language.h"

#define LANGUAGE "en"
#define REPORT_FIELDS_MAX                                                                                    \
	56000 /* bytes of JSON: leaves room in EVENT_JSON_MAX for all that is not the reporter's */
#define ALWAYS_FITS                                                                                          \
	(REPORT_FIELDS_MAX / 8) /* typed bytes: each is at most six of JSON (RFC 8259, section 7), and names \
				   and codes are short */

static const struct error *check_field(const struct entity *report, const char *name, const json_t *value)
{
	const struct field *field = schema_field(report, name);

	if (!field || !field->from_intake || strcmp(name, "mailbox") == 0 || strcmp(name, "how") == 0)
		return error_new(ERROR_INVALID, "\"%.40s\" is not something that a report can say", name);
	return schema_check(field, value, NULL, NULL);
}

const struct error *compose_check(const json_t *fields)
{
	const struct entity *report = schema_entity("report");
	size_t typed = 0;
	const char *name;
	json_t *value;

	json_object_foreach ((json_t *)fields, name, value) {
		TRY(check_field(report, name, value));
		typed += json_string_length(value);
	}
	if (!json_string_length(json_object_get(fields, "what")))
		return error_new(ERROR_INVALID,
			"\"what\" is missing: what happened is the one thing a report must say");
	if (typed > ALWAYS_FITS && json_dumpb(fields, NULL, 0, JSON_COMPACT) > REPORT_FIELDS_MAX)
		return error_new(ERROR_INVALID,
			SAY("the answers together are too long: please say less, in about ten pages"));
	return NULL;
}

/* One event, sealed to the hubs in `to`. */
static const struct error *add_event(const void *context, struct coalition *coalition,
	const struct event_draft *draft, bool urgent, struct composed *out)
{
	const struct member_keys *self = coalition_self(coalition);
	struct spool_entry *entry = &out->entries[out->count];
	struct age_recipient recipients[AGE_RECIPIENTS_MAX];
	struct event *event;
	size_t count;

	TRY(coalition_recipients(coalition, draft->to, recipients, &count));
	TRY(event_make(context, draft, &event));
	*entry = (struct spool_entry){.kind = 'i', .urgent = urgent};
	TRY(envelope_seal(
		context, event->line, self->log, self->epoch, NULL, recipients, count, &entry->body));
	out->count++;
	return NULL;
}

static void new_key(char out[static ENTITY_KEY_SIZE], const struct coalition *coalition)
{
	char ulid[ULID_SIZE];

	ids_ulid_new(ulid, (uint64_t)clock_wall_ms());
	ids_key_make(out, coalition_self(coalition)->log, ulid);
}

/* "<id> <ssh-ed25519 key> <age1...>": what staff answer to, and what the reporter's messages verify with. */
static char *mailbox_public(const void *context, const struct fresh_code *code)
{
	char recipient[AGE_RECIPIENT_SIZE];

	age_recipient_text(recipient, &code->recipient);
	return memory_format(
		context, "%s %s %s", code->mailbox, sshsig_public_text(context, &code->signer), recipient);
}

/* `to` NULL: the office that takes it may read it, and what follows. */
static const struct error *add_receipt(const void *context, const char *owner, json_t *to,
	const struct fresh_code *code, struct composed *out)
{
	struct spool_entry *entry = &out->entries[out->count];
	char at[TEXT_TIME_SIZE];
	json_t *item CLEANUP(json_decref) = NULL;

	text_time(at, clock_wall_seconds());
	item = json_pack("{s:i,s:s,s:s,s:s,s:s}", "v", 1, "kind", "receipt", "report", out->key, "owner",
		owner, "at", at);
	if (to)
		json_object_set(item, "to", to);
	*entry = (struct spool_entry){.kind = 'm'};
	memcpy(entry->mailbox, code->mailbox, sizeof entry->mailbox);
	TRY(envelope_seal_item(context, json_line(context, item), &code->recipient, &entry->body));
	out->count++;
	return NULL;
}

/* What headquarters gets under the policy "summary". */
static json_t *summary_of(const json_t *fields)
{
	static const char *const names[] = {"danger", "needs", "district"};
	json_t *summary = json_object();

	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
		if (json_object_get(fields, names[i]))
			json_object_set(summary, names[i], json_object_get(fields, names[i]));
	return summary;
}

const struct error *compose_report(const void *context, struct coalition *coalition, const json_t *fields,
	bool is_for_headquarters, const struct fresh_code *code, struct composed *out)
{
	const char *self = coalition_self(coalition)->log;
	bool urgent = strcmp(json_text_or(fields, "danger", ""), "yes") == 0;
	json_t *set CLEANUP(json_decref) = json_copy((json_t *)fields);
	json_t *summary CLEANUP(json_decref) = NULL;
	json_t *to CLEANUP(json_decref) = NULL;
	json_t *headquarters CLEANUP(json_decref) = json_pack("[s]", "hq");
	struct coalition_readers readers;
	struct event_draft draft;

	TRY(coalition_readers(coalition, &readers));
	if (is_for_headquarters && (readers.is_alone || readers.is_headquarters))
		return error_new(ERROR_UNAVAILABLE, SAY("there is no headquarters that could open this"));
	out->count = 0;
	new_key(out->key, coalition);
	json_object_set_new(set, "how", json_string("form"));
	json_object_set_new(set, "mailbox", json_string(mailbox_public(context, code)));
	if (!json_object_get(set, "language"))
		json_object_set_new(set, "language", json_string(LANGUAGE));
	if (is_for_headquarters)
		to = json_incref(headquarters);
	else
		to = readers.sharing == SHARING_FULL ? json_pack("[s,s]", self, "hq")
						     : json_pack("[s]", self);
	draft = (struct event_draft){
		.entity = "report", .key = out->key, .case_key = "", .by = "", .set = set, .to = to};
	TRY(add_event(context, coalition, &draft, urgent && !is_for_headquarters, out));
	if (is_for_headquarters)
		return add_receipt(context, self, headquarters, code, out);
	summary = summary_of(fields);
	if (readers.sharing == SHARING_SUMMARY && !readers.is_headquarters && json_object_size(summary)) {
		draft.set = summary;
		draft.to = headquarters;
		TRY(add_event(context, coalition, &draft, false, out));
	}
	return add_receipt(context, self, NULL, code, out);
}

/* Whom the reporter chose; else the hub that has the report, or this one if it cannot be sealed to any more,
 * and headquarters, where the policy shares reports with it in full. */
static json_t *message_readers(
	struct coalition *coalition, const struct coalition_readers *readers, const struct reporter *reporter)
{
	struct age_recipient recipients[AGE_RECIPIENTS_MAX];
	bool is_shared = readers->is_alone || readers->sharing == SHARING_FULL;
	json_t *to;
	size_t count;

	if (reporter->to)
		return json_copy((json_t *)reporter->to);
	to = json_pack("[s]", reporter->owner);
	if (coalition_recipients(coalition, to, recipients, &count)) {
		json_decref(to);
		to = json_pack("[s]", coalition_self(coalition)->log);
	}
	if (is_shared)
		json_array_append_new(to, json_string("hq"));
	return to;
}

const struct error *compose_message(const void *context, struct coalition *coalition,
	const struct reporter *reporter, json_t *said, struct composed *out)
{
	json_t *to CLEANUP(json_decref) = NULL, *set CLEANUP(json_decref) = said;
	struct coalition_readers readers;
	struct event_draft draft;

	out->count = 0;
	TRY(coalition_readers(coalition, &readers));
	to = message_readers(coalition, &readers, reporter);
	new_key(out->key, coalition);
	json_object_set_new(set, "report", json_string(reporter->report));
	json_object_set_new(set, "from", json_string("reporter"));
	message_sign(set, out->key, reporter->mailbox->seed);
	draft = (struct event_draft){
		.entity = "message", .key = out->key, .case_key = "", .by = "", .set = set, .to = to};
	return add_event(context, coalition, &draft, false, out);
}

const struct error *compose_own_item(const void *context, const struct reporter *reporter, const char *kind,
	json_t *told, struct composed *out)
{
	struct spool_entry *entry = &out->entries[out->count];
	json_t *item CLEANUP(json_decref) = NULL;
	char at[TEXT_TIME_SIZE];

	text_time(at, clock_wall_seconds());
	item = json_pack("{s:i,s:s,s:s,s:s,s:s,s:s}", "v", 1, "kind", kind, "report", reporter->report,
		"owner", reporter->owner, "at", at, "message", out->key);
	json_object_update_new(item, told);
	message_item_sign(item, reporter->mailbox->seed);
	*entry = (struct spool_entry){.kind = 'm'};
	memcpy(entry->mailbox, reporter->mailbox->id, sizeof entry->mailbox);
	TRY(envelope_seal_item(
		context, json_line(context, item), &reporter->mailbox->recipient, &entry->body));
	out->count++;
	return NULL;
}

const struct error *compose_spool(struct db *db, const struct composed *composed)
{
	int64_t id;

	for (size_t i = 0; i < composed->count; i++)
		TRY(spool_add(db, &composed->entries[i], &id));
	return NULL;
}
