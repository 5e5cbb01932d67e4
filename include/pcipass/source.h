/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Where a host is read from: the machine itself, a directory, an archive. */
#ifndef PCIPASS_SOURCE_H
#define PCIPASS_SOURCE_H

#include <stddef.h>

#include <pcipass/error.h>

#ifdef __cplusplus
extern "C" {
#endif

/*
 * Where facts about a host come from: the live host, a directory laid out like one, an archive of
 * such a directory, or a bare firmware table. All look the same from here on.
 */
struct pp_source;

/*
 * path NULL: the live host. A directory, an archive (.tar, plain or compressed with gzip, bzip2,
 * xz or zstd) or a bare DMAR or IVRS table: found out by looking, not by the name. The content is
 * hostile: links lead nowhere outside, sizes and counts are limited, nothing is written to disk.
 * -ENOEXEC: a file that is none of these; pp_import_add() may know it. *ret is the caller's, to be
 * given to pp_source_free().
 */
int pp_source_open(const char *path, struct pp_source **ret, struct pp_error *e);
/*
 * A capture that was written as a text (pp_capture_text()), in what it was pasted into: a page, a
 * mail that quotes it. name is for sentences. -ENOEXEC, without a text: there is none in it;
 * -EBADMSG, with the number of the line: damaged, or a part is missing.
 */
int pp_source_open_text(const char *name, const char *bytes, size_t len, struct pp_source **ret,
                        struct pp_error *e);
void pp_source_free(struct pp_source *s);

#ifdef __cplusplus
}
#endif

#endif
