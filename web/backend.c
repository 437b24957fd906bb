/* git http-backend behind the server: see backend.h. A thread for each request that is answered, beside the
 * server's, in the sync role.
 *
 * Who may ask is peer.c's. Guards: git gets an environment of ours alone, reads log.git and writes nothing;
 * it is ended at its deadline, and when the client goes away; never more than a buffer's full of its answer
 * is in memory. */
#include "web/backend.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "node/base/child.h"
#include "node/base/text.h"

#define DEADLINE_MS (20 * 60 * 1000) /* as for a fetch: a slow link needs long */
#define MEMORY_MAX ((uint64_t)768 << 20)
#define CPU_SECONDS 300
#define RING_SIZE 65536
#define HEAD_MAX 8192

struct job {
	pthread_mutex_t mutex;
	pthread_cond_t room;
	struct backend *backend;
	struct request *request;
	struct request_stream stream;
	volatile int stop; /* the client is gone, or the role ends */
	uint8_t ring[RING_SIZE];
	size_t at, len;
	bool is_awaited;	    /* the server waits for more */
	bool has_ended, has_failed; /* the child */
	int holders;		    /* the thread, and the answer that goes out */
};

struct backend {
	const struct home *home;
	pthread_mutex_t mutex;
	pthread_cond_t idle;
	struct job *jobs[BACKEND_MAX];
	size_t count;
	bool ends;
};

/* ---- the child ---- */

static const char *const settings[][2] = {
	{"safe.directory", "*"},
	{"core.hooksPath", "/dev/null"},
	{"core.bigFileThreshold", "1m"},
	{"core.packedGitWindowSize", "32m"},
	{"core.packedGitLimit", "128m"},
	{"gc.auto", "0"},
	{"http.receivepack", "false"},
	{"http.getanyfile", "false"},
	{"pack.threads", "1"},
	{"pack.window", "0"},
	{"pack.compression", "0"},
};
#define SETTING_COUNT (sizeof settings / sizeof settings[0])
#define ENVIRONMENT_MAX (2 * SETTING_COUNT + 16)

/* CGI's (RFC 3875). Version 2 of git's protocol alone: only it lets a commit be fetched that is no tip. */
static const char **environment_of(const void *context, const struct job *job)
{
	const struct request *request = job->request;
	const char **out = memory_array(context, const char *, ENVIRONMENT_MAX + 1);
	const char *encoding = request_header(request, "Content-Encoding");
	size_t n = 0;

	out[n++] = memory_format(context, "GIT_PROJECT_ROOT=%s", job->backend->home->path);
	out[n++] = memory_format(context, "HOME=%s/run", job->backend->home->path);
	out[n++] = "GIT_HTTP_EXPORT_ALL=1";
	out[n++] = "GIT_PROTOCOL=version=2";
	out[n++] = "GIT_CONFIG_NOSYSTEM=1";
	out[n++] = "GIT_CONFIG_GLOBAL=/dev/null";
	out[n++] = "GIT_NO_REPLACE_OBJECTS=1";
	out[n++] = "GIT_NO_LAZY_FETCH=1";
	out[n++] = memory_format(context, "PATH_INFO=%s", request->path);
	if (request->method == METHOD_GET) {
		out[n++] = "REQUEST_METHOD=GET";
		out[n++] = "QUERY_STRING=service=git-upload-pack";
	} else {
		out[n++] = "REQUEST_METHOD=POST";
		out[n++] = "CONTENT_TYPE=application/x-git-upload-pack-request";
		out[n++] = memory_format(context, "CONTENT_LENGTH=%zu", request->body_sent.len);
		if (encoding && strcasecmp(encoding, "gzip") == 0)
			out[n++] = "HTTP_CONTENT_ENCODING=gzip";
	}
	for (size_t i = 0; i < SETTING_COUNT; i++) {
		out[n++] = memory_format(context, "GIT_CONFIG_KEY_%zu=%s", i, settings[i][0]);
		out[n++] = memory_format(context, "GIT_CONFIG_VALUE_%zu=%s", i, settings[i][1]);
	}
	out[n++] = memory_format(context, "GIT_CONFIG_COUNT=%zu", SETTING_COUNT);
	return out;
}

