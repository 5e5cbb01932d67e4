/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Working directories under Windows: who may use them is what the directory above hands down. */
#include <windows.h>

#include "base/compat.h"
#include "sys/file.h"
#include "sys/path.h"
#include "sys/scratch.h"
#include "sys/wide.h"

int pp_scratch_make(const char *above, const char *prefix, char ret[PATH_MAX], struct pp_error *e)
{
	wchar_t wide[PP_WIDE_PATH];
	unsigned int random;

	if (getrandom(&random, sizeof(random), 0) != (ssize_t)sizeof(random) ||
	    snprintf(ret, PATH_MAX, "%s/%s-%lu-%08x", above, prefix,
	             (unsigned long)GetCurrentProcessId(), random) >= PATH_MAX)
		return pp_fail(e, EIO, "%.300s: no name for a directory in it", above);
	int r = pp_wide_path(ret, wide);
	if (!r && !CreateDirectoryW(wide, NULL))
		r = -pp_windows_errno(GetLastError());
	return r ? pp_file_failed(ret, -r, e) : 0;
}
