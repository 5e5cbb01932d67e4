/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The output of dmidecode, as pp_reader_dmidecode takes it. */
#define FUZZ_READER pp_reader_dmidecode
#include "reader.h"
