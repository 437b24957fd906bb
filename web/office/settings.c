/* The settings, for this hub's coordinators: how people reach the form, with what each way protects against
 * and what not; an open workshop; what the public pages say; how long certificates hold.
 *
 * What is chosen goes into settings.conf, which intake reads within a second; every change leaves an audit
 * entry first. Where files and ports are is the administrator's, in engabo.conf. Office role. */
#include "web/office/pages.h"

#include <string.h>

#include "node/base/clock.h"
#include "node/base/files.h"
#include "node/base/text.h"
#include "node/vault/digest.h"
#include "node/vault/expiry.h"
#include "web/authority.h"
#include "web/certificate.h"
#include "web/host.h"
#include "web/language.h"
#include "web/office/show.h"
#include "web/office/write.h"
#include "web/public.h"
#include "web/settings.h"
#include "web/way.h"

#define NAME_MOST 60
#define PHONE_MOST 100
#define MINUTE_MS 60000

/* ---- certificates ---- */

static const char *certificate_name(const struct visit *visit, const char *name)
{
	if (strcmp(name, "ca") == 0)
		return say(visit->request, "This hub’s certificate authority, for devices of the office");
	if (strcmp(name, "intake") == 0)
		return say(visit->request, "The public pages, by this hub’s own name");
	if (strcmp(name, "office") == 0)
		return say(visit->request, "The office’s pages");
	return say(visit->request, "The public certificate");
}

static const char *days_left(const struct visit *visit, int days)
{
	if (days < 0)
		return say(visit->request, "It is over: phones refuse it");
	return visit_path(
		visit, say_many(visit->request, "%d day left", "%d days left", (unsigned long)days), days);
}

/* Whether phones can be shown the certificate that was chosen for them. */
static const struct error *check_public(const struct visit *visit)
{
	const struct config *config = visit->office->home->config;
	struct public_pair pair = {0};
	const struct error *error =
		config->intake.form == FORM_PUBLIC ? public_read(visit->context, config, &pair) : NULL;

	secret_free(pair.key);
	return error;
}

/* What is not as this hub made it is worse than any day that is over. */
static const char *what_is_wrong(const struct visit *visit, const json_t *row)
{
	const struct office *office = visit->office;
	const char *name = json_text_or(row, "name", "");
	const struct error *error = strcmp(name, "public") == 0
					    ? check_public(visit)
					    : authority_check(office->home, office->vault, name);

	return error ? say(visit->request, error->message) : json_text_or(row, "error", NULL);
}

/* One that is missing, though the vault knows of it, stands in no list of files. */
static json_t *certificates_of(const struct visit *visit)
{
	static const char *const own[] = {"ca", "intake", "office"};
	json_t *list = expiry_list(visit->office->home);

	for (size_t i = 0; i < sizeof own / sizeof *own; i++) {
		char *path = memory_format(visit->context, "%s.crt", own[i]);

		if (visit->office->vault->authority &&
			!files_exist(home_file(visit->context, visit->office->home, path)))
			json_array_append_new(list, json_pack("{ss}", "name", own[i]));
	}
	return list;
}

json_t *settings_certificates(struct visit *visit, bool only_soon)
{
	json_t *list CLEANUP(json_decref) = certificates_of(visit), *shown = json_array(), *row;
	size_t i;

	json_array_foreach (list, i, row) {
		const char *name = certificate_name(visit, json_text_or(row, "name", ""));
		const char *error = what_is_wrong(visit, row);
		int days = (int)json_integer_value(json_object_get(row, "days"));
		bool is_soon = error || json_is_true(json_object_get(row, "is_soon"));

		if (only_soon && !is_soon)
			continue;
		json_array_append_new(
			shown, json_pack("{ss,ss,ss,ss}", "name", name, "until",
				       error ? "" : show_date(visit, json_text_or(row, "until", "")), "left",
				       error ? error : days_left(visit, days), "class",
				       !is_soon		   ? ""
				       : error || days < 0 ? "bad"
							   : "warn"));
	}
	if (json_array_size(shown))
		return json_pack("{so}", "list", shown);
	json_decref(shown);
	return json_null();
}

/* ---- showing ---- */

/* Intake's, on the same machine: by the name that brought the reader here. */
static const char *staff_address(const struct visit *visit)
{
	char name[HOST_NAME_SIZE];

	if (!host_parse(request_header(visit->request, "Host"), name))
		return "";
	return visit_path(
		visit, "http://%s:%d/connect/staff", name, visit->office->home->config->intake.http);
}

