/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Names of the EFI variables that hold settings in the test machine. */
#ifndef PP_STORE_EFI_NAMES_H
#define PP_STORE_EFI_NAMES_H

/*
 * Where settings live as EFI variables: all under one vendor id, the NVRAM as one variable, each EV
 * as one variable of its own name. The firmware of the virtual machine shares this header, so it
 * holds macros only and includes nothing. It is this project's own convention; no server's
 * firmware knows it.
 */

/* 61895abc-946b-42ea-a511-0085097942bf, as text and as an initialiser of an EFI_GUID. */
#define PP_EFI_VENDOR_TEXT "61895abc-946b-42ea-a511-0085097942bf"
#define PP_EFI_VENDOR_GUID                                                                         \
	{                                                                                          \
		0x61895abc, 0x946b, 0x42ea,                                                        \
		{                                                                                  \
			0xa5, 0x11, 0x00, 0x85, 0x09, 0x79, 0x42, 0xbf                             \
		}                                                                                  \
	}

/* The NVRAM. An EV of this name would be taken for it and is refused. */
#define PP_EFI_NVRAM_NAME  "NVRAM"
#define PP_EFI_NVRAM_BYTES 4096

/* UEFI 8.2: non-volatile, boot services, runtime. */
#define PP_EFI_ATTRIBUTES 0x00000007

/* RMRDS: from this byte on one bit a slot, slot 1 in bit 0; set: its endpoints are excluded. */
#define PP_EFI_RMRDS_OFFSET 0x26a
#define PP_EFI_RMRDS_SLOTS  16

#endif
