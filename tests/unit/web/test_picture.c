/* Photos are known by their first bytes, whatever they are called. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>

#include "web/picture.h"

#define HEAD(text) ((struct bytes){(const uint8_t *)(text), sizeof(text) - 1})

static void photos_as_phones_make_them_are_known(void **state)
{
	assert_string_equal(picture_kind(HEAD("\xff\xd8\xff\xe1\x00\x10"
					      "Exif")),
		"jpg");
	assert_string_equal(picture_kind(HEAD("\x89PNG\r\n\x1a\n\0\0\0\rIHDR")), "png");
	assert_string_equal(picture_kind(HEAD("RIFF\x10\0\0\0WEBPVP8 ")), "webp");
	assert_string_equal(picture_kind(HEAD("\0\0\0\x18"
					      "ftypheic")),
		"heic");
	assert_string_equal(picture_kind(HEAD("\0\0\0\x1c"
					      "ftypmif1")),
		"heic");
}

static void anything_else_is_none(void **state)
{
	assert_null(picture_kind(HEAD("")));
	assert_null(picture_kind(HEAD("\xff\xd8")));
	assert_null(picture_kind(HEAD("<script>alert(1)")));
	assert_null(picture_kind(HEAD("<svg xmlns=\"http")));
	assert_null(picture_kind(HEAD("%PDF-1.7 and more")));
	assert_null(picture_kind(HEAD("RIFF\x10\0\0\0WAVEfmt ")));
	assert_null(picture_kind(HEAD("\0\0\0\x18"
				      "ftypisom")));
	assert_null(picture_kind(HEAD("GIF89a and the rest")));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(photos_as_phones_make_them_are_known),
		cmocka_unit_test(anything_else_is_none),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
