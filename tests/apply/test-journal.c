/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A damaged journal is refused, or it still says all of what it said; never a part. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "txn/txn.h"
#include "base/crc32.h"

#define NR_MUTATIONS 10000
#define NR_OPS       11
#define LARGE_BYTES  4096 /* of one file in the larger journal; twice, in hexadecimal */

struct fixture {
	struct pp_arena arena;
	const char *small, *large;
};

static const char *text_of(struct fixture *f, struct pp_op *ops, uint32_t n, const char *previous)
{
	struct pp_txn j = { .purpose = PP_TXN_PLAN,
		            .phase = PP_PHASE_APPLIED,
		            .boot_id = "11111111-1111-1111-1111-111111111111",
		            .plan = "{\"schema\":\"pcipass.plan/1\"}",
		            .previous = previous,
		            .ops = ops,
		            .nr_ops = n };
	struct pp_error e = { 0 };
	const char *text = NULL;

	assert_int_equal(pp_txn_text(&j, &f->arena, &text, &e), 0);
	return text;
}

static struct pp_content content(const void *bytes, size_t len)
{
	return (struct pp_content){ .exists = true, .mode = 0644, .bytes = PP_SPAN(bytes, len) };
}

/* An operation of every kind, with all that it can hold. */
static int set_up(void **state)
{
	static uint8_t bytes[LARGE_BYTES];
	struct fixture *f = calloc(1, sizeof(*f));

	if (!f)
		return -1;
	pp_arena_init(&f->arena, 0);
	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (uint8_t)(i * 31 + i / 7);
	static const struct pp_op_value value = { "RMRDS_Slot2", "Included", "Excluded" };
	static const struct pp_area_write writes[] = {
		{ .space = PP_CELL_NVRAM,
		  .offset = 0x26a,
		  .mask = (const uint8_t *)"\2",
		  .old_bytes = { (const uint8_t *)"\0", 1 },
		  .new_bytes = { (const uint8_t *)"\2", 1 } },
		{ .space = PP_CELL_EV,
		  .name = "CQNEW",
		  .old_absent = true,
		  .new_bytes = { bytes, 40 } },
		{ .space = PP_CELL_EV,
		  .name = "CQOLD",
		  .old_bytes = { bytes, 1 },
		  .new_absent = true },
	};
	struct pp_op ops[] = {
		{ .ops = &pp_op_directory, .directory = { "etc/x" }, .progress = PP_OP_DONE },
		{ .ops = &pp_op_file, .file = { .path = "etc/x/y", .after = content("new\n", 4) } },
		{ .ops = &pp_op_initrd,
		  .tool = { pp_tool_find("update-initramfs"), NULL },
		  .progress = PP_OP_BEGUN },
		{ .ops = &pp_op_loader,
		  .tool = { pp_tool_find("kernel-install-boot"), "6.1.0-28+b~1" } },
		{ .ops = &pp_op_bind, .device = "0000:07:00.0", .driver = { "budget dvb", "" } },
		{ .ops = &pp_op_unbind,
		  .device = "0000:07:00.0",
		  .driver = { "vfio-pci", "vfio-pci" } },
		{ .ops = &pp_op_borrow, .device = "0000:07:00.0", .driver = { "", "" } },
		{ .ops = &pp_op_no_driver, .device = "0000:0c:00.0", .driver = { "shpchp", "" } },
		{ .ops = &pp_op_vfs, .device = "0000:41:00.0", .vfs = { 64 } },
		{ .ops = &pp_op_setting,
		  .setting = { .store = "efivars",
		               .values = &value,
		               .nr_values = 1,
		               .change = { .writes = writes, .nr_writes = 3 } } },
		{ .ops = &pp_op_setting,
		  .setting = { .store = "hp:/usr/sbin/conrep",
		               .change = { .schema = PP_SPAN("<Conrep/>", 9),
		                           .old_data = PP_SPAN("old", 3),
		                           .new_data = PP_SPAN("new!", 4) } } },
	};
	static const struct pp_attribute label = { "security.selinux",
		                                   { (const uint8_t *)"x", 2 } };
	ops[1].file.after.attributes = &label;
	ops[1].file.after.nr_attributes = 1;
	f->small = text_of(f, ops, NR_OPS, NULL);
	ops[1].file.before = content(bytes, sizeof(bytes));
	f->large = text_of(f, ops, NR_OPS, f->small);
	*state = f;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *f = *state;

	pp_arena_fini(&f->arena);
	free(f);
	return 0;
}

