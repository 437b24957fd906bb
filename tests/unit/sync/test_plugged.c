/* A stick is found where this machine mounts what comes and goes, and nothing else is taken for one. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
#include <string.h>

#include "sync/plugged.h"

static void sticks_are_told_from_the_rest(void **state)
{
	static const char mountinfo[] = "22 1 8:2 / / rw,relatime shared:1 - ext4 /dev/sda2 rw\n"
					"30 22 0:26 / /run/media rw,nosuid - tmpfs tmpfs rw\n"
					"41 22 8:17 / /media/grey rw,nosuid,nodev shared:9 master:2 - exfat "
					"/dev/sdb1 rw,errors=remount-ro\n"
					"42 22 8:33 / /media/blue\\040stick ro,nosuid - vfat /dev/sdc1 rw\n"
					"43 22 8:49 / /run/media/akello/A rw - ext4 /dev/sdd1 ro,noatime\n"
					"44 22 0:50 / /media/auto rw - autofs systemd-1 rw\n"
					"45 22 8:65 / /mediation rw - ext4 /dev/sde1 rw\n"
					"46 22 8:66 / /media/bad\\012name rw - ext4 /dev/sdf1 rw\n"
					"47 22 8:67 / /media/bad\\377 rw - ext4 /dev/sdg1 rw\n"
					"48 22 8:18 / /media/grey ro - ext4 /dev/sdh1 ro\n"
					"49 22 8:68 / /mnt rw - ext4 /dev/sdi1 rw\n"
					"half a line - ext4\n"
					" - \n";
	static const struct {
		const char *place;
		bool is_read_only;
	} expected[] = {{"/media/blue stick", true}, {"/media/grey", true}, {"/mnt", false},
		{"/run/media/akello/A", true}};
	void *context CLEANUP(memory_free) = memory_context(NULL);
	struct plugged *list;
	size_t count;

	(void)state;
	plugged_parse(context, mountinfo, &list, &count);
	assert_int_equal(count, sizeof expected / sizeof *expected);
	for (size_t i = 0; i < count; i++) {
		assert_string_equal(list[i].place, expected[i].place);
		assert_int_equal(list[i].is_read_only, expected[i].is_read_only);
	}
}

static void more_than_can_be_shown_are_left_out(void **state)
{
	void *context CLEANUP(memory_free) = memory_context(NULL);
	struct buffer *text = buffer_new(context);
	struct plugged *list;
	size_t count;

	(void)state;
	for (int i = 0; i < 100; i++)
		buffer_format(text, "%d 1 8:%d / /media/%d rw - vfat /dev/sd rw\n", i, i, i);
	plugged_parse(context, (const char *)text->data, &list, &count);
	assert_int_equal(count, 32);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sticks_are_told_from_the_rest),
		cmocka_unit_test(more_than_can_be_shown_are_left_out),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
