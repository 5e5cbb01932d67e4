/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Where a host is read from: the machine itself, a directory, an archive. */
#ifndef PCIPASS_SOURCE_H
#define PCIPASS_SOURCE_H

#include <stdbool.h>
#include <stddef.h>

#include <pcipass/error.h>

#ifdef __cplusplus
extern "C" {
#endif

/*
 * Where facts about a host come from: the live host, a directory laid out like one, an archive of
 * such a directory, or a bare firmware table. All look the same from here on.
 */
struct pp_source;

/*
 * path NULL: the live host. A directory, an archive (.tar, plain or compressed with gzip, bzip2,
 * xz or zstd) or a bare DMAR or IVRS table: found out by looking, not by the name. The content is
 * hostile: links lead nowhere outside, sizes and counts are limited, nothing is written to disk.
 * -ENOEXEC: a file that is none of these; pp_import_add() may know it. *ret is the caller's, to be
 * given to pp_source_free().
 */
int pp_source_open(const char *path, struct pp_source **ret, struct pp_error *e);
/*
 * A capture that was written as a text (pp_capture_text()), in what it was pasted into: a page, a
 * mail that quotes it. name is for sentences. -ENOEXEC, without a text: there is none in it;
 * -EBADMSG, with the number of the line: damaged, or a part is missing.
 */
int pp_source_open_text(const char *name, const char *bytes, size_t len, struct pp_source **ret,
                        struct pp_error *e);
void pp_source_free(struct pp_source *s);

/* A file or directory that is open for reading; a value. path is borrowed, and for sentences. */
struct pp_input {
	const char *path;
	int fd; /* Windows: -1 for a directory */
	bool directory;
};

/* "-" is standard input, which pp_input_close() leaves open. -EINVAL: neither file nor directory.
 */
int pp_input_open(const char *path, struct pp_input *ret, struct pp_error *e);
void pp_input_close(struct pp_input *in);
/* A directory whose files are read one by one as they are asked for: no capture of ours. */
bool pp_input_is_host(const struct pp_input *in);
/* As pp_source_open(); in is borrowed for the call. */
int pp_source_open_input(const struct pp_input *in, struct pp_source **ret, struct pp_error *e);

/* How to read what strangers wrote. */
struct pp_confined_open {
	const struct pp_input *inputs;
	unsigned int nr_inputs;
	/*
	 * Makes a source of the inputs. Runs in the child process, where nothing but the inputs can
	 * be read; *notes, which may stay NULL, is a text that goes with the source, and has to
	 * last until the function is called again. A second call is possible.
	 */
	int (*open)(void *ctx, struct pp_source **ret, const char **notes, struct pp_error *e);
	void *ctx;
};

/*
 * Has open read and decode the inputs in a child process that has them open and nothing else: it
 * can open no other file or socket, start no program, and has no rights even if root started it,
 * as far as the kernel offers Landlock and seccomp (pp_confinement_text()). What it sends back is
 * checked. A directory that is read file by file is opened in this process instead; then nothing is
 * decoded yet. Windows: open is called as it is. *notes is the caller's, to be freed; NULL: none.
 * -EPROTO: the child crashed, was killed, or sent what cannot be. Forks, and waits for its child.
 */
int pp_source_open_confined(const struct pp_confined_open *how, struct pp_source **ret,
                            char **notes, struct pp_error *e);
/*
 * The same in this process, which has been confined for all that it still does, by its own means:
 * memory and processor time are limited while open works. SIGXCPU ends it when the time is used up.
 */
int pp_source_open_here(const struct pp_confined_open *how, struct pp_source **ret, char **notes,
                        struct pp_error *e);

/* Several hosts, each by an open of its own, in one child process after the other. */
struct pp_confined_queue;
/* So many inputs at most, of all jobs together, and directories are none of them. */
#define PP_CONFINED_QUEUE_INPUTS 32u
/*
 * jobs, of which there are nr, is borrowed until the queue is freed. Nothing is read yet. A child
 * that reads several has the inputs of all of them open; what it sends is checked for each.
 * -EINVAL, -E2BIG: not these inputs.
 */
int pp_confined_queue_new(const struct pp_confined_open *jobs, unsigned int nr,
                          struct pp_confined_queue **ret, struct pp_error *e);
/*
 * As pp_source_open_confined() of the next job, in their order. The child works on those behind it
 * meanwhile. One at which the child ended is read once more by a child of its own, which tells why;
 * another child goes on behind it. -EINVAL: there is no other job.
 */
int pp_confined_queue_next(struct pp_confined_queue *q, struct pp_source **ret, char **notes,
                           struct pp_error *e);
/* NULL: nothing. */
void pp_confined_queue_free(struct pp_confined_queue *q);
/* One line: what this kernel offers for it, and what is used. */
void pp_confinement_text(char *buf, size_t size);

#ifdef __cplusplus
}
#endif

#endif