/* Reads it from memory that ends where it ends. true: refused. */
static bool refused_or_whole(const char *bytes, size_t len, const char *original)
{
	struct pp_txn j = { .nr_ops = 4711 };
	struct pp_error e = { 0 };
	struct pp_arena arena;
	const char *again = NULL;
	char *copy = malloc(len ? len : 1);

	assert_non_null(copy);
	memcpy(copy, bytes, len);
	pp_arena_init(&arena, 0);
	int r = pp_txn_parse(PP_SPAN(copy, len), "journal", &arena, &j, &e);
	if (r) {
		assert_int_equal(r, -EBADMSG);
		assert_non_null(strstr(e.text, "Keep it"));
		/* Nothing is handed out. */
		assert_int_equal(j.nr_ops, 4711);
		assert_null(j.ops);
	} else {
		assert_int_equal(pp_txn_text(&j, &arena, &again, &e), 0);
		assert_string_equal(again, original);
	}
	pp_arena_fini(&arena);
	free(copy);
	return r != 0;
}

static void whole(void **state)
{
	struct fixture *f = *state;

	assert_false(refused_or_whole(f->small, strlen(f->small), f->small));
	assert_false(refused_or_whole(f->large, strlen(f->large), f->large));
}

static void cut_at_every_byte(void **state)
{
	struct fixture *f = *state;
	size_t len = strlen(f->small);

	/* But the newline at its end. */
	for (size_t cut = 0; cut < len; cut++)
		assert_int_equal(refused_or_whole(f->small, cut, f->small), cut != len - 1);
}

static void every_bit_flipped(void **state)
{
	struct fixture *f = *state;
	size_t len = strlen(f->small);
	char *copy = strdup(f->small);

	assert_non_null(copy);
	for (size_t bit = 0; bit < (len - 1) * 8; bit++) {
		copy[bit / 8] ^= (char)(1 << bit % 8);
		if (!refused_or_whole(copy, len, f->small))
			fail_msg("byte %zu, bit %zu: taken", bit / 8, bit % 8);
		copy[bit / 8] ^= (char)(1 << bit % 8);
	}
	free(copy);
}

static uint32_t next(uint32_t *seed)
{
	*seed = *seed * 1664525u + 1013904223u;
	return *seed >> 8;
}

/* As disks and people do: a byte changed, a piece moved, zeroed, doubled, lost. */
static size_t mutate(char *bytes, size_t len, uint32_t *seed)
{
	size_t at = next(seed) % len, from = next(seed) % len, n = next(seed) % 600;

	n = n > len - at ? len - at : n;
	n = n > len - from ? len - from : n;
	switch (next(seed) % 6) {
	case 0:
		bytes[at] = (char)next(seed);
		return len;
	case 1:
		bytes[at] = bytes[from];
		return len;
	case 2:
		memmove(bytes + at, bytes + from, n);
		return len;
	case 3:
		memset(bytes + at, 0, n);
		return len;
	case 4: /* Twice the piece; room for it is behind. */
		memmove(bytes + at + n, bytes + at, len - at);
		return len + n;
	default:
		memmove(bytes + at, bytes + at + n, len - at - n);
		return len - n;
	}
}

