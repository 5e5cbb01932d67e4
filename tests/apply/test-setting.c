/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A setting of a real store as an operation: staged, executed, undone; refused on another machine.
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

#include "txn/stage.h"

static const char *gen8, *other;

/* A directory with an image of that machine's settings, all zero, and an apply whose state it is.
 */
struct bench {
	char directory[64], store[128];
	struct pp_apply_options options;
	struct pp_apply apply;
	struct pp_plan plan;
	struct pp_stage stage;
	struct pp_step_setting step;
};

static void bench_init(struct bench *b, const char *capture)
{
	struct pp_error e = { 0 };
	struct pp_source *source;

	memset(b, 0, sizeof(*b));
	strcpy(b->directory, "/tmp/pcipass-setting-XXXXXX");
	assert_non_null(mkdtemp(b->directory));
	snprintf(b->store, sizeof(b->store), "image:%s/image", b->directory);
	assert_int_equal(pp_source_open(capture, &source, &e), 0);
	assert_int_equal(pp_settings_blank(source, NULL, b->store + strlen("image:"), false, &e),
	                 0);
	pp_source_free(source);
	b->options = (struct pp_apply_options){ .state = b->directory };
	assert_int_equal(pp_apply_init(&b->options, NULL, &b->apply, &e), 0);
	assert_int_equal(pp_stage_init(&b->stage, &b->apply, &b->plan, NULL, &e), 0);
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
	assert_int_equal(rmdir(b->directory), 0);
}

static enum pp_op_found state_found(struct bench *b)
{
	struct pp_op_state s;
	struct pp_error e = { 0 };

	if (pp_op_state(&b->apply, b->stage.ops, &s, &e))
		fail_msg("%s", e.text);
	return s.found;
}

static void set_and_back(void **state)
{
	struct pp_error e = { 0 };
	struct bench b;

	bench_init(&b, gen8);
	assert_int_equal(pp_stage_setting(&b.stage, &b.step, &e), 0);
	assert_int_equal(b.stage.nr_ops, 1);
	const struct pp_op *op = b.stage.ops;
	assert_string_equal(op->setting.store, b.store);
	/* One bit, and no other byte of the machine's settings is kept. */
	assert_int_equal(op->setting.change.nr_writes, 1);
	assert_int_equal(op->setting.change.writes->offset, 0x26a);
	assert_int_equal(op->setting.change.writes->new_bytes.len, 1);
	assert_int_equal(op->setting.change.writes->mask[0], 2);
	assert_int_equal(state_found(&b), PP_OP_BEFORE);
	assert_int_equal(pp_op_execute(&b.apply, op, &e), 0);
	assert_int_equal(pp_op_verify(&b.apply, op, &e), 0);
	assert_int_equal(state_found(&b), PP_OP_AFTER);
	assert_int_equal(pp_op_execute(&b.apply, op, &e), 0);
	assert_int_equal(pp_op_undo(&b.apply, op, &e), 0);
	assert_int_equal(state_found(&b), PP_OP_BEFORE);
	assert_true(pp_op_verify(&b.apply, op, &e) < 0);
	bench_fini(&b);
}

/* What says so already is no operation. */
static void already(void **state)
{
	struct pp_error e = { 0 };
	struct bench b;

	bench_init(&b, gen8);
	b.step.wanted = b.step.expected;
	assert_int_equal(pp_stage_setting(&b.stage, &b.step, &e), 0);
	assert_int_equal(b.stage.nr_ops, 0);
	bench_fini(&b);
}

static void refused(void **state)
{
	struct pp_error e = { 0 };
	struct bench b;

	bench_init(&b, gen8);
	b.step.section = "RMRDS_Slot99";
	assert_true(pp_stage_setting(&b.stage, &b.step, &e) < 0);
	b.step.section = "RMRDS_Slot2";
	b.step.wanted = "Endpoints_Sometimes";
	assert_true(pp_stage_setting(&b.stage, &b.step, &e) < 0);
	b.step.wanted = "Endpoints_Excluded";
	/* No file is taken for a schema, whatever a plan names. */
	b.step.schema = "other.xml";
	assert_int_equal(pp_stage_setting(&b.stage, &b.step, &e), -ENOENT);
	assert_non_null(strstr(e.text, "built in"));
	assert_int_equal(b.stage.nr_ops, 0);
	bench_fini(&b);
}

/* A step that names no store: what the caller says, and what was found goes into the journal. */
static void store_of_the_caller(void **state)
{
	struct pp_error e = { 0 };
	struct bench b;

	bench_init(&b, gen8);
	b.step.store = NULL;
	b.options.store = b.store;
	assert_int_equal(pp_stage_setting(&b.stage, &b.step, &e), 0);
	assert_string_equal(b.stage.ops->setting.store, b.store);
	bench_fini(&b);
}

/* No schema's words and no plan's make it write where the bytes mean something else. */
static void other_machine(void **state)
{
	struct pp_error e = { 0 };
	struct bench b;

	bench_init(&b, other);
	assert_int_equal(pp_stage_setting(&b.stage, &b.step, &e), -EPERM);
	assert_int_equal(b.stage.nr_ops, 0);
	bench_fini(&b);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(set_and_back),  cmocka_unit_test(already),
		cmocka_unit_test(refused),       cmocka_unit_test(store_of_the_caller),
		cmocka_unit_test(other_machine),
	};

	if (argc != 3)
		return 2;
	gen8 = argv[1];
	other = argv[2];
	return cmocka_run_group_tests(tests, NULL, NULL);
}
