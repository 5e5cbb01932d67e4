/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Text from elsewhere in commands and messages that are printed. */
#ifndef PCIPASS_QUOTE_H
#define PCIPASS_QUOTE_H

#include <stdbool.h>
#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

/*
 * The word as one argument in a command to be pasted: as it is, or in quotes. For a POSIX shell; in
 * the library for Windows, for both cmd and PowerShell. false: it cannot be written there, or not
 * in size bytes, and *buf is "". Control characters and broken UTF-8 cannot.
 */
bool pp_quote_word(char *buf, size_t size, const char *word);

/*
 * Makes text harmless to a terminal, in place: control characters, those that turn the direction of
 * text, and bytes that are not UTF-8 become '?'; a tab and a line's end become a blank.
 */
void pp_quote_terminal(char *text);

#ifdef __cplusplus
}
#endif

#endif
