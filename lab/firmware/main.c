/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The firmware of the virtual ProLiant: a UEFI driver in the option ROM of its network card. Just
 * before the operating system is loaded it declares a reserved region for every populated slot,
 * except those that the setting excludes. The setting's place is the project's own convention; what
 * a real server's ROM does is not known from this.
 */
#include <efi.h>

#include "acpi.h"
#include "log.h"
#include "setting.h"
#include "store/efi-names.h"
#include "table.h"

#define REGION_BYTES    0x4000
#define TABLE_BYTES     0x10000
#define BELOW_4G        0xffffffff
#define MAX_DESCRIPTORS 64

/* ACPI 6.4.3.5.1, the QWord address space descriptor; its type 2 is a range of buses. */
#define DESCRIPTOR_QWORD 0x8a
#define DESCRIPTOR_BYTES 0x2e
#define DESCRIPTOR_BUSES 2

static EFI_GUID ready_to_boot = {
	0x7ce88fb3, 0x4bd7, 0x4679, { 0x87, 0xa8, 0xa8, 0xd8, 0xde, 0xe5, 0x0d, 0x2b }
};
static EFI_GUID root_bridge_io = EFI_PCI_ROOT_BRIDGE_IO_PROTOCOL_GUID;

static EFI_SYSTEM_TABLE *efi;

/* Too large for the firmware's stack. */
static struct lab_board board;
static struct lab_region regions[LAB_MAX_SLOTS];

static uint32_t read_config(void *context, const struct lab_address *at, uint8_t offset)
{
	EFI_PCI_ROOT_BRIDGE_IO_PROTOCOL *io = context;
	uint64_t address = (uint64_t)at->bus << 24 | at->device << 16 | at->function << 8 | offset;
	uint32_t value;

	if (EFI_ERROR(io->Pci.Read(io, EfiPciIoWidthUint32, address, 1, &value)))
		return 0xffffffff;
	return value;
}

/* The buses of a root bridge. False: it does not say. */
static bool bus_range(EFI_PCI_ROOT_BRIDGE_IO_PROTOCOL *io, uint8_t *ret_first, uint8_t *ret_last)
{
	const uint8_t *d;

	if (EFI_ERROR(io->Configuration(io, (VOID **)&d)) || !d)
		return false;
	for (int i = 0; i < MAX_DESCRIPTORS && d[0] == DESCRIPTOR_QWORD; i++) {
		if (d[3] == DESCRIPTOR_BUSES) {
			*ret_first = d[14];
			*ret_last = d[22];
			return true;
		}
		d += DESCRIPTOR_BYTES;
	}
	return false;
}

static void walk_root_bridge(EFI_HANDLE handle)
{
	EFI_PCI_ROOT_BRIDGE_IO_PROTOCOL *io;
	uint8_t first, last;

	if (EFI_ERROR(efi->BootServices->HandleProtocol(handle, &root_bridge_io, (VOID **)&io)))
		return;
	if (!bus_range(io, &first, &last)) {
		log_line("PCI: a root bridge does not say its buses; left out");
		return;
	}
	lab_walk(&board, io->SegmentNumber, first, last, read_config, io);
}

static void walk_all(void)
{
	EFI_HANDLE *handles;
	UINTN n;

	if (EFI_ERROR(efi->BootServices->LocateHandleBuffer(ByProtocol, &root_bridge_io, NULL, &n,
	                                                    &handles))) {
		log_line("PCI: no root bridge");
		return;
	}
	for (UINTN i = 0; i < n; i++)
		walk_root_bridge(handles[i]);
	efi->BootServices->FreePool(handles);
	if (board.nr_odd || board.nr_left_out) {
		log_begin();
		log_text("PCI: bridges not followed ");
		log_decimal(board.nr_odd);
		log_text(", left out ");
		log_decimal(board.nr_left_out);
		log_end();
	}
}

static bool allocate(EFI_MEMORY_TYPE type, uint64_t bytes, EFI_PHYSICAL_ADDRESS *ret)
{
	EFI_PHYSICAL_ADDRESS at = BELOW_4G;

	if (EFI_ERROR(
		    efi->BootServices->AllocatePages(AllocateMaxAddress, type, bytes / 4096, &at)))
		return false;
	*ret = at;
	return true;
}

