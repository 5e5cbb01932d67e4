/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Releases of kernels as text, and what the table says of them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "host/host.h"

static struct pp_kernel kernel_of(const char *release)
{
	struct pp_kernel k = { .release.text = release };

	pp_kernel_set_release(&k, release);
	return k;
}

static void test_releases(void **state)
{
	static const struct {
		const char *text;
		unsigned int major, minor, patch;
		bool patch_known;
	} good[] = {
		{ "6.12.57+deb13-amd64", 6, 12, 57, true },
		{ "7.3", 7, 3, 0, false },
		{ "6.1.0-28-amd64", 6, 1, 0, false },
		{ "6.6.0", 6, 6, 0, false },
		{ "6.8.12-4-pve", 6, 8, 12, true },
		{ "7.4-rc1", 7, 4, 0, false },
		{ "6.1.x", 6, 1, 0, false },
	};
	static const char *const bad[] = { "", "6", "6.", "x6.1", "0.1", ".6.1", "-6.1" };

	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		struct pp_kernel k = kernel_of(good[i].text);
		assert_int_equal(k.major, good[i].major);
		assert_int_equal(k.minor, good[i].minor);
		assert_int_equal(k.patch, good[i].patch);
		assert_int_equal(k.patch_known, good[i].patch_known);
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct pp_kernel k = kernel_of(bad[i]);
		assert_int_equal(k.major, 0);
		assert_int_equal(pp_kernel_since(&k, "2.6", NULL), PP_UNKNOWN);
	}
	/* Digits without end stay a number. */
	assert_true(kernel_of("99999999999999999999999.99999999999999999").major > 1000);
}

static void test_since(void **state)
{
	static const char stable[] = "5.15.159 6.1.91 6.9.1";
	static const struct {
		const char *release, *since;
		enum pp_tri plain, with_stable;
	} rows[] = {
		{ "6.10.3", "6.10", PP_YES, PP_YES },
		{ "7.0.4", "6.10", PP_YES, PP_YES },
		{ "6.1.91", "6.10", PP_NO, PP_YES },
		{ "6.1.90", "6.10", PP_NO, PP_NO },
		{ "6.1.0-28-amd64", "6.10", PP_NO, PP_UNKNOWN },
		{ "6.5.9", "6.10", PP_NO, PP_NO }, /* a series that never took it over */
		{ "6.9", "6.10", PP_NO, PP_UNKNOWN },
		{ "5.14.0-503.el9.x86_64", "6.10", PP_UNKNOWN, PP_UNKNOWN },
		{ "6.10.2", "6.10.3", PP_NO, PP_NO },
		{ "6.10.3", "6.10.3", PP_YES, PP_YES },
		{ "6.10.0-5", "6.10.3", PP_UNKNOWN, PP_UNKNOWN },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct pp_kernel k = kernel_of(rows[i].release);
		assert_int_equal(pp_kernel_since(&k, rows[i].since, NULL), rows[i].plain);
		assert_int_equal(pp_kernel_since(&k, rows[i].since, stable), rows[i].with_stable);
	}
}

static void test_facts(void **state)
{
	struct pp_kernel old = kernel_of("6.1.0-28-amd64"), new = kernel_of("6.12.57"),
			 none = kernel_of("");

	assert_int_equal(pp_kernel_has(&old, PP_KERNEL_RMRR_REFUSED), PP_YES);
	assert_int_equal(pp_kernel_has(&old, PP_KERNEL_BLOCKS_DIRECT), PP_NO);
	assert_int_equal(pp_kernel_has(&new, PP_KERNEL_RMRR_REFUSED), PP_NO);
	assert_int_equal(pp_kernel_has(&new, PP_KERNEL_BLOCKS_DIRECT), PP_YES);
	struct pp_kernel proxmox = kernel_of("6.8.12-4-pve");
	assert_int_equal(pp_kernel_has(&proxmox, PP_KERNEL_RELAX_RMRR), PP_YES);
	assert_int_equal(pp_kernel_has(&new, PP_KERNEL_RELAX_RMRR), PP_NO);
	for (int i = 0; i < PP_NR_KERNEL_FACTS; i++)
		assert_int_equal(pp_kernel_has(&none, i), PP_UNKNOWN);
}

/* Each row is whole, its releases can be read, and its id is its own. */
static void test_rows(void **state)
{
	for (int i = 0; i < PP_NR_KERNEL_FACTS; i++) {
		const struct pp_kernel_fact_row *r = pp_kernel_fact(i);
		char release[16];
		assert_true(r->id && *r->id && r->says && *r->says && r->source && *r->source);
		struct pp_kernel k = kernel_of(r->since);
		assert_true(k.major >= 3);
		k.proxmox = r->proxmox;
		assert_int_equal(pp_kernel_has(&k, i), PP_YES);
		snprintf(release, sizeof(release), "%u.%u.99", k.major - 1, k.minor);
		k = kernel_of(release);
		assert_int_equal(pp_kernel_has(&k, i), PP_NO);
		if (r->before) {
			k = kernel_of(r->before);
			assert_int_equal(pp_kernel_has(&k, i), PP_NO);
		}
		for (const char *s = r->stable; s && *s;
		     s = strchr(s, ' ') ? strchr(s, ' ') + 1 : "")
			assert_true(kernel_of(s).patch_known);
		for (int j = 0; j < i; j++)
			assert_string_not_equal(r->id, pp_kernel_fact(j)->id);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_releases),
		cmocka_unit_test(test_since),
		cmocka_unit_test(test_facts),
		cmocka_unit_test(test_rows),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
