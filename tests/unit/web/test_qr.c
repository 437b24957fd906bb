/* What a camera reads from a code is what was meant, whatever a Wi-Fi is called. The camera is zbarimg;
 * chromium's picture of the code, dirt and all, is tests/browser/test_connect.mjs's. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "node/base/files.h"
#include "node/base/ids.h"
#include "tests/unit/place.h"
#include "web/qr.h"

#define SCALE 4
#define SIZE_MAX_MODULES 200

/* The strokes of our own SVG as a portable bitmap: what stands in the file, and nothing else. */
static struct bytes picture_of(void *context, struct bytes svg)
{
	char *text = memory_string_of(context, (const char *)svg.data, svg.len), *at;
	struct buffer *out = buffer_new(context);
	static bool black[SIZE_MAX_MODULES][SIZE_MAX_MODULES];
	int size, x, y, len;

	memset(black, 0, sizeof black);
	assert_int_equal(sscanf(strstr(text, "viewBox"), "viewBox=\"0 0 %d", &size), 1);
	assert_true(size < SIZE_MAX_MODULES);
	for (at = strstr(text, "d=\"M0 0h") + 8; (at = strchr(at, 'M')) != NULL; at++) {
		assert_int_equal(sscanf(at, "M%d %d.5h%d", &x, &y, &len), 3);
		assert_true(x >= 4 && y >= 4 && x + len <= size - 4 && y < size - 4); /* the quiet zone */
		for (int i = 0; i < len; i++)
			black[y][x + i] = true;
	}
	buffer_format(out, "P1 %d %d\n", size * SCALE, size * SCALE);
	for (int row = 0; row < size * SCALE; row++) {
		for (int column = 0; column < size * SCALE; column++)
			buffer_text(out, black[row / SCALE][column / SCALE] ? "1 " : "0 ");
		buffer_text(out, "\n");
	}
	return buffer_bytes(out);
}

static char *read_back(void *context, const char *text)
{
	char *path = memory_format(context, "%s/code.pbm", (char *)context), *command;
	char *seen = memory_array(context, char, 4096);
	struct bytes svg;
	FILE *camera;
	size_t len;

	assert_null(qr_svg(context, text, &svg));
	assert_null(files_write(path, picture_of(context, svg), 0600));
	command = memory_format(
		context, "zbarimg --quiet --nodbus --raw -Sdisable -Sqrcode.enable -Sbinary '%s'", path);
	camera = popen(command, "r");
	assert_non_null(camera);
	len = fread(seen, 1, 4095, camera);
	seen[len] = '\0';
	assert_int_equal(pclose(camera), 0);
	return seen;
}

static void a_camera_reads_what_was_meant(void **state)
{
	static const char *const texts[] = {"http://10.42.0.1", "http://192.168.100.200:8080/?l=ach",
		"http://hub.local:8080/", "x", "\xc5\x8b\xe2\x80\x9c<>&\"'", "0123456789", "UPPER CASE 0"};

	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
		assert_string_equal(read_back(*state, texts[i]), texts[i]);
}

static void a_code_is_black_on_white_whatever_is_around_it(void **state)
{
	struct bytes svg;
	char *text;

	assert_null(qr_svg(*state, "http://10.42.0.1", &svg));
	text = memory_string_of(*state, (const char *)svg.data, svg.len);
	assert_non_null(strstr(text, "fill=\"#fff\""));
	assert_non_null(strstr(text, "stroke=\"#000\""));
	assert_null(strstr(text, "style"));
	assert_null(strstr(text, "script"));
	assert_true(svg.len < 6000);
}

static void too_much_for_a_code_is_refused(void **state)
{
	char *text = memory_array(*state, char, 5001);
	const struct error *error;
	struct bytes svg;

	memset(text, 'x', 5000);
	error = qr_svg(*state, text, &svg);
	assert_non_null(error);
	assert_int_equal(error->code, ERROR_INVALID);
}

/* As Android's settings do it: fields end at a ';' that is not escaped, a '\' makes the next one plain. */
static char *field_of(void *context, const char *wifi, const char *name)
{
	const char *at = wifi + strlen("WIFI:");

	while (*at && *at != ';') {
		struct buffer *value = buffer_new(context);
		bool is_it = strncmp(at, name, strlen(name)) == 0 && at[strlen(name)] == ':';

		at = strchr(at, ':') + 1;
		buffer_text(value, "");
		for (; *at && *at != ';'; at++) {
			if (*at == '\\')
				at++;
			buffer_add(value, at, 1);
		}
		if (is_it)
			return (char *)value->data;
		at++;
	}
	return NULL;
}

static void a_name_stays_a_name(void **state)
{
	static const struct {
		const char *name, *password;
	} wifis[] = {
		{"Blue bird", "a1b2c3d4"},
		{"x;P:evil;", "password;T:nopass"},
		{"back\\slash", "\\\\;,\":"},
		{"\"quoted\", twice", "12345678"},
		{"S:T:P:H:", "::::::::"},
		{";;", "\\\\\\\\\\\\\\;"},
		{"K\xc9\x94\xc5\x8b"
		 "go",
			"\xc3\xa4\xc3\xb6\xc3\xbc\xc3\x9f 1234"},
	};

	for (size_t i = 0; i < sizeof wifis / sizeof *wifis; i++) {
		char *meant = qr_wifi(*state, wifis[i].name, wifis[i].password);
		char *seen = read_back(*state, meant);

		assert_string_equal(seen, meant);
		assert_string_equal(field_of(*state, seen, "T"), "WPA");
		assert_string_equal(field_of(*state, seen, "S"), wifis[i].name);
		assert_string_equal(field_of(*state, seen, "P"), wifis[i].password);
	}
}

static void every_printable_name_and_password_is_read_back(void **state)
{
	uint32_t seed;

	ids_random(&seed, sizeof seed);
	print_message("# seed %u\n", seed);
	srandom(seed);
	for (int i = 0; i < 20; i++) {
		char name[33], password[64], *seen;

		for (size_t j = 0; j < sizeof name; j++)
			name[j] = (char)(' ' + random() % 95);
		for (size_t j = 0; j < sizeof password; j++)
			password[j] = (char)(' ' + random() % 95);
		name[1 + random() % 32] = password[8 + random() % 56] = '\0';
		seen = read_back(*state, qr_wifi(*state, name, password));
		assert_string_equal(field_of(*state, seen, "S"), name);
		assert_string_equal(field_of(*state, seen, "P"), password);
	}
}

static void an_open_network_needs_no_password(void **state)
{
	assert_string_equal(qr_wifi(*state, "Blue", ""), "WIFI:T:nopass;S:Blue;;");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		PLACE_TEST(a_camera_reads_what_was_meant),
		PLACE_TEST(a_code_is_black_on_white_whatever_is_around_it),
		PLACE_TEST(too_much_for_a_code_is_refused),
		PLACE_TEST(a_name_stays_a_name),
		PLACE_TEST(every_printable_name_and_password_is_read_back),
		PLACE_TEST(an_open_network_needs_no_password),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
