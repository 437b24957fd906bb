/* Taking a file out of a case: it is shown and handed out no more. Why is kept as a note, and the file's
 * history says who did it; its sealed pieces stay on the card, as all that was ever written does. Office
 * role. */
#include "web/office/pages.h"

#include "web/office/attach.h"
#include "web/office/fields.h"

static const struct asked why[] = {
	{"text", SAY("Why"), SAY("For instance: it belongs to another case. The answer is kept as a note."),
		true, false},
	{0},
};

static const struct error *show(struct visit *visit, const json_t *in_case, const json_t *record)
{
	struct asking asking = {"note", NULL, NULL, why};

	TRY(fields_show(visit, &asking));
	case_caption(visit, in_case);
	visit_text(visit, "hint",
		memory_format(visit->context,
			say(visit->request,
				"\"%s\" will not be shown any more, here and at any hub. Its sealed bytes "
				"stay on the hub that has them: whoever downloaded it keeps their copy."),
			json_text_or(record, "name", "")));
	return fields_page(
		visit, &(struct fields_page){SAY("Take a file out of the case"), SAY("Take it out"),
			       visit_path(visit, "/cases/%s/files/%s/out", visit->parts[0], visit->parts[1]),
			       visit_path(visit, "/cases/%s", visit->parts[0])});
}

const struct error *takeout_form(struct visit *visit)
{
	json_t *in_case CLEANUP(json_decref) = NULL, *record CLEANUP(json_decref) = NULL;

	TRY(attach_find(visit, &in_case, &record));
	return show(visit, in_case, record);
}

/* What the case says of it from then on; NULL with a problem. The caller's. */
static json_t *note_of(struct visit *visit, const json_t *record)
{
	const struct field *field = schema_field(schema_entity("note"), "text");
	json_t *text CLEANUP(json_decref) = fields_value(visit, field, why, NULL), *note;
	const struct error *error;

	if (!text)
		return NULL;
	note = json_string(memory_format(visit->context,
		say(visit_in_english(visit)->request, "Took out the file \"%s\": %s"),
		json_text_or(record, "name", ""), json_string_value(text)));
	error = schema_check(field, note, visit->codes, NULL);
	if (!error)
		return note;
	visit_problem(visit, "text", error->message);
	json_decref(note);
	return NULL;
}

const struct error *takeout_save(struct visit *visit)
{
	json_t *in_case CLEANUP(json_decref) = NULL, *record CLEANUP(json_decref) = NULL;
	json_t *note CLEANUP(json_decref) = NULL;
	struct batch *batch = visit_batch(visit);
	char key[ENTITY_KEY_SIZE];
	const char *case_key;

	TRY(attach_find(visit, &in_case, &record));
	case_key = json_text_or(in_case, "key", "");
	note = note_of(visit, record);
	if (!note)
		return show(visit, in_case, record);
	TRY(batch_event(
		batch, "attachment", visit->parts[1], case_key, json_pack("{ss}", "state", "removed"), NULL));
	write_key_new(key, visit->office);
	TRY(batch_event(batch, "note", key, case_key, json_pack("{sO}", "text", note), NULL));
	TRY(batch_audit(batch, "took a file out of", json_text_or(in_case, "ref", "")));
	TRY(batch_commit(batch));
	return visit_go(visit, visit_path(visit, "/cases/%s", case_key), "The file is taken out.");
}
