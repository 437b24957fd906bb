/* Decides which events count: see permit.h. So that a hub can speak for its own reports and cases,
 * headquarters for all, and nobody for the people of another hub; and so that a stolen intake process can at
 * most invent reports, which any phone could.
 *
 * What is refused is kept by casefile.c with the reason given here, and judged again whenever its record
 * changes. How permitted events combine is merge.c's. Runs in office. */
#include "node/casework/permit.h"

#include <string.h>

#include "node/base/text.h"
#include "node/casework/message.h"
#include "node/casework/sender.h"

static struct judgement permitted(void)
{
	return (struct judgement){STANDING_PERMITTED, ""};
}

static struct judgement waiting(const char *reason)
{
	return (struct judgement){STANDING_WAITING, reason};
}

static struct judgement refused(const char *reason)
{
	return (struct judgement){STANDING_REFUSED, reason};
}

int permit_order(const struct claim *a, const struct claim *b)
{
	int by_log;

	if (a->event->hlc != b->event->hlc)
		return a->event->hlc < b->event->hlc ? -1 : 1;
	by_log = strcmp(a->origin.log, b->origin.log);
	return by_log ? by_log : strcmp(a->event->id, b->event->id);
}

/* Whether `log` is the hub in front of `key`. */
static bool is_home(const char *log, const char *key)
{
	return strncmp(log, key, LOG_ID_SIZE - 1) == 0;
}

/* Whoever owned the case before may still say what it was, and nothing new. */
static struct judgement judge_writer(const struct event *event, const struct event_origin *origin,
	const char *key, const struct owners *owners, const char *not_theirs)
{
	if (origin->is_headquarters ||
		(owners ? owner_tenure_of(owners, origin) >= 0 : is_home(origin->log, key)))
		return permitted();
	if (!owners || owner_last_of(owners, origin->log) < 0)
		return refused(not_theirs);
	return event->is_restated ? permitted() : waiting(PERMIT_HELD);
}

static struct judgement judge_fields(const struct entity *entity, const struct event *event, bool is_intake)
{
	const char *name;
	json_t *value;

	json_object_foreach (event->set, name, value) {
		const struct field *field = schema_field(entity, name);

		if (field && !schema_fits(field, value))
			return refused("a field holds something of the wrong kind");
		if (field && is_intake && !field->from_intake)
			return refused("the public form cannot set this field");
	}
	return permitted();
}

static struct judgement judge_intake(
	const struct entity *entity, const struct event *event, const struct event_origin *origin)
{
	bool is_message = strcmp(entity->name, "message") == 0;

	if (!is_message && strcmp(entity->name, "report") != 0)
		return refused("the public form can only make reports and messages");
	if (!is_home(origin->log, event->key))
		return refused("the public form spoke in the name of another hub");
	if (event->over || event->is_restated || *event->by)
		return refused("the public form cannot replace anything or sign as a person");
	return judge_fields(entity, event, true);
}

/* A message holds all four parts, or, from an office, all but the signature. */
static struct judgement judge_message(
	const struct event *event, const struct event_origin *origin, const struct owners *owners)
{
	const char *report = json_text_or(event->set, "report", ""),
		   *from = json_text_or(event->set, "from", "");
	bool is_reporter = strcmp(from, "reporter") == 0;

	if (!*report)
		return refused("a message that names no report");
	if (!is_reporter && strcmp(from, "office") != 0)
		return refused("a message from nobody");
	if (origin->kind == 'i' && !is_reporter)
		return refused("the public form spoke as the office");
	if (origin->kind == 'o' && is_reporter && !event->is_restated)
		return refused("an office spoke as the reporter");
	if (!event->is_restated && !is_home(origin->log, event->key))
		return refused("a message in the name of another hub");
	if (origin->kind == 'o')
		return judge_writer(event, origin, report, owners, "this hub may not write to that report");
	return permitted();
}

/* An answer to a record of another hub, in one's own name; whether that record asked this hub, judge_answers
 * tells. */
