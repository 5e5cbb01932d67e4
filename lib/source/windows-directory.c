/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A directory is no capture on Windows, where no file can have the name of a device of Linux. */
#include "source/fsroot.h"

int pp_directory_open(const char *path, struct pp_source **ret, struct pp_error *e)
{
	return pp_fail(
		e, EISDIR,
		"a directory: on Windows pcipass reads a capture as an archive only, because "
		"names such as 0000:07:00.0 cannot be files here; pack it as .tar or .tar.gz "
		"where it was made");
}
