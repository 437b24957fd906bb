/* What the records of this domain consist of: every entity, every field, in one table (casework.md,
 * "Entities").
 *
 * Merge, case file, forms and export read this table, so that a field is added in one place (and as a column
 * in casefile.sql). What a field may say is schema.c's. Pure; runs in intake and in office. */
#include "node/casework/schema.h"

#include <string.h>

#define FIELDS(array) .fields = (array), .count = sizeof(array) / sizeof *(array)

static const struct field report_fields[] = {
	{"what", FIELD_LONG, 8000, .from_intake = true, .is_searched = true, .label = "What happened"},
	{"when", FIELD_DATE, 10, .from_intake = true, .label = "When it happened"},
	{"precision", FIELD_CODE, 32, .codes = "precision", .from_intake = true,
		.label = "How sure the date is"},
	{"district", FIELD_CODE, 32, .codes = "districts", .from_intake = true, .label = "District"},
	{"place", FIELD_TEXT, 300, .from_intake = true, .is_searched = true, .label = "Place"},
	{"who", FIELD_LONG, 2000, .from_intake = true, .is_searched = true, .label = "Who is at risk"},
	{"by", FIELD_LONG, 2000, .from_intake = true, .is_searched = true, .label = "By whom"},
	{"needs", FIELD_CODES, 16, .codes = "needs", .from_intake = true, .label = "What is needed"},
	{"danger", FIELD_CODE, 32, .choices = "yes|no|unknown", .from_intake = true,
		.label = "In danger now"},
	{"contact", FIELD_LONG, 1000, .from_intake = true, .is_searched = true,
		.label = "Safe ways to be reached"},
	{"consent", FIELD_TEXT, 300, .from_intake = true, .label = "Consent"},
	{"language", FIELD_TEXT, 35, .from_intake = true, .label = "Language"},
	{"mailbox", FIELD_TEXT, 200, .from_intake = true, .label = "Mailbox"},
	{"how", FIELD_CODE, 32, .choices = "form|visit|call|message|third-party", .from_intake = true,
		.label = "How it reached us"},
	{"state", FIELD_CODE, 32, .choices = "new|opened|added|closed", .label = "State"},
	{"reason", FIELD_LONG, 1000, .label = "Reason"},
	{"case", FIELD_KEY, 43, .label = "Case"},
	{"opened_at", FIELD_TIME, 20, .label = "Opened at"},
	{"opened_by", FIELD_USER, 64, .label = "Opened by"},
};

static const struct field case_fields[] = {
	{"ref", FIELD_TEXT, 15, .is_searched = true, .label = "Reference"},
	{"alias", FIELD_TEXT, 120, .is_searched = true, .label = "Alias"},
	{"summary", FIELD_LONG, 8000, .is_searched = true, .label = "Summary"},
	{"risk", FIELD_CODE, 32, .choices = "low|medium|high|emergency", .label = "Risk"},
	{"state", FIELD_CODE, 32, .choices = "open|in-progress|closed", .label = "State"},
	{"priority", FIELD_TEXT, 60, .label = "Priority"},
	{"district", FIELD_CODE, 32, .codes = "districts", .label = "District"},
	{"officer", FIELD_USER, 64, .label = "Officer"},
	{"violations", FIELD_CODES, 32, .codes = "acts", .label = "Kinds of violation"},
	{"perpetrators", FIELD_CODES, 16, .codes = "perpetrators", .label = "Perpetrators"},
	{"needs", FIELD_CODES, 16, .codes = "needs", .label = "What is needed"},
	{"reason", FIELD_LONG, 1000, .label = "Reason for closing"},
	{"outcome", FIELD_LONG, 2000, .is_searched = true, .label = "Outcome"},
	{"consent", FIELD_TEXT, 300, .label = "Consent"},
	{"review", FIELD_DATE, 10, .label = "Look at it again on"},
	{"threats", FIELD_CODE, 32, .choices = "low|medium|high", .label = "How strong the threats are"},
	{"vulnerabilities", FIELD_CODE, 32, .choices = "low|medium|high",
		.label = "How exposed the person is"},
	{"capacities", FIELD_CODE, 32, .choices = "low|medium|high",
		.label = "How well they can protect themselves"},
	{"assessed", FIELD_DATE, 10, .label = "Risk assessed on"},
	{"team", FIELD_TEXT, 60, .label = "Team"},
	{"restricted", FIELD_CODE, 32, .choices = "yes|no", .label = "Restricted"},
	{"readers", FIELD_USERS, 40, .label = "Who may read it"},
	{"retention", FIELD_DATE, 10, .label = "Keep it until"},
	{"duplicate_of", FIELD_KEY, 43, .label = "The same as"},
	{"shared", FIELD_CODE, 32, .choices = "policy|full|summary|none", .label = "What headquarters gets"},
	{"settled", FIELD_LIST, 64, .label = "Decided of what came late"},
};

