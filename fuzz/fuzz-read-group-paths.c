/* SPDX-License-Identifier: GPL-2.0-or-later */
/* IOMMU groups as paths, as pp_reader_group_paths takes them. */
#define FUZZ_READER pp_reader_group_paths
#include "reader.h"
