/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Pages of memory, asked of the kernel together. */
#ifndef PP_SYS_PAGES_H
#define PP_SYS_PAGES_H

#include "base/arena.h"

/*
 * For new memory that will be filled from its begin to its end: has the kernel give its pages at
 * once. Otherwise each is a page fault of its own, which costs several times as much, and in some
 * virtual machines ten to twenty times. Where the kernel does not do it, nothing changes.
 */
void pp_pages_touch(void *memory, size_t len);

/* As pp_arena_init(), for an arena that is likely to grow large: its memory comes so. */
static inline void pp_pages_arena_init(struct pp_arena *a, size_t limit_bytes)
{
	pp_arena_init(a, limit_bytes);
	a->touch = pp_pages_touch;
}

#endif
