/* A device that installed a hub's authority believes it about that hub, and about nothing else: asked of
 * OpenSSL and of GnuTLS, whatever the authority itself would sign. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
#include <string.h>

#include "node/base/files.h"
#include "node/base/text.h"
#include "node/vault/expiry.h"
#include "tests/unit/place.h"
#include "web/authority.h"
#include "web/certificate.h"
#include "web/credentials.h"

static const char *const here[] = {"127.0.0.1", "::1", "192.168.4.1", NULL};

struct made {
	struct secret *key, *server;
	struct bytes authority;
};

static struct made make(void *state, const char *host)
{
	const char *const names[] = {"hub.local", NULL};
	struct made made = {0};

	secret_start();
	assert_null(authority_new(state, host, &made.key, &made.authority));
	assert_null(certificate_new("hub", names, &made.server));
	assert_null(files_write(place_file(state, "ca.crt"), made.authority, 0644));
	return made;
}

static void made_free(struct made *made)
{
	secret_free(made->key);
	secret_free(made->server);
}

/* What the authority signs for this name and these addresses, in a file. */
static void issue(void *state, const struct made *made, const char *name, const char *const *addresses)
{
	struct bytes certificate;

	assert_null(authority_issue(state, made->key, made->authority,
		(struct bytes){made->server->data, made->server->len}, name, addresses, &certificate));
	assert_null(files_write(place_file(state, "leaf.crt"), certificate, 0644));
}

static bool openssl_accepts(void *state, const char *how)
{
	return system(memory_format(state,
		       "openssl verify -x509_strict -purpose sslserver -CAfile %s/ca.crt %s %s/leaf.crt "
		       ">/dev/null 2>&1",
		       (char *)state, how, (char *)state)) == 0;
}

static bool gnutls_accepts(void *state, const char *how)
{
	return system(memory_format(state,
		       "certtool --verify --load-ca-certificate %s/ca.crt --verify-purpose 1.3.6.1.5.5.7.3.1 "
		       "%s "
		       "--infile %s/leaf.crt >/dev/null 2>&1",
		       (char *)state, how, (char *)state)) == 0;
}

static void it_vouches_for_the_hub_by_name_and_by_address(void **state)
{
	struct made made = make(*state, "blue");

	issue(*state, &made, "blue.local", here);
	assert_true(openssl_accepts(*state, "-verify_hostname blue.local"));
	assert_true(openssl_accepts(*state, "-verify_hostname localhost"));
	assert_true(openssl_accepts(*state, "-verify_ip 192.168.4.1"));
	assert_true(openssl_accepts(*state, "-verify_ip ::1"));
	assert_false(openssl_accepts(*state, "-verify_hostname green.local"));
	assert_true(gnutls_accepts(*state, "--verify-hostname blue.local"));
	issue(*state, &made, "blue-office.local", here);
	assert_true(openssl_accepts(*state, "-verify_hostname blue-office.local"));
	assert_true(gnutls_accepts(*state, "--verify-hostname blue-office.local"));
	made_free(&made);
}

static void it_vouches_for_nobody_else_even_if_it_signs(void **state)
{
	static const char *const evil[] = {"evil.example", "example.org", "green.local", "local",
		"blue.local.example", "xblue.local", "*.local", "*"};
	static const char *const far[] = {"8.8.8.8", NULL}, *const far6[] = {"2001:db8::1", NULL};
	struct made made = make(*state, "blue");

	for (size_t i = 0; i < sizeof evil / sizeof *evil; i++) {
		issue(*state, &made, evil[i], here);
		assert_false(openssl_accepts(*state, ""));
		assert_false(gnutls_accepts(*state, ""));
	}
	issue(*state, &made, "blue.local", far);
	assert_false(openssl_accepts(*state, ""));
	assert_false(gnutls_accepts(*state, ""));
	issue(*state, &made, "blue.local", far6);
	assert_false(openssl_accepts(*state, ""));
	assert_false(gnutls_accepts(*state, ""));
	made_free(&made);
}

static void it_is_confined_for_readers_that_know_the_rules(void **state)
{
	static const char *const lines[] = {"Name Constraints: critical", "CA:TRUE, pathlen:0",
		"DNS:blue.local", "DNS:blue-office.local", "Not Before: Jun  1 00:00:00 2019 GMT",
		"Not After : Dec 31 23:59:59 2049 GMT", "TLS Web Server Authentication"};
	struct made made = make(*state, "blue");

	for (size_t i = 0; i < sizeof lines / sizeof *lines; i++)
		assert_int_equal(system(memory_format(*state,
					 "openssl x509 -in %s/ca.crt -noout -text | grep -qF '%s'",
					 (char *)*state, lines[i])),
			0);
	made_free(&made);
}

