/* What the records of this domain consist of: every entity, every field, in one table (casework.md,
 * "Entities").
 *
 * Merge, case file, forms and export read this table, so that a field is added in one place (and as a column
 * in casefile.sql). Two checks: a strict one for what people here type, a lenient one for what another,
 * perhaps newer, hub says. Pure; runs in intake and in office. */
#include "node/casework/schema.h"

#include <stdio.h>
#include <string.h>

#include "node/base/ids.h"
#include "node/base/text.h"
#include "node/casework/codes.h"

#define FIELDS(array) .fields = (array), .count = sizeof(array) / sizeof *(array)

static const struct field report_fields[] = {
	{"what", FIELD_LONG, 8000, .from_intake = true, .is_searched = true, .label = "What happened"},
	{"when", FIELD_DATE, 10, .from_intake = true, .label = "When it happened"},
	{"precision", FIELD_CODE, 32, .codes = "precision", .from_intake = true,
		.label = "How sure the date is"},
	{"district", FIELD_CODE, 32, .codes = "districts", .from_intake = true, .label = "District"},
	{"place", FIELD_TEXT, 300, .from_intake = true, .is_searched = true, .label = "Place"},
	{"who", FIELD_LONG, 2000, .from_intake = true, .is_searched = true, .label = "Who is at risk"},
	{"by", FIELD_LONG, 2000, .from_intake = true, .is_searched = true, .label = "By whom"},
	{"needs", FIELD_CODES, 16, .codes = "needs", .from_intake = true, .label = "What is needed"},
	{"danger", FIELD_CODE, 32, .choices = "yes|no|unknown", .from_intake = true,
		.label = "In danger now"},
	{"contact", FIELD_LONG, 1000, .from_intake = true, .is_searched = true,
		.label = "Safe ways to be reached"},
	{"consent", FIELD_TEXT, 300, .from_intake = true, .label = "Consent"},
	{"language", FIELD_TEXT, 35, .from_intake = true, .label = "Language"},
	{"mailbox", FIELD_TEXT, 200, .from_intake = true, .label = "Mailbox"},
	{"how", FIELD_CODE, 32, .choices = "form|visit|call|message|third-party", .from_intake = true,
		.label = "How it reached us"},
	{"state", FIELD_CODE, 32, .choices = "new|opened|added|closed", .label = "State"},
	{"reason", FIELD_LONG, 1000, .label = "Reason"},
	{"case", FIELD_KEY, 43, .label = "Case"},
	{"opened_at", FIELD_TIME, 20, .label = "Opened at"},
	{"opened_by", FIELD_USER, 64, .label = "Opened by"},
};

static const struct field case_fields[] = {
	{"ref", FIELD_TEXT, 15, .is_searched = true, .label = "Reference"},
	{"alias", FIELD_TEXT, 120, .is_searched = true, .label = "Alias"},
	{"summary", FIELD_LONG, 8000, .is_searched = true, .label = "Summary"},
	{"risk", FIELD_CODE, 32, .choices = "low|medium|high|emergency", .label = "Risk"},
	{"state", FIELD_CODE, 32, .choices = "open|in-progress|closed", .label = "State"},
	{"priority", FIELD_TEXT, 60, .label = "Priority"},
	{"district", FIELD_CODE, 32, .codes = "districts", .label = "District"},
	{"officer", FIELD_USER, 64, .label = "Officer"},
	{"violations", FIELD_CODES, 32, .codes = "acts", .label = "Kinds of violation"},
	{"perpetrators", FIELD_CODES, 16, .codes = "perpetrators", .label = "Perpetrators"},
	{"needs", FIELD_CODES, 16, .codes = "needs", .label = "What is needed"},
	{"reason", FIELD_LONG, 1000, .label = "Reason for closing"},
	{"outcome", FIELD_LONG, 2000, .is_searched = true, .label = "Outcome"},
	{"consent", FIELD_TEXT, 300, .label = "Consent"},
	{"review", FIELD_DATE, 10, .label = "Look at it again on"},
};

static const struct field action_fields[] = {
	{"what", FIELD_LONG, 2000, .is_searched = true, .label = "What was agreed"},
	{"who", FIELD_TEXT, 120, .is_searched = true, .label = "Who does it"},
	{"due", FIELD_DATE, 10, .label = "Due"},
	{"state", FIELD_CODE, 32, .choices = "open|done|dropped", .label = "State"},
	{"outcome", FIELD_LONG, 2000, .is_searched = true, .label = "Outcome"},
};

