/* The directory: who can help, for the whole coalition. Finding somebody, one entry, adding and changing.
 *
 * "A provider changes their own entry and no more of it than is theirs to say": who vouches for them, their
 * profession, organisation and agency, and who signs in as them, others write down. Which entries somebody
 * may see or change at all is node/casework/sight's. Office role. */
#include "web/office/pages.h"

#include <string.h>

#include "node/base/text.h"
#include "node/casework/codes.h"
#include "node/casework/directory.h"
#include "node/casework/lists.h"
#include "web/office/fields.h"
#include "web/office/rules.h"
#include "web/office/show.h"

#define ROWS 50

static const char facts[] = "profession organisation agency services districts languages hours contact";

static const struct asked staff_asked[] = {
	{"name", NULL, NULL, true, false},
	{"profession", NULL, NULL, true, false},
	{"organisation", NULL, NULL, false, false},
	{"services", NULL, NULL, true, false},
	{"districts", NULL, SAY("Leave it empty if anywhere."), false, false},
	{"languages", NULL, NULL, false, false},
	{"hours", NULL, NULL, false, false},
	{"capacity", NULL, NULL, false, false},
	{"contact", NULL, NULL, false, false},
	{"agency", NULL,
		SAY("Where they belong to one: cases in which it is accused are not referred to them. Taking "
		    "it "
		    "away later does not change that."),
		false, false},
	{"user", NULL, SAY("Somebody who signs in here as a provider and reads what is referred to them."),
		false, false},
	{"vetted_by", NULL, SAY("Who knows them and vouches for them."), false, false},
	{"vetted_on", NULL, NULL, false, false},
	{"state", NULL, NULL, false, false},
	{0},
};
/* Not what the guard against conflicts of interest decides by. */
static const struct asked own_asked[] = {
	{"name", NULL, NULL, true, false},
	{"services", NULL, NULL, true, false},
	{"districts", NULL, SAY("Leave it empty if anywhere."), false, false},
	{"languages", NULL, NULL, false, false},
	{"hours", NULL, NULL, false, false},
	{"capacity", NULL, NULL, false, false},
	{"contact", NULL, NULL, false, false},
	{"state", NULL, NULL, false, false},
	{0},
};

/* ---- the list ---- */

static const char *asked_for(const struct visit *visit, const char *name)
{
	return form_text(visit->context, visit->request->query, name);
}

static json_t *choice(const char *code, const char *label, const char *chosen)
{
	return json_pack("{ss, ss, sb}", "code", code, "label", label, "selected", strcmp(code, chosen) == 0);
}

static json_t *codes_of(const struct visit *visit, const char *list, const char *chosen)
{
	json_t *value CLEANUP(json_decref) = json_string(chosen);

	return show_codes(visit, list, value, NULL);
}

static json_t *choices_of(const struct visit *visit, const char *name, const char *chosen)
{
	const struct field *field = schema_field(schema_entity("provider"), name);
	json_t *list = json_array();

	for (const char *at = field->choices; at && *at;) {
		size_t len = strcspn(at, "|");
		const char *code = memory_string_of(visit->context, at, len);

		json_array_append_new(list, choice(code, show_choice(visit, code), chosen));
		at += len + (at[len] == '|');
	}
	return list;
}

static struct directory_filter filter_of(struct visit *visit)
{
	struct directory_filter filter = {asked_for(visit, "service"), asked_for(visit, "district"),
		asked_for(visit, "language"), asked_for(visit, "capacity"), asked_for(visit, "state")};
	const char *states[] = {"paused", "left"};
	bool is_known = false;

	for (size_t i = 0; i < sizeof states / sizeof *states; i++)
		is_known |= strcmp(filter.state, states[i]) == 0;
	if (!is_known)
		filter.state = "active";
	visit_set(visit, "services", codes_of(visit, "needs", filter.service));
	visit_set(visit, "districts", codes_of(visit, "districts", filter.district));
	visit_set(visit, "capacities", choices_of(visit, "capacity", filter.capacity));
	visit_set(visit, "states", choices_of(visit, "state", filter.state));
	visit_text(visit, "language", filter.language);
	return filter;
}

