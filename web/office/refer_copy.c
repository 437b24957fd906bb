/* What of a case goes along with a referral: one box a field to tick, and copies of what was ticked, made
 * when they are looked at, so that the preview is what is sent.
 *
 * "Nothing goes along that nobody ticked." Names are copied unseen here; whoever shows them writes that down
 * first (refer_form.c). Office role. */
#include "web/office/refer.h"

#include <string.h>

#include "node/base/text.h"
#include "node/casework/referral.h"
#include "web/office/referred.h"
#include "web/office/show.h"

/* Copied as they stand in the case, under the same name. */
static const char *const plain[] = {"ref", "alias", "risk", "district", "summary", "needs", "violations"};
#define PLAIN_COUNT (sizeof plain / sizeof *plain)

static const char contact_facts[] = "channel address hours phrase never_message holders text";
static const char plan_facts[] =
	"at_risk risk_defender risk_provider measures personnel personnel_why personnel_agreed review";

/* A record, a line a field. */
static void add_lines(const struct visit *visit, struct buffer *text, const char *entity, const json_t *row,
	const char *names)
{
	json_t *facts CLEANUP(json_decref) = show_fields(visit, schema_entity(entity), row, names), *fact;
	size_t i;

	json_array_foreach (facts, i, fact)
		buffer_format(
			text, "%s: %s\n", json_text_or(fact, "label", ""), json_text_or(fact, "value", ""));
}

/* All records of a kind, an empty line between. */
static const char *lines_of(
	const struct visit *visit, const char *entity, const json_t *rows, const char *names)
{
	struct buffer *text = buffer_new(visit->context);
	const json_t *row;
	size_t i;

	json_array_foreach (rows, i, row) {
		if (i)
			buffer_text(text, "\n");
		add_lines(visit, text, entity, row, names);
	}
	return text_trim(visit->context, (const char *)buffer_bytes(text).data);
}

static const char *part_of(const struct visit *visit, const json_t *person)
{
	return show_choice(visit, json_text_or(person, "part", "other"));
}

/* One field of each ticked person: "Defender: Aber Santa". */
static const char *people_text(
	const struct visit *visit, const struct refer *refer, const char *field, const json_t *ticked)
{
	struct buffer *text = buffer_new(visit->context);
	const json_t *person;
	size_t i;

	json_array_foreach (refer->people, i, person) {
		const char *code = visit_path(visit, "%s.%s", field, json_text_or(person, "key", ""));

		if (json_object_get(ticked, code))
			buffer_format(
				text, "%s: %s\n", part_of(visit, person), json_text_or(person, field, ""));
	}
	return text_trim(visit->context, (const char *)buffer_bytes(text).data);
}

/* ---- the boxes ---- */

/* As a set: {"ref": true}. What was posted; else what the old referral held. */
static json_t *ticked_of(const struct visit *visit, const struct refer *refer)
{
	json_t *ticked = json_object();
	const json_t *person;
	size_t i;

	for (i = 0; visit->form && i < visit->form->count; i++)
		if (strcmp(visit->form->fields[i].name, "along") == 0)
			json_object_set_new(ticked, visit->form->fields[i].value, json_true());
	if (visit->form || !refer->old)
		return ticked;
	for (i = 0; i < PLAIN_COUNT; i++)
		if (json_object_get(refer->old, plain[i]))
			json_object_set_new(ticked, plain[i], json_true());
	if (*json_text_or(refer->old, "safe_contact", ""))
		json_object_set_new(ticked, "safe_contact", json_true());
	if (*json_text_or(refer->old, "plan", ""))
		json_object_set_new(ticked, "plan", json_true());
	json_array_foreach (refer->people, i, person)
		for (size_t k = 0; k < 2; k++) {
			const char *field = k ? "contacts" : "names",
				   *value = json_text_or(person, field, "");

			if (*value && strstr(json_text_or(refer->old, field, ""), value))
				json_object_set_new(ticked,
					visit_path(visit, "%s.%s", field, json_text_or(person, "key", "")),
					json_true());
		}
	return ticked;
}

static void offer(json_t *list, const json_t *ticked, const char *code, const char *label, const char *hint)
{
	json_array_append_new(list, json_pack("{ss, ss, ss, sb}", "code", code, "label", label, "hint", hint,
					    "selected", json_object_get(ticked, code) != NULL));
}