static const struct error *start_git(struct job *job, struct child_stream **out)
{
	void *scratch CLEANUP(memory_free) = memory_context(NULL);
	const char *const argv[] = {"git", "http-backend", NULL};
	struct child child = {
		.argv = argv,
		.environment = environment_of(scratch, job),
		.input = job->request->body_sent,
		.directory = job->backend->home->path,
		.deadline_ms = DEADLINE_MS,
		.memory_max = MEMORY_MAX,
		.cpu_seconds = CPU_SECONDS,
		.stop = &job->stop,
	};

	return child_start(&child, out);
}

/* ---- its answer, on the job's thread ---- */

static void wake_server(struct job *job)
{
	if (!job->is_awaited)
		return;
	job->is_awaited = false;
	server_resume_stream(job->request);
}

/* False: nobody takes it any more. */
static bool hand_on(struct job *job, const uint8_t *data, size_t len)
{
	bool goes_on;

	pthread_mutex_lock(&job->mutex);
	while (len && !job->stop) {
		size_t end = (job->at + job->len) % RING_SIZE, part = RING_SIZE - job->len;

		if (!part) {
			pthread_cond_wait(&job->room, &job->mutex);
			continue;
		}
		if (part > RING_SIZE - end)
			part = RING_SIZE - end;
		if (part > len)
			part = len;
		memcpy(job->ring + end, data, part);
		job->len += part;
		data += part;
		len -= part;
		wake_server(job);
	}
	goes_on = !job->stop;
	pthread_mutex_unlock(&job->mutex);
	return goes_on;
}

/* Status and type, from the lines of CGI before the empty one. */
static void read_head(struct request *request, char *head)
{
	char *rest = head, *line;

	while ((line = strsep(&rest, "\n"))) {
		line[strcspn(line, "\r")] = '\0';
		if (strncasecmp(line, "Status:", 7) == 0)
			request->status = (int)strtol(line + 7, NULL, 10);
		else if (strncasecmp(line, "Content-Type:", 13) == 0)
			request->type = text_trim(request->context, line + 13);
	}
	if (request->status < 200 || request->status > 599)
		request->status = 500;
}

/* Until the empty line; what came behind it is at `rest`. */
static const struct error *take_head(
	struct job *job, struct child_stream *git, struct buffer *head, size_t *rest)
{
	uint8_t chunk[4096];
	const char *end = NULL;
	size_t got;

	while (!end && head->len < HEAD_MAX && (got = child_read(git, chunk, sizeof chunk))) {
		buffer_add(head, chunk, got);
		end = memmem(head->data, head->len, "\r\n\r\n", 4);
	}
	if (!end)
		return error_new(ERROR_UNAVAILABLE, "git does not answer");
	*rest = (size_t)(end - (const char *)head->data) + 4;
	read_head(job->request, memory_string_of(job->request->context, head->data, *rest));
	return NULL;
}

static void pass_answer(struct job *job, struct child_stream *git, const struct buffer *head, size_t rest)
{
	uint8_t chunk[16384];
	size_t got;
	bool goes_on;

	job->request->stream = &job->stream;
	job->holders = 2;
	server_resume(job->request, NULL); /* from here on it may be gone */
	goes_on = hand_on(job, head->data + rest, head->len - rest);
	while (goes_on && (got = child_read(git, chunk, sizeof chunk)))
		goes_on = hand_on(job, chunk, got);
}

static void leave(struct job *job)
{
	struct backend *backend = job->backend;
	bool is_last;

	pthread_mutex_lock(&job->mutex);
	is_last = --job->holders == 0;
	pthread_mutex_unlock(&job->mutex);
	if (!is_last)
		return;
	pthread_mutex_lock(&backend->mutex);
	for (size_t i = 0; i < BACKEND_MAX; i++)
		if (backend->jobs[i] == job)
			backend->jobs[i] = NULL;
	backend->count--;
	pthread_mutex_destroy(&job->mutex);
	pthread_cond_destroy(&job->room);
	memory_free(job);
	pthread_cond_signal(&backend->idle);
	pthread_mutex_unlock(&backend->mutex);
}

