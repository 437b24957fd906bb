/* Files in a case: sealed while they come in, each to an identity made for it alone, in pieces that get their
 * names when all is there; then one event a file names them. Five a form, ten megabytes each.
 *
 * Invariants: no byte of a file reaches the card unsealed; an event names only pieces that are on the card;
 * nothing is taken from who may not write to the case. Office role: receiving on the server's thread, the
 * card on the worker's. */
#include "web/office/attach.h"

#include <string.h>

#include "node/base/clock.h"
#include "node/base/files.h"
#include "node/base/home.h"
#include "node/base/text.h"
#include "node/casework/lists.h"
#include "node/store/pieces.h"
#include "node/vault/age.h"
#include "web/office/download.h"
#include "web/office/fields.h"
#include "web/office/traces.h"
#include "web/picture.h"

#define FILES_A_FORM 5
#define FILES_SHOWN 100
#define FIELDS_ROOM (64 * 1024)
#define RESERVE (UINT64_C(256) << 20) /* bytes left free on the card */

struct file {
	struct pieces *pieces;
	struct age_sealer *sealer;
	struct secret *identity;
	uint8_t head[PICTURE_HEAD];
	size_t head_len;
	uint64_t size;
};
struct files {
	struct file list[FILES_A_FORM];
	size_t count;
	bool is_kept;
};

const struct error *attach_start(const struct home *home)
{
	void *scratch CLEANUP(memory_free) = memory_context(NULL);
	uint64_t today;

	return pieces_start(home_file(scratch, home, DOWNLOAD_FILES), clock_wall_seconds(), &today);
}

/* ---- coming in ---- */

/* Also of what was broken off, or could not be written down in an event: nothing of it stays on the card. */
static int files_end(struct files *files)
{
	for (size_t i = 0; i < files->count; i++) {
		secret_free(files->list[i].identity);
		if (files->list[i].pieces && !files->is_kept)
			pieces_forget(files->list[i].pieces);
	}
	return 0;
}

static const struct error *check_room(const struct office *office)
{
	uint64_t free_space;

	TRY(files_free_space(office->home->path, &free_space));
	return free_space < RESERVE
		       ? error_new(ERROR_FULL, SAY("There is no room for files on this hub. Make room first; "
						   "notes can still be written"))
		       : NULL;
}

static const struct error *begin(struct request *request)
{
	struct reception *reception = request->user;
	struct files *files = request->upload;
	struct age_recipient recipient;
	struct file *file;

	if (!files) {
		TRY(visit_admit(request, MAY_WRITE_CASES));
		TRY(check_room(reception->office));
		files = memory_new(request->context, struct files);
		talloc_set_destructor(files, files_end);
		request->upload = files;
	}
	file = &files->list[files->count++];
	file->identity = age_identity_new(&recipient);
	file->pieces = pieces_new(files, home_file(files, reception->office->home, DOWNLOAD_FILES));
	return age_sealer_new(files, pieces_write, file->pieces, &recipient, 1, &file->sealer);
}

static const struct error *add(struct request *request, struct bytes part)
{
	struct files *files = request->upload;
	struct file *file = &files->list[files->count - 1];
	size_t wanted = PICTURE_HEAD - file->head_len, taken = wanted < part.len ? wanted : part.len;

	file->size += part.len;
	if (file->size > PICTURE_MAX)
		return error_new(ERROR_INVALID, SAY("Files: each may have at most 10 megabytes"));
	memcpy(file->head + file->head_len, part.data, taken);
	file->head_len += taken;
	return age_sealer_add(file->sealer, part);
}

const struct server_upload attach_uploads[] = {
	{"/files/*", FILES_A_FORM *PICTURE_MAX + FIELDS_ROOM, FILES_A_FORM, begin, add},
	{NULL, 0, 0, NULL, NULL},
};

/* ---- the form ---- */

static const struct error *show(struct visit *visit, const json_t *in_case)
{
	const char *key = json_text_or(in_case, "key", "");

	case_caption(visit, in_case);
	visit_text(visit, "name", visit_field(visit, "name"));
	visit_text(visit, "text", visit_field(visit, "text"));
	visit_text(visit, "action", visit_path(visit, "/files/%s", key));
	visit_text(visit, "back", visit_path(visit, "/cases/%s", key));
	return visit_show(visit, "office-files", "Add files");
}

const struct error *attach_form(struct visit *visit)
{
	json_t *in_case CLEANUP(json_decref) = NULL;

	TRY(case_find(visit, visit->parts[0], &in_case));
	return show(visit, in_case);
}

/* ---- saving ---- */

struct job {
	json_t *in_case; /* the job's */
	struct files *files;
	const char *case_key, *name, *text;
};

static int job_end(struct job *job)
{
	json_decref(job->in_case);
	return 0;
}

static const struct error *put_on_card(struct visit *visit, void *user)
{
	struct job *job = user;

	for (size_t i = 0; i < job->files->count; i++) {
		struct file *file = &job->files->list[i];

		TRY(age_sealer_end(file->sealer));
		TRY(pieces_finish(file->pieces));
		TRY(pieces_keep(file->pieces));
	}
	return NULL;
}

