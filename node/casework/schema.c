/* Whether a field may say what it says: a strict check for what people here type, a lenient one for what
 * another, perhaps newer, hub says. Which entities and fields there are is entities.c's. Pure; runs in intake
 * and in office. */
#include "node/casework/schema.h"

#include <stdio.h>
#include <string.h>

#include "node/base/ids.h"
#include "node/base/text.h"

/* Whether `code` stands in "open|done|dropped". */
static bool is_choice(const char *choices, const char *code)
{
	size_t len = strlen(code);

	for (const char *at = choices; len && at; at = strchr(at, '|') ? strchr(at, '|') + 1 : NULL)
		if (strcspn(at, "|") == len && strncmp(at, code, len) == 0)
			return true;
	return false;
}

/* What a code may be beside the fixed choices. */
struct known {
	const struct codes *codes;
	const json_t *standing;
};

static bool is_standing(const json_t *standing, const char *code)
{
	const json_t *one;
	size_t i;

	if (json_is_string(standing))
		return strcmp(json_string_value(standing), code) == 0;
	json_array_foreach (standing, i, one)
		if (json_is_string(one) && strcmp(json_string_value(one), code) == 0)
			return true;
	return false;
}

static const struct error *check_code(const struct field *field, const char *code, const struct known *known)
{
	if (field->choices ? is_choice(field->choices, code)
			   : codes_offers(known->codes, field->codes, code) ||
				     is_standing(known->standing, code))
		return NULL;
	return error_new(ERROR_INVALID, "%s: choose one of the answers listed", field->label);
}

static bool is_user(const char *text)
{
	size_t len = strlen(text);

	return len && text[0] != '.' && strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789._-") == len;
}

static const struct error *check_list(
	const struct field *field, const json_t *list, const struct known *known)
{
	const json_t *one;
	size_t i;

	if (json_array_size(list) > field->max)
		return error_new(ERROR_INVALID, "%s: choose at most %zu", field->label, field->max);
	json_array_foreach (list, i, one) {
		const char *text = json_string_value(one);

		if (field->type == FIELD_CODES)
			TRY(check_code(field, text, known));
		if (field->type == FIELD_USERS && !is_user(text))
			return error_new(ERROR_INVALID, "%s: choose people of this hub", field->label);
	}
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

static const struct error *check_text(const struct field *field, const char *text, const struct known *known)
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
		return check_code(field, text, known);
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
	case FIELD_USERS:
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
	case FIELD_USERS:
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

bool schema_is_list(const struct field *field)
{
	return field->type == FIELD_CODES || field->type == FIELD_LIST || field->type == FIELD_USERS;
}

bool schema_is_of_hub(const struct field *field)
{
	return field->type == FIELD_USER || field->type == FIELD_USERS || strcmp(field->name, "team") == 0;
}

const struct error *schema_check(
	const struct field *field, const json_t *value, const struct codes *codes, const json_t *standing)
{
	const struct known known = {codes, standing};

	if (!schema_fits(field, value))
		return error_new(ERROR_INVALID, "%s: not an answer of the right kind", field->label);
	if (schema_is_list(field))
		return check_list(field, value, &known);
	return field->type == FIELD_NUMBER ? NULL : check_text(field, json_string_value(value), &known);
}

const char *schema_default(const struct field *field)
{
	static const char *const first[] = {"new", "open", "active", "draft", "offered"};

	if (strcmp(field->name, "state") != 0)
		return NULL;
	for (size_t i = 0; i < sizeof first / sizeof *first; i++)
		if (text_starts(field->choices, first[i]))
			return first[i];
	return NULL;
}
