/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which name is nearest to what was typed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/nearest.h"

static const char *const names[] = {
	"check", "free", NULL, "settings", "survey", "slot2", "slot3"
};
#define COUNT (sizeof(names) / sizeof(names[0]))

static const char *near(const char *typed)
{
	return pp_nearest_name(typed, names, COUNT);
}

static void slips(void **state)
{
	assert_string_equal(near("check"), "check");
	assert_string_equal(near("CHECK"), "check");
	assert_string_equal(near("chekc"), "check"); /* changed places */
	assert_string_equal(near("hceck"), "check");
	assert_string_equal(near("chek"), "check");
	assert_string_equal(near("checkk"), "check");
	assert_string_equal(near("chick"), "check");
	assert_string_equal(near("fre"), "free");
	assert_string_equal(near("setting"), "settings");
	assert_string_equal(near("stetnigs"), "settings");
	/* the first of those that are as near */
	assert_string_equal(near("slot9"), "slot2");
	assert_string_equal(near("slot3"), "slot3");
}

static void nothing_is_near(void **state)
{
	assert_null(near(""));
	assert_null(near("x"));
	assert_null(near("fe"));
	assert_null(near("explain"));
	assert_null(near("chxxk")); /* two letters of five */
	assert_null(pp_nearest_name("check", names, 0));
	assert_null(pp_nearest_name("", (const char *const[]){ "", "a" }, 0));
}

/* A long name costs nothing and is near to nothing. */
static void long_names(void **state)
{
	char at_most[PP_NEAREST_MAX_NAME + 1], too_long[PP_NEAREST_MAX_NAME + 2];
	const char *list[] = { at_most, too_long };

	memset(at_most, 'a', sizeof(at_most) - 1);
	at_most[sizeof(at_most) - 1] = '\0';
	memset(too_long, 'a', sizeof(too_long) - 1);
	too_long[sizeof(too_long) - 1] = '\0';
	assert_ptr_equal(pp_nearest_name(at_most, list, 2), at_most);
	assert_null(pp_nearest_name(too_long, list, 2));
	at_most[3] = 'b';
	at_most[PP_NEAREST_MAX_NAME - 1] = '\0';
	assert_null(pp_nearest_name(at_most, (const char *const[]){ too_long }, 1));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(slips),
		cmocka_unit_test(nothing_is_near),
		cmocka_unit_test(long_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
