/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The image: its form, and the file as a store. */
#include "directory.h"

#include <fcntl.h>

#include "store/image-file.h"
#include "base/crc32.h"
#include "store/store.h"
#include "store/stores.h"

static struct pp_arena arena;
static struct pp_error e;

/* A body and its right checksum. */
static struct pp_span sealed(const char *body)
{
	struct pp_buffer b;

	pp_buffer_init(&b, 1 << 20);
	pp_buffer_puts(&b, body);
	pp_image_add_checksum(&b);
	char *copy = pp_arena_strndup(&arena, b.data, b.len);
	struct pp_span s = PP_SPAN(copy, b.len);
	pp_buffer_fini(&b);
	return s;
}

static void refused(struct pp_span in, int code, const char *says)
{
	struct pp_image image;

	assert_int_equal(pp_image_parse(in, "x.img", &arena, &image, &e), -code);
	assert_has(e.text, "x.img");
	assert_has(e.text, says);
}

static const char good[] = "pcipass-settings 1\n"
			   "product ProLiant DL380p Gen8\n"
			   "rom-date 05/24/2019\n"
			   "ev CQHLS1 33\n"
			   "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f\n"
			   "20\n"
			   "nvram 2\n"
			   "ff01\n"
			   "ev A 1\n"
			   "00\n";

static void reads(void **state)
{
	struct pp_image image;

	if (pp_image_parse(sealed(good), "x.img", &arena, &image, &e))
		fail_msg("%s", e.text);
	assert_string_equal(image.machine.product, "ProLiant DL380p Gen8");
	assert_string_equal(image.machine.rom_date, "05/24/2019");
	assert_null(image.machine.rom_family);
	assert_null(image.machine.processor);
	const struct pp_area *c = pp_areas_find(&image.memory, PP_CELL_EV, "CQHLS1");
	assert_int_equal(c->len, 33);
	assert_int_equal(c->data[32], 0x20);
	assert_int_equal(pp_areas_find(&image.memory, PP_CELL_NVRAM, NULL)->data[0], 0xff);
	assert_null(pp_areas_find(&image.memory, PP_CELL_CMOS, NULL));
	assert_int_equal(image.memory.nr_cells, 3);
}

static void writes_what_it_read(void **state)
{
	struct pp_span in = sealed(good);
	struct pp_image image;
	struct pp_buffer b;

	assert_int_equal(pp_image_parse(in, "x.img", &arena, &image, &e), 0);
	pp_buffer_init(&b, 1 << 20);
	pp_image_format(&image.machine, &image.memory, &b);
	assert_int_equal(b.len, in.len);
	assert_memory_equal(b.data, in.data, in.len);
	pp_buffer_fini(&b);
}

/* The one known value of the algorithm. */
static void checksum(void **state)
{
	assert_int_equal(pp_span_crc32(PP_SPAN("123456789", 9)), 0xcbf43926);
	assert_int_equal(pp_span_crc32(PP_SPAN(NULL, 0)), 0);
}

