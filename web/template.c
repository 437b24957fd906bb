/* Fills the pages with what the case file says: Mustache over a JSON view.
 *
 * Names, places and words of reporters and staff land in HTML here and nowhere else, so this is where they
 * are made harmless: every value is escaped and there is no tag that leaves it out. A template is cut into
 * parts once, with all nesting checked, so that one that is malformed fails in its first test and not with
 * one special view. Runs in intake, office and sync. */
#include "web/template.h"

#include <string.h>

#include "node/base/files.h"
#include "web/assets.h"

#define DEPTH_MAX 16	  /* sections and partials inside one another */
#define STEPS_MAX 1000000 /* parts rendered for one page: a partial that calls itself twice must end too */
#define PAGE_MAX (16 * 1024 * 1024)
#define FILE_MAX (1024 * 1024)

enum kind { TEXT, VALUE, SECTION, INVERTED, CLOSE, PARTIAL };
struct part {
	enum kind kind;
	const char *start; /* the text, or the name */
	size_t len;
	size_t end; /* of a section: the index of its CLOSE */
};
struct parts {
	const char *name; /* of the partial; NULL for the template itself */
	struct part *list;
	size_t count, room;
	struct parts *next;
};
struct run {
	void *scratch;
	const struct language *language;
	struct buffer *out;
	template_find *find;
	void *user;
	struct parts *partials; /* cut already */
	const json_t *stack[2 * DEPTH_MAX];
	size_t views, depth, steps;
};

static const char *disk; /* set once at start, before any page */

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

static bool is_space(char c)
{
	return is_blank(c) || c == '\n' || c == '\r';
}

static bool is_name(const char *name, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (!((name[i] >= 'a' && name[i] <= 'z') || (name[i] >= 'A' && name[i] <= 'Z') ||
			    (name[i] >= '0' && name[i] <= '9') || name[i] == '_' || name[i] == '-' ||
			    name[i] == '.'))
			return false;
	return len > 0;
}

static void part_add(struct parts *parts, enum kind kind, const char *start, size_t len)
{
	if (parts->count == parts->room) {
		parts->room = parts->room ? 2 * parts->room : 64;
		parts->list = memory_resize(parts, parts->list, struct part, parts->room);
	}
	parts->list[parts->count++] = (struct part){kind, start, len, 0};
}

/* A tag other than a value that is alone on its line takes the whole line with it (spec: "standalone"). Moves
 * the ends of the text before and after it. */
static void take_line(
	const char *first, const char *last, const char *text, const char **before, const char **after)
{
	const char *start = *before, *end = *after;

	while (start > text && is_blank(start[-1]))
		start--;
	if (start > first && start[-1] != '\n')
		return;
	while (end < last && is_blank(*end))
		end++;
	if (end + 1 < last && end[0] == '\r' && end[1] == '\n')
		end++;
	if (end < last && *end != '\n')
		return;
	*before = start;
	*after = end < last ? end + 1 : end;
}

static const struct error *tag_kind(const char **name, size_t *len, enum kind *kind)
{
	static const char marks[] = "#^/>";
	static const enum kind kinds[] = {SECTION, INVERTED, CLOSE, PARTIAL};
	const char *mark = *len && **name ? strchr(marks, **name) : NULL;

	*kind = mark ? kinds[mark - marks] : VALUE;
	if (mark) {
		++*name;
		--*len;
	}
	while (*len && is_blank(**name)) {
		++*name;
		--*len;
	}
	while (*len && is_blank((*name)[*len - 1]))
		--*len;
	/* This refuses {{{name}}}, {{&name}} and {{=<% %>=}} too. */
	if (!is_name(*name, *len))
		return error_new(ERROR_INVALID, "a template has a tag that is none of ours: {{%.*s}}",
			(int)(*len < 40 ? *len : 40), *name);
	return NULL;
}

/* The words between {{#t}} and {{/t}} as the catalogue knows them: each run of white space is one space. */
static char *message(const void *context, const char *start, const char *end)
{
	struct buffer *text = buffer_new(context);

	while (start < end) {
		const char *word = start;

		while (start < end && !is_space(*start))
			start++;
		if (start > word) {
			if (text->len)
				buffer_add(text, " ", 1);
			buffer_add(text, word, (size_t)(start - word));
		}
		while (start < end && is_space(*start))
			start++;
	}
	buffer_add(text, "", 1);
	return (char *)text->data;
}

static const struct error *cut(
	struct parts *parts, struct bytes source, const struct language *language, bool is_message);

/* Takes the translation's parts in place of the words. *after moves behind {{/t}}. */
static const struct error *cut_message(
	struct parts *parts, const char **after, const char *last, const struct language *language)
{
	static const char end[] = "{{/t}}";
	const char *close = memmem(*after, (size_t)(last - *after), end, sizeof end - 1);
	const char *text;

