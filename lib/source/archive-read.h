/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Reads a capture by libarchive, within limits. */
#ifndef PP_SOURCE_ARCHIVE_READ_H
#define PP_SOURCE_ARCHIVE_READ_H

#include "source/source.h"

/*
 * A tar archive, plain or compressed with gzip, bzip2, xz or zstd, read once into memory. -EBADMSG
 * with the offset in the decompressed archive; -ENOEXEC, without a text, if it is no tar at all.
 */
int pp_archive_open_fd(int fd, struct pp_source **ret, struct pp_error *e);
/* Whether the bytes begin as a compressed file does that libarchive here was built without. */
bool pp_archive_lacks_filter(struct pp_span head);
int pp_archive_open_memory(struct pp_span in, struct pp_source **ret, struct pp_error *e);

/* An archive or a bare table that is in memory; in may go afterwards. name: for messages. */
int pp_source_open_bytes(const char *name, struct pp_span in, struct pp_source **ret,
                         struct pp_error *e);

#endif