static void refuses_lines(void **state)
{
	static const struct {
		const char *body, *says;
	} cases[] = {
		{ "rom-family P70\nproduct X\n", "line 3: neither" },
		{ "product X\nproduct X\n", "line 3: neither" },
		{ "ev A 1\n00\nproduct X\n", "line 4: neither" },
		{ "product  X\n", "line 2: more than printable" },
		{ "product X \n", "line 2: more than printable" },
		{ "product \n", "line 2: neither" },
		{ "product caf\xc3\xa9\n", "line 2: more than printable" },
		{ "ev A\n", "line 2: no 'NAME LENGTH'" },
		{ "ev A/B 1\n00\n", "line 2: 'A/B' is not a valid EV name" },
		{ "ev .. 1\n00\n", "line 2: '..' is not a valid EV name" },
		{ "ev ABCDEFGHIJKLMNOPQRSTUVWXYZ1234567 1\n00\n", "is not a valid EV name" },
		{ "ev A 0\n", "line 2: the length" },
		{ "ev A 01\n00\n", "line 2: the length" },
		{ "ev A +1\n00\n", "line 2: the length" },
		{ "ev A 4097\n", "from 1 to 4096" },
		{ "ev A 99999999999999999999\n", "from 1 to 4096" },
		{ "cmos 257\n", "from 1 to 256" },
		{ "nvram 4096\n00\n", "the file ends before that" },
		{ "ev A 2\n00\n\n", "line 3: 2 characters, 4 hex digits" },
		{ "ev A 2\n000000\n", "line 3: 6 characters, 4 hex digits" },
		{ "ev A 1\n0G\n", "line 3: character 2 is no" },
		{ "ev A 1\nA0\n", "line 3: character 1 is no" },
		{ "ev A 1\n00\nev A 1\n00\n", "line 4: a second time" },
		{ "nvram 1\n00\nnvram 1\n00\n", "line 4: a second time" },
		{ "\n", "line 2: neither" },
		{ "# remark\n", "line 2: neither" },
		{ "product X\r\n", "byte 0x0d" },
		{ "product\tX\n", "byte 0x09" },
	};
	char body[4200];

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		snprintf(body, sizeof(body), "pcipass-settings 1\n%s", cases[i].body);
		refused(sealed(body), EBADMSG, cases[i].says);
	}
	static const char *const marks[] = { "\xff\xfe", "\xfe\xff", "\xef\xbb\xbf" };
	for (size_t i = 0; i < sizeof(marks) / sizeof(marks[0]); i++) {
		snprintf(body, sizeof(body), "%spcipass-settings 1\n", marks[i]);
		refused(sealed(body), EBADMSG, "begins with a byte order mark");
	}
	char text[400];
	memset(text, 'x', sizeof(text));
	snprintf(body, sizeof(body), "pcipass-settings 1\nproduct %.256s\n", text);
	refused(sealed(body), EBADMSG, "line 2: 256 characters");
}

static void refuses_files(void **state)
{
	static uint8_t large[PP_IMAGE_MAX_BYTES + 1];
	struct pp_span in = sealed(good);
	uint8_t *copy = pp_arena_alloc(&arena, in.len);

	refused(PP_SPAN(NULL, 0), EBADMSG, "does not begin with 'pcipass-settings 1'");
	refused(sealed("hello\n"), EBADMSG, "does not begin");
	refused(sealed("pcipass-settings 2\n"), EPROTONOSUPPORT,
	        "of version 2, this program knows 1");
	refused(PP_SPAN("pcipass-settings 1\n", 19), EBADMSG, "cut off");
	refused(PP_SPAN(large, sizeof(large)), E2BIG, "at most 1048576");
	for (size_t n = 0; n < in.len; n++)
		refused(PP_SPAN(in.data, n), EBADMSG, "");
	/* No single bit goes unseen. */
	for (size_t i = 0; i < in.len * 8; i++) {
		struct pp_image image;
		memcpy(copy, in.data, in.len);
		copy[i / 8] ^= (uint8_t)(1 << i % 8);
		assert_true(pp_image_parse(PP_SPAN(copy, in.len), "x.img", &arena, &image, &e) < 0);
	}
	memcpy(copy, in.data, in.len);
	copy[30] ^= 1;
	refused(PP_SPAN(copy, in.len), EBADMSG, "damaged: its checksum is");
}

static const struct pp_machine machine = { .product = "ProLiant DL380p Gen8" };

static void make_image_of(const char *path, bool nvram)
{
	struct pp_areas m;

	pp_areas_init(&m, &arena);
	pp_areas_put(&m, PP_CELL_EV, "A", 0, PP_SPAN("\1\2\3", 3));
	pp_areas_put(&m, PP_CELL_EV, "GONE", ENOENT, PP_SPAN(NULL, 0));
	if (nvram)
		pp_areas_put(&m, PP_CELL_NVRAM, NULL, 0, PP_SPAN("\0\0\0\0", 4));
	if (pp_image_create(path, &machine, &m, false, &e))
		fail_msg("%s", e.text);
}