static void two_hubs_authorities_have_different_names(void **state)
{
	struct made one = make(*state, "blue");
	char *subject = memory_format(
		*state, "openssl x509 -in %s/ca.crt -noout -subject > %s/", (char *)*state, (char *)*state);
	struct made two;

	assert_int_equal(system(memory_format(*state, "%sone", subject)), 0);
	two = make(*state, "blue");
	assert_int_equal(system(memory_format(*state, "%stwo", subject)), 0);
	assert_int_not_equal(
		system(memory_format(*state, "cmp -s %s/one %s/two", (char *)*state, (char *)*state)), 0);
	made_free(&one);
	made_free(&two);
}

static void anothers_key_signs_nothing_here(void **state)
{
	struct made one = make(*state, "blue"), two = make(*state, "blue");
	const struct error *error;
	struct bytes certificate;

	error = authority_issue(*state, one.key, two.authority,
		(struct bytes){two.server->data, two.server->len}, "blue.local", here, &certificate);
	assert_non_null(error);
	made_free(&one);
	made_free(&two);
}

static struct home *hub(void *state)
{
	struct home *home;

	secret_start();
	assert_null(home_create(state, place_file(state, "hub"), &home));
	for (size_t i = 0; i < 2; i++) {
		const char *path = home_file(state, home, i ? "keys/tls-office" : "keys/tls-intake");
		struct secret *pem CLEANUP(secret_free) = NULL;

		assert_null(certificate_new("hub", NULL, &pem));
		assert_null(files_write(path, (struct bytes){pem->data, pem->len}, 0600));
	}
	return home;
}

static void each_server_of_a_hub_shows_only_its_own_name(void **state)
{
	struct home *home = hub(*state);
	struct vault *vault CLEANUP(vault_free) = vault_new();
	struct secret *pem CLEANUP(secret_free) = NULL;
	struct bytes certificate, authority;
	const char *names[2];
	bool is_new = true;

	assert_null(authority_found(home, vault));
	assert_null(
		files_read(*state, home_file(*state, home, AUTHORITY_FILE), AUTHORITY_PEM_MAX, &authority));
	assert_null(authority_names(*state, authority, names));
	assert_null(secret_read(home_file(*state, home, "keys/tls-intake"), AUTHORITY_PEM_MAX, &pem));
	assert_null(authority_certificate(*state, home, "intake", pem, &certificate));
	assert_true(certificate_is_for(certificate, names[0]));
	assert_false(certificate_is_for(certificate, names[1]));
	assert_true(certificate_is_for(certificate, "127.0.0.1"));
	assert_null(authority_renew(home, vault, &is_new));
	assert_false(is_new); /* all addresses are in it */
}

static void a_certificate_without_an_address_of_this_machine_is_renewed(void **state)
{
	static const char *const before[] = {"10.1.2.3", NULL};
	struct home *home = hub(*state);
	struct vault *alone CLEANUP(vault_free) = vault_new();
	struct vault *vault CLEANUP(vault_free) = vault_new();
	struct secret *pem CLEANUP(secret_free) = NULL;
	struct bytes certificate, authority;
	bool is_new = false;

	assert_null(authority_found(home, vault));
	assert_null(
		files_read(*state, home_file(*state, home, AUTHORITY_FILE), AUTHORITY_PEM_MAX, &authority));
	assert_null(secret_read(home_file(*state, home, "keys/tls-office"), AUTHORITY_PEM_MAX, &pem));
	assert_null(authority_issue(*state, vault->authority, authority, (struct bytes){pem->data, pem->len},
		"x.local", before, &certificate));
	assert_null(files_write(home_file(*state, home, "office.crt"), certificate, 0644));
	assert_null(authority_renew(home, vault, &is_new));
	assert_true(is_new);
	assert_null(authority_certificate(*state, home, "office", pem, &certificate));
	assert_true(certificate_is_for(certificate, "127.0.0.1"));
	/* A hub from before there was an authority is left alone. */
	assert_null(authority_renew(home, alone, &is_new));
	assert_false(is_new);
}

static void nothing_that_somebody_else_put_there_is_signed_or_believed(void **state)
{
	static const char *const names[] = {"ca", "intake", "office"};
	struct home *home = hub(*state);
	struct vault *vault CLEANUP(vault_free) = vault_new();
	bool is_new = true;

	assert_null(authority_found(home, vault));
	for (size_t i = 0; i < 3; i++) {
		char *path = home_file(*state, home, memory_format(*state, "%s.crt", names[i]));
		struct secret *foreign CLEANUP(secret_free) = NULL;
		struct bytes ours, kept;

		assert_null(authority_check(home, vault, names[i]));
		assert_null(files_read(*state, path, AUTHORITY_PEM_MAX, &ours));
		assert_null(certificate_new("hub", NULL, &foreign)); /* names no address of this machine */
		assert_null(files_write(path, (struct bytes){foreign->data, foreign->len}, 0644));
		assert_int_equal(authority_check(home, vault, names[i])->code, ERROR_CONFLICT);
		assert_non_null(authority_check_signed(home, i == 1 ? "intake" : "office"));
		assert_non_null(authority_renew(home, vault, &is_new));
		assert_false(is_new);
		assert_null(files_read(*state, path, AUTHORITY_PEM_MAX, &kept));
		assert_memory_equal(kept.data, foreign->data, foreign->len);
		assert_null(files_write(path, ours, 0644));
		assert_null(authority_check_signed(home, i == 1 ? "intake" : "office"));
	}
	assert_null(authority_renew(home, vault, &is_new));
}

