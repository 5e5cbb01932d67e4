/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Where this Windows has its own directories: whole paths with /, none at the end. */
#ifndef PP_SYS_WINDOWS_PLACES_H
#define PP_SYS_WINDOWS_PLACES_H

#include <stdbool.h>
#include <stddef.h>

/* "C:/Windows" */
const char *pp_windows_directory(void);
/* "C:/ProgramData", which may be on any drive. */
const char *pp_windows_program_data(void);
/* "C:/Program Files", or that of 32-bit programs; false: the registry does not tell. */
bool pp_windows_program_files(bool is_32_bit, char *ret, size_t size);
/* PATH as it is for every user, with ; between the directories. */
bool pp_windows_search_path(char *ret, size_t size);

#endif