static void log_slot(const struct lab_slot *s)
{
	log_begin();
	log_text("slot ");
	log_decimal(s->number);
	log_text(": ");
}

static void log_region(uint8_t slot, const struct lab_region *r)
{
	log_slot(&board.slots[slot]);
	log_text("region ");
	log_hex(r->base, 8);
	log_text("-");
	log_hex(r->end, 8);
	for (uint16_t i = 0; i < board.nr_endpoints; i++) {
		if (board.endpoints[i].slot != slot)
			continue;
		log_text(" ");
		log_path(&board.endpoints[i]);
	}
	log_end();
}

static void log_no_region(uint8_t slot, const char *why)
{
	log_slot(&board.slots[slot]);
	log_text(why);
	log_end();
}

/* A slot that the setting has no bit for cannot be excluded. */
static bool is_excluded(const struct lab_slot *s, uint32_t excluded)
{
	return s->number >= 1 && s->number <= PP_EFI_RMRDS_SLOTS && excluded >> (s->number - 1) & 1;
}

static bool make_region(uint8_t slot, struct lab_region *ret)
{
	EFI_PHYSICAL_ADDRESS base;

	if (!allocate(EfiReservedMemoryType, REGION_BYTES, &base)) {
		log_no_region(slot, "no memory for a region");
		return false;
	}
	*ret = (struct lab_region){ .slot = slot, .base = base, .end = base + REGION_BYTES - 1 };
	log_region(slot, ret);
	return true;
}

static unsigned int decide(uint32_t excluded)
{
	unsigned int n = 0;

	for (uint8_t i = 0; i < board.nr_slots; i++) {
		const struct lab_slot *s = &board.slots[i];

		if (!s->nr_endpoints)
			log_no_region(i, "empty");
		else if (is_excluded(s, excluded))
			log_no_region(i, "endpoints excluded, no region");
		else if (make_region(i, &regions[n]))
			n++;
	}
	return n;
}

static void publish(const uint8_t *old, uint32_t old_bytes, unsigned int nr_regions)
{
	EFI_PHYSICAL_ADDRESS at;
	const char *why;

	if (!allocate(EfiACPIReclaimMemory, TABLE_BYTES, &at)) {
		log_line("DMAR: no memory for the new table; the old one stays");
		return;
	}
	uint8_t *table = (uint8_t *)(uintptr_t)at;
	uint32_t bytes = lab_dmar_extend(old, old_bytes, &board, regions, nr_regions, TABLE_BYTES,
	                                 table, &why);
	if (!bytes) {
		log_begin();
		log_text("DMAR: ");
		log_text(why);
		log_text("; the old one stays");
		log_end();
		return;
	}
	unsigned int changed = acpi_replace(efi, old, table);
	log_begin();
	log_text("DMAR: ");
	log_decimal(nr_regions);
	log_text(" regions, ");
	log_decimal(bytes);
	log_text(" bytes, lists changed ");
	log_decimal(changed);
	log_end();
}

static VOID EFIAPI on_ready_to_boot(EFI_EVENT event, VOID *context)
{
	uint32_t bytes;

	/* Raised again for each thing that is tried to boot; the table is changed once. */
	efi->BootServices->CloseEvent(event);
	uint32_t excluded = setting_excluded(efi->RuntimeServices);
	walk_all();
	const uint8_t *old = acpi_find_dmar(efi, &bytes);
	if (!old) {
		log_line("DMAR: none, so no regions");
		return;
	}
	unsigned int n = decide(excluded);
	if (n)
		publish(old, bytes, n);
	else
		log_line("DMAR: no regions, the old one stays");
}

/* Called by gnu-efi's start-up code, so not EFIAPI. */
EFI_STATUS efi_main(EFI_HANDLE image, EFI_SYSTEM_TABLE *system);
EFI_STATUS efi_main(EFI_HANDLE image, EFI_SYSTEM_TABLE *system)
{
	EFI_EVENT event;

	efi = system;
	log_line("firmware: here");
	return system->BootServices->CreateEventEx(EVT_NOTIFY_SIGNAL, TPL_CALLBACK,
	                                           on_ready_to_boot, NULL, &ready_to_boot, &event);
}
