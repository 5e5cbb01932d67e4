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

#include "change/journal.h"
#include "base/crc32.h"

#define NR_MUTATIONS 10000
#define LARGE_BYTES  4096 /* of one file in the larger journal; twice, in hexadecimal */

struct fixture {
	struct pp_arena arena;
	const char *small, *large;
};

static const char *text_of(struct fixture *f, struct pp_deed *deeds, uint32_t n,
                           const char *previous)
{
	struct pp_apply_journal j = { .phase = PP_PHASE_APPLIED,
		                      .boot_id = "11111111-1111-1111-1111-111111111111",
		                      .plan = "{\"schema\":\"pcipass.plan/1\"}",
		                      .previous = previous,
		                      .deeds = deeds,
		                      .nr_deeds = n };
	struct pp_error e = { 0 };
	const char *text = NULL;

	assert_int_equal(pp_apply_journal_text(&j, &f->arena, &text, &e), 0);
	return text;
}

static struct pp_content content(const void *bytes, size_t len)
{
	return (struct pp_content){ .exists = true, .mode = 0644, .bytes = PP_SPAN(bytes, len) };
}

/* A deed of every kind. */
static int set_up(void **state)
{
	static const char *const argv[] = { "update-initramfs", "-u", NULL };
	static uint8_t bytes[LARGE_BYTES];
	struct fixture *f = calloc(1, sizeof(*f));

	if (!f)
		return -1;
	pp_arena_init(&f->arena, 0);
	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (uint8_t)(i * 31 + i / 7);
	struct pp_deed deeds[] = {
		{ .kind = PP_DEED_FOLDER, .path = "etc/x", .state = PP_DEED_DONE },
		{ .kind = PP_DEED_FILE, .path = "etc/x/y", .new_content = content("new\n", 4) },
		{ .kind = PP_DEED_INITRD, .argv = argv, .state = PP_DEED_BEGUN },
		{ .kind = PP_DEED_DRIVER,
		  .address = "0000:07:00.0",
		  .driver = "mpt3sas",
		  .override = "" },
		{ .kind = PP_DEED_SETTING,
		  .setting = { "rmrds.xml", "RMRDS_Slot2", "Included", "Excluded", NULL } },
	};
	f->small = text_of(f, deeds, 5, NULL);
	deeds[1].old_content = content(bytes, sizeof(bytes));
	f->large = text_of(f, deeds, 5, f->small);
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
	struct pp_apply_journal j = { .nr_deeds = 4711 };
	struct pp_error e = { 0 };
	struct pp_arena arena;
	const char *again = NULL;
	char *copy = malloc(len ? len : 1);

	assert_non_null(copy);
	memcpy(copy, bytes, len);
	pp_arena_init(&arena, 0);
	int r = pp_apply_journal_parse(PP_SPAN(copy, len), "journal", &arena, &j, &e);
	if (r) {
		assert_int_equal(r, -EBADMSG);
		assert_non_null(strstr(e.text, "Keep it"));
		/* Nothing is handed out. */
		assert_int_equal(j.nr_deeds, 4711);
		assert_null(j.deeds);
	} else {
		assert_int_equal(pp_apply_journal_text(&j, &arena, &again, &e), 0);
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
	struct pp_apply_journal j;
	const char *text = pp_arena_printf(&f->arena, "{\"crc32\":\"%08x\",\"journal\":%s}",
	                                   pp_span_crc32(PP_SPAN(body, strlen(body))), body);

	assert_non_null(text);
	return pp_apply_journal_parse(PP_SPAN(text, strlen(text)), "journal", &f->arena, &j, e);
}

#define BODY(deed)                                                                                 \
	"{\"boot_id\":\"\",\"deeds\":[" deed "],\"phase\":\"applied\",\"plan\":\"{}\","            \
	"\"schema\":\"pcipass.journal/1\"}"
#define HEAD(kind) "\"kind\":\"" kind "\""
#define TAIL       "\"state\":\"done\",\"step\":0}"

static void nonsense_with_a_checksum(void **state)
{
	static const char *const bodies[] = {
		"{}",
		"[]",
		BODY("{}"),
		BODY("1"),
		BODY("{" HEAD("folder") ",\"path\":\"/etc/x\"," TAIL),
		BODY("{" HEAD("folder") ",\"path\":\"etc/../../x\"," TAIL),
		BODY("{" HEAD("folder") ",\"path\":\"etc//x\"," TAIL),
		BODY("{" HEAD("folder") ",\"path\":\"\"," TAIL),
		BODY("{" HEAD("folder") ",\"path\":\"x\",\"state\":\"done\",\"step\":-1}"),
		BODY("{" HEAD("folder") ",\"path\":\"x\",\"state\":\"done\",\"step\":99999}"),
		BODY("{" HEAD("folder") ",\"path\":\"x\",\"state\":\"perhaps\",\"step\":0}"),
		BODY("{" HEAD("file") ",\"new\":{},\"old\":null,\"path\":\"x\"," TAIL),
		BODY("{" HEAD("file") ",\"new\":{\"bytes\":\"0\",\"gid\":0,\"mode\":420,\"uid\":0},"
		                      "\"old\":null,\"path\":\"x\"," TAIL),
		BODY("{" HEAD("file") ",\"new\":{\"bytes\":\"0G\",\"gid\":0,\"mode\":420,\"uid\":0}"
		                      ",\"old\":null,\"path\":\"x\"," TAIL),
		BODY("{" HEAD("file") ",\"new\":{\"bytes\":\"\",\"gid\":0,\"mode\":4096,\"uid\":0},"
		                      "\"old\":null,\"path\":\"x\"," TAIL),
		BODY("{\"argv\":[\"/bin/sh\"]," HEAD("initrd") "," TAIL),
		BODY("{\"argv\":[]," HEAD("initrd") "," TAIL),
		BODY("{\"argv\":[1]," HEAD("loader") "," TAIL),
		BODY("{\"address\":\"0000:07:00.0\",\"driver\":\"../x\"," HEAD(
			"driver") ",\"override\":\"\"," TAIL),
		BODY("{\"address\":\"../../x\",\"driver\":\"x\"," HEAD("driver") ",\"override\":"
		                                                                 "\"\"," TAIL),
		BODY("{\"expected\":\"a\"," HEAD(
			"setting") ",\"schema\":\"../x\",\"section\":\"s\","
		                   "\"state\":\"done\",\"step\":0,\"wanted\":\"b\"}"),
	};
	struct fixture *f = *state;
	struct pp_error e = { 0 };

	/* The form that they are held against is one that is taken. */
	assert_int_equal(parse_body(f, BODY("{" HEAD("folder") ",\"path\":\"etc/x\"," TAIL), &e),
	                 0);
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
		cmocka_unit_test(nonsense_with_a_checksum),
	};
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
