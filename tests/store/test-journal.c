/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The journal's form. */
#include "folder.h"

#include "store/journal.h"
#include "store/lines.h"

static struct pp_arena arena;
static struct pp_error e;

static const uint8_t bytes[40] = { 1, 2, 3 };

static const struct pp_area_write writes[] = {
	{ .space = PP_CELL_EV, .name = "A", .old_absent = true, .new_bytes = { bytes, 40 } },
	{ .space = PP_CELL_EV, .name = "B", .old_bytes = { bytes, 1 }, .new_absent = true },
	{ .space = PP_CELL_NVRAM, .old_bytes = { bytes, 32 }, .new_bytes = { bytes + 1, 32 } },
	{ .space = PP_CELL_CMOS, .old_bytes = { bytes, 2 }, .new_bytes = { bytes + 2, 2 } },
};

static struct pp_span formatted(const struct pp_journal *j)
{
	struct pp_buffer b;

	pp_buffer_init(&b, PP_JOURNAL_MAX_BYTES);
	pp_journal_format(j, &b);
	assert_false(b.failed);
	char *copy = pp_arena_strndup(&arena, b.data, b.len);
	struct pp_span s = PP_SPAN(copy, b.len);
	pp_buffer_fini(&b);
	return s;
}

static void same_span(struct pp_span x, struct pp_span y)
{
	assert_int_equal(x.len, y.len);
	if (x.len)
		assert_memory_equal(x.data, y.data, x.len);
}

static void cells(void **state)
{
	const struct pp_journal j = { .store = "image:/a b", .writes = writes, .nr_writes = 4 };
	struct pp_span form = formatted(&j);
	struct pp_journal back;

	if (pp_journal_parse(form, "j", &arena, &back, &e))
		fail_msg("%s", e.text);
	assert_string_equal(back.store, j.store);
	assert_int_equal(back.nr_writes, 4);
	for (uint32_t i = 0; i < 4; i++) {
		assert_int_equal(back.writes[i].space, writes[i].space);
		assert_int_equal(back.writes[i].old_absent, writes[i].old_absent);
		assert_int_equal(back.writes[i].new_absent, writes[i].new_absent);
		same_span(back.writes[i].old_bytes, writes[i].old_bytes);
		same_span(back.writes[i].new_bytes, writes[i].new_bytes);
	}
	assert_string_equal(back.writes[1].name, "B");
	same_span(formatted(&back), form);
}

static void settings(void **state)
{
	const struct pp_journal j = { .store = "hp:/sbin/conrep",
		                      .schema = PP_SPAN("<Conrep/>", 9),
		                      .old_data = PP_SPAN("old", 3),
		                      .new_data = PP_SPAN("new!", 4) };
	struct pp_span form = formatted(&j);
	struct pp_journal back;

	if (pp_journal_parse(form, "j", &arena, &back, &e))
		fail_msg("%s", e.text);
	assert_int_equal(back.nr_writes, 0);
	same_span(back.schema, j.schema);
	same_span(back.old_data, j.old_data);
	same_span(back.new_data, j.new_data);
	same_span(formatted(&back), form);
}

/* The checksum is right; the lines are not. */
static void refuses_lines(void **state)
{
	static const struct {
		const char *body, *says;
	} cases[] = {
		{ "", "line 2: no 'store'" },
		{ "store x\n", "no 'write' and no 'schema'" },
		{ "store x\nwrite ev A\n", "line 4: no 'old'" },
		{ "store x\nwrite ev A\nold 1\n00\n", "line 6: no 'new'" },
		{ "store x\nwrite ev A\nnew 1\n00\nold 1\n00\n", "line 4: no 'old'" },
		{ "store x\nwrite nvram\nold absent\nnew 1\n00\n", "only an EV can be absent" },
		{ "store x\nwrite ev ../A\nold absent\nnew 1\n00\n", "is no name of an EV" },
		{ "store x\nwrite disk\nold 1\n00\nnew 1\n00\n", "line 3: no cell" },
		{ "store x\nwrite cmos\nold 257\n", "from 1 to 256" },
		{ "store x\nwrite nvram\nold 1\n00\nnew 1\n01\nwrite nvram\n",
		  "line 8: a second time" },
		{ "store x\nwrite nvram\nold 1\n00\nnew 1\n01\nschema 1\n00\n",
		  "line 8: does not belong here" },
		{ "store x\nschema 1\n00\nold-data 1\n00\n", "no 'new-data'" },
		{ "store x\nschema 1\n00\nold-data 1\n00\nnew-data 1\n00\nwrite nvram\n",
		  "line 9: does not belong here" },
	};
	struct pp_journal j;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct pp_buffer b;
		pp_buffer_init(&b, 4096);
		pp_buffer_printf(&b, "pcipass-journal 1\n%s", cases[i].body);
		pp_lines_add_checksum(&b);
		int r = pp_journal_parse(PP_SPAN(b.data, b.len), "j", &arena, &j, &e);
		pp_buffer_fini(&b);
		assert_int_equal(r, -EBADMSG);
		assert_has(e.text, cases[i].says);
	}
}

static void refuses_damage(void **state)
{
	const struct pp_journal j = { .store = "image:/a", .writes = writes, .nr_writes = 4 };
	struct pp_span form = formatted(&j);
	uint8_t *copy = pp_arena_alloc(&arena, form.len);
	struct pp_journal back;

	for (size_t n = 0; n < form.len; n++)
		assert_int_equal(pp_journal_parse(PP_SPAN(form.data, n), "j", &arena, &back, &e),
		                 -EBADMSG);
	for (size_t i = 0; i < form.len * 8; i++) {
		memcpy(copy, form.data, form.len);
		copy[i / 8] ^= (uint8_t)(1 << i % 8);
		assert_true(pp_journal_parse(PP_SPAN(copy, form.len), "j", &arena, &back, &e) < 0);
	}
}

static int set_up(void **state)
{
	pp_arena_init(&arena, 0);
	return make_folder(state);
}

static int tear_down(void **state)
{
	pp_arena_fini(&arena);
	return remove_folder(state);
}

static void on_disk(void **state)
{
	const struct pp_journal j = { .store = "image:/a", .writes = writes, .nr_writes = 4 };
	struct pp_store s = { .where = "image:/a", .journal = in_folder("j") };
	struct pp_journal back;
	struct stat st;

	assert_int_equal(pp_journal_load(&s, &arena, &back, &e), -ENOENT);
	assert_int_equal(pp_journal_drop(&s, &e), -ENOENT);
	assert_int_equal(pp_journal_save(&s, &j, &e), 0);
	assert_int_equal(stat(s.journal, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	/* It never takes the place of another. */
	assert_int_equal(pp_journal_save(&s, &j, &e), -EEXIST);
	assert_int_equal(pp_journal_load(&s, &arena, &back, &e), 0);
	assert_int_equal(back.nr_writes, 4);
	s.where = "image:/b";
	assert_int_equal(pp_journal_load(&s, &arena, &back, &e), -EBADMSG);
	assert_has(e.text, "image:/a, and this is image:/b");
	assert_int_equal(pp_journal_drop(&s, &e), 0);
	assert_false(is_there("j"));
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(cells),          TEST(settings), TEST(refuses_lines),
		TEST(refuses_damage), TEST(on_disk),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