static struct pp_store *open_image(const char *name)
{
	struct pp_store *s;
	char what[300];

	snprintf(what, sizeof(what), "image:%s", in_directory(name));
	if (pp_store_open(what, "/nonexistent", &s, &e))
		fail_msg("%s", e.text);
	return s;
}

static void as_store(void **state)
{
	static const struct pp_schema_section sections[] = {
		{ .name = "a", .space = PP_CELL_EV, .ev = "A" },
		{ .name = "b", .space = PP_CELL_EV, .ev = "GONE" },
		{ .name = "c", .space = PP_CELL_NVRAM },
		{ .name = "d", .space = PP_CELL_CMOS },
	};
	const struct pp_schema schema = { .sections = sections, .nr_sections = 4 };
	struct pp_areas m;

	make_image_of(in_directory("x"), false);
	struct pp_store *s = open_image("x");
	assert_string_equal(s->ops->machine(s)->product, machine.product);
	pp_areas_init(&m, &arena);
	assert_int_equal(s->ops->read(s, &schema, &m, &e), 0);
	assert_int_equal(pp_areas_find(&m, PP_CELL_EV, "A")->len, 3);
	assert_int_equal(pp_areas_find(&m, PP_CELL_EV, "GONE")->error, ENOENT);
	assert_int_equal(pp_areas_find(&m, PP_CELL_NVRAM, NULL)->error, ENODATA);
	assert_int_equal(pp_areas_find(&m, PP_CELL_CMOS, NULL)->error, ENODATA);
	pp_store_close(s);
}

static const struct pp_area_write ev_write = { .space = PP_CELL_EV,
	                                       .name = "A",
	                                       .old_bytes = { (const uint8_t *)"\1\2\3", 3 },
	                                       .new_bytes = { (const uint8_t *)"\1\2\4", 3 } };

static void keeps_mode_and_owner(void **state)
{
	const struct pp_store_change j = { .writes = &ev_write, .nr_writes = 1 };
	struct stat st;

	make_image_of(in_directory("x"), true);
	bool root = !chown(in_directory("x"), 12345, 12346);
	/* What is set-user-ID stays no such thing. */
	assert_int_equal(chmod(in_directory("x"), 04604), 0);
	struct pp_store *s = open_image("x");
	if (s->ops->write(s, &j, false, NULL, &e))
		fail_msg("%s", e.text);
	assert_int_equal(stat(in_directory("x"), &st), 0);
	assert_int_equal(st.st_mode & 07777, 0604);
	if (root) {
		assert_int_equal(st.st_uid, 12345);
		assert_int_equal(st.st_gid, 12346);
	}
	pp_store_close(s);
}

/* The link stays, what it leads to is replaced. */
static void follows_links(void **state)
{
	const struct pp_store_change j = { .writes = &ev_write, .nr_writes = 1 };
	struct stat st;

	assert_int_equal(mkdir(in_directory("d"), 0755), 0);
	make_image_of(in_directory("d/x"), true);
	assert_int_equal(symlink("d/x", in_directory("link")), 0);
	struct pp_store *s = open_image("link");
	assert_has(s->own, "/d/x");
	assert_int_equal(s->ops->write(s, &j, false, NULL, &e), 0);
	assert_int_equal(lstat(in_directory("link"), &st), 0);
	assert_true(S_ISLNK(st.st_mode));
	assert_has(get_file("d/x", NULL), "010204");
	pp_store_close(s);
	assert_int_equal(
		pp_image_create(in_directory("link"), &machine, &(struct pp_areas){ 0 }, true, &e),
		-EBADMSG);
}