static struct judgement judge_answer(
	const struct entity *entity, const struct event *event, const struct event_origin *origin)
{
	if (!ids_is_key(json_text_or(event->set, entity->about, "")))
		return refused("an answer that does not say to what");
	if (!event->is_restated && !is_home(origin->log, event->key))
		return refused("an answer in the name of another hub");
	return permitted();
}

/* The coalition's rules are headquarters'; a hub that works alone is its own. */
static bool may_rule(const struct event_origin *origin)
{
	return origin->is_headquarters || !origin->roster_version;
}

/* What a hub added to the lists while it worked alone it hands on, so that others can read its records. */
static bool may_add_code(const struct event *event, const struct event_origin *origin)
{
	return may_rule(origin) || (event->is_restated && is_home(origin->log, event->key));
}

struct judgement permit_alone(const char *self, const struct event *event, const struct event_origin *origin)
{
	return permit_owned(self, event, origin, NULL);
}

struct judgement permit_owned(const char *self, const struct event *event, const struct event_origin *origin,
	const struct owners *owners)
{
	const struct entity *entity = schema_entity(event->entity);
	struct judgement judgement;

	if (!entity)
		return waiting("a kind of record that only a later version of engabo knows");
	if (origin->kind == 'i')
		judgement = judge_intake(entity, event, origin);
	else
		judgement = judge_fields(entity, event, false);
	if (judgement.standing != STANDING_PERMITTED)
		return judgement;
	if (entity->is_local) {
		if (strcmp(origin->log, self) != 0 || !is_home(self, event->key))
			return refused("each hub decides alone about its own people");
	} else if (strcmp(entity->name, "message") == 0) {
		return judge_message(event, origin, owners);
	} else if (entity->about) {
		return judge_answer(entity, event, origin);
	} else if (strcmp(entity->name, "principles") == 0 && !may_rule(origin)) {
		return refused("only headquarters writes the principles");
	} else if (strcmp(entity->name, "code") == 0 && !may_add_code(event, origin)) {
		return refused("only headquarters adds to the code lists");
	} else if (strcmp(entity->name, "opened") == 0) {
		if (!is_home(origin->log, event->key))
			return refused("each hub says alone what was opened there");
	} else if (entity->in_case) {
		if (!*event->case_key)
			return refused("it names no case");
	} else if (origin->kind == 'o') {
		return judge_writer(
			event, origin, event->key, owners, "this hub may not write to that record");
	}
	return permitted();
}

struct judgement permit_child(const struct event *event, const struct event_origin *origin,
	const char *case_key, const struct owners *owners)
{
	if (strcmp(event->case_key, case_key) != 0)
		return refused("it names another case than the record belongs to");
	return judge_writer(event, origin, case_key, owners, "this hub may not write to that case");
}

/* How good a claim is as the event that made its record, 0 the best: from the hub in the key; or, where that
 * one is not at hand, a restatement by headquarters, or by the hub of the case; -1: none of these. */
static int creator_rank(const char *key, const struct claim *claim)
{
	if (claim->judgement.standing != STANDING_PERMITTED)
		return -1;
	if (is_home(claim->origin.log, key))
		return 0;
	if (!claim->event->is_restated)
		return -1;
	return claim->origin.is_headquarters ? 1 : 2;
}

static const struct claim *find_creator(const char *key, const struct claim *claims, size_t count)
{
	const struct claim *creator = NULL;
	int best = -1;

	for (size_t i = 0; i < count; i++) {
		int rank = creator_rank(key, &claims[i]);

		if (rank < 0 || (creator && rank > best))
			continue;
		if (!creator || rank < best || permit_order(&claims[i], creator) < 0) {
			creator = &claims[i];
			best = rank;
		}
	}
	return creator;
}

static void judge_all(struct claim *claims, size_t count, struct judgement judgement)
{
	for (size_t i = 0; i < count; i++)
		if (claims[i].judgement.standing == STANDING_PERMITTED)
			claims[i].judgement = judgement;
}

#define MADE_BY_NOBODY "made by a hub that may not write to its case"

