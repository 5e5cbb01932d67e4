/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The name that somebody meant who typed another one. */
#ifndef PCIPASS_NEAREST_H
#define PCIPASS_NEAREST_H

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

/*
 * The one of the names that is most like what was typed: at most three letters are missing, too
 * many or different (fewer in a short word), whatever their case. NULL: none is near. A name may be
 * NULL.
 */
const char *pp_nearest_name(const char *typed, const char *const *names, size_t count);

#ifdef __cplusplus
}
#endif

#endif
