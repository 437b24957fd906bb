/* Values as people read them: dates, codes, hubs, how much time is left. In the language of the visit; all
 * results are on the visit's context or static. */
#ifndef ENGABO_WEB_OFFICE_SHOW_H
#define ENGABO_WEB_OFFICE_SHOW_H

#include "node/casework/schema.h"
#include "web/office/visit.h"

/* "23 November 2026, 12:12" in the hub's time zone; text that is not RFC 3339 as it is. */
const char *show_time(const struct visit *visit, const char *time);
/* The same of a time in seconds; 0 is "". */
const char *show_seconds(const struct visit *visit, int64_t seconds);
/* "23 November 2026", "November 2026" or "2026". */
const char *show_date(const struct visit *visit, const char *date);
/* Today, by the hub's time zone: "2026-11-23". */
const char *show_today(const void *context);
/* So many days from now: "2026-11-26". */
const char *show_day(const void *context, int days);
/* A code of a field's choices: "in-progress" is "In progress". */
const char *show_choice(const struct visit *visit, const char *code);
/* What a form offers of a code list, as codes_choices, in the language of the visit. The caller's. */
json_t *show_codes(const struct visit *visit, const char *list, const json_t *chosen, const json_t *standing);
/* A field's value as one text: labels for codes, "" for nothing. */
const char *show_value(const struct visit *visit, const struct field *field, const json_t *value);
/* A person or team as that hub names them: "akello"; of another hub "akello (Gulu)". `hub`: a log id; "",
 * "-": this one. */
const char *show_named(const struct visit *visit, const char *name, const char *hub);
/* What a record (casefile_get) says in a field, names of another hub's people and teams with that hub. The
 * caller's; NULL: nothing. */
json_t *show_standing(const struct visit *visit, const struct field *field, const json_t *record);
/* Whether whom a record names in a field is of this hub. */
bool show_is_ours(const struct visit *visit, const json_t *record, const char *field);
/* Keys and verifiers, which tell people nothing and open something to programs: never shown as values. */
bool show_is_for_programs(const struct field *field);
/* Who somebody is: shown only where that is asked for, and written down. */
bool show_is_identity(const struct entity *entity, const struct field *field);
/* A number for a template, which takes 0 for something: null when there is nothing. */
json_t *show_count(size_t count);
/* The class of a state's or risk's tag in style.css. */
const char *show_tag(const char *code);

/* Until a time or date: {"text":"3 hours left"|"overdue by 2 days"|"due today"|"due 4
 * December 2026","class":"bad"|"warn"|"","is_over":bool}. */
json_t *show_due(const struct visit *visit, const char *due);
/* The same for what somebody should have done on that day: "missed by 3 days". */
json_t *show_missed(const struct visit *visit, const char *due);
/* What somebody did, in one line: "akello at Gulu, 23 November 2026, 12:12"; from the public form: "the form,
 * Gulu, ...". `row` has by, hub, at, clock. */
const char *show_who(const struct visit *visit, const json_t *row);
/* "readers" of the view: the names of the hubs that can read a case, or a report; and what headquarters gets
 * where that is not all: "Gulu; of a summary: Kampala". */
const struct error *show_readers(struct visit *visit, const char *key, bool is_case) MUST_CHECK;

/* The fields named in `names` ("summary risk ..."), as [{"label","value"}]; empty ones are left out. */
json_t *show_fields(
	const struct visit *visit, const struct entity *entity, const json_t *record, const char *names);

#endif
