/* A passphrase is asked for without showing it, and the terminal shows what is typed again, whatever
 * happened. */
#include "tests/unit/vault/tools.h"

#include <pty.h>
#include <signal.h>
#include <sys/wait.h>
#include <termios.h>

#include "node/vault/prompt.h"

#define QUESTION "Passphrase: "

static void assert_file_gives(struct bytes content, const char *wanted)
{
	const char *file = tools_file("passphrase", content);
	struct secret *got CLEANUP(secret_free) = NULL;

	if (wanted) {
		assert_null(prompt_passphrase(file, QUESTION, &got));
		assert_string_equal((char *)got->data, wanted);
		assert_int_equal(got->len, strlen(wanted));
	} else {
		assert_error(prompt_passphrase(file, QUESTION, &got), ERROR_INVALID);
		assert_null(got);
	}
}

static void a_file_gives_its_first_line(void **state)
{
	char *longest = memory_format(tools.context, "%01023d", 0);

	assert_file_gives(TEXT("koala lagoon\n"), "koala lagoon");
	assert_file_gives(TEXT("koala lagoon"), "koala lagoon");
	assert_file_gives(TEXT("koala lagoon\r\nsecond line\n"), "koala lagoon");
	assert_file_gives(TEXT(""), NULL);
	assert_file_gives(TEXT("\nsecond line\n"), NULL);
	assert_file_gives(TEXT("\r\n"), NULL);
	assert_file_gives(TEXT(longest), longest);
	assert_file_gives(TEXT(memory_format(tools.context, "%s0", longest)), NULL);
}

static void a_file_that_is_not_there_says_so(void **state)
{
	struct secret *got = NULL;

	assert_error(prompt_passphrase(tools_path("nowhere"), QUESTION, &got), ERROR_NOT_FOUND);
	assert_error(prompt_passphrase(tools.folder, QUESTION, &got), ERROR_SYSTEM);
	assert_null(got);
}

static void from_standard_input_no_more_than_the_line_is_taken(void **state)
{
	int kept = dup(STDIN_FILENO), ends[2];
	struct secret *got CLEANUP(secret_free) = NULL;
	char rest[20] = "";

	assert_int_equal(pipe(ends), 0);
	assert_int_equal(write(ends[1], "koala lagoon\nthe rest", 21), 21);
	dup2(ends[0], STDIN_FILENO);
	assert_null(prompt_passphrase("-", QUESTION, &got));
	assert_int_equal(read(STDIN_FILENO, rest, sizeof rest - 1), 8);
	dup2(kept, STDIN_FILENO);
	assert_string_equal((char *)got->data, "koala lagoon");
	assert_string_equal(rest, "the rest");
	close(kept);
	close(ends[0]);
	close(ends[1]);
}

/* A person at a terminal: a child with a terminal of its own asks, and says on `answer` what it got. */
struct person {
	pid_t child;
	int terminal, answer;
};

static struct person sit_down(void)
{
	struct person person;
	int ends[2];

	fflush(stdout);
	assert_int_equal(pipe(ends), 0);
	person.child = forkpty(&person.terminal, NULL, NULL, NULL);
	assert_true(person.child >= 0);
	if (person.child == 0) {
		struct secret *got = NULL;
		const struct error *error;
		const char *said;

		signal(SIGINT, SIG_DFL); /* whoever started us may ignore them */
		signal(SIGQUIT, SIG_DFL);
		signal(SIGTSTP, SIG_DFL);
		signal(SIGTERM, SIG_DFL);
		error = prompt_passphrase(NULL, QUESTION, &got);
		said = error ? error->message : (const char *)got->data;
		if (write(ends[1], said, strlen(said)) < 0)
			_exit(1);
		secret_free(got);
		memory_free(tools.context);
		_exit(0);
	}
	close(ends[1]);
	person.answer = ends[0];
	return person;
}

