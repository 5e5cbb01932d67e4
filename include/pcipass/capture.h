/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Captures: archives of what a survey reads. */
#ifndef PCIPASS_CAPTURE_H
#define PCIPASS_CAPTURE_H

#include <stdbool.h>

#include <pcipass/error.h>
#include <pcipass/host.h>
#include <pcipass/source.h>

#ifdef __cplusplus
extern "C" {
#endif

struct pp_capture_options {
	bool overwrite; /* replace an existing file */
	/*
	 * Keep serial numbers, UUIDs, MAC addresses and names of hosts, users and volumes where
	 * they stand. Else only what is known to hold none is kept of each file that a survey
	 * reads.
	 */
	bool keep_private;
	bool for_text; /* a list is to be of the capture as a text */
	/* Called when all is read, before the file is made; NULL: nothing. */
	void (*before_write)(void);
	/* Open for writing: it goes there, and path only says in which format. 0: to path. */
	int fd;
	/* Noted in the manifest: whether root's rights were there. Of a capture what that notes. */
	bool as_root;
	const char *tool; /* noted in the manifest */
};

/*
 * Writes to path (.tar, .tar.gz, .tar.zst; "-": standard output, as .tar.gz) all that a survey of s
 * reads, no more, so that the same survey of the file gives the same answer. *ret is the host as it
 * was read: what it could not read is to be told. The caller frees it.
 */
int pp_capture_write(struct pp_source *s, const char *path, const struct pp_capture_options *o,
                     struct pp_host **ret, struct pp_error *e);

/*
 * Writes nothing: calls tell for each file that a capture would have, with "whole", "redacted" or,
 * of one that is named in a directory and not read, "name only"; and for each that it leaves out,
 * with "left out". Names are those of the capture, in their order. *ret as of pp_capture_write().
 */
int pp_capture_list(struct pp_source *s, const struct pp_capture_options *o,
                    void (*tell)(void *ctx, const char *path, const char *fate), void *ctx,
                    struct pp_host **ret, struct pp_error *e);

/* Characters of a text that a post of a forum takes. */
#define PP_CAPTURE_TEXT_MAX 60000

/*
 * The same as a text, for a post of a forum: lines of up to 76 characters of ASCII, which
 * pp_source_open_text() reads. Private things are left out always, and what no rule reads. *text is
 * the caller's, to be freed with free(). -E2BIG: longer than PP_CAPTURE_TEXT_MAX.
 */
int pp_capture_text(struct pp_source *s, const struct pp_capture_options *o, char **text,
                    struct pp_host **ret, struct pp_error *e);

/*
 * Calls tell once for everything that could not be read: its file ("/sys/…") or, on Windows, its
 * name; why; and what it would add.
 */
void pp_host_unread(const struct pp_host *h,
                    void (*tell)(void *ctx, const char *what, const char *reason, const char *adds),
                    void *ctx);

#ifdef __cplusplus
}
#endif

#endif