static void add_authority(struct visit *visit)
{
	const struct office *office = visit->office;
	const struct error *error = authority_check(office->home, office->vault, "ca");
	struct certificate certificate;
	struct bytes pem;

	if (error) {
		visit_set(
			visit, "authority", json_pack("{ss}", "wrong", say(visit->request, error->message)));
		return;
	}
	if (files_read(visit->context, home_file(visit->context, visit->office->home, AUTHORITY_FILE),
		    AUTHORITY_PEM_MAX, &pem) ||
		certificate_read(pem, &certificate))
		return;
	visit_set(visit, "authority",
		json_pack("{ssss}", "fingerprint", certificate_print(visit->context, certificate.whole),
			"address", staff_address(visit)));
}

static void add_workshop(struct visit *visit)
{
	int64_t until = way_workshop_until_ms(visit->office->home), left = until - clock_boot_ms();
	char time[TEXT_TIME_SIZE];

	visit_set(visit, "hours_most", json_integer(WAY_WORKSHOP_HOURS_MAX));
	if (!until || left <= 0)
		return;
	text_time(time, clock_wall_seconds() + left / 1000);
	visit_set(visit, "workshop",
		json_pack("{ss,so}", "until", show_time(visit, time), "minutes",
			show_count((size_t)((left + MINUTE_MS - 1) / MINUTE_MS))));
}

/* `chosen`: the codes, as in the configuration. */
static json_t *language_choices(const char *chosen)
{
	const struct language *language;
	json_t *list = json_array();

	for (size_t i = 0; (language = language_at(i)); i++) {
		bool is_chosen = false;
		const struct language *one;

		for (size_t j = 0; (one = language_chosen(chosen, j)); j++)
			is_chosen |= one == language;
		json_array_append_new(list, json_pack("{ss,ss,sb,sb}", "code", language_code(language),
						    "name", language_name(language), "selected", is_chosen,
						    "is_draft", language_is_draft(language)));
	}
	return list;
}

/* What the settings said when the page was shown, for who saves it later. */
static const char *seen_of(const struct visit *visit)
{
	const struct config *config = visit->office->home->config;
	const char *const values[] = {config_way(config->intake.form), config->intake.name,
		config->intake.phone, config->intake.languages};
	char *hex = memory_array(visit->context, char, 2 * DIGEST_LEN + 1);
	uint8_t whole[DIGEST_LEN];
	struct digest digest;

	digest_start(&digest);
	for (size_t i = 0; i < sizeof values / sizeof *values; i++)
		digest_add(&digest, values[i], strlen(values[i]) + 1);
	digest_end(&digest, whole);
	text_hex(hex, whole, DIGEST_LEN);
	return hex;
}

static void add_troubles(struct visit *visit)
{
	const struct error *error = check_public(visit);
	const char *wrong = visit->office->home->config->settings_wrong;

	visit_text(visit, "unread", wrong ? wrong : "");
	visit_text(visit, "unshown", error ? say(visit->request, error->message) : "");
}

static const struct error *show(struct visit *visit, const struct config *config)
{
	const char *hours = visit_field(visit, "hours");

	visit_set(visit, "way", json_pack("{sb}", config_way(config->intake.form), 1));
	visit_set(visit, "has_public", json_boolean(*config->intake.certificate && *config->intake.key));
	visit_text(visit, "seen", seen_of(visit));
	visit_text(visit, "hours", *hours ? hours : "4");
	add_troubles(visit);
	visit_text(visit, "name", config->intake.name);
	visit_text(visit, "phone", config->intake.phone);
	visit_set(visit, "languages", language_choices(config->intake.languages));
	visit_set(visit, "certificates", settings_certificates(visit, false));
	visit_text(visit, "interface", config->wifi.interface);
	add_workshop(visit);
	add_authority(visit);
	return visit_show(visit, "office-settings", "Settings");
}

const struct error *settings_page(struct visit *visit)
{
	return show(visit, visit->office->home->config);
}

/* ---- changing ---- */

static void read_way(struct visit *visit, struct config *next)
{
	struct public_pair pair = {0};
	const struct error *error;

	if (!config_find_way(visit_field(visit, "form"), &next->intake.form)) {
		visit_problem(visit, "form", "Choose how people reach the form");
		return;
	}
	/* What is chosen already and broken since is warned about; it does not hold up the other settings. */
	if (next->intake.form != FORM_PUBLIC || visit->office->home->config->intake.form == FORM_PUBLIC)
		return;
	error = public_read(visit->context, next, &pair);
	secret_free(pair.key);
	if (error)
		visit_problem(visit, "form", error->message);
}

static void read_words(struct visit *visit, struct config *next)
{
	next->intake.name = (char *)visit_field(visit, "name");
	next->intake.phone = (char *)visit_field(visit, "phone");
	if (!*next->intake.name || text_length(next->intake.name) > NAME_MOST)
		visit_problem(visit, "name", "Write a name of at most 60 characters");
	if (text_length(next->intake.phone) > PHONE_MOST)
		visit_problem(visit, "phone", "Write at most 100 characters");
}