static void add_words(struct visit *visit, json_t *row)
{
	static const char *const names[] = {"profession", "services", "districts", "capacity"};
	const struct entity *entity = schema_entity("provider");

	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		json_object_set_new(row, visit_path(visit, "%s_label", names[i]),
			json_string(show_value(
				visit, schema_field(entity, names[i]), json_object_get(row, names[i]))));
	json_object_set_new(row, "capacity_class", json_string(show_tag(json_text_or(row, "capacity", ""))));
	json_object_set_new(row, "is_vetted", json_boolean(*json_text_or(row, "vetted_by", "") != 0));
	json_object_set_new(
		row, "is_conflict", json_boolean(json_integer_value(json_object_get(row, "conflicts")) > 0));
}

/* The same search, further on. */
static const char *further(const struct visit *visit, int offset)
{
	static const char *const names[] = {"service", "district", "capacity", "state"};
	struct buffer *path = buffer_new(visit->context);

	buffer_format(path, "/providers?from=%d", offset);
	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		const char *code = asked_for(visit, names[i]);

		if (*code &&
			strspn(code, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-") ==
				strlen(code))
			buffer_format(path, "&%s=%s", names[i], code);
	}
	return (const char *)buffer_bytes(path).data;
}

const struct error *providers_page(struct visit *visit)
{
	struct directory_filter filter = filter_of(visit);
	json_t *rows = NULL, *row;
	uint64_t offset = 0;
	size_t i;

	error_ignore(text_to_number(asked_for(visit, "from"), 1000000, &offset));
	TRY(directory_list(visit->office->file, &filter, ROWS, (int)offset, &rows));
	json_array_foreach (rows, i, row)
		add_words(visit, row);
	/* A word typed for the language would have to be escaped: then the next page is asked for by hand. */
	if (json_array_size(rows) == ROWS && !*filter.language)
		visit_text(visit, "more", further(visit, (int)offset + ROWS));
	visit_set(visit, "found", json_array_size(rows) ? json_pack("{sO}", "rows", rows) : json_null());
	json_decref(rows);
	visit_set(visit, "may_write", json_boolean(visit_may(visit, MAY_WRITE_DIRECTORY)));
	return visit_show(visit, "office-providers", "Directory");
}

/* ---- one entry ---- */

static bool is_own(const struct visit *visit, const char *key)
{
	return *visit->reader.provider && strcmp(visit->reader.provider, key) == 0;
}

/* An entry is its hub's to change, and headquarters'. */
static bool may_change(const struct visit *visit, const json_t *record)
{
	const struct trust *trust = &visit->office->trust;
	bool is_here = strcmp(json_text_or(record, "home", ""), trust->self.log) == 0;

	if (is_own(visit, json_text_or(record, "key", "")))
		return true;
	return visit_may(visit, MAY_WRITE_DIRECTORY) && (is_here || trust->self.role == MEMBER_HEADQUARTERS);
}

static void add_vetting(struct visit *visit, const json_t *record)
{
	const char *by = json_text_or(record, "vetted_by", "");

	if (*by)
		visit_set(visit, "vetted",
			json_pack("{ss, ss}", "by", by, "on",
				show_date(visit, json_text_or(record, "vetted_on", ""))));
	if (json_integer_value(json_object_get(record, "agreed_version")) > 0)
		visit_set(visit, "agreed",
			json_pack("{sO, ss}", "version", json_object_get(record, "agreed_version"), "on",
				show_date(visit, json_text_or(record, "agreed_on", ""))));
}

