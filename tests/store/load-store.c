/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One transaction on a store, for tests that kill it or let its calls fail.
 * usage: load-store make FILE | [catch-]load STORE STATE | recover STORE STATE | look STORE STATE
 * make writes an image with the old settings; load changes an EV and the NVRAM and makes a new EV;
 * catch-load catches signals first, as the program does.
 * Exit code: 0 done, 1 failed, with the sentence on standard error.
 */
#include <stdio.h>
#include <string.h>

#include "txn/txn.h"

/* cli/signals.c, whose header has more than fits in here. */
void signals_catch(const char *said);

static uint8_t old_ev[40], new_ev[40], made_ev[16], old_nvram[PP_NVRAM_BYTES],
	new_nvram[PP_NVRAM_BYTES];

static const struct pp_area_write writes[] = {
	{ .space = PP_CELL_EV,
	  .name = "CQTEST",
	  .old_bytes = { old_ev, sizeof(old_ev) },
	  .new_bytes = { new_ev, sizeof(new_ev) } },
	{ .space = PP_CELL_NVRAM,
	  .old_bytes = { old_nvram, sizeof(old_nvram) },
	  .new_bytes = { new_nvram, sizeof(new_nvram) } },
	{ .space = PP_CELL_EV,
	  .name = "CQMADE",
	  .old_absent = true,
	  .new_bytes = { made_ev, sizeof(made_ev) } },
};

static void settings_fill(void)
{
	for (size_t i = 0; i < sizeof(old_ev); i++)
		old_ev[i] = new_ev[i] = (uint8_t)i;
	for (size_t i = 0; i < sizeof(old_nvram); i++)
		old_nvram[i] = new_nvram[i] = (uint8_t)(i * 7);
	new_ev[3] ^= 0x40;
	new_nvram[0x26a] ^= 2;
	memset(made_ev, 0xa5, sizeof(made_ev));
}

static int settings_fail(const struct pp_error *e)
{
	fprintf(stderr, "%s\n", e->text);
	return 1;
}

static int settings_make(const char *path)
{
	const struct pp_machine machine = { .product = "ProLiant DL380p Gen8",
		                            .rom_family = "P70" };
	struct pp_arena a;
	struct pp_areas m;
	struct pp_error e;

	pp_arena_init(&a, 0);
	pp_areas_init(&m, &a);
	pp_areas_put(&m, PP_CELL_EV, "CQTEST", 0, PP_SPAN(old_ev, sizeof(old_ev)));
	pp_areas_put(&m, PP_CELL_NVRAM, NULL, 0, PP_SPAN(old_nvram, sizeof(old_nvram)));
	int r = pp_image_create(path, &machine, &m, true, &e);
	pp_arena_fini(&a);
	return r < 0 ? settings_fail(&e) : 0;
}

static int settings_load(struct pp_store *s)
{
	const struct pp_changes c = { .writes = writes,
		                      .nr_writes = sizeof(writes) / sizeof(writes[0]) };
	struct pp_error e;

	return pp_txn_write_settings(s, &c, NULL, &e) < 0 ? settings_fail(&e) : 0;
}

/* By what people are told. */
static const char *word_of(const char *text)
{
	return !*text                                ? "none"
	       : strstr(text, "all the old")         ? "old"
	       : strstr(text, "all the new")         ? "new"
	       : strstr(text, "have to be put back") ? "part"
	       : strstr(text, "were put back")       ? "restored"
	                                             : "?";
}

static int recover(struct pp_store *s, bool may_write)
{
	char text[600] = "";
	struct pp_error e;

	if (pp_txn_recover_settings(s, may_write, text, sizeof(text), &e) < 0)
		return settings_fail(&e);
	printf("%s: %s\n", word_of(text), text);
	return 0;
}

int main(int argc, char **argv)
{
	struct pp_store *s;
	struct pp_error e;

	settings_fill();
	if (argc == 3 && !strcmp(argv[1], "make"))
		return settings_make(argv[2]);
	if (argc != 4)
		return 2;
	const char *what = argv[1];
	if (!strcmp(what, "catch-load")) {
		signals_catch(NULL);
		what += strlen("catch-");
	}
	if (pp_store_open(argv[2], argv[3], &s, &e) < 0)
		return settings_fail(&e);
	int r = !strcmp(what, "load")      ? settings_load(s)
	        : !strcmp(what, "recover") ? recover(s, true)
	        : !strcmp(what, "look")    ? recover(s, false)
	                                   : 2;
	pp_store_close(s);
	return r;
}
