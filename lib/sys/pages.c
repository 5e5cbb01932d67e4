/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Pages of memory, asked of the kernel together. */
#define _DEFAULT_SOURCE
#include <errno.h>
#include <stdint.h>
#include <sys/mman.h>
#include <unistd.h>

#include "sys/pages.h"

#ifndef MADV_POPULATE_WRITE
#define MADV_POPULATE_WRITE 23 /* Linux 5.14 */
#endif

void pp_pages_touch(void *memory, size_t len)
{
	uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
	uintptr_t begin = ((uintptr_t)memory + page - 1) / page * page;
	uintptr_t end = ((uintptr_t)memory + len) / page * page;
	int error = errno;

	/* Of one page nothing is saved. */
	if (end > begin + page)
		(void)!madvise((void *)begin, end - begin, MADV_POPULATE_WRITE);
	errno = error;
}