/* Where the maker's own words are held, its owner's restatement makes the record. */
static void judge_by_creator(const char *key, const struct claim *creator, struct claim *claims, size_t count)
{
	struct judgement made = creator->judgement;

	if (made.standing == STANDING_REFUSED)
		judge_all(claims, count, refused(MADE_BY_NOBODY));
	else if (made.standing == STANDING_WAITING && !find_creator(key, claims, count))
		judge_all(claims, count, made);
}

static void judge_children(const char *key, const struct claim *creator, struct claim *claims, size_t count,
	const struct owners *owners)
{
	const char *case_key = creator->event->case_key;

	for (size_t i = 0; i < count; i++)
		if (claims[i].judgement.standing == STANDING_PERMITTED)
			claims[i].judgement =
				permit_child(claims[i].event, &claims[i].origin, case_key, owners);
	judge_by_creator(key, creator, claims, count);
}

/* By its sender, whoever owns the case by now: what was sent was sent, and the provider's hub knows of no
 * transfer. What is handed on of it, whoever owned the case may say again; headquarters holds none of it. */
static struct judgement judge_sender(const struct claim *claim, const char *case_key,
	const struct owners *senders, const struct owners *owners)
{
	const struct event_origin *origin = &claim->origin;

	if (strcmp(claim->event->case_key, case_key) != 0)
		return refused("it names another case than the record belongs to");
	if (owner_tenure_of(senders, origin) >= 0)
		return permitted();
	if (claim->event->is_restated && owners && owner_last_of(owners, origin->log) >= 0)
		return permitted();
	return waiting(owner_last_of(senders, origin->log) >= 0
			       ? PERMIT_HELD
			       : "written by a hub that the referral's sender has not named");
}

/* Only the hub that owns a case can tell that another has no part in it. */
static bool may_refer(const char *self, const struct claim *creator, const struct owners *owners)
{
	const char *log = creator->origin.log, *case_key = creator->event->case_key;
	bool is_owner =
		owners ? owner_last_of(owners, self) == (int)owners->count - 1 : is_home(self, case_key);

	return !is_owner || creator->origin.is_headquarters ||
	       (owners ? owner_last_of(owners, log) >= 0 : is_home(log, case_key));
}

static void judge_referral(const struct permit_subject *subject, const void *context,
	const struct claim *creator, struct claim *claims, size_t count, const struct owners *owners)
{
	const char *case_key = creator->event->case_key;
	const struct owners *senders = sender_walk(context, subject->key, case_key, claims, count, owners);

	for (size_t i = 0; i < count; i++)
		if (claims[i].judgement.standing == STANDING_PERMITTED)
			claims[i].judgement = judge_sender(&claims[i], case_key, senders, owners);
	if (!may_refer(subject->self, creator, owners))
		judge_all(claims, count, refused(MADE_BY_NOBODY));
	judge_by_creator(subject->key, creator, claims, count);
}

/* The claim that an identity "<log>/<event id>" names. */
static const struct claim *find_named(const char *identity, const struct claim *claims, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (strncmp(identity, claims[i].origin.log, LOG_ID_SIZE - 1) == 0 &&
			strcmp(identity + LOG_ID_SIZE, claims[i].event->id) == 0)
			return &claims[i];
	return NULL;
}

static bool names_later(const struct claim *claim, int tenure, const struct claim *claims, size_t count,
	const struct owners *owners)
{
	const char *field;
	json_t *over, *one;
	size_t i;

	json_object_foreach (claim->event->over, field, over)
		json_array_foreach (over, i, one) {
			const struct claim *named = find_named(json_string_value(one), claims, count);

			if (named && owner_tenure_of(owners, &named->origin) > tenure)
				return true;
		}
	return false;
}

/* A restatement by an earlier owner stands for what was there in its time, and for nothing later. */
static void judge_restatements(struct claim *claims, size_t count, const struct owners *owners)
{
	for (size_t i = 0; owners && i < count; i++) {
		const struct claim *claim = &claims[i];
		int last;

		if (claim->judgement.standing != STANDING_PERMITTED || !claim->event->is_restated ||
			claim->origin.is_headquarters || owner_tenure_of(owners, &claim->origin) >= 0)
			continue;
		last = owner_last_of(owners, claim->origin.log);
		if (last >= 0 && names_later(claim, last, claims, count, owners))
			claims[i].judgement = waiting(PERMIT_HELD);
	}
}

