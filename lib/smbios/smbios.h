/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The SMBIOS structures that are used: system, slots, onboard devices, HPE's own. */
#ifndef PP_SMBIOS_SMBIOS_H
#define PP_SMBIOS_SMBIOS_H

#include <stdbool.h>

#include "base/buffer.h"
#include "base/error.h"
#include "base/notes.h"
#include "base/span.h"

/* DMTF DSP0134 (SMBIOS) 3.7, chapter 7; type 203: HPE, as dmidecode's dmioem.c decodes it. */

/*
 * A PCI address as SMBIOS gives it. present: the record has the fields, and bus, device and
 * function are not all ones.
 */
struct pp_smbios_address {
	bool present;
	uint16_t segment; /* as it stands there: 0xffff beside a bus has been seen */
	uint8_t bus, device, function;
};

/* type 9, 7.10 */
struct pp_smbios_slot {
	uint16_t handle;
	const char *designation;                 /* cleaned; "" if there is none */
	uint8_t slot_type, width, usage, length; /* usage: 3 available, 4 in use */
	uint16_t id;
	struct pp_smbios_address address;
	uint32_t offset;
};

/* type 41, 7.42 */
struct pp_smbios_onboard {
	uint16_t handle;
	const char *designation;
	uint8_t device_type; /* without the enabled bit */
	bool enabled;
	uint8_t instance;
	struct pp_smbios_address address;
	uint32_t offset;
};

/* HPE type 203, servers from Gen9 on */
struct pp_smbios_hpe_device {
	uint16_t handle;
	uint16_t assoc_handle;                   /* of the type 9 or 41 record */
	uint8_t device_type, location, instance; /* location 0x0a: a PCI slot */
	struct pp_smbios_address address;
	const char *name; /* "" if there is none */
	uint32_t offset;
};

struct pp_smbios {
	/* Cleaned; NULL where the record or the string is missing. The first record of a type. */
	const char *bios_vendor, *bios_version, *bios_date; /* type 0: ROM family and date on HPE */
	const char *manufacturer, *product;                 /* type 1 */
	const char *board;                                  /* type 2: its product name */
	const char *processor_manufacturer;                 /* type 4 */
	const struct pp_smbios_slot *slots;
	uint32_t nr_slots;
	const struct pp_smbios_onboard *onboard;
	uint32_t nr_onboard;
	const struct pp_smbios_hpe_device *hpe_devices; /* only where type 0 or 1 says HP or HPE */
	uint32_t nr_hpe_devices;
};

#define PP_SMBIOS_MAX_BYTES (1024 * 1024)

/*
 * Decodes the structure table (/sys/firmware/dmi/tables/DMI). Stops at type 127 or the end of the
 * bytes. *ret lives in a. Odd but usable goes to notes: an unterminated string set, a string
 * number that is not there, a missing end marker, trailing bytes, a structure too short for its
 * type (it is left out).
 * -EBADMSG: a structure shorter than its own header or one that passes the end, with the offset.
 * -E2BIG: more than PP_SMBIOS_MAX_BYTES.
 */
int pp_smbios_parse(struct pp_span in, struct pp_arena *a, struct pp_notes *notes,
                    struct pp_smbios *ret, struct pp_error *e);

/*
 * Writes to out the part of the table that this library reads (types 0, 1, 4, 9, 41, 203, 127) and
 * nothing that names a machine or a person: strings other than those in struct pp_smbios become
 * "-", the UUID and all bytes whose meaning is not known become zero. Parsing the result gives the
 * same struct pp_smbios but for the offsets. Appends; on failure out is as it was, except that
 * out->failed may be set. Fails as pp_smbios_parse() does.
 */
int pp_smbios_redact(struct pp_span in, struct pp_buffer *out, struct pp_error *e);

#endif
