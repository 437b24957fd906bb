/* A photo, from the phone to the card: sealed as it comes, to an identity made for it alone, in pieces that
 * get their names when all of it is there and its code was right; then the message that names the pieces, to
 * those who may read the report. Only the page behind a real code has a token for one, so that nobody else
 * can fill the card. The bytes are never decoded here.
 *
 * Invariants: no byte of a photo reaches the card unsealed; a message names only pieces that are on the card.
 * Runs in intake: receiving on the server's thread, syncing the card on a thread for each photo. */
#include "web/intake/photo.h"

#include <errno.h>
#include <stdatomic.h>
#include <string.h>

#include "node/base/clock.h"
#include "node/base/files.h"
#include "node/base/log.h"
#include "node/store/pieces.h"
#include "web/intake/messages.h"
#include "web/picture.h"

#define FIELDS_ROOM (64 * 1024)
#define AT_ONCE 4
/* Photos stop long before reports do. */
#define PHOTO_RESERVE (4 * INTAKE_RESERVE)

struct photos {
	char *folder;
	struct secret *token_key;
	atomic_int count; /* being received or kept */
};

struct photo {
	struct request *request;
	struct coming_back *visit; /* once its code is known */
	struct pieces *pieces;
	struct age_sealer *sealer;
	struct secret *identity;
	uint8_t head[PICTURE_HEAD];
	size_t head_len;
	uint64_t size, counted; /* counted: of the day's budget */
	struct digest digest;	/* of all of it, as it comes */
	uint8_t sent[DIGEST_LEN];
	bool is_again; /* something was sent with this token before; only whether it is this is looked at */
	bool is_kept;
};

static int photos_end(struct photos *photos)
{
	secret_free(photos->token_key);
	return 0;
}

const struct error *photos_start(struct intake *intake, struct photos **out)
{
	struct photos *photos = memory_new(intake, struct photos);
	uint64_t budget = (uint64_t)intake->home->config->intake.photos_megabytes_a_day << 20, used;

	photos->folder = home_file(photos, intake->home, "files");
	photos->token_key = secret_random(32);
	talloc_set_destructor(photos, photos_end);
	TRY(pieces_start(photos->folder, clock_wall_seconds(), &used));
	quota_photos(intake->quota, budget, used, clock_boot_ms());
	*out = photos;
	return NULL;
}

char *photos_token(const struct request *request)
{
	const struct intake *intake = intake_of(request);
	char *token;

	if (!intake->home->config->intake.photos_megabytes_a_day)
		return NULL;
	token = memory_zeroed(request->context, TOKEN_SIZE, "token");
	token_new(token, intake->photos->token_key, intake_seconds());
	return token;
}

/* Also of one that was broken off, or refused. */
static int photo_end(struct photo *photo)
{
	struct intake *intake = intake_of(photo->request);
	uint64_t kept = photo->is_kept ? photo->size : 0;

	if (photo->counted > kept)
		quota_photo_back(intake->quota, photo->request->address, photo->counted - kept);
	if (!photo->is_again)
		atomic_fetch_sub(&intake->photos->count, 1);
	secret_free(photo->identity);
	return 0;
}

static const struct error *no_room(const struct request *request)
{
	return error_new(ERROR_FULL, "%s",
		say(request,
			"There is no room for photos here just now. Words can still be sent; or show the "
			"photo at the desk."));
}

/* Where the card ran out of room is for nobody to read; whether words can still be sent is. */
static const struct error *in_words(const struct request *request, const struct error *error)
{
	if (!error || error->code != ERROR_FULL)
		return error;
	TRY(intake_may_take(intake_of(request)));
	return no_room(request);
}

static const struct error *check_room(struct request *request)
{
	struct intake *intake = intake_of(request);
	uint64_t free_space;

	TRY(intake_may_take(intake));
	TRY(files_free_space(intake->home->path, &free_space));
	return free_space < PHOTO_RESERVE ? no_room(request) : NULL;
}

static const struct error *count(struct photo *photo)
{
	struct request *request = photo->request;
	const char *announced = request_header(request, "Content-Length");
	uint64_t bytes = announced ? strtoull(announced, NULL, 10) : PICTURE_MAX;
	int hours = quota_photo(intake_of(request)->quota, request->address, bytes, clock_boot_ms());

	if (!hours)
		photo->counted = bytes;
	return hours ? error_new(ERROR_UNAVAILABLE,
			       say_many(request,
				       "Many photos were sent today. Please try again in %d hour, or show "
				       "the "
				       "photo at the desk.",
				       "Many photos were sent today. Please try again in %d hours, or show "
				       "the "
				       "photo at the desk.",
				       (unsigned long)hours),
			       hours)
		     : NULL;
}

