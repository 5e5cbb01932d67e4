/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Text from elsewhere inside of what is printed to be pasted: a function for each language. */
#ifndef PP_BASE_QUOTE_H
#define PP_BASE_QUOTE_H

#include <pcipass/quote.h>

/* As pp_quote_word(), always for a POSIX shell: what is typed on a Linux host. */
bool pp_quote_shell(char *buf, size_t size, const char *word);

/* The same for cmd and PowerShell alike: what is typed on a Windows host. */
bool pp_quote_windows(char *buf, size_t size, const char *word);

/* As a literal string of PowerShell, in single quotes. false: as for pp_quote_word(). */
bool pp_quote_powershell(char *buf, size_t size, const char *word);

/* What XML has for a character of text, or of an attribute in double quotes. NULL: itself. */
const char *pp_quote_xml(char c, bool attribute);

/* Text of a comment, in place: one line; for XML also without "--". */
void pp_quote_comment(char *text, bool xml);

#endif
