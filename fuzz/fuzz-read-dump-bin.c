/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What dmidecode --dump-bin writes, as pp_reader_dump_bin takes it. */
#define FUZZ_READER pp_reader_dump_bin
#include "reader.h"