/* Reads the terminal until the question stands there, and gives all that was shown. */
static void see_question(const struct person *person, char *shown, size_t size)
{
	size_t len = 0;

	do {
		ssize_t got = read(person->terminal, shown + len, size - 1 - len);

		assert_true(got > 0);
		len += (size_t)got;
		shown[len] = '\0';
	} while (!strstr(shown, QUESTION));
}

static bool is_shown(const struct person *person)
{
	struct termios terminal;

	assert_int_equal(tcgetattr(person->terminal, &terminal), 0);
	return terminal.c_lflag & ECHO;
}

static void type(const struct person *person, const char *text)
{
	assert_int_equal(write(person->terminal, text, strlen(text)), strlen(text));
}

static int stand_up(const struct person *person, char *heard, size_t size)
{
	ssize_t len = read(person->answer, heard, size - 1);
	int status;

	heard[len > 0 ? len : 0] = '\0';
	assert_int_equal(waitpid(person->child, &status, 0), person->child);
	close(person->answer);
	return status;
}

static void what_is_typed_is_heard_but_not_shown(void **state)
{
	struct person person = sit_down();
	char shown[500], heard[500];
	ssize_t len;

	see_question(&person, shown, sizeof shown);
	assert_false(is_shown(&person));
	type(&person, "koala lagoon\n");
	assert_int_equal(stand_up(&person, heard, sizeof heard), 0);
	assert_string_equal(heard, "koala lagoon");
	len = read(person.terminal, shown, sizeof shown - 1);
	shown[len > 0 ? len : 0] = '\0';
	assert_null(strstr(shown, "koala"));
	assert_true(is_shown(&person));
	close(person.terminal);
}

static void an_interrupt_ends_it_and_the_terminal_shows_again(void **state)
{
	static const int signals[] = {SIGINT, SIGTERM, SIGQUIT};

	for (size_t i = 0; i < sizeof signals / sizeof signals[0]; i++) {
		struct person person = sit_down();
		char shown[500], heard[500];
		int status;

		see_question(&person, shown, sizeof shown);
		kill(person.child, signals[i]);
		status = stand_up(&person, heard, sizeof heard);
		assert_true(WIFSIGNALED(status) && WTERMSIG(status) == signals[i]);
		assert_string_equal(heard, "");
		assert_true(is_shown(&person));
		close(person.terminal);
	}
}

static void after_a_pause_it_asks_again(void **state)
{
	struct person person = sit_down();
	char shown[500], heard[500];

	see_question(&person, shown, sizeof shown);
	type(&person, "koa");
	kill(person.child, SIGTSTP);
	see_question(&person, shown, sizeof shown);
	type(&person, "lagoon\n");
	assert_int_equal(stand_up(&person, heard, sizeof heard), 0);
	assert_string_equal(heard, "lagoon");
	close(person.terminal);
}

static void without_a_terminal_it_says_what_to_do(void **state)
{
	int ends[2], status;
	char said[500] = "";
	pid_t child;

	fflush(stdout);
	assert_int_equal(pipe(ends), 0);
	child = fork();
	if (child == 0) {
		struct secret *got = NULL;
		const struct error *error;

		setsid();
		error = prompt_passphrase(NULL, QUESTION, &got);
		if (!error || error->code != ERROR_USAGE ||
			write(ends[1], error->message, strlen(error->message)) < 0)
			_exit(1);
		memory_free(tools.context);
		_exit(0);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
	assert_true(read(ends[0], said, sizeof said - 1) > 0);
	assert_non_null(strstr(said, "--passphrase-file"));
	close(ends[0]);
	close(ends[1]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_file_gives_its_first_line),
		cmocka_unit_test(a_file_that_is_not_there_says_so),
		cmocka_unit_test(from_standard_input_no_more_than_the_line_is_taken),
		cmocka_unit_test(what_is_typed_is_heard_but_not_shown),
		cmocka_unit_test(an_interrupt_ends_it_and_the_terminal_shows_again),
		cmocka_unit_test(after_a_pause_it_asks_again),
		cmocka_unit_test(without_a_terminal_it_says_what_to_do),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, tools_start, tools_end);
}
