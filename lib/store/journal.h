/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef PP_STORE_JOURNAL_H
#define PP_STORE_JOURNAL_H

#include "base/buffer.h"
#include "store/store.h"

/*
 * What a transaction is about to write and what stood there before, in the form of lines.h:
 *
 *   pcipass-journal 1
 *   store image:/srv/settings.img   (of an image the last part of the path counts)
 *   write ev CQHLS1           or write nvram, write cmos; any number, each cell once
 *   old absent                or old LENGTH and the bytes
 *   new 32
 *   00112233…
 *   schema LENGTH             a store that is given settings, not bytes, has these three and
 *   old-data LENGTH           no writes: the schema and two data files of conrep's, the settings
 *   new-data LENGTH           as they were and as they are to be
 *   crc32 1a2b3c4d
 */
struct pp_journal {
	const char *store; /* pp_store.where */
	const struct pp_area_write *writes;
	uint32_t nr_writes;
	struct pp_span schema, old_data, new_data;
};

#define PP_JOURNAL_MAX_BYTES (64u << 20)
#define PP_JOURNAL_MAX_DATA  (16u << 20)

/* *ret lives in a. */
int pp_journal_parse(struct pp_span in, const char *object, struct pp_arena *a,
                     struct pp_journal *ret, struct pp_error *e);
/* Failure shows in b->failed. */
void pp_journal_format(const struct pp_journal *j, struct pp_buffer *b);

/* The store's journal: written at once and synced, read, removed and synced. */
int pp_journal_save(const struct pp_store *s, const struct pp_journal *j, struct pp_error *e);
/* -ENOENT: there is none. -EBADMSG: damaged, or another store's. */
int pp_journal_load(const struct pp_store *s, struct pp_arena *a, struct pp_journal *ret,
                    struct pp_error *e);
int pp_journal_drop(const struct pp_store *s, struct pp_error *e);

#endif