static const struct field person_fields[] = {
	{"part", FIELD_CODE, 32, .choices = "defender|family|witness|reporter|other",
		.label = "Their part in the case"},
	{"names", FIELD_TEXT, 300, .label = "Names"},
	{"contacts", FIELD_LONG, 1000, .label = "Telephone, address, others"},
	{"gender", FIELD_CODE, 32, .choices = "woman|man|another|unknown", .label = "Gender"},
	{"age", FIELD_CODE, 32, .choices = "child|18-29|30-49|50-64|65-more|unknown", .label = "Age"},
	{"characteristics", FIELD_CODES, 16, .codes = "themes", .label = "Characteristics"},
	{"theme", FIELD_CODES, 16, .codes = "themes", .label = "What their work is about"},
	{"text", FIELD_LONG, 2000, .label = "What else to know"},
};

static const struct field contact_fields[] = {
	{"channel", FIELD_CODE, 32, .choices = "call|text|app|visit|through|other", .label = "How"},
	{"address", FIELD_TEXT, 300, .label = "Number, address or person"},
	{"hours", FIELD_TEXT, 120, .label = "When it is safe"},
	{"phrase", FIELD_TEXT, 300, .label = "Words to begin with"},
	{"never_message", FIELD_CODE, 32, .choices = "yes|no", .label = "Never leave a message"},
	{"holders", FIELD_TEXT, 300, .label = "Who else holds the phone"},
	{"text", FIELD_LONG, 1000, .label = "What else to mind"},
};

static const struct field plan_fields[] = {
	{"at_risk", FIELD_CODE, 32, .choices = "defender|provider|both", .label = "Who is at risk"},
	{"risk_defender", FIELD_LONG, 4000, .label = "Risk to the defender"},
	{"risk_provider", FIELD_LONG, 4000, .label = "Risk to the provider"},
	{"measures", FIELD_LONG, 8000, .label = "What is done for safety"},
	{"personnel", FIELD_LONG, 1000, .label = "Security personnel"},
	{"personnel_why", FIELD_LONG, 1000, .label = "Why they are inevitable"},
	{"personnel_agreed", FIELD_TEXT, 300, .label = "Who agreed to them"},
	{"review", FIELD_DATE, 10, .label = "Look at it again on"},
};

static const struct field incident_fields[] = {
	{"act", FIELD_CODE, 32, .codes = "acts", .label = "What it was"},
	{"when", FIELD_DATE, 10, .label = "When it happened"},
	{"precision", FIELD_CODE, 32, .codes = "precision", .label = "How sure the date is"},
	{"district", FIELD_CODE, 32, .codes = "districts", .label = "District"},
	{"place_kind", FIELD_CODE, 32, .codes = "places", .label = "Kind of place"},
	{"perpetrator", FIELD_CODE, 32, .codes = "perpetrators", .label = "By whom"},
	{"agency", FIELD_TEXT, 300, .label = "Name of the unit or group"},
	{"source", FIELD_TEXT, 300, .label = "Who says so"},
	{"reliability", FIELD_CODE, 32, .choices = "first-hand|second-hand|rumour|document",
		.label = "How they know"},
	{"status", FIELD_CODE, 32, .codes = "violation-status", .label = "How sure it is"},
	{"text", FIELD_LONG, 8000, .is_searched = true, .label = "What happened"},
};

static const struct field consent_fields[] = {
	{"purpose", FIELD_TEXT, 300, .label = "For what"},
	{"to_whom", FIELD_TEXT, 300, .label = "To whom"},
	{"not_to", FIELD_TEXT, 300, .label = "Not to whom"},
	{"agencies", FIELD_CODES, 16, .codes = "perpetrators",
		.label = "Agencies that the person named and agrees to"},
	{"how", FIELD_CODE, 32, .choices = "spoken|written|recorded|through", .label = "How it was given"},
	{"given", FIELD_DATE, 10, .label = "Given on"},
	{"withdrawn", FIELD_DATE, 10, .label = "Withdrawn on"},
	{"text", FIELD_LONG, 2000, .label = "In their words"},
};

