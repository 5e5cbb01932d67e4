/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A capture of a fuzzer's input. */
#ifndef FUZZ_CAPTURE_H
#define FUZZ_CAPTURE_H

#include "source/source.h"

/*
 * An archive as somebody sends it; or, so that a fuzzer need not know of tar, files of which
 * "=== PATH" begins each and "=-> PATH" a link. A refusal of an archive is a sentence.
 */
int capture_open(struct pp_span in, struct pp_source **ret);

#endif
