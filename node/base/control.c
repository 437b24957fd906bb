/* Commands to a running role: `engabo status`, `unlock`, `lock` and the like (see control.h).
 *
 * What a request means is the handler's; here are only its bounds: who may call (the kernel says who it is,
 * not the caller), how long a line may be and how long it may take, so that a stuck caller never holds up a
 * role for more than seconds. Client in commands, server in every role. */
#include "node/base/control.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "node/base/clock.h"
#include "node/base/local.h"

#define REQUEST_MAX (64 * 1024)
#define REPLY_MAX (1024 * 1024)
#define CALLER_MS 2000

/* Whether fd became ready before `until` (boot clock). */
static bool wait_for(int fd, short events, int64_t until)
{
	for (;;) {
		struct pollfd p = {.fd = fd, .events = events};
		int64_t left = until - clock_boot_ms();
		int n;

		if (left <= 0)
			return false;
		n = poll(&p, 1, left > 60000 ? 60000 : (int)left);
		if (n > 0)
			return true;
		if (n < 0 && errno != EINTR)
			return false;
	}
}

static const struct error *send_all(int fd, struct bytes text, int64_t until)
{
	while (text.len) {
		ssize_t sent = send(fd, text.data, text.len, MSG_NOSIGNAL | MSG_DONTWAIT);

		if (sent > 0) {
			text.data += sent;
			text.len -= (size_t)sent;
		} else if (sent < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) {
			if (!wait_for(fd, POLLOUT, until))
				return error_new(ERROR_UNAVAILABLE, "the other side does not read");
		} else if (sent < 0 && errno == EPIPE) {
			return error_new(ERROR_UNAVAILABLE, "the other side ended");
		} else if (sent < 0 && errno != EINTR) {
			return error_system(errno, "cannot send");
		}
	}
	return NULL;
}

/* One line without its '\n', on `context`. */
static const struct error *receive_line(
	const void *context, int fd, size_t max, int64_t until, struct bytes *out)
{
	struct buffer *line = buffer_new(context);

	for (;;) {
		uint8_t chunk[4096];
		ssize_t got = recv(fd, chunk, sizeof chunk, MSG_DONTWAIT);
		const uint8_t *end;

		if (got == 0 || (got < 0 && errno == ECONNRESET))
			return error_new(ERROR_UNAVAILABLE, "the other side ended in the middle of a line");
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) {
			if (!wait_for(fd, POLLIN, until))
				return error_new(ERROR_UNAVAILABLE, "the other side took too long");
			continue;
		}
		if (got < 0)
			return error_system(errno, "cannot receive");
		end = memchr(chunk, '\n', (size_t)got);
		buffer_add(line, chunk, end ? (size_t)(end - chunk) : (size_t)got);
		if (line->len > max)
			return error_new(ERROR_INVALID, "a line of more than %zu bytes", max);
		if (end) {
			*out = buffer_bytes(line);
			return NULL;
		}
	}
}

bool control_is_listening(const char *path)
{
	struct local_address address;
	const struct error *error = local_address(&address, path);
	bool connected;
	int fd;

	if (error)
		return false;
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	/* A full queue is a living listener, too. */
	connected = fd >= 0 &&
		    (connect(fd, (struct sockaddr *)&address.name, address.len) == 0 || errno == EAGAIN);
	fd_close(fd);
	local_wipe(&address);
	return connected;
}

const struct error *control_listen(const char *path, int *out)
{
	int fd;

	if (control_is_listening(path))
		return error_new(ERROR_UNAVAILABLE, "%s: another process listens there already", path);
	TRY(local_bind(path, SOCK_STREAM, 0600, &fd));
	if (listen(fd, 16) < 0) {
		const struct error *error = error_system(errno, "cannot listen at %s", path);

		close(fd);
		return error;
	}
	*out = fd;
	return NULL;
}

static const struct error *check_caller(int fd)
{
	struct ucred caller;
	socklen_t len = sizeof caller;

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &caller, &len) < 0)
		return error_system(errno, "cannot ask who calls");
	if (caller.uid != 0 && caller.uid != geteuid())
		return error_new(ERROR_DENIED, "only the user who runs this role, or root, may call it");
	return NULL;
}

static const struct error *answer(
	const void *context, int fd, control_handler *handler, void *user, json_t *reply)
{
	json_t *request CLEANUP(json_decref) = NULL;
	struct bytes line;

	TRY(check_caller(fd));
	TRY(receive_line(context, fd, REQUEST_MAX, clock_boot_ms() + CALLER_MS, &line));
	TRY(json_object_parse(line, &request));
	return handler(user, request, reply);
}

