/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A table as hexdump -C or xxd prints it, as pp_reader_hexdump takes it. */
#define FUZZ_READER pp_reader_hexdump
#include "reader.h"