	if (!close)
		return error_new(ERROR_INVALID, "a template does not close {{#t}}");
	text = language_text(language, message(parts, *after, close));
	*after = close + sizeof end - 1;
	return cut(parts, (struct bytes){(const uint8_t *)text, strlen(text)}, language, true);
}

/* Cuts a template into parts and pairs its sections. `is_message`: it is a translated text itself. */
static const struct error *cut(
	struct parts *parts, struct bytes source, const struct language *language, bool is_message)
{
	const char *first = source.len ? (const char *)source.data : "", *last = first + source.len,
		   *text = first;
	size_t open[DEPTH_MAX], depth = 0;

	for (;;) {
		const char *tag = text < last ? memmem(text, (size_t)(last - text), "{{", 2) : NULL;
		const char *close, *name, *before, *after;
		enum kind kind = TEXT;
		size_t len;

		if (!tag)
			break;
		close = memmem(tag + 2, (size_t)(last - tag - 2), "}}", 2);
		if (!close)
			return error_new(ERROR_INVALID, "a template has a tag that does not end");
		name = tag + 2;
		len = (size_t)(close - name);
		before = tag;
		after = close + 2;
		if (*name != '!')
			TRY(tag_kind(&name, &len, &kind));
		if (kind == SECTION && len == 1 && *name == 't') {
			if (is_message)
				return error_new(ERROR_INVALID, "a template has {{#t}} inside {{#t}}");
			if (before > text)
				part_add(parts, TEXT, text, (size_t)(before - text));
			TRY(cut_message(parts, &after, last, language));
			text = after;
			continue;
		}
		if (kind != VALUE)
			take_line(first, last, text, &before, &after);
		if (before > text)
			part_add(parts, TEXT, text, (size_t)(before - text));
		text = after;
		if (kind == SECTION || kind == INVERTED) {
			if (depth == DEPTH_MAX)
				return error_new(
					ERROR_INVALID, "a template is more than %d sections deep", DEPTH_MAX);
			open[depth++] = parts->count;
		} else if (kind == CLOSE) {
			struct part *section = depth ? &parts->list[open[--depth]] : NULL;

			if (!section || section->len != len || memcmp(section->start, name, len) != 0)
				return error_new(ERROR_INVALID,
					"a template closes {{%.*s}}, which is not open",
					(int)(len < 40 ? len : 40), name);
			section->end = parts->count;
		}
		if (kind != TEXT)
			part_add(parts, kind, name, len);
	}
	if (depth)
		return error_new(ERROR_INVALID, "a template does not close {{#%.*s}}",
			(int)parts->list[open[depth - 1]].len, parts->list[open[depth - 1]].start);
	if (last > text)
		part_add(parts, TEXT, text, (size_t)(last - text));
	return NULL;
}

static const json_t *member(const json_t *value, const char *name, size_t len)
{
	char key[128];

	if (len >= sizeof key || !json_is_object(value))
		return NULL;
	memcpy(key, name, len);
	key[len] = 0;
	return json_object_get(value, key);
}

/* The first part of a dotted name is looked for in all views from the innermost outward, the others only
 * inside what was found. */
static const json_t *resolve(const struct run *run, const char *name, size_t len)
{
	const char *dot = memchr(name, '.', len);
	size_t first = dot ? (size_t)(dot - name) : len;
	const json_t *value = NULL;

	if (len == 1 && *name == '.')
		return run->stack[run->views - 1];
	for (size_t i = run->views; i > 0 && !value; i--)
		value = member(run->stack[i - 1], name, first);
	while (value && first < len) {
		const char *next = name + first + 1;
		size_t rest = len - first - 1;

		dot = memchr(next, '.', rest);
		first = dot ? (size_t)(dot - name) : len;
		value = member(value, next, (size_t)(name + first - next));
	}
	return value;
}

static bool is_truthy(const json_t *value)
{
	switch (value ? json_typeof(value) : JSON_NULL) {
	case JSON_NULL:
	case JSON_FALSE:
		return false;
	case JSON_STRING:
		return json_string_length(value) > 0;
	case JSON_ARRAY:
		return json_array_size(value) > 0;
	default:
		return true;
	}
}

static void add_escaped(struct buffer *out, const char *text, size_t len)
{
	size_t done = 0;

	for (size_t i = 0; i < len; i++) {
		const char *safe;

		switch (text[i]) {
		case '&':
			safe = "&amp;";
			break;
		case '<':
			safe = "&lt;";
			break;
		case '>':
			safe = "&gt;";
			break;
		case '"':
			safe = "&quot;";
			break;
		case '\'':
			safe = "&#39;";
			break;
		default:
			continue;
		}
		buffer_add(out, text + done, i - done);
		buffer_text(out, safe);
		done = i + 1;
	}
	buffer_add(out, text + done, len - done);
}