static void random_damage(void **state)
{
	struct fixture *f = *state;
	size_t len = strlen(f->large), refused = 0;
	char *copy = malloc(len * 2 + 4096);
	uint32_t seed = 1;

	assert_non_null(copy);
	for (int i = 0; i < NR_MUTATIONS; i++) {
		memcpy(copy, f->large, len);
		size_t now = mutate(copy, len, &seed);
		bool same = now == len && !memcmp(copy, f->large, len);
		bool r = refused_or_whole(copy, now, f->large);
		if (same)
			assert_false(r);
		refused += r;
	}
	free(copy);
	/* Hardly any leaves it as it was. */
	assert_true(refused > NR_MUTATIONS * 9 / 10);
}

/* With a checksum that fits, made by somebody who wants something. */
static int parse_body(struct fixture *f, const char *body, struct pp_error *e)
{
	struct pp_txn j;
	json_t *value = json_loads(body, 0, NULL);
	char *sorted = json_dumps(value, JSON_COMPACT | JSON_SORT_KEYS);

	assert_non_null(sorted);
	const char *text = pp_arena_printf(&f->arena, "{\"crc32\":\"%08x\",\"journal\":%s}",
	                                   pp_span_crc32(PP_SPAN(sorted, strlen(sorted))), sorted);
	json_decref(value);
	free(sorted);
	assert_non_null(text);
	return pp_txn_parse(PP_SPAN(text, strlen(text)), "journal", &f->arena, &j, e);
}

#define BODY_OF(purpose, plan, schema, op)                                                         \
	"{\"boot_id\":\"\",\"operations\":[" op "],\"phase\":\"applied\",\"plan\":" plan           \
	",\"previous\":null,\"purpose\":\"" purpose "\",\"schema\":\"" schema "\"}"
#define BODY(op) BODY_OF("plan", "{}", "pcipass.journal/2", op)
#define OP(kind, fields)                                                                           \
	"{\"" kind "\":{" fields "},\"kind\":\"" kind "\",\"progress\":\"done\",\"step\":0}"
#define FILE_OP(after) OP("file", "\"after\":" after ",\"before\":null,\"path\":\"x\"")
#define CONTENT(mode, bytes)                                                                       \
	"{\"attributes\":[],\"bytes\":" bytes ",\"gid\":0,\"mode\":" mode ",\"uid\":0}"
#define DRIVER_OP(address, driver)                                                                 \
	OP("bind", "\"address\":\"" address "\",\"driver\":\"" driver "\",\"override\":\"\"")
#define VFS_OP(address, before)     OP("vfs", "\"address\":\"" address "\",\"before\":" before)
#define TOOL_OP(kind, tool, kernel) OP(kind, "\"kernel\":" kernel ",\"tool\":\"" tool "\"")
#define SETTING_OP(store, areas, after)                                                            \
	OP("setting", "\"after\":\"" after "\",\"areas\":[" areas                                  \
	              "],\"before\":\"\",\"schema\":\"\",\"store\":\"" store "\",\"values\":[]")
#define AREA(space, name, offset, mask, before, after)                                             \
	"{\"after\":" after ",\"before\":" before ",\"mask\":" mask ",\"name\":" name              \
	",\"offset\":" offset ",\"space\":\"" space "\"}"
#define NVRAM AREA("nvram", "null", "0", "null", "\"00\"", "\"01\"")