/* What it said before, and the guard still goes by. */
static void add_before(struct visit *visit, const json_t *was)
{
	const struct entity *entity = schema_entity("provider");
	json_t *list = json_array();
	const char *name;
	json_t *values, *one;
	size_t i;

	json_object_foreach ((json_t *)was, name, values)
		json_array_foreach (values, i, one)
			json_array_append_new(
				list, json_pack("{ss}", "value",
					      show_value(visit, schema_field(entity, name), one)));
	visit_set(visit, "before", json_array_size(list) ? json_pack("{sO}", "list", list) : json_null());
	json_decref(list);
}

const struct error *provider_page(struct visit *visit)
{
	json_t *record CLEANUP(json_decref) = NULL;
	const char *state, *capacity;

	TRY(directory_entry(visit->office->file, visit->parts[0], &record));
	state = json_text_or(record, "state", "active");
	capacity = json_text_or(record, "capacity", "");
	if (visit_may(visit, MAY_SETTLE_CONFLICTS))
		TRY(settle_show(visit, "provider", record, ""));
	visit_text(visit, "key", visit->parts[0]);
	visit_text(visit, "name", json_text_or(record, "name", ""));
	visit_text(visit, "user_name", json_text_or(record, "user", ""));
	visit_text(visit, "hub_name", office_hub_name(visit->office, json_text_or(record, "home", "")));
	visit_set(visit, "facts", show_fields(visit, schema_entity("provider"), record, facts));
	if (visit_may(visit, MAY_REFER))
		add_before(visit, json_object_get(record, "was"));
	visit_text(visit, "state_label", show_choice(visit, state));
	visit_text(visit, "state_class", show_tag(state));
	visit_text(visit, "capacity_label", *capacity ? show_choice(visit, capacity) : "");
	visit_text(visit, "capacity_class", show_tag(capacity));
	add_vetting(visit, record);
	visit_set(visit, "may_change", json_boolean(may_change(visit, record)));
	visit_set(visit, "has_history", json_boolean(visit_may(visit, MAY_READ_CASES)));
	if (visit_may(visit, MAY_READ_DIRECTORY))
		visit_text(visit, "back", "/providers");
	return visit_show(visit, "office-provider", json_text_or(record, "name", ""));
}

/* ---- adding and changing ---- */

static bool is_new(const struct visit *visit)
{
	return !*visit->parts[0];
}

/* The entry in the address, if it is theirs to change; NULL for a new one. */
static const struct error *find(struct visit *visit, json_t **record)
{
	if (is_new(visit))
		return NULL;
	TRY(casefile_get(visit->office->file, "provider", visit->parts[0], record));
	if (!may_change(visit, *record))
		return error_new(
			ERROR_DENIED, "an entry is changed at the hub that made it, or at headquarters");
	return NULL;
}

/* Who signs in as them is for their own hub to say. */
static const struct asked *without_user(const struct visit *visit)
{
	struct asked *asked =
		memory_array(visit->context, struct asked, sizeof staff_asked / sizeof *staff_asked);
	size_t count = 0;

	for (const struct asked *one = staff_asked; one->name; one++)
		if (strcmp(one->name, "user") != 0)
			asked[count++] = *one;
	asked[count] = (struct asked){0};
	return asked;
}

static struct asking asking_of(const struct visit *visit, const json_t *record)
{
	const char *self = visit->office->trust.self.log;
	struct asking asking = {"provider", is_new(visit) ? NULL : visit->parts[0], record, own_asked};

	if (visit_may(visit, MAY_WRITE_DIRECTORY))
		asking.asked = strcmp(json_text_or(record, "home", self), self) == 0 ? staff_asked
										     : without_user(visit);
	return asking;
}

/* Whether whoever has this name signs in here as a provider. */
static const struct error *signs_in(struct visit *visit, const char *name, json_t *choices, bool *out)
{
	json_t *users CLEANUP(json_decref) = NULL, *row;
	size_t i;

	*out = !*name;
	TRY(lists_users(visit->office->file, &users));
	json_array_foreach (users, i, row) {
		const char *one = json_text_or(row, "name", "");

		if (strcmp(json_text_or(row, "role", ""), person_role_name(ROLE_PROVIDER)) != 0 ||
			strcmp(json_text_or(row, "state", ""), "active") != 0)
			continue;
		*out |= strcmp(one, name) == 0;
		json_array_append_new(choices, json_pack("{ss, ss}", "code", one, "label", one));
	}
	return NULL;
}