static struct bytes reply_line(const void *context, const json_t *reply)
{
	struct buffer *line = buffer_new(context);
	struct bytes text = json_line(context, reply);

	buffer_add(line, text.data, text.len);
	buffer_text(line, "\n");
	return buffer_bytes(line);
}

static struct bytes error_line(const void *context, const struct error *error)
{
	json_t *reply CLEANUP(json_decref) =
		json_pack("{s:s, s:i}", "error", error->message, "code", (int)error->code);

	/* A message cut off in the middle of a character is not UTF-8. */
	if (!reply) {
		json_t *plain CLEANUP(json_decref) =
			json_pack("{s:s, s:i}", "error", "failed", "code", (int)error->code);

		return reply_line(context, plain);
	}
	return reply_line(context, reply);
}

const struct error *control_serve(int listener, control_handler *handler, void *user)
{
	void *scratch CLEANUP(memory_free) = memory_context(NULL);
	json_t *reply CLEANUP(json_decref) = json_pack("{s:b}", "ok", 1);
	int fd CLEANUP(fd_close) = accept4(listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	const struct error *error;
	struct bytes line;

	if (fd < 0) {
		if (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR || errno == ECONNABORTED)
			return NULL;
		return error_system(errno, "cannot accept a caller");
	}
	error = answer(scratch, fd, handler, user, reply);
	line = error ? error_line(scratch, error) : reply_line(scratch, reply);
	if (line.len > REPLY_MAX)
		line = error_line(
			scratch, error_new(ERROR_INVALID, "the reply is larger than %d bytes", REPLY_MAX));
	error_ignore(send_all(fd, line, clock_boot_ms() + CALLER_MS)); /* a caller that went away is fine */
	return NULL;
}

static const struct error *connect_to(const char *path, int64_t deadline_ms, int *out)
{
	struct timeval limit = {.tv_sec = deadline_ms / 1000, .tv_usec = deadline_ms % 1000 * 1000};
	const struct error *error = NULL;
	struct local_address address;
	int fd;

	error = local_address(&address, path);
	if (error)
		return error->code == ERROR_NOT_FOUND
			       ? error_new(ERROR_UNAVAILABLE, "nothing listens at %s", path)
			       : error;
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit) < 0)
		error = error_system(errno, "cannot make a socket");
	else if (connect(fd, (struct sockaddr *)&address.name, address.len) < 0) {
		if (errno == ENOENT || errno == ECONNREFUSED || errno == ENOTDIR)
			error = error_new(ERROR_UNAVAILABLE, "nothing listens at %s", path);
		else if (errno == EAGAIN || errno == EINPROGRESS)
			error = error_new(ERROR_UNAVAILABLE, "%s: too busy to answer", path);
		else if (errno == EACCES)
			error = error_new(ERROR_DENIED,
				"%s belongs to another user; run engabo as that user, or as root", path);
		else
			error = error_system(errno, "cannot reach %s", path);
	}
	local_wipe(&address);
	if (error) {
		fd_close(fd);
		return error;
	}
	*out = fd;
	return NULL;
}

/* An "error" reply as the error it stands for. */
static const struct error *check_reply(const json_t *reply)
{
	const char *message;
	int64_t code;

	if (!json_object_get(reply, "error"))
		return NULL;
	TRY(json_get_string(reply, "error", sizeof((struct error *)NULL)->message, &message));
	TRY(json_get_integer(reply, "code", ERROR_USAGE, ERROR_CONFIG, &code));
	return error_new((enum error_code)code, "%s", message);
}

const struct error *control_call(const char *path, const json_t *request, int64_t deadline_ms, json_t **out)
{
	void *scratch CLEANUP(memory_free) = memory_context(NULL);
	int64_t until = clock_boot_ms() + deadline_ms;
	json_t *reply CLEANUP(json_decref) = NULL;
	int fd CLEANUP(fd_close) = -1;
	const struct error *unsent, *error;
	struct bytes line = reply_line(scratch, request);

	if (line.len > REQUEST_MAX)
		return error_new(ERROR_USAGE, "a request is at most %d bytes", REQUEST_MAX);
	TRY(connect_to(path, deadline_ms, &fd));
	/* Somebody who is turned away is told so before they have said anything: then sending fails, and the
	 * reply is there all the same. */
	unsent = send_all(fd, line, until);
	error = receive_line(scratch, fd, REPLY_MAX, until, &line);
	if (error && unsent)
		error = unsent;
	if (!error)
		error = json_object_parse(line, &reply);
	if (error)
		return error_wrap(error, "%s", path);
	TRY(check_reply(reply));
	*out = reply;
	reply = NULL;
	return NULL;
}