static bool is_ticked(const struct form *form, const char *name, const char *value)
{
	for (size_t i = 0; form && i < form->count; i++)
		if (strcmp(form->fields[i].name, name) == 0 && strcmp(form->fields[i].value, value) == 0)
			return true;
	return false;
}

/* In the order in which the languages are offered. */
static void read_languages(struct visit *visit, struct config *next)
{
	struct buffer *chosen = buffer_new(visit->context);
	const struct language *language;

	buffer_text(chosen, "");
	for (size_t i = 0; (language = language_at(i)); i++)
		if (is_ticked(visit->form, "language", language_code(language)))
			buffer_format(chosen, "%s%s", chosen->len ? " " : "", language_code(language));
	if (!chosen->len)
		visit_problem(visit, "language", "Choose at least one language");
	next->intake.languages = (char *)chosen->data;
}

/* What changed, for the audit trail. */
static const char *difference(const struct visit *visit, const struct config *was, const struct config *next)
{
	struct buffer *text = buffer_new(visit->context);

	buffer_text(text, "");
	if (was->intake.form != next->intake.form)
		buffer_format(text, "form %s, ", config_way(next->intake.form));
	if (strcmp(was->intake.name, next->intake.name) != 0)
		buffer_format(text, "name %s, ", next->intake.name);
	if (strcmp(was->intake.phone, next->intake.phone) != 0)
		buffer_format(text, "phone %s, ", next->intake.phone);
	if (strcmp(was->intake.languages, next->intake.languages) != 0)
		buffer_format(text, "languages %s, ", next->intake.languages);
	if (text->len)
		text->data[text->len - 2] = '\0';
	return (const char *)text->data;
}

/* Somebody else saved in between: nothing is lost on either side, and saved again it replaces what is now
 * seen. */
static void check_seen(struct visit *visit, const struct config *next)
{
	const struct config *now = visit->office->home->config;

	if (strcmp(visit_field(visit, "seen"), seen_of(visit)) != 0)
		page_problem(visit->view, "",
			memory_format(visit->context,
				say(visit->request,
					"Somebody changed the settings after you opened this page, so "
					"nothing "
					"was saved. What they are now, and differ from yours: %s. Save again "
					"to replace that with what stands below"),
				difference(visit, next, now)));
}

static const struct error *write_settings(struct visit *visit, const char *what, struct bytes settings)
{
	struct batch *batch = visit_batch(visit);
	struct home *home = visit->office->home;

	TRY(batch_audit(batch, "changed the settings", what));
	TRY(batch_commit(batch));
	TRY(files_write(home_file(visit->context, home, CONFIG_SETTINGS), settings, 0644));
	return settings_reload(home);
}

const struct error *settings_save(struct visit *visit)
{
	const struct config *was = visit->office->home->config;
	struct config next = *was;
	const struct error *error;
	struct bytes settings;
	const char *what;

	read_way(visit, &next);
	read_words(visit, &next);
	read_languages(visit, &next);
	check_seen(visit, &next);
	error = config_settings(visit->context, &next, &settings);
	if (error && !visit_has_problems(visit))
		visit_problem(visit, "name",
			"Write the name and the numbers in plain words, without ; or line ends");
	if (visit_has_problems(visit))
		return show(visit, &next);
	what = difference(visit, was, &next);
	if (*what || was->settings_wrong) {
		error = write_settings(visit, what, settings);
		if (error && !visit_tell_unsaved(visit, error))
			return error;
		if (error)
			return show(visit, &next);
	}
	return visit_go(visit, "/settings", SAY("The settings are saved. Phones see them from now on."));
}

const struct error *settings_workshop(struct visit *visit)
{
	const struct home *home = visit->office->home;
	struct batch *batch = visit_batch(visit);
	bool is_closing = strcmp(visit_field(visit, "what"), "close") == 0;
	const char *hours = visit_field(visit, "hours");
	uint64_t number = 0;

	if (visit_has_problems(visit)) /* shown again after a new sign-in */
		return show(visit, home->config);
	if (is_closing) {
		TRY(batch_audit(batch, "closed the workshop", ""));
		TRY(batch_commit(batch));
		TRY(way_close_workshop(home));
		return visit_go(visit, "/settings",
			SAY("The workshop is closed. Who is still writing can press Send for half an hour."));
	}
	if (text_to_number(hours, WAY_WORKSHOP_HOURS_MAX, &number) || !number) {
		visit_problem(visit, "hours", "Write for how many hours, from 1 to 12");
		return show(visit, home->config);
	}
	TRY(batch_audit(batch, "opened a workshop for hours", hours));
	TRY(batch_commit(batch));
	TRY(way_open_workshop(home, (int)number));
	return visit_go(visit, "/settings", SAY("The workshop is open. It closes by itself."));
}