static json_t *fields_of(const struct job *job, size_t index)
{
	const struct file *file = &job->files->list[index];
	struct secret *identity CLEANUP(secret_free) = age_identity_text(file->identity);
	const char *number = job->files->count > 1 ? memory_format(job, " %zu", index + 1) : "";
	json_t *pieces = json_array();

	for (size_t i = 0; i < pieces_count(file->pieces); i++)
		json_array_append_new(pieces, json_string(pieces_name(file->pieces, i)));
	return json_pack("{ss, ss, ss, sI, ss, so}", "name", memory_format(job, "%s%s", job->name, number),
		"text", job->text, "kind", download_kind((struct bytes){file->head, file->head_len}), "size",
		(json_int_t)file->size, "identity", (const char *)identity->data, "pieces", pieces);
}

static const struct error *write_all(struct visit *visit, const struct job *job)
{
	struct batch *batch = visit_batch(visit);

	for (size_t i = 0; i < job->files->count; i++) {
		char key[ENTITY_KEY_SIZE];

		write_key_new(key, visit->office);
		TRY(batch_event(batch, "attachment", key, job->case_key, fields_of(job, i), NULL));
	}
	return batch_commit(batch);
}

static const struct error *saved(struct visit *visit, void *user, const struct error *failed)
{
	struct job *job = user;

	if (!failed)
		failed = write_all(visit, job);
	if (failed && visit_tell_unsaved(visit, failed))
		return show(visit, job->in_case);
	TRY(failed);
	job->files->is_kept = true;
	return visit_go(visit, visit_path(visit, "/cases/%s", job->case_key),
		job->files->count > 1 ? SAY("The files are added.") : SAY("The file is added."));
}

static void check_typed(struct visit *visit, const struct files *files)
{
	static const struct asked name = {.name = "name", .is_required = true}, text = {.name = "text"};
	const struct entity *entity = schema_entity("attachment");
	const struct error *refusal = visit->request->refusal;

	if (refusal)
		visit_problem(visit, "file", refusal->message);
	else if (!files)
		visit_problem(visit, "file", "Files: choose at least one");
	json_decref(fields_value(visit, schema_field(entity, "name"), &name, NULL));
	json_decref(fields_value(visit, schema_field(entity, "text"), &text, NULL));
}

const struct error *attach_save(struct visit *visit)
{
	struct files *files = visit->request->upload;
	json_t *in_case = NULL;
	struct job *job;

	TRY(case_find(visit, visit->parts[0], &in_case));
	check_typed(visit, files);
	if (visit_has_problems(visit) || !files) {
		const struct error *error = show(visit, in_case);

		json_decref(in_case);
		return error;
	}
	job = memory_new(visit->context, struct job);
	*job = (struct job){.in_case = in_case,
		.files = files,
		.case_key = memory_string(job, json_text_or(in_case, "key", "")),
		.name = visit_field(visit, "name"),
		.text = visit_field(visit, "text")};
	talloc_set_destructor(job, job_end);
	return visit_slowly(visit, put_on_card, saved, job);
}

/* ---- on the page of the case ---- */

static const char *size_of(const struct visit *visit, const json_t *row)
{
	double megabytes = (double)json_integer_value(json_object_get(row, "size")) / 1e6;

	return visit_path(visit, "%.1f", megabytes < 0.1 ? 0.1 : megabytes);
}

const struct error *attach_show(struct visit *visit, const char *case_key)
{
	json_t *rows CLEANUP(json_decref) = NULL, *list = json_array(), *row;
	size_t i;

	visit_set(visit, "files", list);
	TRY(lists_parts(visit->office->file, "attachment", case_key, FILES_SHOWN, &rows));
	json_array_foreach (rows, i, row) {
		const char *key = json_text_or(row, "key", ""), *path;
		bool is_here = download_is_here(visit, DOWNLOAD_FILES, row);
		char hub[LOG_ID_SIZE];

		if (strcmp(json_text_or(row, "state", ""), "removed") == 0)
			continue;
		ids_key_log(hub, key);
		path = visit_path(visit, "/cases/%s/files/%s", case_key, key);
		json_array_append_new(
			list, json_pack("{ss, ss, ss, ss, ss, ss}", "out", visit_path(visit, "%s/out", path),
				      "name", json_text_or(row, "name", ""), "text",
				      json_text_or(row, "text", ""), "size", size_of(visit, row), "away",
				      is_here ? "" : office_hub_name(visit->office, hub), "href",
				      is_here ? path : ""));
	}
	visit_set(visit, "has_files", json_boolean(json_array_size(list)));
	return NULL;
}

const struct error *attach_find(struct visit *visit, json_t **in_case, json_t **record)
{
	TRY(case_find(visit, visit->parts[0], in_case));
	TRY(casefile_get(visit->office->file, "attachment", visit->parts[1], record));
	if (strcmp(json_text_or(*record, "case", ""), json_text_or(*in_case, "key", "")) != 0 ||
		strcmp(json_text_or(*record, "state", ""), "removed") == 0)
		return error_new(ERROR_NOT_FOUND, "this case has no such file");
	return NULL;
}

const struct error *attach_download(struct visit *visit)
{
	json_t *in_case CLEANUP(json_decref) = NULL, *record CLEANUP(json_decref) = NULL;

	TRY(attach_find(visit, &in_case, &record));
	TRY(download(visit, DOWNLOAD_FILES, record,
		visit_path(visit, "%s-%s", json_text_or(in_case, "ref", "file"),
			visit->parts[1] + strlen(visit->parts[1]) - 6)));
	return traces_note(visit->office, visit->person.name, "downloaded a file of",
		json_text_or(in_case, "ref", ""), json_text_or(in_case, "key", ""));
}