/* The forms that the refused ones are held against are ones that are taken. */
static void sense_with_a_checksum(void **state)
{
	static const char *const bodies[] = {
		BODY(OP("directory", "\"path\":\"etc/x\"")),
		BODY(FILE_OP(CONTENT("420", "\"00\""))),
		BODY(TOOL_OP("initrd", "dracut", "null")),
		BODY(TOOL_OP("loader", "kernel-install-boot", "\"6.1.0-28\"")),
		BODY(DRIVER_OP("0000:07:00.0", "mpt3sas")),
		BODY(VFS_OP("0000:07:00.0", "64")),
		BODY(SETTING_OP("efivars", NVRAM, "")),
		BODY(SETTING_OP("image:/x y", NVRAM, "")),
		BODY(SETTING_OP("hp", "", "00")),
		BODY(SETTING_OP("hp", AREA("ev", "\"A\"", "0", "null", "null", "\"00\""), "")),
		BODY(SETTING_OP("hp", AREA("cmos", "null", "255", "\"01\"", "\"00\"", "\"01\""),
		                "")),
		BODY_OF("settings", "null", "pcipass.journal/2", SETTING_OP("hp", "", "00")),
		BODY_OF("attach", "null", "pcipass.journal/2", ""),
	};
	struct fixture *f = *state;
	struct pp_error e = { 0 };

	for (size_t i = 0; i < sizeof(bodies) / sizeof(bodies[0]); i++)
		if (parse_body(f, bodies[i], &e))
			fail_msg("not taken: %s: %s", bodies[i], e.text);
}

