/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Firmware tables without what blocks devices, and the archive that carries them. */
#ifndef PP_OVERRIDE_OVERRIDE_H
#define PP_OVERRIDE_OVERRIDE_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/span.h"

/*
 * A firmware table as it is, less what holds a device. Linux takes such a table from the initrd in
 * place of the firmware's if signature and OEM ids are the same and the OEM revision is higher
 * (drivers/acpi/tables.c, acpi_table_initrd_override()), so the revision is raised by one and the
 * checksum made right. Every other byte stays, odd ones too.
 */

/*
 * Cuts device scopes out of the regions (RMRRs) of a DMAR; a region that loses its last scope goes
 * as a whole. scopes are offsets of scopes in the table, in any order; one named twice is cut once.
 * *ret lives in a.
 * -EINVAL: an offset at which no region's scope begins, or none given. -EBADMSG: the table cannot
 * be decoded. -EOVERFLOW: its OEM revision cannot be raised.
 */
int pp_override_dmar(struct pp_span table, const uint32_t *scopes, uint32_t nr_scopes,
                     struct pp_arena *a, struct pp_span *ret, struct pp_error *e);

/*
 * Takes device ids (bus << 8 | device << 3 | function) out of every IVMD of that segment which
 * covers them: a block for one device goes, one for a range or for all is split around them.
 * -EINVAL: no block covers one of them. Other errors as above.
 */
int pp_override_ivrs(struct pp_span table, uint16_t segment, const uint16_t *devids,
                     uint32_t nr_devids, struct pp_arena *a, struct pp_span *ret,
                     struct pp_error *e);

/*
 * Permits remapping of the memory of these RMR nodes, named by their offsets: the kernel still maps
 * it for the host's driver, and lets VFIO have the device.
 * -EINVAL: an offset at which no RMR begins, or none given. Other errors as above.
 */
int pp_override_iort(struct pp_span table, const uint32_t *nodes, uint32_t nr_nodes,
                     struct pp_arena *a, struct pp_span *ret, struct pp_error *e);

/*
 * The early, uncompressed cpio (newc) that carries tables to the kernel: one file a table,
 * kernel/firmware/acpi/DMAR.aml, named by its signature. The same tables give the same bytes.
 * -EBADMSG: a table shorter than its header, or a signature that is none.
 * Source: Documentation/admin-guide/acpi/initrd_table_override.rst.
 */
int pp_override_cpio(const struct pp_span *tables, uint32_t nr_tables, struct pp_arena *a,
                     struct pp_span *ret, struct pp_error *e);

/* The tables in the cpio at the beginning of in, borrowed from it; none is no error. */
int pp_override_cpio_read(struct pp_span in, struct pp_arena *a, const struct pp_span **ret,
                          uint32_t *ret_nr, struct pp_error *e);

/*
 * Whether the kernel would find that table in the initrd: it walks through all archives that stand
 * uncompressed at the beginning, whoever put them there (lib/earlycpio.c, find_cpio_data()), and
 * the first table of a signature counts.
 */
bool pp_override_initrd_has(struct pp_span initrd, struct pp_span table);
/*
 * The same of one of several that a boot loader puts one behind the other. PP_UNKNOWN: it is all
 * uncompressed archives without a table of that signature, so that the next one decides.
 */
enum pp_tri pp_override_initrd_find(struct pp_span initrd, struct pp_span table);

/* Length, OEM revision plus one, checksum. The whole of a table that was built anew. */
int pp_override_add_checksum(const char *object, uint8_t *table, size_t len, struct pp_error *e);

#endif
