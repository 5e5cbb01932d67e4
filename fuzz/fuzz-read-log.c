/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The kernel's log, as pp_reader_log takes it. */
#define FUZZ_READER pp_reader_log
#include "reader.h"
