/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Inside lib/sys, for Windows: its texts and errors as ours. Paths are UTF-8 above, with / or \. */
#ifndef PP_SYS_WIDE_H
#define PP_SYS_WIDE_H

#include <stddef.h>
#include <wchar.h>

/* In units of 16 bits; a path that is longer is -ENAMETOOLONG. */
#define PP_WIDE_PATH 4096

/* A path for Windows' own calls. -EINVAL: a device; -EILSEQ: no UTF-8; -ENAMETOOLONG. */
int pp_wide_path(const char *path, wchar_t ret[PP_WIDE_PATH]);
/* Back, with a NUL; what is no valid UTF-16 becomes U+FFFD. -ENAMETOOLONG: does not fit. */
int pp_from_wide(const wchar_t *text, char *ret, size_t size);
/* The errno value for GetLastError()'s. */
int pp_windows_errno(unsigned long code);

#endif