static void creates_once(void **state)
{
	struct pp_areas m;

	pp_areas_init(&m, &arena);
	make_image_of(in_directory("x"), true);
	assert_int_equal(pp_image_create(in_directory("x"), &machine, &m, false, &e), -EEXIST);
	assert_has(get_file("x", NULL), "nvram");
	assert_int_equal(pp_image_create(in_directory("x"), &machine, &m, true, &e), 0);
	assert_null(strstr(get_file("x", NULL), "nvram"));
}

static void heeds_the_umask(void **state)
{
	struct pp_areas m;
	struct stat st;

	pp_areas_init(&m, &arena);
	for (int i = 0; i < 2; i++) {
		const char *path = in_directory(i ? "x" : "y");
		mode_t old = umask(i ? 077 : 022);
		int r = pp_image_create(path, &machine, &m, false, &e);
		umask(old);
		assert_int_equal(r, 0);
		assert_int_equal(stat(path, &st), 0);
		assert_int_equal(st.st_mode & 07777, i ? 0600 : 0644);
	}
}

/* A journal of what was there before, and a transaction that is under way. */
static void not_into_a_transaction(void **state)
{
	struct pp_areas m;

	pp_areas_init(&m, &arena);
	put_text("x.journal", "");
	assert_int_equal(pp_image_create(in_directory("x"), &machine, &m, false, &e), -EUCLEAN);
	assert_has(e.text, "x.journal");
	assert_false(is_there("x"));
	assert_int_equal(unlink(in_directory("x.journal")), 0);
	make_image_of(in_directory("x"), true);
	struct pp_store *s = open_image("x");
	struct pp_lock lock;
	assert_int_equal(pp_store_lock(s, &lock, &e), 0);
	assert_int_equal(pp_image_create(in_directory("x"), &machine, &m, true, &e), -EBUSY);
	pp_lock_release(&lock);
	pp_store_close(s);
	assert_int_equal(pp_image_create(in_directory("x"), &machine, &m, true, &e), 0);
	assert_false(is_there("x.lock"));
}

static void cannot_open(void **state)
{
	struct pp_store *s;
	char what[300];

	assert_int_equal(pp_store_open("image:/nonexistent/x", NULL, &s, &e), -ENOENT);
	assert_int_equal(pp_store_open("image", NULL, &s, &e), -EINVAL);
	assert_int_equal(pp_store_open("image:", NULL, &s, &e), -EINVAL);
	assert_int_equal(pp_store_open("imagex:y", NULL, &s, &e), -EINVAL);
	assert_has(e.text, "image:FILE, efivars");
	assert_int_equal(pp_store_open("image:a\nb", NULL, &s, &e), -EINVAL);
	assert_has(e.text, "control byte");
	snprintf(what, sizeof(what), "image:%s", directory);
	assert_int_equal(pp_store_open(what, NULL, &s, &e), -EBADMSG);
	assert_has(e.text, "not a regular file");
	put_text("x", "no image\n");
	snprintf(what, sizeof(what), "image:%s", in_directory("x"));
	assert_int_equal(pp_store_open(what, NULL, &s, &e), -EBADMSG);
	assert_has(e.text, "does not begin with");
	/* A pipe must not be waited for. */
	assert_int_equal(mkfifo(in_directory("pipe"), 0600), 0);
	snprintf(what, sizeof(what), "image:%s", in_directory("pipe"));
	assert_int_equal(pp_store_open(what, NULL, &s, &e), -EBADMSG);
}

static int set_up(void **state)
{
	pp_arena_init(&arena, 0);
	return make_directory(state);
}

static int tear_down(void **state)
{
	pp_arena_fini(&arena);
	return remove_directory(state);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(reads),         TEST(writes_what_it_read),  TEST(checksum),
		TEST(refuses_lines), TEST(refuses_files),        TEST(as_store),
		TEST(follows_links), TEST(keeps_mode_and_owner), TEST(creates_once),
		TEST(cannot_open),   TEST(heeds_the_umask),      TEST(not_into_a_transaction),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
