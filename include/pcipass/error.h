/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* How every function reports an error. */
#ifndef PCIPASS_ERROR_H
#define PCIPASS_ERROR_H

#ifdef __cplusplus
extern "C" {
#endif

/*
 * Every call that can fail returns 0 or a negative errno value and, on failure, leaves a sentence
 * for people in the caller's struct pp_error. The struct has a fixed size so that reporting an
 * error needs no memory. It may be NULL where the caller does not want the text.
 *
 * The values that mean something of their own:
 *   -EBADMSG   the input is malformed; the text says what, and where
 *   -ENODATA   the fact was never read (a capture does not hold it)
 *   -ENOENT    the fact was looked for and is absent
 *   -EACCES    the fact is there; the rights to read it are missing
 *   -E2BIG     a limit on untrusted input was reached
 */
struct pp_error {
	int code;       /* the errno value, positive; 0: no error yet */
	char text[512]; /* one sentence, NUL-terminated, printable ASCII or UTF-8 */
};

#ifdef __cplusplus
}
#endif

#endif
