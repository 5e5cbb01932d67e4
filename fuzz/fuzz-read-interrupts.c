/* SPDX-License-Identifier: GPL-2.0-or-later */
/* /proc/interrupts, as pp_reader_interrupts takes it. */
#define FUZZ_READER pp_reader_interrupts
#include "reader.h"