static const struct field followup_fields[] = {
	{"due", FIELD_DATE, 10, .label = "Due"},
	{"made", FIELD_DATE, 10, .label = "Made on"},
	{"by_whom", FIELD_TEXT, 120, .label = "By whom"},
	{"how", FIELD_TEXT, 120, .label = "How"},
	{"result", FIELD_CODE, 32, .choices = "progress|no-progress|unreachable|unsafe|closed",
		.label = "Result"},
	{"next", FIELD_DATE, 10, .label = "Next due"},
	{"text", FIELD_LONG, 4000, .label = "What was said"},
};

static const struct field note_fields[] = {
	{"text", FIELD_LONG, 8000, .is_searched = true, .label = "Note"},
};

static const struct field message_fields[] = {
	{"report", FIELD_KEY, 43, .from_intake = true, .label = "Report"},
	{"from", FIELD_CODE, 32, .choices = "reporter|office", .from_intake = true, .label = "From"},
	{"text", FIELD_LONG, 4000, .from_intake = true, .label = "Message"},
	{"signature", FIELD_TEXT, 100, .from_intake = true, .label = "Signature"},
	{"kind", FIELD_CODE, 32, .choices = "photo|seen|closed|question", .from_intake = true,
		.label = "Kind"},
	{"on", FIELD_DATE, 10, .from_intake = true, .label = "Day"},
	{"answers", FIELD_LIST, 64, .from_intake = true, .label = "Answers read"},
	{"pieces", FIELD_LIST, 64, .from_intake = true, .label = "Pieces"},
	{"identity", FIELD_TEXT, 80, .from_intake = true, .label = "Identity"},
	{"size", FIELD_NUMBER, 10, .from_intake = true, .label = "Size"},
};

static const struct field user_fields[] = {
	{"name", FIELD_USER, 64, .label = "Name"},
	{"role", FIELD_CODE, 32, .choices = "coordinator|officer|provider|facilitator", .label = "Role"},
	{"slot", FIELD_TEXT, 70, .label = "Keyring slot"},
	{"own", FIELD_TEXT, 200, .label = "Own key"},
	{"verifier", FIELD_TEXT, 200, .label = "Sign-in verifier"},
	{"state", FIELD_CODE, 32, .choices = "active|disabled", .label = "State"},
};

static const struct field audit_fields[] = {
	{"what", FIELD_TEXT, 300, .label = "What was done"},
	{"who", FIELD_USER, 64, .label = "Who did it"},
	{"on", FIELD_TEXT, 300, .label = "On what"},
	{"at", FIELD_TIME, 20, .label = "At"},
};

/* In the order in which the case file is merged: a message is judged by its report, which must be settled by
 * then. */
static const struct entity entities[] = {
	{"report", FIELDS(report_fields)},
	{"case", FIELDS(case_fields)},
	{"action", FIELDS(action_fields), .in_case = true},
	{"followup", FIELDS(followup_fields), .in_case = true},
	{"note", FIELDS(note_fields), .in_case = true},
	{"message", FIELDS(message_fields)},
	{"user", FIELDS(user_fields), .is_local = true},
	{"audit", FIELDS(audit_fields), .is_local = true},
};

const struct entity *schema_entities(size_t *count)
{
	*count = sizeof entities / sizeof *entities;
	return entities;
}

const struct entity *schema_entity(const char *name)
{
	for (size_t i = 0; i < sizeof entities / sizeof *entities; i++)
		if (strcmp(entities[i].name, name) == 0)
			return &entities[i];
	return NULL;
}

const struct field *schema_field(const struct entity *entity, const char *name)
{
	for (size_t i = 0; i < entity->count; i++)
		if (strcmp(entity->fields[i].name, name) == 0)
			return &entity->fields[i];
	return NULL;
}

/* Whether `code` stands in "open|done|dropped". */
static bool is_choice(const char *choices, const char *code)
{
	size_t len = strlen(code);

	for (const char *at = choices; len && at; at = strchr(at, '|') ? strchr(at, '|') + 1 : NULL)
		if (strcspn(at, "|") == len && strncmp(at, code, len) == 0)
			return true;
	return false;
}