static const struct field attachment_fields[] = {
	{"name", FIELD_TEXT, 200, .is_searched = true, .label = "Name"},
	{"kind", FIELD_TEXT, 60, .label = "Kind of file"},
	{"size", FIELD_NUMBER, 10, .label = "Size"},
	{"pieces", FIELD_LIST, 64, .label = "Pieces"},
	{"identity", FIELD_TEXT, 80, .label = "Identity"},
	{"text", FIELD_LONG, 1000, .is_searched = true, .label = "What it shows"},
	{"state", FIELD_CODE, 32, .choices = "active|removed", .label = "State"},
};

/* The sender's part. From `alias` on: copies of what was ticked, as the receiver sees it. */
static const struct field referral_fields[] = {
	{"provider", FIELD_KEY, 43, .label = "Provider"},
	{"hub", FIELD_TEXT, 16, .label = "Their hub"},
	{"sender", FIELD_TEXT, 16, .label = "The hub that sees to it now"},
	{"service", FIELD_CODE, 32, .codes = "needs", .label = "What is asked for"},
	{"urgency", FIELD_CODE, 32, .choices = "emergency|urgent|normal", .label = "How urgent it is"},
	{"state", FIELD_CODE, 32, .choices = "draft|sent|withdrawn", .label = "State"},
	{"reason", FIELD_LONG, 2000, .label = "Why it is referred"},
	{"consent", FIELD_KEY, 43, .label = "Consent"},
	{"consent_text", FIELD_TEXT, 600, .label = "What the person agreed to"},
	{"sent_at", FIELD_TIME, 20, .label = "Sent at"},
	{"expires", FIELD_DATE, 10, .label = "Expires on"},
	{"appointment", FIELD_TEXT, 300, .label = "Appointment"},
	{"withdrawn_why", FIELD_LONG, 1000, .label = "Why it was withdrawn"},
	{"override_by", FIELD_USER, 64, .is_kept = true, .label = "Second person who agreed"},
	{"override_why", FIELD_LONG, 1000, .is_kept = true,
		.label = "Why in spite of the conflict of interest"},
	{"pass", FIELD_TEXT, 200, .is_kept = true, .label = "Verifier of the one-time code"},
	{"ref", FIELD_TEXT, 15, .is_searched = true, .label = "Reference"},
	{"alias", FIELD_TEXT, 120, .label = "Alias"},
	{"risk", FIELD_CODE, 32, .choices = "low|medium|high|emergency", .label = "Risk"},
	{"district", FIELD_CODE, 32, .codes = "districts", .label = "District"},
	{"summary", FIELD_LONG, 8000, .label = "Summary"},
	{"needs", FIELD_CODES, 16, .codes = "needs", .label = "What is needed"},
	{"violations", FIELD_CODES, 32, .codes = "acts", .label = "Kinds of violation"},
	{"names", FIELD_LONG, 2000, .label = "Names"},
	{"contacts", FIELD_LONG, 4000, .label = "Telephone, address, others"},
	{"safe_contact", FIELD_LONG, 4000, .label = "Safe ways to be reached"},
	{"plan", FIELD_LONG, 8000, .label = "Safety plan"},
};

/* What came back on a referral, a step each; written once. */
static const struct field reply_fields[] = {
	{"referral", FIELD_KEY, 43, .label = "Referral"},
	{"kind", FIELD_CODE, 32, .choices = "accepted|declined|progress|done|proposal", .label = "Answer"},
	{"why", FIELD_CODE, 32,
		.choices = "own-agency|already-received|not-applicable|person-declined|unavailable|other",
		.label = "Why not"},
	{"text", FIELD_LONG, 4000, .label = "What was said"},
	{"next", FIELD_DATE, 10, .label = "Next word by"},
	{"provider", FIELD_KEY, 43, .label = "Proposed provider"},
	{"how", FIELD_CODE, 32, .choices = "page|call|visit|slip", .label = "How it was given"},
	{"who", FIELD_TEXT, 120, .label = "Who gave it"},
	{"on", FIELD_DATE, 10, .label = "Given on"},
};

/* From `ref` on: what the other hub sees of the case before it accepts. */
static const struct field transfer_fields[] = {
	{"to", FIELD_TEXT, 16, .label = "To which hub"},
	{"reason", FIELD_LONG, 2000, .label = "Why"},
	{"state", FIELD_CODE, 32, .choices = "offered|withdrawn", .label = "State"},
	{"ref", FIELD_TEXT, 15, .label = "Reference"},
	{"alias", FIELD_TEXT, 120, .label = "Alias"},
	{"risk", FIELD_CODE, 32, .choices = "low|medium|high|emergency", .label = "Risk"},
	{"district", FIELD_CODE, 32, .codes = "districts", .label = "District"},
};

