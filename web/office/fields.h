/* Forms over the fields of an entity: showing, checking, and what really changed (schema.h is the list of
 * fields).
 *
 * Beside each input travels what the person saw: hidden "seen.<field>", the identities of the events whose
 * value stood there. When somebody else has changed that field meanwhile, the form comes back with both
 * values and nothing is saved or lost; saved again, it replaces what is now seen. */
#ifndef ENGABO_WEB_OFFICE_FIELDS_H
#define ENGABO_WEB_OFFICE_FIELDS_H

#include "node/casework/schema.h"
#include "web/office/visit.h"

struct asked {
	const char *name;  /* of the field; NULL ends the list */
	const char *label; /* NULL: the schema's */
	const char *hint;  /* NULL: none */
	bool is_required;
	bool is_ahead; /* a date that should not be over: one before today is asked about once */
};
struct asking {
	const char *entity;
	const char *key;   /* NULL: a new one */
	const json_t *now; /* casefile_get, or NULL */
	const struct asked *asked;
};

/* Puts "fields" into the view for the partial office-fields: what was posted, else what stands. */
const struct error *fields_show(struct visit *visit, const struct asking *asking) MUST_CHECK;
/* After fields_show: the page that is one form over these fields (office-form.html). Heading and button in
 * English. */
struct fields_page {
	const char *heading, *button, *action, *back;
};
const struct error *fields_page(struct visit *visit, const struct fields_page *page) MUST_CHECK;
/* Checks what was posted and adds problems. *set has what changed, *over what the person saw of it; both the
 * caller's. With problems both are empty objects. */
const struct error *fields_take(
	struct visit *visit, const struct asking *asking, json_t **set, json_t **over) MUST_CHECK;
/* For a page's own change of one field ("close", "settle"): what the person saw of it, as an event's "over"
 * (the caller's). When somebody changed it since, a problem is added. */
const struct error *fields_seen(
	struct visit *visit, const struct asking *asking, const char *name, json_t **over) MUST_CHECK;
/* The hidden field's value that fields_seen compares with; on the request's context. */
const struct error *fields_heads(
	struct visit *visit, const struct asking *asking, const char *name, const char **out) MUST_CHECK;
/* What was posted for one field, checked; NULL with a problem. `standing` is what the record says, which may
 * stay, or NULL. The caller's. */
json_t *fields_value(
	struct visit *visit, const struct field *field, const struct asked *asked, const json_t *standing);
/* After fields_show: the input of one field offers these, [{"code","label"}], and no others; a menu where it
 * was a line. Takes over `choices`. That what comes back is one of them, is the caller's to check. */
void fields_offer(struct visit *visit, const char *name, json_t *choices);
/* Identities in a JSON list as the text of a hidden field, and back (the caller's). */
const char *fields_seen_text(const void *context, const json_t *heads);
json_t *fields_seen_parse(const char *text);

#endif
