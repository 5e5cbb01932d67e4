/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The output of lshw -json, as pp_reader_lshw takes it. */
#define FUZZ_READER pp_reader_lshw
#include "reader.h"