/* The other hub's answer to a transfer; written once. epoch and seq: the last of the old owner's log that it
 * takes over. */
static const struct field takeover_fields[] = {
	{"transfer", FIELD_KEY, 43, .label = "Transfer"},
	{"kind", FIELD_CODE, 32, .choices = "accepted|declined", .label = "Answer"},
	{"text", FIELD_LONG, 2000, .label = "Why"},
	{"epoch", FIELD_NUMBER, 10, .label = "Epoch"},
	{"seq", FIELD_NUMBER, 18, .label = "Seq"},
};

static const struct field provider_fields[] = {
	{"name", FIELD_TEXT, 200, .is_searched = true, .label = "Name"},
	{"profession", FIELD_CODE, 32, .codes = "professions", .label = "Profession"},
	{"organisation", FIELD_TEXT, 200, .is_searched = true, .label = "Organisation"},
	{"agency", FIELD_CODE, 32, .codes = "perpetrators", .label = "Agency of the state"},
	{"services", FIELD_CODES, 16, .codes = "needs", .label = "What they do"},
	{"districts", FIELD_CODES, 40, .codes = "districts", .label = "Where"},
	{"languages", FIELD_TEXT, 200, .label = "Languages"},
	{"hours", FIELD_TEXT, 200, .label = "When they can be reached"},
	{"capacity", FIELD_CODE, 32, .choices = "free|few|full", .label = "Room for more"},
	{"contact", FIELD_LONG, 1000, .label = "Safe ways to reach them"},
	{"user", FIELD_USER, 64, .label = "Name they sign in with"},
	{"vetted_by", FIELD_TEXT, 120, .label = "Vetted by"},
	{"vetted_on", FIELD_DATE, 10, .label = "Vetted on"},
	{"agreed_version", FIELD_NUMBER, 10, .label = "Principles accepted"},
	{"agreed_on", FIELD_DATE, 10, .label = "Principles accepted on"},
	{"state", FIELD_CODE, 32, .choices = "active|paused|left", .label = "State"},
};

/* The coalition's guiding principles. */
static const struct field principles_fields[] = {
	{"version", FIELD_NUMBER, 10, .label = "Version"},
	{"text", FIELD_LONG, 16000, .label = "Principles"},
};

/* What the coalition added to a code list (added.h): the code itself is in the record's key. */
static const struct field code_fields[] = {
	{"list", FIELD_TEXT, 32, .label = "List"},
	{"label", FIELD_TEXT, 80, .label = "Words"},
	{"parent", FIELD_TEXT, 32, .label = "Comes under"},
	{"state", FIELD_CODE, 32, .choices = "active|retired", .label = "State"},
};

static const struct field action_fields[] = {
	{"what", FIELD_LONG, 2000, .is_searched = true, .label = "What was agreed"},
	{"who", FIELD_TEXT, 120, .is_searched = true, .label = "Who does it"},
	{"provider", FIELD_KEY, 43, .label = "Provider"},
	{"agreed", FIELD_DATE, 10, .label = "Agreed on"},
	{"due", FIELD_DATE, 10, .label = "Due"},
	{"state", FIELD_CODE, 32, .choices = "open|done|dropped", .label = "State"},
	{"outcome", FIELD_LONG, 2000, .is_searched = true, .label = "Outcome"},
};

static const struct field followup_fields[] = {
	{"due", FIELD_DATE, 10, .label = "Due"},
	{"made", FIELD_DATE, 10, .label = "Made on"},
	{"owner", FIELD_USER, 64, .label = "Who sees to it"},
	{"by_whom", FIELD_TEXT, 120, .label = "By whom"},
	{"how", FIELD_TEXT, 120, .label = "How"},
	{"result", FIELD_CODE, 32, .choices = "progress|no-progress|unreachable|unsafe|closed",
		.label = "Result"},
	{"next", FIELD_DATE, 10, .label = "Next due"},
	{"text", FIELD_LONG, 4000, .label = "What was said"},
	{"missed", FIELD_LONG, 1000, .label = "Why it was not made by its day"},
};

static const struct field note_fields[] = {
	{"text", FIELD_LONG, 8000, .is_searched = true, .label = "Note"},
};

