/* The words that cases are counted by: kinds of violation, who did it, what is needed, where
 * (codes/<list>.csv).
 *
 * A list is a file, so that a coalition can read, correct and extend it without touching C. Each is embedded
 * and read once. What a record says stays readable for ever: a code that was once used is never removed from
 * its file. Runs in intake (the form) and in office. */
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

const char *codes_label(const char *name, const char *code)
{
	const struct list *list = list_find(name);

	for (size_t i = 0; list && i < list->count; i++)
		if (strcmp(list->codes[i].code, code) == 0)
			return list->codes[i].label;
	return NULL;
}

bool codes_has(const char *list, const char *code)
{
	return codes_label(list, code) != NULL;
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

json_t *codes_choices(const char *name, const json_t *chosen)
{
	const struct list *list = list_find(name);
	json_t *out = json_array();

	for (size_t i = 0; list && i < list->count; i++) {
		const struct code *code = &list->codes[i];
		json_t *choice = json_pack("{s:s, s:s}", "code", code->code, "label", code->label);

		if (is_chosen(chosen, code->code))
			json_object_set_new(choice, "selected", json_true());
		json_array_append_new(out, choice);
	}
	return out;
}
