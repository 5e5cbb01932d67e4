/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Where guests have memory, by the machine types of QEMU. Addresses in bytes. */
#ifndef PP_HOST_GUEST_MEMORY_H
#define PP_HOST_GUEST_MEMORY_H

#include <stdint.h>

#define PP_MIB (UINT64_C(1) << 20)
#define PP_GIB (UINT64_C(1) << 30)

/* Every PC has memory, or the firmware's, somewhere below. */
#define PP_GUEST_EVERY_END PP_MIB
/*
 * hw/i386/pc_q35.c, pc_piix.c: memory begins at 0 and ends below these at the latest; the rest lies
 * from 4 GiB on. Between them are devices, and at the very end the firmware.
 */
#define PP_GUEST_Q35_LOW_END UINT64_C(0xb0000000)
#define PP_GUEST_PC_LOW_END  UINT64_C(0xe0000000)
#define PP_GUEST_DEVICES_END UINT64_C(0xfec00000)
/* hw/arm/virt.c, VIRT_MEM: in one piece from here. */
#define PP_GUEST_ARM_START PP_GIB

#endif