/* < 0 when `a` was committed before `b`: what nobody can change afterwards, unlike the time that an event
 * gives itself. */
static int commit_order(const struct claim *a, const struct claim *b)
{
	int64_t seq_a = a->origin.seq ? a->origin.seq : INT64_MAX,
		seq_b = b->origin.seq ? b->origin.seq : INT64_MAX;

	if (a->origin.epoch != b->origin.epoch)
		return a->origin.epoch < b->origin.epoch ? -1 : 1;
	if (seq_a != seq_b)
		return seq_a < seq_b ? -1 : 1;
	return strcmp(a->event->id, b->event->id);
}

/* The public form speaks of a report once, before anyone else does. So a stolen intake or sync process, which
 * could add such events at any time, cannot put its own mailbox or words into a report that is already there.
 */
static void judge_report(const char *key, struct claim *claims, size_t count)
{
	const struct claim *first = NULL;

	for (size_t i = 0; i < count; i++)
		if (claims[i].judgement.standing == STANDING_PERMITTED &&
			is_home(claims[i].origin.log, key) && (!first || commit_order(&claims[i], first) < 0))
			first = &claims[i];
	for (size_t i = 0; i < count; i++)
		if (claims[i].judgement.standing == STANDING_PERMITTED && claims[i].origin.kind == 'i' &&
			&claims[i] != first)
			claims[i].judgement = refused("the public form speaks of a report only once");
}

/* A second version of what is written once does not count; a restatement may, where the first is not at hand
 * (merge.c). */
static void judge_once(struct claim *claims, size_t count)
{
	const struct claim *first = NULL;

	for (size_t i = 0; i < count; i++)
		if (claims[i].judgement.standing == STANDING_PERMITTED && !claims[i].event->is_restated &&
			(!first || permit_order(&claims[i], first) < 0))
			first = &claims[i];
	for (size_t i = 0; i < count; i++)
		if (claims[i].judgement.standing == STANDING_PERMITTED && !claims[i].event->is_restated &&
			&claims[i] != first)
			claims[i].judgement = refused("this is written once and not changed");
}

/* Signed by the key in one of the report's mailboxes. */
static bool is_signed(const struct event *event, char *const *mailboxes)
{
	void *scratch CLEANUP(memory_free) = memory_context(NULL);

	for (; *mailboxes; mailboxes++) {
		const char *key = strchr(*mailboxes, ' '), *end = strrchr(*mailboxes, ' ');
		struct signer signer;

		if (!key || end == key)
			continue;
		key = memory_string_of(scratch, key + 1, (size_t)(end - key - 1));
		if (!sshsig_public_parse(key, &signer) && message_is_signed(event->set, event->key, &signer))
			return true;
	}
	return false;
}

/* The hub that was asked; of a referral also those that sent it, which write down what was said by telephone.
 */
static bool is_asked(const struct entity *entity, const struct claim *claim, char *const *hubs)
{
	const char *about = json_text_or(claim->event->set, entity->about, "");

	for (; *hubs; hubs++)
		if (strcmp(*hubs, claim->origin.log) == 0)
			return true;
	return strcmp(entity->name, "reply") == 0 && is_home(claim->origin.log, about);
}

/* Of a referral the sender may still name it. */
static struct judgement not_asked(const struct entity *entity)
{
	const char *reason = "an answer by a hub that was not asked";

	return strcmp(entity->name, "reply") == 0 ? waiting(reason) : refused(reason);
}

