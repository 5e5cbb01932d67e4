/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A listing of iasl -d, as pp_reader_iasl takes it. */
#define FUZZ_READER pp_reader_iasl
#include "reader.h"
