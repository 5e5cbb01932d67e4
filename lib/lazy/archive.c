/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * libarchive, opened when a capture is read or written. It brings fourteen libraries along, and
 * linking them costs more than surveying a small host.
 */
#include <archive.h>
#include <archive_entry.h>

#include "lazy/library.h"
#include "lazy/open.h"

typedef struct archive archive_t;
typedef struct archive_entry entry_t;

/* What pcipass uses. */
#define ARCHIVE_API(FUNCTION, PROCEDURE)                                                           \
	FUNCTION(archive_t *, archive_read_new, (void), (), NULL)                                  \
	FUNCTION(int, archive_read_append_filter, (archive_t * a, int code), (a, code),            \
	         ARCHIVE_FATAL)                                                                    \
	FUNCTION(int, archive_read_support_format_raw, (archive_t * a), (a), ARCHIVE_FATAL)        \
	FUNCTION(int, archive_read_support_format_tar, (archive_t * a), (a), ARCHIVE_FATAL)        \
	FUNCTION(int, archive_read_open_fd, (archive_t * a, int fd, size_t size), (a, fd, size),   \
	         ARCHIVE_FATAL)                                                                    \
	FUNCTION(int, archive_read_open_memory, (archive_t * a, const void *buf, size_t size),     \
	         (a, buf, size), ARCHIVE_FATAL)                                                    \
	FUNCTION(int, archive_read_next_header, (archive_t * a, entry_t * *ret), (a, ret),         \
	         ARCHIVE_FATAL)                                                                    \
	FUNCTION(la_ssize_t, archive_read_data, (archive_t * a, void *buf, size_t size),           \
	         (a, buf, size), ARCHIVE_FATAL)                                                    \
	FUNCTION(int, archive_read_data_block,                                                     \
	         (archive_t * a, const void **buf, size_t *size, la_int64_t *offset),              \
	         (a, buf, size, offset), ARCHIVE_FATAL)                                            \
	FUNCTION(int, archive_read_free, (archive_t * a), (a), ARCHIVE_FATAL)                      \
	FUNCTION(la_int64_t, archive_filter_bytes, (archive_t * a, int filter), (a, filter), -1)   \
	FUNCTION(int, archive_format, (archive_t * a), (a), 0)                                     \
	FUNCTION(int, archive_errno, (archive_t * a), (a), 0)                                      \
	FUNCTION(const char *, archive_error_string, (archive_t * a), (a), NULL)                   \
	FUNCTION(const char *, archive_bzlib_version, (void), (), NULL)                            \
	FUNCTION(const char *, archive_zlib_version, (void), (), NULL)                             \
	FUNCTION(const char *, archive_liblzma_version, (void), (), NULL)                          \
	FUNCTION(const char *, archive_libzstd_version, (void), (), NULL)                          \
	FUNCTION(archive_t *, archive_write_new, (void), (), NULL)                                 \
	FUNCTION(int, archive_write_add_filter_none, (archive_t * a), (a), ARCHIVE_FATAL)          \
	FUNCTION(int, archive_write_add_filter_gzip, (archive_t * a), (a), ARCHIVE_FATAL)          \
	FUNCTION(int, archive_write_add_filter_zstd, (archive_t * a), (a), ARCHIVE_FATAL)          \
	FUNCTION(int, archive_write_set_filter_option,                                             \
	         (archive_t * a, const char *filter, const char *option, const char *value),       \
	         (a, filter, option, value), ARCHIVE_FATAL)                                        \
	FUNCTION(int, archive_write_set_format_pax_restricted, (archive_t * a), (a),               \
	         ARCHIVE_FATAL)                                                                    \
	FUNCTION(int, archive_write_set_format_ustar, (archive_t * a), (a), ARCHIVE_FATAL)         \
	FUNCTION(int, archive_write_set_format_raw, (archive_t * a), (a), ARCHIVE_FATAL)           \
	FUNCTION(int, archive_write_open_memory,                                                   \
	         (archive_t * a, void *buf, size_t size, size_t *used), (a, buf, size, used),      \
	         ARCHIVE_FATAL)                                                                    \
	FUNCTION(int, archive_write_set_options, (archive_t * a, const char *options),             \
	         (a, options), ARCHIVE_FATAL)                                                      \
	FUNCTION(int, archive_write_set_bytes_per_block, (archive_t * a, int bytes), (a, bytes),   \
	         ARCHIVE_FATAL)                                                                    \
	FUNCTION(int, archive_write_set_bytes_in_last_block, (archive_t * a, int bytes),           \
	         (a, bytes), ARCHIVE_FATAL)                                                        \
	FUNCTION(int, archive_write_open_fd, (archive_t * a, int fd), (a, fd), ARCHIVE_FATAL)      \
	FUNCTION(int, archive_write_header, (archive_t * a, entry_t * entry), (a, entry),          \
	         ARCHIVE_FATAL)                                                                    \
	FUNCTION(la_ssize_t, archive_write_data, (archive_t * a, const void *buf, size_t size),    \
	         (a, buf, size), ARCHIVE_FATAL)                                                    \
	FUNCTION(int, archive_write_close, (archive_t * a), (a), ARCHIVE_FATAL)                    \
	FUNCTION(int, archive_write_free, (archive_t * a), (a), ARCHIVE_FATAL)                     \
	FUNCTION(entry_t *, archive_entry_new, (void), (), NULL)                                   \
	FUNCTION(entry_t *, archive_entry_clear, (entry_t * entry), (entry), NULL)                 \
	PROCEDURE(archive_entry_free, (entry_t * entry), (entry))                                  \
	FUNCTION(const char *, archive_entry_pathname, (entry_t * entry), (entry), NULL)           \
	FUNCTION(const char *, archive_entry_pathname_utf8, (entry_t * entry), (entry), NULL)      \
	FUNCTION(const char *, archive_entry_hardlink, (entry_t * entry), (entry), NULL)           \
	FUNCTION(const char *, archive_entry_hardlink_utf8, (entry_t * entry), (entry), NULL)      \
	FUNCTION(const char *, archive_entry_symlink, (entry_t * entry), (entry), NULL)            \
	FUNCTION(const char *, archive_entry_symlink_utf8, (entry_t * entry), (entry), NULL)       \
	FUNCTION(__LA_MODE_T, archive_entry_filetype, (entry_t * entry), (entry), 0)               \
	FUNCTION(la_int64_t, archive_entry_size, (entry_t * entry), (entry), 0)                    \
	PROCEDURE(archive_entry_set_mode, (entry_t * entry, __LA_MODE_T mode), (entry, mode))      \
	PROCEDURE(archive_entry_set_size, (entry_t * entry, la_int64_t size), (entry, size))       \
	PROCEDURE(archive_entry_copy_pathname, (entry_t * entry, const char *path), (entry, path)) \
	PROCEDURE(archive_entry_copy_symlink, (entry_t * entry, const char *path), (entry, path))

PP_LAZY_LIBRARY(pp_lazy_archive, "libarchive", PP_LIBARCHIVE_SONAME, NULL, ARCHIVE_API)
