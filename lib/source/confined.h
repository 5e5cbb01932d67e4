/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a confined process that reads for another one answers; Linux only. */
#ifndef PP_SOURCE_CONFINED_H
#define PP_SOURCE_CONFINED_H

#include "source/source.h"
#include "sys/confined.h"

/* In the child: reads and decodes, and sends what came of it. 0, or a negative errno of writing. */
int pp_confined_answer(const struct pp_confined_open *how, int out);
/*
 * The answer, of which nothing is believed. *not_here: it cannot be sent, and has to be opened in
 * this process. Errors are those of the child, -EPIPE where the answer is cut off, or -EPROTO.
 */
int pp_confined_take(struct pp_confined *c, struct pp_source **ret, char **notes, bool *not_here,
                     struct pp_error *e);
/* Processor time that reading the inputs may take, in seconds. */
unsigned int pp_confined_cpu_s(const struct pp_confined_open *how);
/* Libraries are this process's to open: the child can open no file. */
int pp_confined_load_libraries(const struct pp_confined_open *how, struct pp_error *e);

#endif