static void *work(void *user)
{
	void *scratch CLEANUP(memory_free) = memory_context(NULL);
	struct buffer *head = buffer_new(scratch);
	struct job *job = user;
	struct child_stream *git = NULL;
	const struct error *error;
	size_t rest = 0;
	int status;

	error = start_git(job, &git);
	if (!error)
		error = take_head(job, git, head, &rest);
	if (error)
		server_resume(job->request, error);
	else
		pass_answer(job, git, head, rest);
	status = child_stop(git);
	pthread_mutex_lock(&job->mutex);
	job->has_ended = true;
	job->has_failed = status != 0;
	wake_server(job);
	pthread_mutex_unlock(&job->mutex);
	leave(job);
	return NULL;
}

/* ---- and on the server's ---- */

static ssize_t read_answer(void *user, uint8_t *out, size_t size)
{
	struct job *job = user;
	ssize_t got = 0;

	pthread_mutex_lock(&job->mutex);
	if (job->len) {
		size_t part = RING_SIZE - job->at;

		if (part > job->len)
			part = job->len;
		if (part > size)
			part = size;
		memcpy(out, job->ring + job->at, part);
		job->at = (job->at + part) % RING_SIZE;
		job->len -= part;
		got = (ssize_t)part;
		pthread_cond_signal(&job->room);
	} else if (job->has_ended) {
		got = job->has_failed ? REQUEST_STREAM_BROKEN : REQUEST_STREAM_END;
	} else {
		job->is_awaited = true;
		server_suspend(job->request);
	}
	pthread_mutex_unlock(&job->mutex);
	return got;
}

static void stop_job(struct job *job)
{
	pthread_mutex_lock(&job->mutex);
	job->stop = 1;
	pthread_cond_signal(&job->room);
	pthread_mutex_unlock(&job->mutex);
}

static void end_answer(void *user)
{
	stop_job(user);
	leave(user);
}

/* NULL: all places are taken. */
static struct job *reserve(struct backend *backend, struct request *request)
{
	struct job *job = NULL;

	pthread_mutex_lock(&backend->mutex);
	for (size_t i = 0; i < BACKEND_MAX && !backend->ends && !job; i++)
		if (!backend->jobs[i])
			job = backend->jobs[i] = memory_new(NULL, struct job);
	if (job) {
		pthread_mutex_init(&job->mutex, NULL);
		pthread_cond_init(&job->room, NULL);
		job->backend = backend;
		job->request = request;
		job->stream = (struct request_stream){read_answer, end_answer, job};
		job->holders = 1;
		backend->count++;
	}
	pthread_mutex_unlock(&backend->mutex);
	return job;
}

static const struct error *begin(struct backend *backend, struct request *request)
{
	struct job *job = reserve(backend, request);
	pthread_t thread;
	int failed;

	if (!job)
		return error_new(ERROR_UNAVAILABLE, "too many fetch from here just now");
	server_suspend(request);
	failed = pthread_create(&thread, NULL, work, job);
	if (!failed) {
		pthread_detach(thread);
		return NULL;
	}
	server_resume(request, error_system(failed, "cannot start a thread for git"));
	leave(job);
	return NULL;
}

const struct error *backend_serve(struct backend *backend, struct request *request)
{
	const char *type = request_header(request, "Content-Type");
	const char *service = form_get(request->query, "service");

	if (request->method == METHOD_GET
			? !service || strcmp(service, "git-upload-pack") != 0
			: !type || strcmp(type, "application/x-git-upload-pack-request") != 0)
		return error_new(ERROR_DENIED, "this can only be fetched from");
	return begin(backend, request);
}

/* ---- from the role ---- */

struct backend *backend_new(const struct home *home)
{
	struct backend *backend = memory_new(NULL, struct backend);

	backend->home = home;
	pthread_mutex_init(&backend->mutex, NULL);
	pthread_cond_init(&backend->idle, NULL);
	return backend;
}

void backend_end(struct backend *backend)
{
	pthread_mutex_lock(&backend->mutex);
	backend->ends = true;
	for (size_t i = 0; i < BACKEND_MAX; i++)
		if (backend->jobs[i])
			stop_job(backend->jobs[i]);
	pthread_mutex_unlock(&backend->mutex);
}

void backend_free(struct backend *backend)
{
	if (!backend)
		return;
	pthread_mutex_lock(&backend->mutex);
	while (backend->count)
		pthread_cond_wait(&backend->idle, &backend->mutex);
	pthread_mutex_unlock(&backend->mutex);
	pthread_mutex_destroy(&backend->mutex);
	pthread_cond_destroy(&backend->idle);
	memory_free(backend);
}