static const struct error *begin_sealing(struct photo *photo)
{
	struct age_recipient recipient;

	photo->identity = age_identity_new(&recipient);
	photo->pieces = pieces_new(photo, intake_of(photo->request)->photos->folder);
	return age_sealer_new(photo, pieces_write, photo->pieces, &recipient, 1, &photo->sealer);
}

/* What the person was sent before with this token, they see again. */
static const struct error *find_again(struct request *request, const char *token, bool *is_again)
{
	struct secret *none CLEANUP(secret_free) = NULL;
	enum receipt_state state;
	char ticket[TICKET_SIZE];

	token_ticket(ticket, token);
	TRY(intake_find_receipt(intake_of(request), ticket, &state, &none));
	*is_again = state != RECEIPT_UNKNOWN;
	return NULL;
}

static const struct error *begin(struct request *request)
{
	struct photos *photos = intake_of(request)->photos;
	const char *token = form_get(request->form, "token");
	struct photo *photo;
	bool is_again;

	if (!token || token_check(token, photos->token_key, intake_seconds(), 0) == TOKEN_STALE)
		return error_new(ERROR_INVALID, "%s",
			say(request,
				"This page was open for a long time. Please choose the photo once more."));
	TRY(find_again(request, token, &is_again));
	if (!is_again) {
		TRY(check_room(request));
		if (atomic_fetch_add(&photos->count, 1) >= AT_ONCE) {
			atomic_fetch_sub(&photos->count, 1);
			return error_new(ERROR_UNAVAILABLE, "%s",
				say(request, "Other photos are being sent just now. Please try again in a "
					     "minute."));
		}
	}
	photo = memory_new(request->context, struct photo);
	*photo = (struct photo){.request = request, .is_again = is_again};
	digest_start(&photo->digest);
	talloc_set_destructor(photo, photo_end);
	request->upload = photo;
	if (is_again)
		return NULL;
	TRY(count(photo));
	return begin_sealing(photo);
}

static const struct error *check_kind(const struct photo *photo)
{
	if (picture_kind((struct bytes){photo->head, photo->head_len}))
		return NULL;
	return error_new(ERROR_INVALID, "%s",
		say(photo->request, "This is not a photo. Photos as phones take them can be sent (JPEG, PNG, "
				    "WebP or HEIC); anything else, please show at the desk."));
}

static const struct error *seal(struct photo *photo, struct bytes part)
{
	return in_words(photo->request, age_sealer_add(photo->sealer, part));
}

static const struct error *add(struct request *request, struct bytes part)
{
	struct photo *photo = request->upload;
	size_t wanted = PICTURE_HEAD - photo->head_len;

	photo->size += part.len;
	if (photo->size > PICTURE_MAX)
		return error_new(ERROR_INVALID, "%s", photo_too_large(request));
	digest_add(&photo->digest, part.data, part.len);
	if (photo->is_again)
		return NULL;
	if (wanted) {
		size_t taken = wanted < part.len ? wanted : part.len;

		memcpy(photo->head + photo->head_len, part.data, taken);
		photo->head_len += taken;
		part.data += taken;
		part.len -= taken;
		if (taken < wanted)
			return NULL;
		TRY(check_kind(photo));
		TRY(seal(photo, BYTES_OF(photo->head)));
	}
	return seal(photo, part);
}

const struct server_upload photo_uploads[] = {
	{"/messages/photo", PICTURE_MAX + FIELDS_ROOM, 1, begin, add},
	{NULL, 0, 0, NULL, NULL},
};

const char *photo_too_large(const struct request *request)
{
	return say(request, "This photo is too large: at most 10 megabytes can be sent. Please choose a "
			    "smaller one, or show it at the desk.");
}

/* Two photos with one token: the page was used again after the phone's "Back". */
static const char *another_photo(const struct request *request)
{
	return say(request, "Another photo was sent from this page before, and it is safe. The one you chose "
			    "now is not saved yet: please choose it once more.");
}

/* The page behind the code, with a token for the next try. */
static const struct error *ask_for_one(struct coming_back *visit, const char *words)
{
	struct request *request = visit->request;
	json_t *view = intake_view(request, messages_title(request));

	page_problem(view, "photo", words);
	return messages_inbox(visit, view);
}

