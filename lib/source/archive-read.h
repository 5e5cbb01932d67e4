/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Reads a capture by libarchive, within limits. */
#ifndef PP_SOURCE_ARCHIVE_READ_H
#define PP_SOURCE_ARCHIVE_READ_H

#include "source/source.h"

/*
 * A tar archive, plain or compressed once with gzip, bzip2, xz or zstd, read once into memory.
 * head: its first bytes, which tell the compression. -EBADMSG with the offset in the decompressed
 * archive; -ENOEXEC, without a text, if it is no tar at all.
 */
int pp_archive_open_fd(int fd, struct pp_span head, struct pp_source **ret, struct pp_error *e);
/* Whether a file that begins so is one, compressed or not; enough of it are USTAR's 262 bytes. */
bool pp_archive_is_one(struct pp_span head);
/* Whether the bytes begin as a compressed file does that libarchive here was built without. */
bool pp_archive_lacks_filter(struct pp_span head);
int pp_archive_open_memory(struct pp_span in, struct pp_source **ret, struct pp_error *e);

struct archive;
/*
 * Adds to an archive that is to be read the one filter that its first bytes ask for. libarchive
 * left to itself decompresses what it finds within the decompressed, 25 times over; the limits
 * count what comes out of the last of them, and a few bytes can keep the others at work for hours.
 * False: no memory, or libarchive was built without that filter.
 */
bool pp_archive_add_filter(struct archive *a, struct pp_span head);

/* Whether libarchive is asked what the file is: not of a bare table. */
bool pp_source_needs_archive(int fd);
/* An archive or a bare table that is in memory; in may go afterwards. name: for messages. */
int pp_source_open_bytes(const char *name, struct pp_span in, struct pp_source **ret,
                         struct pp_error *e);

#endif
