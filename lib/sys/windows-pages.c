/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Pages of memory: Windows gives them one by one. */
#include "sys/pages.h"

void pp_pages_touch(void *memory, size_t len)
{
}
