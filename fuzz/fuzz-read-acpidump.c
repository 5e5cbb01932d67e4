/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The output of acpidump, as pp_reader_acpidump takes it. */
#define FUZZ_READER pp_reader_acpidump
#include "reader.h"
