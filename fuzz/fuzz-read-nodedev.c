/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The output of virsh nodedev-dumpxml, as pp_reader_nodedev takes it. */
#define FUZZ_READER pp_reader_nodedev
#include "reader.h"
