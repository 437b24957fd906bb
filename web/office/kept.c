/* What somebody wrote when their session had just ended. The page that posted it shows it again (visit.c);
 * nothing is saved without a look.
 *
 * "It comes back to whoever typed it, and to nobody else": a form that nobody can be named for is not kept,
 * and nobody's forms push out another's while there is room. It is readable text, so it stays in memory only,
 * in small numbers and for a short time. Office role. */
#include "web/office/kept.h"

#include <stdio.h>
#include <string.h>

#define KEPT_MOST 32
#define KEPT_BYTES_MAX 65536

struct kept {
	struct kept_form *forms[KEPT_MOST];
};

struct kept *kept_new(const void *context)
{
	return memory_new(context, struct kept);
}

static bool is_private(const char *name)
{
	return strcmp(name, "csrf") == 0 || strcmp(name, "once") == 0 || strstr(name, "passphrase") != NULL;
}

/* Whether somebody has written anything into it. */
static bool is_worth_it(const struct form *form)
{
	for (size_t i = 0; form && i < form->count; i++)
		if (*form->fields[i].value && !is_private(form->fields[i].name))
			return true;
	return false;
}

static bool copy_fields(struct kept_form *to, const struct form *from)
{
	size_t bytes = 0;

	to->form.fields = memory_array(to, struct form_field, from->count);
	for (size_t i = 0; i < from->count; i++) {
		if (is_private(from->fields[i].name))
			continue;
		bytes += strlen(from->fields[i].name) + strlen(from->fields[i].value);
		to->form.fields[to->form.count++] = (struct form_field){
			memory_string(to, from->fields[i].name), memory_string(to, from->fields[i].value)};
	}
	return bytes <= KEPT_BYTES_MAX;
}

/* Where the next form of `owner` goes. */
static size_t place_for(const struct kept *kept, const char *owner)
{
	size_t own = 0, count = 0, oldest = 0;

	for (size_t i = 0; i < KEPT_MOST; i++) {
		const struct kept_form *form = kept->forms[i];

		if (form && strcmp(form->owner, owner) == 0) {
			if (!count++ || form->at_ms < kept->forms[own]->at_ms)
				own = i;
		}
		if (kept->forms[oldest] && (!form || form->at_ms < kept->forms[oldest]->at_ms))
			oldest = i;
	}
	return count >= KEPT_OF_ONE ? own : oldest;
}

const char *kept_add(
	struct kept *kept, const char *owner, const char *path, const struct form *form, int64_t now_ms)
{
	struct kept_form *fresh;
	size_t place = 0;

	if (!*owner || !is_worth_it(form))
		return NULL;
	fresh = memory_new(kept, struct kept_form);
	if (!copy_fields(fresh, form)) {
		talloc_free(fresh);
		return NULL;
	}
	session_token_new(fresh->id);
	for (char *at = fresh->id; *at; at++) /* it travels in addresses */
		*at = *at == '+' ? '-' : *at == '/' ? '_' : *at;
	snprintf(fresh->owner, sizeof fresh->owner, "%s", owner);
	fresh->path = memory_string(fresh, path);
	fresh->at_ms = now_ms;
	place = place_for(kept, owner);
	talloc_free(kept->forms[place]);
	kept->forms[place] = fresh;
	return fresh->id;
}

struct kept_form *kept_take(
	const void *context, struct kept *kept, const char *id, const char *owner, int64_t now_ms)
{
	struct kept_form *found = NULL;

	for (size_t i = 0; i < KEPT_MOST; i++) {
		struct kept_form *form = kept->forms[i];

		if (form && now_ms - form->at_ms > KEPT_MS) {
			talloc_free(form);
			kept->forms[i] = NULL;
		} else if (form && strcmp(form->id, id) == 0 && strcmp(form->owner, owner) == 0) {
			found = talloc_steal(context, form);
			kept->forms[i] = NULL;
		}
	}
	return found;
}
