/* Asks a person for a passphrase, or reads it from where they put it: see prompt.h.
 *
 * What the words mean is words.c's. Guards: a passphrase is never echoed, never an argument, and never lies
 * in a buffer outside a secret; the terminal echoes again whatever happens. Process: commands only. */
#include "node/vault/prompt.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#define PASSPHRASE_MAX 1024

static volatile sig_atomic_t caught;

static void remember(int number)
{
	caught = number;
}

/* Those that would end or stop us while the terminal does not echo. */
static const int watched[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGALRM, SIGPIPE, SIGTSTP, SIGTTIN, SIGTTOU};
#define WATCHED_COUNT (sizeof watched / sizeof watched[0])

/* One line without its end, byte by byte so that nothing behind it is taken. While it waits, signals are as
 * in `waiting` (NULL: as they are); one that is caught then ends it early. */
static const struct error *read_line(int fd, const char *where, const sigset_t *waiting, struct secret **out)
{
	struct secret *line CLEANUP(secret_free) = secret_new(PASSPHRASE_MAX);
	size_t len = 0;

	while (!caught) {
		struct pollfd ready = {.fd = fd, .events = POLLIN};
		uint8_t *at = line->data + len;
		ssize_t got = ppoll(&ready, 1, NULL, waiting);

		if (got >= 0)
			got = read(fd, at, 1);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return error_system(errno, "cannot read the passphrase from %s", where);
		if (got == 0 || *at == '\n')
			break;
		if (++len == PASSPHRASE_MAX)
			return error_new(ERROR_INVALID, "the passphrase in %s is over %d bytes", where,
				PASSPHRASE_MAX - 1);
	}
	if (len && line->data[len - 1] == '\r')
		len--;
	line->data[len] = '\0';
	line->len = len;
	*out = line;
	line = NULL;
	return NULL;
}

static const struct error *not_empty(struct secret **line, const char *where, struct secret **out)
{
	if ((*line)->len == 0)
		return error_new(ERROR_INVALID, "there is no passphrase in %s", where);
	*out = *line;
	*line = NULL;
	return NULL;
}

static const struct error *from_file(const char *file, struct secret **out)
{
	bool standard = strcmp(file, "-") == 0;
	struct secret *line CLEANUP(secret_free) = NULL;
	const char *where = standard ? "standard input" : file;
	int fd CLEANUP(fd_close) = standard ? dup(STDIN_FILENO) : open(file, O_RDONLY | O_CLOEXEC | O_NOCTTY);

	if (fd < 0)
		return error_system(errno, "cannot read the passphrase from %s", where);
	caught = 0;
	TRY(read_line(fd, where, NULL, &line));
	return not_empty(&line, where, out);
}

static void say(int terminal, const char *text)
{
	/* A terminal that takes no question may still give an answer. */
	if (write(terminal, text, strlen(text)) < 0)
		return;
}

/* Asks once with the echo off. A signal that came meanwhile is in `caught`, and the line worth nothing. */
static const struct error *ask(int terminal, const char *question, struct secret **out)
{
	struct sigaction before[WATCHED_COUNT], watch = {.sa_handler = remember};
	struct termios shown, hidden;
	const struct error *error;
	sigset_t blocked, waiting;

	caught = 0;
	if (tcgetattr(terminal, &shown) < 0)
		return error_new(
			ERROR_USAGE, "no terminal to ask for the passphrase on: use --passphrase-file FILE");
	/* They come in only while we wait, so that none is missed between looking and waiting. */
	sigemptyset(&blocked);
	for (size_t i = 0; i < WATCHED_COUNT; i++)
		sigaddset(&blocked, watched[i]);
	sigprocmask(SIG_BLOCK, &blocked, &waiting);
	for (size_t i = 0; i < WATCHED_COUNT; i++)
		sigaction(watched[i], &watch, &before[i]);
	hidden = shown;
	hidden.c_lflag &= ~(tcflag_t)(ECHO | ECHONL);
	tcsetattr(terminal, TCSAFLUSH, &hidden);
	say(terminal, question);
	error = read_line(terminal, "the terminal", &waiting, out);
	say(terminal, "\n");
	tcsetattr(terminal, TCSAFLUSH, &shown);
	for (size_t i = 0; i < WATCHED_COUNT; i++)
		sigaction(watched[i], &before[i], NULL);
	sigprocmask(SIG_SETMASK, &waiting, NULL);
	return error;
}

static const struct error *from_terminal(const char *question, struct secret **out)
{
	struct secret *line CLEANUP(secret_free) = NULL;
	int terminal CLEANUP(fd_close) = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);

	if (terminal < 0)
		return error_new(
			ERROR_USAGE, "no terminal to ask for the passphrase on: use --passphrase-file FILE");
	TRY(ask(terminal, question, &line));
	while (caught) {
		/* The terminal is as it was: the signal may do what it does. After a stop we are back. */
		raise(caught);
		secret_free(line);
		line = NULL;
		TRY(ask(terminal, question, &line));
	}
	return not_empty(&line, "what was typed", out);
}

const struct error *prompt_passphrase(const char *file, const char *question, struct secret **out)
{
	return file ? from_file(file, out) : from_terminal(question, out);
}