static const struct error *check_code(const struct field *field, const char *code)
{
	if (field->choices ? is_choice(field->choices, code) : codes_has(field->codes, code))
		return NULL;
	return error_new(ERROR_INVALID, "%s: choose one of the answers listed", field->label);
}

static const struct error *check_list(const struct field *field, const json_t *list)
{
	const json_t *one;
	size_t i;

	if (json_array_size(list) > field->max)
		return error_new(ERROR_INVALID, "%s: choose at most %zu", field->label, field->max);
	json_array_foreach (list, i, one)
		if (field->type == FIELD_CODES)
			TRY(check_code(field, json_string_value(one)));
	return NULL;
}

/* 2026-11-23, or 2026-11, or 2026. */
static bool is_partial_date(const char *text)
{
	static const char missing[] = "2024-01-01";
	size_t len = strlen(text);
	char day[sizeof missing];

	if (len != 4 && len != 7 && len != 10)
		return false;
	snprintf(day, sizeof day, "%s%s", text, missing + len);
	return text_is_date(day);
}

static bool is_user(const char *text)
{
	size_t len = strlen(text);

	return len && text[0] != '.' && strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789._-") == len;
}

static const struct error *check_text(const struct field *field, const char *text)
{
	int64_t seconds;

	if (field->type != FIELD_DATE && text_length(text) > field->max)
		return error_new(ERROR_INVALID, "%s: too long by %zu characters; at most %zu fit",
			field->label, text_length(text) - field->max, field->max);
	if (!*text) /* left out, or taken back */
		return NULL;
	switch (field->type) {
	case FIELD_TEXT:
		if (strpbrk(text, "\r\n"))
			return error_new(ERROR_INVALID, "%s: must be one line", field->label);
		return NULL;
	case FIELD_CODE:
		return check_code(field, text);
	case FIELD_DATE:
		if (!is_partial_date(text))
			return error_new(ERROR_INVALID, "%s: not a date like 2026-11-23, 2026-11 or 2026",
				field->label);
		return NULL;
	case FIELD_TIME:
		if (text_to_time(text, &seconds))
			return error_new(
				ERROR_INVALID, "%s: not a time like 2026-11-23T09:12:44Z", field->label);
		return NULL;
	case FIELD_KEY:
		if (!ids_is_key(text))
			return error_new(ERROR_INVALID, "%s: does not name a record", field->label);
		return NULL;
	case FIELD_USER:
		if (!is_user(text))
			return error_new(ERROR_INVALID,
				"%s: a name has only small letters, digits, dot, dash and underscore",
				field->label);
		return NULL;
	case FIELD_LONG:
	case FIELD_CODES:
	case FIELD_LIST:
	case FIELD_NUMBER:
		break;
	}
	return NULL;
}

bool schema_fits(const struct field *field, const json_t *value)
{
	const json_t *one;
	size_t i;

	switch (field->type) {
	case FIELD_NUMBER:
		return json_is_integer(value);
	case FIELD_CODES:
	case FIELD_LIST:
		json_array_foreach (value, i, one)
			if (!json_is_string(one))
				return false;
		return json_is_array(value);
	case FIELD_KEY:
		return json_is_string(value) &&
		       (!*json_string_value(value) || ids_is_key(json_string_value(value)));
	case FIELD_TEXT:
	case FIELD_LONG:
	case FIELD_CODE:
	case FIELD_DATE:
	case FIELD_TIME:
	case FIELD_USER:
		break;
	}
	return json_is_string(value);
}

const struct error *schema_check(const struct field *field, const json_t *value)
{
	if (!schema_fits(field, value))
		return error_new(ERROR_INVALID, "%s: not an answer of the right kind", field->label);
	if (field->type == FIELD_CODES || field->type == FIELD_LIST)
		return check_list(field, value);
	return field->type == FIELD_NUMBER ? NULL : check_text(field, json_string_value(value));
}

const char *schema_default(const struct field *field)
{
	static const char *const first[] = {"new", "open", "active"};

	if (strcmp(field->name, "state") != 0)
		return NULL;
	for (size_t i = 0; i < sizeof first / sizeof *first; i++)
		if (text_starts(field->choices, first[i]))
			return first[i];
	return NULL;
}
