/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A firmware table by its bytes, as pp_reader_table takes it. */
#define FUZZ_READER pp_reader_table
#include "reader.h"
