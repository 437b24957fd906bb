/* A hub's certificate locks nobody out, whatever the clock says, and its pins are what stock tools compute.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
#include <gnutls/gnutls.h>
#include <gnutls/x509.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "node/base/files.h"
#include "node/base/text.h"
#include "web/certificate.h"

static struct secret *make(void)
{
	const char *const names[] = {"hub.local", "hub-office.local", NULL};
	struct secret *pem = NULL;

	secret_start();
	assert_null(certificate_new("hub", names, &pem));
	return pem;
}

/* The first line that a command prints. */
static char *first_line(void *context, const char *command)
{
	char line[512] = "";
	FILE *out = popen(command, "r");

	assert_non_null(out);
	assert_non_null(fgets(line, sizeof line, out));
	pclose(out);
	line[strcspn(line, "\n")] = 0;
	return memory_string(context, line);
}

static void a_certificate_holds_for_thirty_years_and_its_names(void **state)
{
	struct secret *pem CLEANUP(secret_free) = make();
	gnutls_datum_t text = {pem->data, (unsigned)pem->len};
	gnutls_x509_crt_t certificate;

	assert_int_equal(gnutls_x509_crt_init(&certificate), 0);
	assert_int_equal(gnutls_x509_crt_import(certificate, &text, GNUTLS_X509_FMT_PEM), 0);
	assert_true(gnutls_x509_crt_get_activation_time(certificate) == 1559347200);
	assert_true(gnutls_x509_crt_get_expiration_time(certificate) == 2524607999);
	assert_true(gnutls_x509_crt_check_hostname(certificate, "hub.local"));
	assert_true(gnutls_x509_crt_check_hostname(certificate, "hub-office.local"));
	assert_true(gnutls_x509_crt_check_hostname(certificate, "localhost"));
	assert_false(gnutls_x509_crt_check_hostname(certificate, "other.local"));
	assert_int_equal(gnutls_x509_crt_get_pk_algorithm(certificate, NULL), GNUTLS_PK_ECDSA);
	gnutls_x509_crt_deinit(certificate);
}

static void pins_are_what_openssl_computes(void **state)
{
	void *context CLEANUP(memory_free) = memory_context(NULL);
	struct secret *pem CLEANUP(secret_free) = make();
	char folder[] = "/tmp/certificate-XXXXXX", hex[2 * DIGEST_LEN + 1];
	uint8_t spki[DIGEST_LEN], whole[DIGEST_LEN];
	char *path;

	assert_non_null(mkdtemp(folder));
	path = memory_format(context, "%s/pem", folder);
	assert_null(files_write(path, (struct bytes){pem->data, pem->len}, 0600));
	assert_null(certificate_pins(pem, spki, whole));
	text_hex(hex, spki, DIGEST_LEN);
	assert_string_equal(first_line(context, memory_format(context,
							"openssl x509 -in %s -pubkey -noout | openssl pkey "
							"-pubin -outform der | sha256sum | cut -c1-64",
							path)),
		hex);
	text_hex(hex, whole, DIGEST_LEN);
	assert_string_equal(
		first_line(
			context, memory_format(context,
					 "openssl x509 -in %s -outform der | sha256sum | cut -c1-64", path)),
		hex);
	/* The key in the file is the certificate's. */
	assert_string_equal(
		first_line(context,
			memory_format(context,
				"openssl pkey -in %s -pubout -outform der | sha256sum | cut -c1-64", path)),
		first_line(context, memory_format(context,
					    "openssl x509 -in %s -pubkey -noout | openssl pkey -pubin "
					    "-outform der | sha256sum | cut -c1-64",
					    path)));
	unlink(path);
	rmdir(folder);
}

static void every_hub_has_its_own_and_rubbish_has_none(void **state)
{
	struct secret *one CLEANUP(secret_free) = make();
	struct secret *two CLEANUP(secret_free) = make();
	struct secret *rubbish CLEANUP(secret_free) = secret_copy("-----BEGIN CERTIFICATE-----\nAAAA\n", 33);
	uint8_t spki[2][DIGEST_LEN], whole[2][DIGEST_LEN];
	const struct error *error;

	assert_null(certificate_pins(one, spki[0], whole[0]));
	assert_null(certificate_pins(two, spki[1], whole[1]));
	assert_memory_not_equal(spki[0], spki[1], DIGEST_LEN);
	assert_memory_not_equal(whole[0], whole[1], DIGEST_LEN);
	error = certificate_pins(rubbish, spki[0], whole[0]);
	assert_non_null(error);
	assert_int_equal(error->code, ERROR_INVALID);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_certificate_holds_for_thirty_years_and_its_names),
		cmocka_unit_test(pins_are_what_openssl_computes),
		cmocka_unit_test(every_hub_has_its_own_and_rubbish_has_none),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
