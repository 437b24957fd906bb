/* The days of what is owed, as a file for a calendar: by the case's reference and the kind alone, because
 * calendars are copied to clouds and looked at by others. "No name and no word of a case leaves by this
 * door." Office role. */
#include "web/office/pages.h"

#include <string.h>

#include "node/base/clock.h"
#include "node/base/text.h"
#include "node/casework/owed.h"
#include "node/vault/digest.h"
#include "web/office/ics.h"
#include "web/office/show.h"

#define EVENTS_MOST 200 /* those that are due first */

/* The same for ever, and nothing of the record's key. */
static const char *uid_of(const void *context, const json_t *row)
{
	const char *kind = json_text_or(row, "kind", ""), *key = json_text_or(row, "key", "");
	uint8_t hash[DIGEST_LEN];
	struct digest digest;
	char *text = memory_array(context, char, 32 + 1);

	digest_start(&digest);
	digest_add(&digest, kind, strlen(kind) + 1);
	digest_add(&digest, key, strlen(key));
	digest_end(&digest, hash);
	text_hex(text, hash, 16);
	return text;
}

const struct error *calendar_page(struct visit *visit)
{
	bool is_all = strcmp(form_text(visit->context, visit->request->query, "all"), "1") == 0;
	const struct owed_asked asked = {.today = show_today(visit->context),
		.until = "9998-12-31",
		.user = is_all ? NULL : visit->person.name,
		.limit = EVENTS_MOST};
	struct buffer *file = ics_begin(visit->context);
	json_t *rows CLEANUP(json_decref) = NULL, *row;
	size_t i;

	TRY(owed_list(visit->office->file, &asked, &rows));
	json_array_foreach (rows, i, row) {
		const char *ref = json_text_or(row, "ref", "");

		ics_event(file, uid_of(visit->context, row), clock_wall_seconds(),
			json_text_or(row, "due", ""),
			memory_format(visit->context, "%s: %s", *ref ? ref : say(visit->request, "a case"),
				tasks_kind(visit, row)));
	}
	visit->request->type = "text/calendar; charset=utf-8";
	visit->request->body = ics_end(file);
	request_add_header(visit->request, "Content-Disposition", "attachment; filename=\"days.ics\"");
	return NULL;
}
