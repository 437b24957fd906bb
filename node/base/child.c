/* Running git and the few other programs we use: bounded in time, memory, output and descriptors (see
 * child.h).
 *
 * What a program is for and what its answer means is the caller's. The invariant: nothing a child starts
 * within its group outlives the call, and nothing of ours (descriptors, environment, signal masks) reaches
 * it. Input travels in a memory file, so that a child that does not read cannot block us. Runs in sync and in
 * commands. */
#include "node/base/child.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "node/base/clock.h"
#include "node/base/text.h"

#define COMPLAINT_MAX 4096
#define PATH "/usr/bin:/bin:/usr/sbin:/sbin"

/* What the fork needs, all made before it: afterwards only async-signal-safe calls are allowed. */
struct start {
	const struct child *child;
	const char *program;
	const char **environment;
	int input, output, complaint, failure; /* their ends */
	pid_t parent;
};

/* Our ends while it runs. */
struct running {
	pid_t pid;
	int output, complaint;
};

/* Where the child failed before it became the program. */
struct failure {
	int errno_value;
	char step[20];
};

static const struct error *find_program(const void *context, const char *name, const char **out)
{
	const char *at = PATH;

	if (strchr(name, '/')) {
		*out = name;
		return NULL;
	}
	while (*at) {
		size_t len = strcspn(at, ":");
		char *path = memory_format(context, "%.*s/%s", (int)len, at, name);

		if (access(path, X_OK) == 0) {
			*out = path;
			return NULL;
		}
		at += len + (at[len] == ':');
	}
	return error_new(ERROR_NOT_FOUND, "the program %s is not installed", name);
}

static const char **make_environment(const void *context, const char *const *more)
{
	const char **environment;
	size_t count = 0;

	while (more && more[count])
		count++;
	environment = memory_array(context, const char *, count + 3);
	environment[0] = "PATH=" PATH;
	environment[1] = "LC_ALL=C.UTF-8";
	for (size_t i = 0; i < count; i++)
		environment[2 + i] = more[i];
	return environment;
}

