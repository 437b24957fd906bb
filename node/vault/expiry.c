/* Reads until when certificates hold, so that somebody is told while there is time to renew them (see
 * expiry.h). What is in them otherwise is web/certificate.c's. Runs in status, doctor and office; reads only.
 */
#include "node/vault/expiry.h"

#include "node/base/clock.h"
#include "node/base/files.h"
#include "node/base/text.h"
#include "node/vault/x509.h"

#define DAY 86400
#define PEM_MAX 65536

int expiry_days(int64_t until)
{
	int64_t left = until - clock_likely_seconds();

	return (int)(left >= 0 ? left / DAY : (left - DAY + 1) / DAY);
}

const struct error *expiry_until(struct bytes pem, int64_t *until)
{
	gnutls_x509_crt_t certificate CLEANUP(x509_certificate_free) = NULL;

	TRY(x509_read(pem, &certificate));
	*until = gnutls_x509_crt_get_expiration_time(certificate);
	return NULL;
}

static void add(json_t *list, const char *name, const char *path, int soon)
{
	void *scratch CLEANUP(memory_free) = memory_context(NULL);
	char until_text[TEXT_TIME_SIZE];
	const struct error *error;
	struct bytes pem;
	int64_t until = 0;

	error = files_read(scratch, path, PEM_MAX, &pem);
	if (!error)
		error = expiry_until(pem, &until);
	if (error) {
		json_array_append_new(list, json_pack("{ssss}", "name", name, "error", error->message));
		return;
	}
	text_time(until_text, until);
	until_text[10] = '\0'; /* the day is enough */
	json_array_append_new(list, json_pack("{sssssisb}", "name", name, "until", until_text, "days",
					    expiry_days(until), "is_soon", expiry_days(until) < soon));
}

json_t *expiry_list(const struct home *home)
{
	static const char *const own[] = {"ca", "intake", "office"};
	void *scratch CLEANUP(memory_free) = memory_context(NULL);
	const struct config *config = home->config;
	json_t *list = json_array();

	for (size_t i = 0; i < sizeof own / sizeof *own; i++) {
		char *path = home_file(scratch, home, memory_format(scratch, "%s.crt", own[i]));

		if (files_exist(path))
			add(list, own[i], path, EXPIRY_SOON_OWN);
	}
	if (*config->intake.certificate)
		add(list, "public", config->intake.certificate, EXPIRY_SOON_PUBLIC);
	else if (config->intake.form == FORM_PUBLIC)
		json_array_append_new(list,
			json_pack("{ssss}", "name", "public", "error", "engabo.conf names no certificate"));
	return list;
}