static void nonsense_with_a_checksum(void **state)
{
	static const char *const bodies[] = {
		"{}",
		"[]",
		BODY("{}"),
		BODY("1"),
		BODY_OF("plan", "{}", "pcipass.journal/1", ""),
		BODY_OF("plan", "null", "pcipass.journal/2", ""),
		BODY_OF("attach", "{}", "pcipass.journal/2", ""),
		BODY_OF("joke", "{}", "pcipass.journal/2", ""),
		BODY_OF("plan", "\"{}\"", "pcipass.journal/2", ""),
		BODY(OP("directory", "\"path\":\"/etc/x\"")),
		BODY(OP("directory", "\"path\":\"etc/../../x\"")),
		BODY(OP("directory", "\"path\":\"etc//x\"")),
		BODY(OP("directory", "\"path\":\"\"")),
		BODY(OP("directory", "\"path\":\"x\",\"y\":1")),
		BODY(OP("directory", "\"path\":\"x\\u001b[31m\"")),
		BODY(OP("shell", "\"path\":\"x\"")),
		BODY("{\"directory\":{\"path\":\"x\"},\"kind\":\"directory\",\"progress\":\"done\","
		     "\"step\":-1}"),
		BODY("{\"directory\":{\"path\":\"x\"},\"kind\":\"directory\",\"progress\":\"done\","
		     "\"step\":99999}"),
		BODY("{\"directory\":{\"path\":\"x\"},\"kind\":\"directory\",\"progress\":"
		     "\"perhaps\",\"step\":0}"),
		BODY("{\"directory\":{\"path\":\"x\"},\"kind\":\"file\",\"progress\":\"done\","
		     "\"step\":0}"),
		BODY(FILE_OP("{}")),
		BODY(FILE_OP(CONTENT("420", "\"0\""))),
		BODY(FILE_OP(CONTENT("420", "\"0G\""))),
		BODY(FILE_OP(CONTENT("4096", "\"\""))),
		BODY(FILE_OP(CONTENT("-1", "\"\""))),
		/* A program that is none of the host's tools, or with arguments of somebody's own.
		 */
		BODY(OP("initrd", "\"argv\":[\"bash\",\"-c\",\"id\"]")),
		BODY(TOOL_OP("initrd", "bash", "null")),
		BODY(TOOL_OP("initrd", "update-grub", "null")),
		BODY(TOOL_OP("loader", "dracut", "null")),
		BODY(TOOL_OP("initrd", "dracut", "\"6.1\"")),
		BODY(TOOL_OP("loader", "kernel-install-boot", "null")),
		BODY(TOOL_OP("loader", "kernel-install-boot", "\"--make-entry-directory=yes\"")),
		BODY(TOOL_OP("loader", "kernel-install-boot", "\"-v\"")),
		BODY(TOOL_OP("loader", "kernel-install-boot", "\"../../tmp/x\"")),
		BODY(TOOL_OP("loader", "kernel-install-modules", "\"..\"")),
		BODY(DRIVER_OP("0000:07:00.0", "../x")),
		BODY(DRIVER_OP("../../x", "x")),
		BODY(DRIVER_OP("07:00.0", "x")),
		BODY(VFS_OP("0000:07:00.0", "0")),
		BODY(VFS_OP("0000:07:00.0", "65536")),
		BODY(VFS_OP("0000:07:00.0", "\"4\"")),
		BODY(VFS_OP("../../x", "4")),
		BODY(VFS_OP("07:00.0", "4")),
		BODY(OP("vfs", "\"address\":\"0000:07:00.0\"")),
		BODY(OP("no-driver",
		        "\"address\":\"0000:07:00.0\",\"driver\":\"a/b\",\"override\":\"\"")),
		BODY(SETTING_OP("../x", NVRAM, "")),
		BODY(SETTING_OP("image:x", NVRAM, "")),
		BODY(SETTING_OP("hp:bash", NVRAM, "")),
		BODY(SETTING_OP("efivars", "", "")),
		BODY(SETTING_OP("efivars", NVRAM, "00")),
		BODY(SETTING_OP("efivars", NVRAM "," NVRAM, "")),
		BODY(SETTING_OP("efivars", AREA("disk", "null", "0", "null", "\"00\"", "\"01\""),
		                "")),
		BODY(SETTING_OP("efivars", AREA("ev", "null", "0", "null", "\"00\"", "\"01\""),
		                "")),
		BODY(SETTING_OP("efivars", AREA("ev", "\"../A\"", "0", "null", "null", "\"01\""),
		                "")),
		BODY(SETTING_OP("efivars", AREA("nvram", "\"A\"", "0", "null", "\"00\"", "\"01\""),
		                "")),
		BODY(SETTING_OP("efivars", AREA("nvram", "null", "0", "null", "null", "\"01\""),
		                "")),
		BODY(SETTING_OP("efivars", AREA("nvram", "null", "0", "null", "\"\"", "\"01\""),
		                "")),
		BODY(SETTING_OP("efivars", AREA("nvram", "null", "1", "null", "\"00\"", "\"01\""),
		                "")),
		BODY(SETTING_OP("efivars",
		                AREA("nvram", "null", "4096", "\"01\"", "\"00\"", "\"01\""), "")),
		BODY(SETTING_OP("efivars",
		                AREA("nvram", "null", "0", "\"0101\"", "\"00\"", "\"01\""), "")),
		BODY(SETTING_OP("efivars", AREA("nvram", "null", "0", "\"\"", "\"00\"", "\"01\""),
		                "")),
		BODY(SETTING_OP("efivars", AREA("ev", "\"A\"", "0", "\"01\"", "null", "\"01\""),
		                "")),
		BODY_OF("settings", "null", "pcipass.journal/2", ""),
		BODY_OF("settings", "null", "pcipass.journal/2",
		        OP("directory", "\"path\":\"etc\"")),
		BODY_OF("settings", "null", "pcipass.journal/2",
		        SETTING_OP("hp", "", "00") "," SETTING_OP("hp", "", "00")),
		BODY_OF("settings", "{}", "pcipass.journal/2", SETTING_OP("hp", "", "00")),
	};
	struct fixture *f = *state;
	struct pp_error e = { 0 };

	for (size_t i = 0; i < sizeof(bodies) / sizeof(bodies[0]); i++)
		if (parse_body(f, bodies[i], &e) != -EBADMSG || strstr(e.text, "checksum"))
			fail_msg("taken, or for its checksum alone: %s: %s", bodies[i], e.text);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(whole),
		cmocka_unit_test(cut_at_every_byte),
		cmocka_unit_test(every_bit_flipped),
		cmocka_unit_test(random_damage),
		cmocka_unit_test(sense_with_a_checksum),
		cmocka_unit_test(nonsense_with_a_checksum),
	};
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
