/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which directories are believed: no link, and nobody else's. */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "sys/trust.h"

static char base[64], path[96], other[96];
static struct pp_error e;

static int set_up(void **state)
{
	strcpy(base, "/tmp/pcipass-directory-XXXXXX");
	if (!mkdtemp(base))
		return -1;
	snprintf(path, sizeof(path), "%s/state", base);
	snprintf(other, sizeof(other), "%s/other", base);
	e.text[0] = '\0';
	return 0;
}

static int tear_down(void **state)
{
	unlink(path);
	rmdir(path);
	rmdir(other);
	return rmdir(base);
}

static void made(void **state)
{
	struct stat st;

	assert_int_equal(pp_directory_private(path, false, &e), -ENOENT);
	assert_int_equal(pp_directory_private(path, true, &e), 0);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0700);
	assert_int_equal(pp_directory_private(path, true, &e), 0);
	assert_int_equal(pp_directory_private(path, false, &e), 0);
}

static void others_may_write(void **state)
{
	static const mode_t modes[] = { 0770, 0707, 0777, 01777, 0720 };

	assert_int_equal(mkdir(path, 0755), 0);
	assert_int_equal(pp_directory_private(path, true, &e), 0);
	for (size_t i = 0; i < sizeof(modes) / sizeof(modes[0]); i++) {
		assert_int_equal(chmod(path, modes[i]), 0);
		assert_int_equal(pp_directory_private(path, true, &e), -EPERM);
		assert_int_equal(pp_directory_private(path, false, &e), -EPERM);
	}
	assert_non_null(strstr(e.text, "mode 0720"));
}

static void of_another_user(void **state)
{
	if (geteuid())
		skip();
	assert_int_equal(mkdir(path, 0700), 0);
	assert_int_equal(chown(path, 1000, 0), 0);
	assert_int_equal(pp_directory_private(path, true, &e), -EPERM);
	assert_non_null(strstr(e.text, "belongs to user 1000"));
}

static void no_directory(void **state)
{
	assert_int_equal(mkdir(other, 0700), 0);
	assert_int_equal(symlink(other, path), 0);
	assert_int_equal(pp_directory_private(path, true, &e), -EPERM);
	assert_non_null(strstr(e.text, "not a link"));
	unlink(path);
	/* One that leads nowhere is not made. */
	assert_int_equal(symlink("nowhere", path), 0);
	assert_int_equal(pp_directory_private(path, true, &e), -EPERM);
	unlink(path);
	FILE *f = fopen(path, "w");
	assert_non_null(f);
	fclose(f);
	assert_int_equal(pp_directory_private(path, true, &e), -EPERM);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(made),
		TEST(others_may_write),
		TEST(of_another_user),
		TEST(no_directory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
