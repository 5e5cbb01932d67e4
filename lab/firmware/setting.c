/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reads the RMRDS bits from their EFI variable. */
#include "setting.h"

#include "log.h"
#include "store/efi-names.h"

/* The name as UEFI wants it: 16 bits a character. */
#define WIDE(text)  WIDE_(text)
#define WIDE_(text) L##text

static CHAR16 name[] = WIDE(PP_EFI_NVRAM_NAME);
static EFI_GUID vendor = PP_EFI_VENDOR_GUID;
static uint8_t nvram[PP_EFI_NVRAM_BYTES];

_Static_assert(PP_EFI_RMRDS_SLOTS <= 32, "a bit a slot");
_Static_assert(PP_EFI_RMRDS_OFFSET + PP_EFI_RMRDS_SLOTS / 8 <= PP_EFI_NVRAM_BYTES, "inside");

static void create(const EFI_RUNTIME_SERVICES *runtime)
{
	for (unsigned int i = 0; i < sizeof(nvram); i++)
		nvram[i] = 0;
	if (EFI_ERROR(runtime->SetVariable(name, &vendor, PP_EFI_ATTRIBUTES, sizeof(nvram), nvram)))
		log_line("NVRAM: absent, and could not be made; nothing is excluded");
	else
		log_line("NVRAM: absent, made of zeros; nothing is excluded");
}

static uint32_t excluded_bits(void)
{
	uint32_t bits = 0;

	for (unsigned int i = 0; i < PP_EFI_RMRDS_SLOTS; i++)
		if (nvram[PP_EFI_RMRDS_OFFSET + i / 8] & 1u << i % 8)
			bits |= 1u << i;
	return bits;
}

uint32_t setting_excluded(const EFI_RUNTIME_SERVICES *runtime)
{
	UINTN bytes = sizeof(nvram);
	EFI_STATUS status = runtime->GetVariable(name, &vendor, NULL, &bytes, nvram);

	if (status == EFI_NOT_FOUND) {
		create(runtime);
		return 0;
	}
	if (EFI_ERROR(status) || bytes != sizeof(nvram)) {
		log_begin();
		log_text("NVRAM: ");
		log_decimal(bytes);
		log_text(" bytes, need ");
		log_decimal(sizeof(nvram));
		log_text("; left as it is, nothing is excluded");
		log_end();
		return 0;
	}
	uint32_t bits = excluded_bits();
	log_begin();
	log_text("NVRAM: read, excluded slots ");
	log_hex(bits, 4);
	log_end();
	return bits;
}