static void offer_people(
	const struct visit *visit, const struct refer *refer, const json_t *ticked, json_t *list)
{
	const json_t *person;
	size_t i;

	json_array_foreach (refer->people, i, person)
		for (size_t k = 0; k < 2; k++) {
			const char *field = k ? "contacts" : "names";
			if (!*json_text_or(person, field, ""))
				continue;
			offer(list, ticked,
				visit_path(visit, "%s.%s", field, json_text_or(person, "key", "")),
				memory_format(visit->context,
					k ? say(visit->request, "%s: telephone, address")
					  : say(visit->request, "%s: names"),
					part_of(visit, person)),
				say(visit->request,
					"Shown on the next page; that you looked is written down."));
		}
}

json_t *refer_offers(const struct visit *visit, const struct refer *refer)
{
	const struct entity *entity = schema_entity("case"), *referral = schema_entity("referral");
	json_t *ticked CLEANUP(json_decref) = ticked_of(visit, refer), *list = json_array();
	const char *contacts = lines_of(visit, "contact", refer->contacts, contact_facts);
	const char *plans = lines_of(visit, "plan", refer->plans, plan_facts);

	for (size_t i = 0; i < PLAIN_COUNT; i++) {
		const struct field *field = schema_field(entity, plain[i]);
		const char *value = show_value(visit, field, json_object_get(refer->in_case, plain[i]));

		if (*value)
			offer(list, ticked, plain[i], say(visit->request, field->label),
				reports_shortened(visit->context, value));
	}
	offer_people(visit, refer, ticked, list);
	if (*contacts)
		offer(list, ticked, "safe_contact",
			say(visit->request, schema_field(referral, "safe_contact")->label),
			reports_shortened(visit->context, contacts));
	if (*plans)
		offer(list, ticked, "plan", say(visit->request, schema_field(referral, "plan")->label),
			reports_shortened(visit->context, plans));
	return list;
}

/* ---- the copies ---- */

static void put(struct visit *visit, struct refer *refer, const char *name, json_t *value)
{
	const struct field *field = schema_field(schema_entity("referral"), name);
	const struct error *error;

	if (json_is_array(value) ? json_array_size(value) > 0 : *json_string_value(value) != 0) {
		error = schema_check(field, value, visit->codes, value);
		if (error)
			visit_problem(visit, "along", error->message);
		else
			json_object_set(refer->set, name, value);
	}
	json_decref(value);
}

static void put_text(struct visit *visit, struct refer *refer, const char *name, const char *text)
{
	put(visit, refer, name, json_string(text));
}

void refer_copy(struct visit *visit, struct refer *refer)
{
	const struct visit *english =
		visit_in_english(visit); /* the words of the receiver nobody knows here */
	json_t *ticked CLEANUP(json_decref) = ticked_of(visit, refer);
	size_t before = json_object_size(refer->set);

	for (size_t i = 0; i < PLAIN_COUNT; i++) {
		json_t *value = json_object_get(refer->in_case, plain[i]);

		if (json_object_get(ticked, plain[i]) && (json_is_string(value) || json_is_array(value)))
			put(visit, refer, plain[i], json_incref(value));
	}
	put_text(visit, refer, "names", people_text(english, refer, "names", ticked));
	put_text(visit, refer, "contacts", people_text(english, refer, "contacts", ticked));
	if (json_object_get(ticked, "safe_contact"))
		put_text(visit, refer, "safe_contact",
			lines_of(english, "contact", refer->contacts, contact_facts));
	if (json_object_get(ticked, "plan"))
		put_text(visit, refer, "plan", lines_of(english, "plan", refer->plans, plan_facts));
	if (json_object_size(refer->set) == before &&
		!json_object_get(json_object_get(visit->view, "errors"), "along"))
		visit_problem(visit, "along", "Tick what goes along; with nothing they cannot help");
}

bool refer_has_identity(const struct refer *refer)
{
	return json_object_get(refer->set, "names") || json_object_get(refer->set, "contacts");
}

const char *refer_copied(const struct visit *visit, const struct refer *refer)
{
	json_t *facts CLEANUP(json_decref) =
		show_fields(visit_in_english(visit), schema_entity("referral"), refer->set, referral_along);
	struct buffer *text = buffer_new(visit->context);
	json_t *fact;
	size_t i;

	json_array_foreach (facts, i, fact)
		buffer_format(text, "%s%s", i ? ", " : "", json_text_or(fact, "label", ""));
	return (const char *)buffer_bytes(text).data;
}
