/* SPDX-License-Identifier: GPL-2.0-or-later */
/* /proc/iomem, as pp_reader_iomem takes it. */
#define FUZZ_READER pp_reader_iomem
#include "reader.h"
