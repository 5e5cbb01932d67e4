/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Proxmox VE's list of PCI devices, as pp_reader_pvesh takes it. */
#define FUZZ_READER pp_reader_pvesh
#include "reader.h"
