/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A setting of a real store: said, set, set back; refused on another machine.
 * usage: test-setting GEN8-CAPTURE OTHER-CAPTURE
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include <pcipass/settings.h>

#include "txn/context.h"

static const char *gen8, *other;

/* A folder with an image of that machine's settings, all zero, and an apply whose state it is. */
struct bench {
	char folder[64], store[128];
	struct pp_apply_options options;
	struct pp_apply apply;
	struct pp_step_setting step;
};

static void bench_init(struct bench *b, const char *capture)
{
	struct pp_error e = { 0 };
	struct pp_source *source;

	memset(b, 0, sizeof(*b));
	strcpy(b->folder, "/tmp/pcipass-setting-XXXXXX");
	assert_non_null(mkdtemp(b->folder));
	snprintf(b->store, sizeof(b->store), "image:%s/image", b->folder);
	assert_int_equal(pp_source_open(capture, &source, &e), 0);
	assert_int_equal(pp_settings_blank(source, NULL, b->store + strlen("image:"), false, &e),
	                 0);
	pp_source_free(source);
	b->options = (struct pp_apply_options){ .state = b->folder };
	assert_int_equal(pp_apply_init(&b->options, NULL, &b->apply, &e), 0);
	b->step = (struct pp_step_setting){ .schema = "rmrds.xml",
		                            .section = "RMRDS_Slot2",
		                            .expected = "Endpoints_Included",
		                            .wanted = "Endpoints_Excluded",
		                            .store = b->store };
}

static void bench_fini(struct bench *b)
{
	pp_apply_fini(&b->apply);
	unlink(b->store + strlen("image:"));
	assert_int_equal(rmdir(b->folder), 0);
}

static void set_and_back(void **state)
{
	const struct pp_apply_settings *m = &pp_apply_machine_settings;
	struct pp_error e = { 0 };
	const char *store = NULL;
	struct bench b;

	bench_init(&b, gen8);
	assert_int_equal(m->says(&b.apply, &b.step, b.step.expected, &e), 1);
	assert_int_equal(m->says(&b.apply, &b.step, b.step.wanted, &e), 0);
	assert_int_equal(m->check(&b.apply, &b.step, &store, &e), 0);
	assert_string_equal(store, b.store);
	assert_int_equal(m->set(&b.apply, &b.step, b.step.wanted, &e), 0);
	assert_int_equal(m->says(&b.apply, &b.step, b.step.wanted, &e), 1);
	assert_int_equal(m->set(&b.apply, &b.step, b.step.expected, &e), 0);
	assert_int_equal(m->says(&b.apply, &b.step, b.step.expected, &e), 1);
	bench_fini(&b);
}

static void refused(void **state)
{
	const struct pp_apply_settings *m = &pp_apply_machine_settings;
	struct pp_error e = { 0 };
	const char *store = NULL;
	struct bench b;

	bench_init(&b, gen8);
	b.step.section = "RMRDS_Slot99";
	assert_true(m->check(&b.apply, &b.step, &store, &e) < 0);
	b.step.section = "RMRDS_Slot2";
	b.step.wanted = "Endpoints_Sometimes";
	assert_true(m->check(&b.apply, &b.step, &store, &e) < 0);
	b.step.wanted = "Endpoints_Excluded";
	/* No file is taken for a schema, whatever a plan names. */
	b.step.schema = "other.xml";
	assert_int_equal(m->check(&b.apply, &b.step, &store, &e), -ENOENT);
	assert_non_null(strstr(e.text, "built in"));
	bench_fini(&b);
}

/* A step that names no store: what the caller says, and what was found goes into the journal. */
static void store_of_the_caller(void **state)
{
	const struct pp_apply_settings *m = &pp_apply_machine_settings;
	struct pp_error e = { 0 };
	const char *store = NULL;
	struct bench b;

	bench_init(&b, gen8);
	b.step.store = NULL;
	b.options.store = b.store;
	assert_int_equal(m->check(&b.apply, &b.step, &store, &e), 0);
	assert_string_equal(store, b.store);
	assert_int_equal(m->says(&b.apply, &b.step, b.step.expected, &e), 1);
	bench_fini(&b);
}

/* No schema's words and no plan's make it write where the bytes mean something else. */
static void other_machine(void **state)
{
	const struct pp_apply_settings *m = &pp_apply_machine_settings;
	struct pp_error e = { 0 };
	struct bench b;

	bench_init(&b, other);
	assert_int_equal(m->says(&b.apply, &b.step, b.step.expected, &e), -EPERM);
	assert_int_equal(m->set(&b.apply, &b.step, b.step.wanted, &e), -EPERM);
	bench_fini(&b);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(set_and_back),
		cmocka_unit_test(refused),
		cmocka_unit_test(store_of_the_caller),
		cmocka_unit_test(other_machine),
	};

	if (argc != 3)
		return 2;
	gen8 = argv[1];
	other = argv[2];
	return cmocka_run_group_tests(tests, NULL, NULL);
}
