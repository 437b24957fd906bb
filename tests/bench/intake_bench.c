/* The real intake of a hub, for the bench: the whole role as it serves people, with receipt codes that cost
 * nothing (drawing one is a second of Argon2id, done ahead in a process of its own) and without the limits
 * against floods.
 *
 *   intake_bench HOME
 *
 * Prints its https port, and then answers each line of standard input with one line:
 *
 *   tokens COUNT FILE   writes so many last steps of the form to FILE, each with a token of its own -> ok
 *   used                -> {"written": bytes to the card so far}
 *
 * Ends, as the role does, at the end of its input. */
#include <errno.h>
#include <string.h>
#include <sys/resource.h>

#include "node/base/ids.h"
#include "node/base/text.h"
#include "web/intake/intake.h"
#include "web/intake/role.h"

#define ANSWERS                                                                                              \
	"danger=no&what=On+Tuesday+evening+two+men+on+a+motorcycle+followed+me+from+the+market+to+the+"      \
	"office+and+asked+the+watchman+for+my+name.+They+came+back+on+Thursday+with+a+third+man+who+said+"   \
	"that+he+was+from+the+district.+They+told+the+watchman+that+the+meeting+about+the+land+must+not+"    \
	"take+place+and+that+they+know+where+my+children+go+to+school.+Since+then+I+sleep+at+a+friend%27s+"  \
	"house.&who=myself&day=17&month=11&year=2025&district=UG-304&place=near+the+main+market&by=three+"   \
	"men%"                                                                                               \
	"2C+one+says+he+is+from+the+district&contact=ask+for+me+at+the+church+office&consent=ask"

struct free_codes {
	struct code_source source; /* first: a source is its codes */
	struct fresh_code code;
};

static void must(const struct error *error)
{
	if (!error)
		return;
	fprintf(stderr, "intake_bench: %s\n", error->message);
	exit(1);
}

/* Another code and mailbox each time; the keys behind them are the same. */
static void take(struct code_source *source, code_taken *done, void *user)
{
	struct fresh_code code = ((struct free_codes *)source)->code;
	uint8_t id[(MAILBOX_ID_SIZE - 1) / 2];

	ids_random(id, sizeof id);
	text_hex(code.mailbox, id, sizeof id);
	code.code = secret_copy(code.code->data, code.code->len);
	done(user, &code, NULL);
}

static void derive(struct code_source *source, const struct secret *code, code_derived *done, void *user)
{
	done(user, NULL, error_new(ERROR_UNAVAILABLE, "the bench opens no mailbox"));
}

static struct free_codes free_codes_new(void)
{
	struct secret *seed CLEANUP(secret_free) = secret_random(MAILBOX_SEED_LEN);
	struct mailbox *mailbox CLEANUP(mailbox_free) = mailbox_of_seed(seed);

	return (struct free_codes){.source = {take, derive},
		.code = {.code = mailbox_code_new(),
			.recipient = mailbox->recipient,
			.signer = mailbox->signer}};
}

static void write_tokens(const struct intake *intake, long count, const char *path)
{
	FILE *file = fopen(path, "w");

	if (!file)
		must(error_system(errno, "cannot write %s", path));
	for (long i = 0; i < count; i++) {
		char token[TOKEN_SIZE];

		token_new(token, intake->token_key, intake_seconds());
		fprintf(file, "%s&token=%s\n", ANSWERS, token);
	}
	fclose(file);
	printf("ok\n");
}

static void write_used(void)
{
	struct rusage usage;

	getrusage(RUSAGE_SELF, &usage);
	printf("{\"written\": %lld}\n", (long long)usage.ru_oublock * 512);
}

static void answer(const struct intake *intake)
{
	char line[1024], path[1000];
	long count;

	while (fgets(line, sizeof line, stdin)) {
		if (sscanf(line, "tokens %ld %999s", &count, path) == 2)
			write_tokens(intake, count, path);
		else
			write_used();
		fflush(stdout);
	}
}

int main(int count, char **words)
{
	struct free_codes codes;
	struct intake *intake;
	struct home *home;

	if (count != 2) {
		fprintf(stderr, "usage: intake_bench HOME\n");
		return 64;
	}
	secret_start();
	must(home_open(NULL, words[1], &home));
	home->config->intake.http = home->config->intake.https = 0;
	home->config->intake.reports_an_hour = home->config->intake.reports_an_address = 0;
	home->config->intake.token_seconds = 0;
	home->config->address = memory_string(home, "127.0.0.1");
	codes = free_codes_new();
	must(intake_start(home, &codes.source, &intake));
	printf("%d\n", intake_https_port(intake));
	fflush(stdout);
	answer(intake);
	intake_stop(intake);
	secret_free(codes.code.code);
	talloc_free(home);
	return 0;
}
