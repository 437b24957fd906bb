/* Decides who must not be asked: see guard.h. Works on codes of codes/perpetrators.csv, in which a longer
 * code is a branch of the shorter one it begins with, and what a coalition added counts as what it comes
 * under; words are compared without capitals. What an override takes, web/office/agree.c sees to. Runs in
 * office. */
#include "node/casework/guard.h"

#include <ctype.h>
#include <string.h>

#include "node/base/text.h"

#define POLICE "010104"
#define AGENCIES_MAX 64
#define NAME_LEN_MIN 4 /* a shorter name is in too many words by chance */

/* "Somebody else" and "not known" are no agency. */
static bool is_agency(const char *code)
{
	return *code && strcmp(code, "90") != 0 && strcmp(code, "99") != 0;
}

/* The same, or one a branch of the other. */
static bool is_kin(const char *a, const char *b)
{
	return is_agency(a) && is_agency(b) && (text_starts(a, b) || text_starts(b, a));
}

static bool is_state(const char *code)
{
	return text_starts(code, "0101") || text_starts(code, "0102") || text_starts(code, "0103");
}

/* As a word of its own, or several: "police" is in "Gulu Police Post" and not in "policed". */
static bool is_in(const char *words, const char *name)
{
	size_t len = strlen(name);

	if (text_length(name) < NAME_LEN_MIN)
		return false;
	for (const char *at = words; *at; at++)
		if (strncasecmp(at, name, len) == 0 && (at == words || !isalnum((unsigned char)at[-1])) &&
			!isalnum((unsigned char)at[len]))
			return true;
	return false;
}

/* The agencies of a provider: the one that the directory tells, and that of the profession; then what both
 * were before. Each once; the first is what matters most to say. */
struct agencies {
	const struct codes *codes;
	const char *code[AGENCIES_MAX];
	size_t count;
	bool is_first_agreed; /* the person agreed to what would stand first */
};

/* What a coalition added under an agency is of that agency. */
static const char *root_of(const struct agencies *agencies, const char *code)
{
	return codes_root(agencies->codes, "perpetrators", code);
}

static void add_agency(struct agencies *agencies, const char *code, const json_t *agreed)
{
	bool is_agreed = guard_consents(agreed, code);

	if (!is_agency(root_of(agencies, code)) || agencies->count == AGENCIES_MAX)
		return;
	for (size_t i = 0; i < agencies->count; i++)
		if (strcmp(agencies->code[i], code) == 0)
			return;
	agencies->is_first_agreed |= is_agreed && !agencies->count;
	if (!is_agreed)
		agencies->code[agencies->count++] = code;
}

static void add_profession(struct agencies *agencies, const char *profession, const json_t *agreed)
{
	if (strcmp(codes_root(agencies->codes, "professions", profession), "police-liaison") == 0)
		add_agency(agencies, POLICE, agreed);
}

static const json_t *before(const json_t *provider, const char *name)
{
	return json_object_get(json_object_get(provider, "was"), name);
}

static void find_agencies(struct agencies *agencies, const json_t *provider, const json_t *agreed)
{
	const json_t *one;
	size_t i;

	add_agency(agencies, json_text_or(provider, "agency", ""), agreed);
	add_profession(agencies, json_text_or(provider, "profession", ""), agreed);
	json_array_foreach (before(provider, "agency"), i, one)
		add_agency(agencies, json_string_value(one), agreed);
	json_array_foreach (before(provider, "profession"), i, one)
		add_profession(agencies, json_string_value(one), agreed);
}

static bool is_same(const struct agencies *agencies, const char *perpetrator, struct guard_verdict *verdict)
{
	for (size_t i = 0; i < agencies->count; i++)
		if (is_kin(root_of(agencies, agencies->code[i]), root_of(agencies, perpetrator))) {
			*verdict = (struct guard_verdict){GUARD_SAME, agencies->code[i]};
			return true;
		}
	return false;
}

static bool is_organisation(const json_t *provider, const char *words)
{
	const char *organisation = json_text_or(provider, "organisation", "");
	const json_t *one;
	size_t i;

	if (is_in(words, organisation) || is_in(organisation, words))
		return true;
	json_array_foreach (before(provider, "organisation"), i, one)
		if (is_in(words, json_string_value(one)) || is_in(json_string_value(one), words))
			return true;
	return false;
}

static bool is_named(const struct agencies *agencies, const json_t *provider, const json_t *incident,
	struct guard_verdict *verdict)
{
	const char *words = json_text_or(incident, "agency", "");

	for (size_t i = 0; i < agencies->count; i++) {
		const char *code = agencies->code[i],
			   *label = codes_label(agencies->codes, "perpetrators", code),
			   *root = codes_label(agencies->codes, "perpetrators", root_of(agencies, code));

		if ((label && is_in(words, label)) || (root && is_in(words, root))) {
			*verdict = (struct guard_verdict){GUARD_NAMED, agencies->code[i]};
			return true;
		}
	}
	if (agencies->is_first_agreed || !is_organisation(provider, words))
		return false;
	*verdict = (struct guard_verdict){GUARD_NAMED, agencies->count ? agencies->code[0] : ""};
	return true;
}

struct guard_verdict guard_look(const struct codes *codes, const json_t *in_case, const json_t *incidents,
	const json_t *provider, const json_t *agreed)
{
	struct guard_verdict verdict = {GUARD_CLEAR, ""};
	struct agencies agencies = {.codes = codes};
	bool is_known = false, is_unknown = false;
	const json_t *one;
	size_t i;

	find_agencies(&agencies, provider, agreed);
	json_array_foreach (json_object_get(in_case, "perpetrators"), i, one) {
		const char *code = json_is_string(one) ? json_string_value(one) : "";

		if (is_same(&agencies, code, &verdict))
			return verdict;
		is_unknown |= strcmp(code, "99") == 0;
		is_known |= *code != 0;
	}
	json_array_foreach (incidents, i, one) {
		const char *code = json_text_or(one, "perpetrator", "");

		if (is_same(&agencies, code, &verdict) || is_named(&agencies, provider, one, &verdict))
			return verdict;
		is_unknown |= strcmp(code, "99") == 0;
		is_known |= *code != 0;
	}
	for (i = 0; (is_unknown || !is_known) && i < agencies.count; i++)
		if (is_state(root_of(&agencies, agencies.code[i])))
			return (struct guard_verdict){GUARD_UNKNOWN, agencies.code[i]};
	return verdict;
}

bool guard_consents(const json_t *consent, const char *agency)
{
	const json_t *one;
	size_t i;

	json_array_foreach (json_object_get(consent, "agencies"), i, one)
		if (*agency && json_is_string(one) && strcmp(json_string_value(one), agency) == 0)
			return true;
	return false;
}

bool guard_is_hidden(const struct codes *codes, const json_t *provider)
{
	return strcmp(codes_root(codes, "professions", json_text_or(provider, "profession", "")),
		       "safe-house") == 0;
}

void guard_hide(const struct codes *codes, json_t *providers)
{
	for (size_t i = json_array_size(providers); i-- > 0;)
		if (guard_is_hidden(codes, json_array_get(providers, i)))
			json_array_remove(providers, i);
}