static const struct field message_fields[] = {
	{"report", FIELD_KEY, 43, .from_intake = true, .label = "Report"},
	{"from", FIELD_CODE, 32, .choices = "reporter|office", .from_intake = true, .label = "From"},
	{"text", FIELD_LONG, 4000, .from_intake = true, .label = "Message"},
	{"signature", FIELD_TEXT, 100, .from_intake = true, .label = "Signature"},
	{"kind", FIELD_CODE, 32, .choices = "photo|seen|closed|question", .from_intake = true,
		.label = "Kind"},
	{"on", FIELD_DATE, 10, .from_intake = true, .label = "Day"},
	{"answers", FIELD_LIST, 64, .from_intake = true, .label = "Answers read"},
	{"pieces", FIELD_LIST, 64, .from_intake = true, .label = "Pieces"},
	{"identity", FIELD_TEXT, 80, .from_intake = true, .label = "Identity"},
	{"size", FIELD_NUMBER, 10, .from_intake = true, .label = "Size"},
};

/* How far people of a hub have opened what others said of a record, page by page: written by their office
 * when they look (arrival.h). */
static const struct field opened_fields[] = {
	{"report", FIELD_LIST, 64, .label = "Report"},
	{"case", FIELD_LIST, 64, .label = "Case"},
	{"referral", FIELD_LIST, 64, .label = "Referral"},
	{"transfer", FIELD_LIST, 64, .label = "Offer"},
};

static const struct field user_fields[] = {
	{"name", FIELD_USER, 64, .label = "Name"},
	{"role", FIELD_CODE, 32, .choices = "coordinator|officer|provider|facilitator", .label = "Role"},
	{"team", FIELD_TEXT, 60, .label = "Team"},
	{"slot", FIELD_TEXT, 70, .label = "Keyring slot"},
	{"own", FIELD_TEXT, 200, .label = "Own key"},
	{"verifier", FIELD_TEXT, 200, .label = "Sign-in verifier"},
	{"state", FIELD_CODE, 32, .choices = "active|disabled", .label = "State"},
};

static const struct field audit_fields[] = {
	{"what", FIELD_TEXT, 300, .label = "What was done"},
	{"who", FIELD_USER, 64, .label = "Who did it"},
	{"on", FIELD_TEXT, 300, .label = "On what"},
	{"record", FIELD_KEY, 43, .label = "Record"},
	{"at", FIELD_TIME, 20, .label = "At"},
	{"prev", FIELD_TEXT, 64, .label = "Follows"},
	{"n", FIELD_NUMBER, 18, .label = "Count"},
};

/* In the order in which the case file is merged; what answers something is settled after what it answers. */
static const struct entity entities[] = {
	{"report", FIELDS(report_fields)},
	{"case", FIELDS(case_fields)},
	{"person", FIELDS(person_fields), .in_case = true, .is_part = true},
	{"contact", FIELDS(contact_fields), .in_case = true, .is_part = true},
	{"plan", FIELDS(plan_fields), .in_case = true, .is_part = true},
	{"incident", FIELDS(incident_fields), .in_case = true, .is_part = true},
	{"consent", FIELDS(consent_fields), .in_case = true},
	{"action", FIELDS(action_fields), .in_case = true, .is_part = true},
	{"followup", FIELDS(followup_fields), .in_case = true, .is_part = true},
	{"note", FIELDS(note_fields), .in_case = true, .is_part = true},
	{"attachment", FIELDS(attachment_fields), .in_case = true, .is_part = true},
	{"referral", FIELDS(referral_fields), .in_case = true},
	{"transfer", FIELDS(transfer_fields), .in_case = true},
	{"provider", FIELDS(provider_fields), .is_for_all = true},
	{"principles", FIELDS(principles_fields), .is_for_all = true},
	{"code", FIELDS(code_fields), .is_for_all = true},
	{"message", FIELDS(message_fields), .about = "report", .is_once = true},
	{"reply", FIELDS(reply_fields), .about = "referral", .is_once = true},
	{"takeover", FIELDS(takeover_fields), .about = "transfer", .is_once = true},
	{"opened", FIELDS(opened_fields)},
	{"user", FIELDS(user_fields), .is_local = true},
	{"audit", FIELDS(audit_fields), .is_local = true, .is_once = true},
};

const struct entity *schema_entities(size_t *count)
{
	*count = sizeof entities / sizeof *entities;
	return entities;
}

const struct entity *schema_entity(const char *name)
{
	for (size_t i = 0; i < sizeof entities / sizeof *entities; i++)
		if (strcmp(entities[i].name, name) == 0)
			return &entities[i];
	return NULL;
}

const struct field *schema_field(const struct entity *entity, const char *name)
{
	for (size_t i = 0; i < entity->count; i++)
		if (strcmp(entity->fields[i].name, name) == 0)
			return &entity->fields[i];
	return NULL;
}
