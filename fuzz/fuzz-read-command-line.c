/* SPDX-License-Identifier: GPL-2.0-or-later */
/* /proc/cmdline, as pp_reader_command_line takes it. */
#define FUZZ_READER pp_reader_command_line
#include "reader.h"
