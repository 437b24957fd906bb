/* Makes a hub as after some years: its case file filled as in bench_casefile, and saved as when it is locked,
 * so that its office unlocks it from there. Prints the key of an open case with a referral.
 *
 *   bench_office STATE USER PASSPHRASE-FILE CASES
 */
#include "tests/bench/casefile_sample.h"
#include "web/commands/keyholder.h"

int main(int argc, char **argv)
{
	void *context CLEANUP(memory_free) = memory_context(NULL);
	KEYHOLDER holder = {0};
	struct sample *sample;

	if (argc != 5)
		return 64;
	secret_start();
	must(keyholder_open(context, argv[1], &(struct as){argv[2], argv[3]}, MAY_WRITE_CASES, &holder));
	casefile_read_as(holder.office->file, NULL);
	sample = sample_fill(holder.office->file, holder.office->trust.self.log, atoi(argv[4]));
	must(office_save(holder.office));
	puts(sample->cases[5]);
	return 0;
}
