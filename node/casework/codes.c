/* The words that cases are counted by: kinds of violation, who did it, what is needed, where
 * (codes/<list>.csv), and what a coalition added to them while it works.
 *
 * A list is a file, so that a coalition can read and correct it without touching C. Each is embedded and read
 * once; what was added is the caller's, so that two case files do not know of each other. What a record says
 * stays readable for ever: a code that was once used is never removed. Runs in intake (the form) and in
 * office. */
#include "node/casework/codes.h"

#include <pthread.h>
#include <string.h>

#include "node/base/embed.h"

EMBED(codes_acts, "node/casework/codes/acts.csv");
EMBED(codes_districts, "node/casework/codes/districts.csv");
EMBED(codes_needs, "node/casework/codes/needs.csv");
EMBED(codes_perpetrators, "node/casework/codes/perpetrators.csv");
EMBED(codes_places, "node/casework/codes/places.csv");
EMBED(codes_precision, "node/casework/codes/precision.csv");
EMBED(codes_professions, "node/casework/codes/professions.csv");
EMBED(codes_themes, "node/casework/codes/themes.csv");
EMBED(codes_violation_status, "node/casework/codes/violation-status.csv");

struct code {
	char *code, *label;
};
static struct list {
	const char *name;
	const char *text;
	struct code *codes;
	size_t count;
} lists[] = {
	{.name = "acts", .text = codes_acts},
	{.name = "districts", .text = codes_districts},
	{.name = "needs", .text = codes_needs},
	{.name = "perpetrators", .text = codes_perpetrators},
	{.name = "places", .text = codes_places},
	{.name = "precision", .text = codes_precision},
	{.name = "professions", .text = codes_professions},
	{.name = "themes", .text = codes_themes},
	{.name = "violation-status", .text = codes_violation_status},
};
#define LIST_COUNT (sizeof lists / sizeof *lists)

static pthread_once_t once = PTHREAD_ONCE_INIT;
static void *memory; /* holds all lists for the life of the process */

/* Lines of code,label,parent,valid_from; the first is the heading. No field holds a comma or a quote (a test
 * sees to it). */
static void list_read(struct list *list)
{
	const char *line = strchr(list->text, '\n') + 1;

	while (*line) {
		size_t code = strcspn(line, ",");
		const char *label = line + code + 1;

		list->codes = memory_resize(memory, list->codes, struct code, list->count + 1);
		list->codes[list->count++] = (struct code){
			.code = memory_string_of(memory, line, code),
			.label = memory_string_of(memory, label, strcspn(label, ",")),
		};
		line = strchr(label, '\n') + 1;
	}
}

static void lists_read(void)
{
	memory = memory_context(NULL);
	for (size_t i = 0; i < LIST_COUNT; i++)
		list_read(&lists[i]);
}

static const struct list *list_find(const char *name)
{
	pthread_once(&once, lists_read);
	for (size_t i = 0; i < LIST_COUNT; i++)
		if (strcmp(lists[i].name, name) == 0)
			return &lists[i];
	return NULL;
}

struct codes {
	struct code_added *added;
	size_t count;
};

struct codes *codes_new(const void *context)
{
	return memory_new(context, struct codes);
}

void codes_add(struct codes *codes, const struct code_added *added)
{
	codes->added = memory_resize(codes, codes->added, struct code_added, codes->count + 1);
	codes->added[codes->count++] = (struct code_added){
		.list = memory_string(codes, added->list),
		.code = memory_string(codes, added->code),
		.label = memory_string(codes, added->label),
		.parent = memory_string(codes, added->parent),
		.is_offered = added->is_offered,
	};
}

static const struct code_added *added_find(const struct codes *codes, const char *list, const char *code)
{
	for (size_t i = 0; codes && i < codes->count; i++)
		if (strcmp(codes->added[i].list, list) == 0 && strcmp(codes->added[i].code, code) == 0)
			return &codes->added[i];
	return NULL;
}

static const char *embedded_label(const char *name, const char *code)
{
	const struct list *list = list_find(name);

	for (size_t i = 0; list && i < list->count; i++)
		if (strcmp(list->codes[i].code, code) == 0)
			return list->codes[i].label;
	return NULL;
}

const char *codes_list(size_t place)
{
	return place < LIST_COUNT ? lists[place].name : NULL;
}

const char *codes_label(const struct codes *codes, const char *list, const char *code)
{
	const char *label = embedded_label(list, code);
	const struct code_added *added = label ? NULL : added_find(codes, list, code);

	return added ? added->label : label;
}

bool codes_offers(const struct codes *codes, const char *list, const char *code)
{
	const struct code_added *added = added_find(codes, list, code);

	return embedded_label(list, code) || (added && added->is_offered);
}

const char *codes_root(const struct codes *codes, const char *list, const char *code)
{
	const struct code_added *added = embedded_label(list, code) ? NULL : added_find(codes, list, code);

	return added && *added->parent ? added->parent : code;
}

const char *codes_at(const char *name, size_t place, const char **label)
{
	const struct list *list = list_find(name);

	if (!list || place >= list->count)
		return NULL;
	*label = list->codes[place].label;
	return list->codes[place].code;
}

static bool is_chosen(const json_t *chosen, const char *code)
{
	const json_t *one;
	size_t i;

	if (json_is_string(chosen))
		return strcmp(json_string_value(chosen), code) == 0;
	json_array_foreach (chosen, i, one)
		if (json_is_string(one) && strcmp(json_string_value(one), code) == 0)
			return true;
	return false;
}

static void offer(json_t *choices, const char *code, const char *label, const json_t *chosen)
{
	json_t *choice = json_pack("{s:s, s:s}", "code", code, "label", label);

	if (is_chosen(chosen, code))
		json_object_set_new(choice, "selected", json_true());
	json_array_append_new(choices, choice);
}

/* Those that come under `parent`; "": those that come under nothing that the file knows. */
static void offer_added(json_t *choices, const struct codes *codes, const char *list, const char *parent,
	const json_t *chosen)
{
	for (size_t i = 0; codes && i < codes->count; i++) {
		const struct code_added *added = &codes->added[i];
		const char *under = embedded_label(list, added->parent) ? added->parent : "";

		if (added->is_offered && strcmp(added->list, list) == 0 && strcmp(under, parent) == 0)
			offer(choices, added->code, added->label, chosen);
	}
}

/* What a record says stays choosable there: what was retired, and what only a newer hub knows. */
static void offer_standing(
	json_t *choices, const struct codes *codes, const char *list, const char *code, const json_t *chosen)
{
	const char *label = codes_label(codes, list, code);

	if (*code && !codes_offers(codes, list, code))
		offer(choices, code, label ? label : code, chosen);
}

json_t *codes_choices(
	const struct codes *codes, const char *name, const json_t *chosen, const json_t *standing)
{
	const struct list *list = list_find(name);
	json_t *out = json_array();
	const json_t *one;
	size_t i;

	for (i = 0; list && i < list->count; i++) {
		offer(out, list->codes[i].code, list->codes[i].label, chosen);
		offer_added(out, codes, name, list->codes[i].code, chosen);
	}
	offer_added(out, codes, name, "", chosen);
	if (json_is_string(standing))
		offer_standing(out, codes, name, json_string_value(standing), chosen);
	json_array_foreach (standing, i, one)
		if (json_is_string(one))
			offer_standing(out, codes, name, json_string_value(one), chosen);
	return out;
}