static void add_value(struct buffer *out, const json_t *value)
{
	if (json_is_string(value))
		add_escaped(out, json_string_value(value), json_string_length(value));
	else if (json_is_integer(value))
		buffer_format(out, "%" JSON_INTEGER_FORMAT, json_integer_value(value));
	else if (json_is_real(value))
		buffer_format(out, "%.0f", json_real_value(value));
	else if (json_is_true(value))
		buffer_text(out, "true");
}

static const struct error *render(struct run *run, const struct parts *parts, size_t from, size_t to);

/* The parts between a section's tags, with `view` as the innermost. */
static const struct error *render_inside(
	struct run *run, const struct parts *parts, size_t section, const json_t *view)
{
	const struct error *error;

	run->stack[run->views++] = view;
	error = render(run, parts, section + 1, parts->list[section].end);
	run->views--;
	return error;
}

static const struct error *render_section(struct run *run, const struct parts *parts, size_t section)
{
	const struct part *part = &parts->list[section];
	const json_t *value = resolve(run, part->start, part->len);
	const json_t *element;
	size_t i;

	if ((part->kind == SECTION) != is_truthy(value))
		return NULL;
	if (part->kind == INVERTED)
		return render(run, parts, section + 1, part->end);
	if (!json_is_array(value))
		return render_inside(run, parts, section, value);
	json_array_foreach (value, i, element)
		TRY(render_inside(run, parts, section, element));
	return NULL;
}

static const struct error *render_partial(struct run *run, const char *name, size_t len)
{
	struct parts *parts = run->partials;
	struct bytes source;

	while (parts && (strlen(parts->name) != len || memcmp(parts->name, name, len) != 0))
		parts = parts->next;
	if (!parts) {
		parts = memory_new(run->scratch, struct parts);
		parts->name = memory_string_of(parts, name, len);
		if (!run->find || !run->find(run->user, parts->name, &source))
			return error_new(ERROR_INVALID, "a template names a partial that is not there: %s",
				parts->name);
		TRY(cut(parts, source, run->language, false));
		parts->next = run->partials;
		run->partials = parts;
	}
	return render(run, parts, 0, parts->count);
}

static const struct error *render(struct run *run, const struct parts *parts, size_t from, size_t to)
{
	if (run->depth == DEPTH_MAX)
		return error_new(
			ERROR_INVALID, "a template is more than %d sections and partials deep", DEPTH_MAX);
	run->depth++;
	for (size_t i = from; i < to; i++) {
		const struct part *part = &parts->list[i];

		if (++run->steps > STEPS_MAX || run->out->len > PAGE_MAX)
			return error_new(ERROR_INVALID, "a template makes a page without end");
		switch (part->kind) {
		case TEXT:
			buffer_add(run->out, part->start, part->len);
			break;
		case VALUE:
			add_value(run->out, resolve(run, part->start, part->len));
			break;
		case SECTION:
		case INVERTED:
			TRY(render_section(run, parts, i));
			i = part->end;
			break;
		case PARTIAL:
			TRY(render_partial(run, part->start, part->len));
			break;
		case CLOSE:
			break;
		}
	}
	run->depth--;
	return NULL;
}

const struct error *template_run(const void *context, struct bytes source, const json_t *view,
	template_find *find, void *user, const struct language *language, struct bytes *out)
{
	void *scratch CLEANUP(memory_free) = memory_context(NULL);
	struct run run = {scratch, language, buffer_new(scratch), find, user, NULL, {view}, 1, 0, 0};
	struct parts *parts = memory_new(scratch, struct parts);

	TRY(cut(parts, source, language, false));
	TRY(render(&run, parts, 0, parts->count));
	*out = buffer_bytes(run.out);
	talloc_steal(context, run.out);
	return NULL;
}

void template_from_disk(const char *directory)
{
	disk = directory;
}

bool template_file(const void *context, const char *name, struct bytes *out)
{
	const struct error *error;

	if (!disk)
		return assets_find(name, out);
	error = files_read(context, memory_format(context, "%s/%s", disk, name), FILE_MAX, out);
	return !error;
}

static bool find_file(void *user, const char *name, struct bytes *out)
{
	return template_file(user, memory_format(user, "templates/%s.html", name), out);
}

const struct error *template_render(const void *context, const char *name, const json_t *view,
	const struct language *language, struct bytes *out)
{
	void *scratch CLEANUP(memory_free) = memory_context(NULL);
	struct bytes source;

	if (!find_file(scratch, name, &source))
		return error_new(ERROR_NOT_FOUND, "there is no page template named %s", name);
	return template_run(context, source, view, find_file, scratch, language, out);
}
