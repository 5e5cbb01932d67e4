/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What Windows does otherwise: EFI variables are no files there. */
#include <errno.h>

#include "sys/variable.h"

const bool pp_variables_are_files = false;

int pp_variable_write(const char *path, struct pp_span bytes)
{
	return -ENOSYS;
}

int pp_variable_remove(const char *path)
{
	return -ENOSYS;
}