static const struct error *judge_answering(const struct permit_subject *subject, struct claim *claim)
{
	void *scratch CLEANUP(memory_free) = memory_context(NULL);
	const struct entity *entity = subject->entity;
	const char *about = json_text_or(claim->event->set, entity->about, "");
	bool is_message = strcmp(entity->name, "message") == 0;
	char **answerers;

	TRY(subject->answerers(subject->user, scratch, entity->about, about, &answerers));
	if (!answerers)
		claim->judgement = waiting("the record that this answers");
	else if (is_message && !is_signed(claim->event, answerers))
		claim->judgement = refused("the message is not signed with the key of the report's mailbox");
	else if (!is_message && !is_asked(entity, claim, answerers))
		claim->judgement = not_asked(entity);
	return NULL;
}

/* What an office says to a reporter needs no signature of theirs (judge_message). */
static const struct error *judge_answers(
	const struct permit_subject *subject, struct claim *claims, size_t count)
{
	bool is_message = strcmp(subject->entity->name, "message") == 0;

	for (size_t i = 0; i < count; i++)
		if (claims[i].judgement.standing == STANDING_PERMITTED &&
			(!is_message ||
				strcmp(json_text_or(claims[i].event->set, "from", ""), "reporter") == 0))
			TRY(judge_answering(subject, &claims[i]));
	return NULL;
}

/* The case whose owner may write the record itself: a report's is the one opened from it, with its key. */
static const char *owned_by(const struct permit_subject *subject, const struct event *event)
{
	if (strcmp(subject->entity->name, "message") == 0)
		return json_text_or(event->set, "report", "");
	return strcmp(subject->entity->name, "case") == 0 || strcmp(subject->entity->name, "report") == 0
		       ? subject->key
		       : "";
}

static const struct error *owners_of(
	const struct permit_subject *subject, const void *context, const char *case_key, struct owners **out)
{
	*out = NULL;
	return subject->owners && *case_key ? subject->owners(subject->user, context, case_key, out) : NULL;
}

static const struct error *judge_each(
	const struct permit_subject *subject, const void *context, struct claim *claims, size_t count)
{
	struct owners *owners = NULL;
	const char *before = "";

	for (size_t i = 0; i < count; i++) {
		const char *key = subject->entity ? owned_by(subject, claims[i].event) : "";

		if (strcmp(key, before) != 0)
			TRY(owners_of(subject, context, key, &owners));
		before = key;
		claims[i].judgement = permit_owned(subject->self, claims[i].event, &claims[i].origin, owners);
	}
	judge_restatements(claims, count, owners);
	return NULL;
}

static const struct error *judge_in_case(const struct permit_subject *subject, const void *context,
	struct claim *claims, size_t count, const char **case_key, bool *creator_hq)
{
	const struct claim *creator = find_creator(subject->key, claims, count);
	struct owners *owners;

	if (!creator) {
		judge_all(claims, count, waiting("the event that made this record"));
		return NULL;
	}
	*case_key = creator->event->case_key;
	*creator_hq = creator->origin.is_headquarters;
	TRY(owners_of(subject, context, *case_key, &owners));
	if (strcmp(subject->entity->name, "referral") == 0)
		judge_referral(subject, context, creator, claims, count, owners);
	else
		judge_children(subject->key, creator, claims, count, owners);
	judge_restatements(claims, count, owners);
	return NULL;
}

const struct error *permit_judge(const struct permit_subject *subject, struct claim *claims, size_t count,
	const char **case_key, bool *creator_hq)
{
	void *scratch CLEANUP(memory_free) = memory_context(NULL);

	*case_key = "";
	*creator_hq = false;
	TRY(judge_each(subject, scratch, claims, count));
	if (!subject->entity)
		return NULL;
	if (subject->entity->about)
		TRY(judge_answers(subject, claims, count));
	if (strcmp(subject->entity->name, "report") == 0)
		judge_report(subject->key, claims, count);
	if (subject->entity->is_once)
		judge_once(claims, count);
	if (subject->entity->in_case)
		return judge_in_case(subject, scratch, claims, count, case_key, creator_hq);
	if (strcmp(subject->entity->name, "report") == 0 && !find_creator(subject->key, claims, count))
		judge_all(claims, count, waiting("the report itself"));
	return NULL;
}
