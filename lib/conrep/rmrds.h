/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which machines have the RMRDS settings; not what the settings do. */
#ifndef PP_CONREP_RMRDS_H
#define PP_CONREP_RMRDS_H

#include <stddef.h>

#include "conrep/match.h"

/* conrep's RMRDS sections count the PCI and PCI-E slots of the board from 1 to 16. */
#define PP_RMRDS_SLOTS 16

enum pp_rmrds {
	PP_RMRDS_UNKNOWN, /* the product's name is not known */
	PP_RMRDS_NO,      /* the bytes hold something else, or nobody knows what */
	PP_RMRDS_USELESS, /* the bytes are there, and frees no card: not offered, written if asked
	                   */
	PP_RMRDS_YES,
};

/*
 * Whether a machine has the RMRDS settings. The one place that decides it: the judge offers the
 * setting by it and the guard lets it be written by it. A ProLiant Gen8 by its name; another name
 * only with the ROM family of a Gen8 board. *note, unless NULL: what to know besides, "" if
 * nothing; static.
 */
enum pp_rmrds pp_rmrds_of(const struct pp_machine *m, const char **note);

/*
 * Bytes of the ROM family at the beginning of a BIOS version; 0: there is none. Servers write
 * "P70", or "P89 v2.76 (10/21/2019)". HP's PCs write "P70 Ver. 01.22" and "P60 v01.68", and their
 * letters mean other machines: a ZBook 15 G4 has the P70 of a DL380p Gen8.
 */
size_t pp_rom_family_len(const char *bios_version);

#endif
