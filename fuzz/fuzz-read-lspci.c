/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The output of lspci, as pp_reader_lspci takes it. */
#define FUZZ_READER pp_reader_lspci
#include "reader.h"