static const struct error *make_input(struct bytes input, int *out)
{
	int fd = input.data ? memfd_create("input", MFD_CLOEXEC) : open("/dev/null", O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return error_system(errno, "cannot make a child's input");
	while (input.len) {
		ssize_t done = write(fd, input.data, input.len);

		if (done < 0 && errno == EINTR)
			continue;
		if (done < 0) {
			const struct error *error = error_system(errno, "cannot make a child's input");

			close(fd);
			return error;
		}
		input.data += done;
		input.len -= (size_t)done;
	}
	lseek(fd, 0, SEEK_SET);
	*out = fd;
	return NULL;
}

/* ---- in the child, between fork and exec ---- */

static void give_up(int failure_fd, const char *step)
{
	struct failure failure = {.errno_value = errno};
	ssize_t written;

	strncpy(failure.step, step, sizeof failure.step - 1);
	written = write(failure_fd, &failure, sizeof failure);
	_exit(written > 0 ? 127 : 126);
}

static void limit(int failure_fd, int what, uint64_t most)
{
	struct rlimit r = {most, most};

	if (setrlimit((__rlimit_resource_t)what, &r) < 0)
		give_up(failure_fd, "be limited");
}

static void reset_signals(void)
{
	struct sigaction action = {.sa_handler = SIG_DFL};
	sigset_t none;

	for (int number = 1; number < NSIG; number++)
		sigaction(number, &action, NULL); /* SIGKILL and SIGSTOP refuse: fine */
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

static void become(const struct start *start)
{
	const struct child *child = start->child;
	/* Above the places they go to, in case we ourselves run without the standard descriptors. */
	int failure = fcntl(start->failure, F_DUPFD_CLOEXEC, 10),
	    input = fcntl(start->input, F_DUPFD_CLOEXEC, 10);
	int output = fcntl(start->output, F_DUPFD_CLOEXEC, 10),
	    complaint = fcntl(start->complaint, F_DUPFD_CLOEXEC, 10);

	setpgid(0, 0);
	reset_signals();
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0 || getppid() != start->parent)
		give_up(failure, "be tied to us");
	if (dup2(input, 0) < 0 || dup2(output, 1) < 0 || dup2(complaint, 2) < 0 ||
		dup3(failure, 3, O_CLOEXEC) < 0 || close_range(4, ~0U, 0) < 0)
		give_up(failure, "get its files");
	limit(3, RLIMIT_CORE, 0);
	if (child->memory_max)
		limit(3, RLIMIT_AS, child->memory_max);
	if (child->file_max)
		limit(3, RLIMIT_FSIZE, child->file_max);
	if (child->cpu_seconds)
		limit(3, RLIMIT_CPU, child->cpu_seconds);
	if (child->directory && chdir(child->directory) < 0)
		give_up(3, "enter its directory");
	execve(start->program, (char *const *)child->argv, (char *const *)start->environment);
	give_up(3, "be run");
}

/* ---- in the parent ---- */

static void close_pair(int pair[2])
{
	fd_close(pair[0]);
	fd_close(pair[1]);
}

/* Ends the group while its leader is still a zombie: so the group's number cannot have become somebody
 * else's. */
static int end(struct running *running)
{
	int status = 0;

	kill(-running->pid, SIGKILL);
	while (waitpid(running->pid, &status, 0) < 0 && errno == EINTR)
		;
	close(running->output);
	close(running->complaint);
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

/* Whether the program was reached: the pipe closes by itself at exec. */
static const struct error *check_start(int failure_fd, const char *name)
{
	struct failure failure;
	ssize_t got;

	do
		got = read(failure_fd, &failure, sizeof failure);
	while (got < 0 && errno == EINTR);
	if (got != sizeof failure)
		return NULL;
	return error_system(failure.errno_value, "%s could not %s", name, failure.step);
}

static const struct error *fork_off(struct start *start, struct running *out)
{
	int output[2] = {-1, -1}, complaint[2] = {-1, -1}, failure[2] = {-1, -1};
	const char *name = start->child->argv[0];
	const struct error *error = NULL;
	sigset_t all, before;
	pid_t pid = -1;

	if (pipe2(output, O_CLOEXEC) < 0 || pipe2(complaint, O_CLOEXEC) < 0 || pipe2(failure, O_CLOEXEC) < 0)
		error = error_system(errno, "cannot make pipes for %s", name);
	if (!error) {
		start->output = output[1];
		start->complaint = complaint[1];
		start->failure = failure[1];
		start->parent = getpid();
		/* Our own handlers must not run in the child. */
		sigfillset(&all);
		pthread_sigmask(SIG_SETMASK, &all, &before);
		pid = fork();
		if (pid == 0)
			become(start);
		if (pid < 0)
			error = error_system(errno, "cannot start %s", name);
		pthread_sigmask(SIG_SETMASK, &before, NULL);
	}
	if (!error) {
		setpgid(pid, pid); /* the child does the same: whoever is first */
		*out = (struct running){pid, output[0], complaint[0]};
		output[0] = complaint[0] = -1;
		fcntl(out->output, F_SETFL, O_NONBLOCK);
		fcntl(out->complaint, F_SETFL, O_NONBLOCK);
		fd_close(failure[1]);
		failure[1] = -1;
		error = check_start(failure[0], name);
		if (error)
			end(out);
	}
	close_pair(output);
	close_pair(complaint);
	close_pair(failure);
	return error;
}

enum state { SOME, NOTHING_NOW, ENDED };

static enum state read_some(int fd, struct buffer *into)
{
	uint8_t chunk[16384];
	ssize_t got = read(fd, chunk, sizeof chunk);

	if (got < 0)
		return errno == EAGAIN || errno == EINTR ? NOTHING_NOW : ENDED;
	buffer_add(into, chunk, (size_t)got);
	return got ? SOME : ENDED;
}

static void keep_tail(struct buffer *complaint)
{
	if (complaint->len <= COMPLAINT_MAX)
		return;
	memmove(complaint->data, complaint->data + complaint->len - COMPLAINT_MAX, COMPLAINT_MAX + 1);
	complaint->len = COMPLAINT_MAX;
}

/* What still lies in a pipe whose writers have ended: at most a pipe's full, so that one who got away from
 * the group cannot hold us. */
static void drain(int fd, struct buffer *into)
{
	int most = fcntl(fd, F_GETPIPE_SZ);
	size_t before = into->len;

	while (read_some(fd, into) == SOME && into->len - before < (size_t)most)
		;
}

/* It stays a zombie, so that its number remains its own. */
static bool has_ended(pid_t pid)
{
	siginfo_t info = {.si_pid = 0};

	return waitid(P_PID, (id_t)pid, &info, WEXITED | WNOHANG | WNOWAIT) == 0 && info.si_pid == pid;
}

static void read_what_came(struct pollfd *pipe_end, struct buffer *into)
{
	if (pipe_end->revents && read_some(pipe_end->fd, into) == ENDED)
		pipe_end->fd = -1;
}

/* Until the program has ended and what it wrote is read, or the deadline, or too much output. A grandchild
 * that keeps a pipe open holds up nothing: we also look now and then, which serves the stop flag, too (a
 * signal just before poll does not wake it). */
static const struct error *attend(const struct child *child, struct running *running, struct buffer *output,
	struct buffer *complaint, int *timed_out)
{
	int64_t until = clock_boot_ms() + child->deadline_ms;
	struct pollfd fds[2] = {
		{.fd = running->output, .events = POLLIN},
		{.fd = running->complaint, .events = POLLIN},
	};
	bool ended = false;

	while (!ended) {
		int64_t left = until - clock_boot_ms(), look = fds[0].fd < 0 && fds[1].fd < 0 ? 1 : 100;

		if (left <= 0 || (child->stop && *child->stop)) {
			*timed_out = 1;
			return NULL;
		}
		if (poll(fds, 2, (int)(left < look ? left : look)) < 0 && errno != EINTR)
			return error_system(errno, "cannot wait for %s", child->argv[0]);
		read_what_came(&fds[0], output);
		read_what_came(&fds[1], complaint);
		ended = has_ended(running->pid);
		if (ended) {
			kill(-running->pid, SIGKILL);
			drain(running->output, output);
			drain(running->complaint, complaint);
		}
		keep_tail(complaint);
		if (output->len > child->output_max)
			return error_new(ERROR_INVALID, "%s gave more than %zu bytes", child->argv[0],
				child->output_max);
	}
	return NULL;
}

/* One line that can be shown: what a server says comes through here, too. */
static char *clean(const void *context, const struct buffer *complaint)
{
	char *line = memory_string_of(context, complaint->data, complaint->len);
	bool utf8 = text_is_utf8(line, complaint->len);

	for (size_t i = 0; i < complaint->len; i++) {
		unsigned char c = (unsigned char)line[i];

		if (c == '\n' || c == '\t')
			line[i] = ' ';
		else if (c < 0x20 || c == 0x7f || (!utf8 && c >= 0x80))
			line[i] = '?';
	}
	return text_trim(context, line);
}

static const struct error *begin(const struct child *child, struct running *out)
{
	void *scratch CLEANUP(memory_free) = memory_context(NULL);
	struct start start = {.child = child, .environment = make_environment(scratch, child->environment)};
	int input CLEANUP(fd_close) = -1;

	TRY(find_program(scratch, child->argv[0], &start.program));
	TRY(make_input(child->input, &input));
	start.input = input;
	return fork_off(&start, out);
}

const struct error *child_run(const void *context, const struct child *child, struct child_result *out)
{
	void *scratch CLEANUP(memory_free) = memory_context(NULL);
	struct buffer *output = buffer_new(scratch), *complaint = buffer_new(scratch);
	const struct error *error;
	struct running running;
	int timed_out = 0, status;

	TRY(begin(child, &running));
	error = attend(child, &running, output, complaint, &timed_out);
	status = end(&running);
	if (error)
		return error;
	*out = (struct child_result){
		.status = status,
		.timed_out = timed_out,
		.output = memory_bytes(context, output->data, output->len),
		.complaint = clean(context, complaint),
	};
	return NULL;
}

/* ---- piece by piece ---- */

struct child_stream {
	struct running running;
	int64_t until;
	const volatile int *stop;
};

const struct error *child_start(const struct child *child, struct child_stream **out)
{
	struct running running;

	TRY(begin(child, &running));
	*out = memory_new(NULL, struct child_stream);
	(*out)->running = running;
	(*out)->until = clock_boot_ms() + child->deadline_ms;
	(*out)->stop = child->stop;
	return NULL;
}

/* What it complains of is read, so that it never waits for us, and let go. */
static void drop_complaint(struct pollfd *complaint)
{
	uint8_t chunk[4096];

	if (complaint->revents && read(complaint->fd, chunk, sizeof chunk) == 0)
		complaint->fd = -1;
}

size_t child_read(struct child_stream *stream, uint8_t *out, size_t size)
{
	struct pollfd fds[2] = {
		{.fd = stream->running.output, .events = POLLIN},
		{.fd = stream->running.complaint, .events = POLLIN},
	};

	while (clock_boot_ms() < stream->until && !(stream->stop && *stream->stop)) {
		ssize_t got;

		if (poll(fds, 2, 100) < 0 && errno != EINTR)
			return 0;
		drop_complaint(&fds[1]);
		if (!fds[0].revents)
			continue;
		got = read(stream->running.output, out, size);
		if (got >= 0)
			return (size_t)got;
		if (errno != EAGAIN && errno != EINTR)
			return 0;
	}
	return 0;
}

int child_stop(struct child_stream *stream)
{
	int status = 0;

	if (!stream)
		return 0;
	status = end(&stream->running);
	memory_free(stream);
	return status;
}