static const struct error *show_form(struct visit *visit, const json_t *record)
{
	struct asking asking = asking_of(visit, record);
	const char *heading = is_new(visit) ? SAY("Add a provider") : SAY("Change the entry"),
		   *path = visit_path(visit, "/providers/%s", visit->parts[0]);
	json_t *users CLEANUP(json_decref) = json_array();
	const char *user = json_text_or(record, "user", "");
	bool is_known;

	TRY(fields_show(visit, &asking));
	TRY(signs_in(visit, user, users, &is_known));
	if (!is_known)
		json_array_append_new(users, json_pack("{ss, ss}", "code", user, "label", user));
	fields_offer(visit, "user", json_incref(users));
	visit_text(visit, "caption", json_text_or(record, "name", ""));
	if (asking.asked == own_asked)
		visit_text(visit, "hint",
			say(visit->request, "Your profession, organisation and agency an officer changes."));
	return fields_page(
		visit, &(struct fields_page){heading, SAY("Save"),
			       is_new(visit) ? "/providers/new" : visit_path(visit, "%s/edit", path),
			       is_new(visit) ? "/providers" : path});
}

const struct error *provider_form(struct visit *visit)
{
	json_t *record CLEANUP(json_decref) = NULL;

	TRY(find(visit, &record));
	return show_form(visit, record);
}

/* One person is one entry: what is referred to it they read. Whoever stands there already may stay. */
static const struct error *check_user(struct visit *visit, const json_t *record)
{
	json_t *users CLEANUP(json_decref) = json_array();
	const char *name = visit_field(visit, "user"), *other;
	bool is_known;

	if (!*name || strcmp(name, json_text_or(record, "user", "")) == 0 ||
		!visit_may(visit, MAY_WRITE_DIRECTORY))
		return NULL;
	TRY(signs_in(visit, name, users, &is_known));
	TRY(lists_provider_of(visit->context, visit->office->file, name, &other));
	if (!is_known)
		visit_problem(
			visit, "user", "Name they sign in with: nobody of that name is a provider here");
	else if (*other && strcmp(other, visit->parts[0]) != 0)
		visit_problem(visit, "user", "Name they sign in with: another entry is tied to this person");
	return NULL;
}

static void check_together(struct visit *visit, const struct asking *asking)
{
	json_t *typed CLEANUP(json_decref) = json_object();

	for (const struct asked *asked = asking->asked; asked->name; asked++)
		json_object_set_new(typed, asked->name, json_string(visit_field(visit, asked->name)));
	rules_hold(visit, "provider", typed);
}

const struct error *provider_save(struct visit *visit)
{
	json_t *record CLEANUP(json_decref) = NULL, *set CLEANUP(json_decref) = NULL,
		       *over CLEANUP(json_decref) = NULL;
	struct batch *batch = visit_batch(visit);
	char key[ENTITY_KEY_SIZE];
	struct asking asking;

	TRY(find(visit, &record));
	asking = asking_of(visit, record);
	check_together(visit, &asking);
	TRY(check_user(visit, record));
	TRY(fields_take(visit, &asking, &set, &over));
	if (visit_has_problems(visit))
		return show_form(visit, record);
	write_key_new(key, visit->office);
	if (!is_new(visit))
		snprintf(key, sizeof key, "%s", visit->parts[0]);
	if (!json_object_size(set))
		return visit_go(visit, visit_path(visit, "/providers/%s", key), "Nothing was changed.");
	TRY(batch_event(
		batch, "provider", key, "", json_incref(set), is_new(visit) ? NULL : json_incref(over)));
	TRY(batch_commit(batch));
	return visit_go(visit, visit_path(visit, "/providers/%s", key),
		is_new(visit) ? SAY("The provider is added.") : SAY("The entry is saved."));
}