/* It came whole, and cannot be kept. */
static const struct error *not_kept(struct coming_back *visit, const struct error *error)
{
	if (error->code == ERROR_SYSTEM)
		log_error("a photo cannot be kept: %s", error->message);
	return ask_for_one(visit, pages_advice(visit->request, error));
}

static void saved(struct intake_save *save, const struct error *error)
{
	struct coming_back *visit = (struct coming_back *)save;
	struct request *request = visit->request;
	struct photo *photo = request->upload;

	if (error || !save->is_new) {
		pieces_forget(photo->pieces);
		quota_report_back(intake_of(request)->quota, request->address);
	} else {
		photo->is_kept = true;
	}
	if (error)
		error = not_kept(visit, in_words(request, error));
	else if (!save->is_new && !save->is_same)
		error = ask_for_one(visit, another_photo(request));
	server_resume(request, error);
}

/* The card may take seconds for this; nobody else waits for it. */
static void *put_on_card(void *user)
{
	struct photo *photo = user;
	struct coming_back *visit = photo->visit;
	const struct error *error = pieces_keep(photo->pieces);

	if (error)
		saved(&visit->save, error);
	else
		intake_save(&visit->save);
	return NULL;
}

static const struct error *compose(struct photo *photo, struct coming_back *visit)
{
	struct secret *identity CLEANUP(secret_free) = age_identity_text(photo->identity);
	const struct reporter reporter = messages_reporter(visit);
	void *context = photo->request->context;
	json_t *pieces = json_array();

	for (size_t i = 0; i < pieces_count(photo->pieces); i++)
		json_array_append_new(pieces, json_string(pieces_name(photo->pieces, i)));
	TRY(compose_message(context, intake_of(photo->request)->coalition, &reporter,
		json_pack("{s:s,s:I,s:s,s:o}", "kind", "photo", "size", (json_int_t)photo->size, "identity",
			(const char *)identity->data, "pieces", pieces),
		&visit->composed));
	return messages_note_sent(visit, "photo");
}

static const struct error *prepare(struct photo *photo, struct coming_back *visit)
{
	TRY(in_words(photo->request, age_sealer_end(photo->sealer)));
	TRY(in_words(photo->request, pieces_finish(photo->pieces)));
	TRY(compose(photo, visit));
	return messages_sent(photo->request);
}

static const struct error *answer_again(struct coming_back *visit)
{
	const struct photo *photo = visit->request->upload;
	bool is_same;

	TRY(intake_is_same(intake_of(visit->request), visit->ticket, BYTES_OF(photo->sent), &is_same));
	return is_same ? messages_sent(visit->request) : ask_for_one(visit, another_photo(visit->request));
}

static const struct error *keep(struct coming_back *visit)
{
	struct request *request = visit->request;
	struct photo *photo = request->upload;
	const struct error *error;
	pthread_t thread;
	int status;

	if (!photo || photo->size < PICTURE_HEAD)
		return ask_for_one(visit, say(request, "Please choose a photo first."));
	digest_end(&photo->digest, photo->sent);
	token_ticket(visit->ticket, form_get(request->form, "token"));
	if (photo->is_again)
		return answer_again(visit);
	error = messages_may_send(request);
	if (error)
		return not_kept(visit, error);
	error = prepare(photo, visit);
	if (error) {
		quota_report_back(intake_of(request)->quota, request->address);
		return not_kept(visit, error);
	}
	photo->visit = visit;
	visit->save = (struct intake_save){
		.composed = &visit->composed,
		.ticket = visit->ticket,
		.sent = BYTES_OF(photo->sent),
		.intake = intake_of(request),
		.done = saved,
	};
	*visit->waits = true;
	status = pthread_create(&thread, NULL, put_on_card, photo);
	if (status)
		saved(&visit->save, error_system(status, "cannot start the thread that keeps a photo"));
	else
		pthread_detach(thread);
	return NULL;
}

static const char *refusal_words(const struct request *request)
{
	return request->status == 413 ? photo_too_large(request) : pages_advice(request, request->refusal);
}

const char *photo_trouble(const struct request *request)
{
	if (request->refusal)
		return refusal_words(request);
	return request->upload ? say(request, "The photo is not saved yet: please choose it once more on the "
					      "page that your code opens.")
			       : NULL;
}

static const struct error *tell_refusal(struct coming_back *visit)
{
	return ask_for_one(visit, refusal_words(visit->request));
}

const struct error *photo_send(struct request *request)
{
	if (!request->refusal)
		return messages_open(request, keep);
	memory_free(request->upload); /* nobody waits for its place while the code has its turn */
	request->upload = NULL;
	return messages_open(request, tell_refusal);
}