/* The same key, but another certificate of it: one that permits every name. */
static void an_authority_of_the_same_key_that_permits_more_is_not_believed(void **state)
{
	struct home *home = hub(*state);
	struct vault *vault CLEANUP(vault_free) = vault_new();
	struct bytes authority;

	assert_null(authority_found(home, vault));
	assert_null(
		files_read(*state, home_file(*state, home, AUTHORITY_FILE), AUTHORITY_PEM_MAX, &authority));
	assert_int_equal(
		system(memory_format(*state,
			"cd %s && openssl x509 -in %s -noout -pubkey > pub.pem && openssl req -newkey ec "
			"-pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=x -keyout other.pem -out x.csr "
			"2>/dev/null && openssl req -x509 -key other.pem -subj /CN=y -out other.crt && "
			"openssl x509 -req -in x.csr -force_pubkey pub.pem -CA other.crt -CAkey other.pem "
			"-CAcreateserial -out forged.crt 2>/dev/null; openssl x509 -in forged.crt "
			"-noout -pubkey | cmp -s - pub.pem",
			(char *)*state, home_file(*state, home, AUTHORITY_FILE))),
		0);
	assert_null(files_read(*state, place_file(*state, "forged.crt"), AUTHORITY_PEM_MAX, &authority));
	assert_null(files_write(home_file(*state, home, AUTHORITY_FILE), authority, 0644));
	assert_int_equal(authority_check(home, vault, "ca")->code, ERROR_CONFLICT);
}

static void what_was_signed_for_another_key_is_not_shown(void **state)
{
	struct home *home = hub(*state);
	struct vault *vault CLEANUP(vault_free) = vault_new();
	struct secret *pem CLEANUP(secret_free) = NULL;
	struct credentials *credentials = credentials_new();
	struct bytes certificate;

	assert_null(authority_found(home, vault));
	assert_null(certificate_new("hub", NULL, &pem)); /* keys/tls-intake was made anew */
	assert_null(authority_certificate(*state, home, "intake", pem, &certificate));
	assert_null(credentials_set(
		credentials, CREDENTIALS_OWN, (const char *)certificate.data, (const char *)pem->data));
	assert_null(
		files_read(*state, home_file(*state, home, "intake.crt"), AUTHORITY_PEM_MAX, &certificate));
	assert_non_null(credentials_set(
		credentials, CREDENTIALS_OWN, (const char *)certificate.data, (const char *)pem->data));
	credentials_free(credentials);
}

static void days_left_are_told_before_it_is_too_late(void **state)
{
	struct home *home = hub(*state);
	struct vault *vault CLEANUP(vault_free) = vault_new();
	json_t *list CLEANUP(json_decref) = NULL;
	const json_t *row;

	assert_null(authority_found(home, vault));
	assert_int_equal(
		system(memory_format(*state,
			"openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=x "
			"-days 20 -keyout /dev/null -out %s/public.crt 2>/dev/null",
			(char *)*state)),
		0);
	home->config->intake.certificate = place_file(*state, "public.crt");
	list = expiry_list(home);
	assert_int_equal(json_array_size(list), 4);
	row = json_array_get(list, 0);
	assert_string_equal(json_text_or(row, "name", ""), "ca");
	assert_string_equal(json_text_or(row, "until", ""), "2049-12-31");
	assert_true(json_is_false(json_object_get(row, "is_soon")));
	row = json_array_get(list, 3);
	assert_string_equal(json_text_or(row, "name", ""), "public");
	assert_in_range(json_integer_value(json_object_get(row, "days")), 18, 20);
	assert_true(json_is_true(json_object_get(row, "is_soon")));
	/* One that is over by a moment is over, not "0 days left". */
	assert_int_equal(expiry_days(0) < 0, true);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		PLACE_TEST(it_vouches_for_the_hub_by_name_and_by_address),
		PLACE_TEST(it_vouches_for_nobody_else_even_if_it_signs),
		PLACE_TEST(it_is_confined_for_readers_that_know_the_rules),
		PLACE_TEST(two_hubs_authorities_have_different_names),
		PLACE_TEST(anothers_key_signs_nothing_here),
		PLACE_TEST(each_server_of_a_hub_shows_only_its_own_name),
		PLACE_TEST(a_certificate_without_an_address_of_this_machine_is_renewed),
		PLACE_TEST(nothing_that_somebody_else_put_there_is_signed_or_believed),
		PLACE_TEST(an_authority_of_the_same_key_that_permits_more_is_not_believed),
		PLACE_TEST(what_was_signed_for_another_key_is_not_shown),
		PLACE_TEST(days_left_are_told_before_it_is_too_late),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
