/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which machines have the RMRDS settings; not what the settings do. */
#include <string.h>

#include "conrep/rmrds.h"

/*
 * ROM families of Gen8 boards: each was read beside a product name with "Gen8" in it, in
 * dmidecode's output or in a kernel's "Hardware name:" line. A family that is missing here is not
 * known, which says nothing against a product that names its generation.
 */
static const struct rom {
	const char *family;
	enum {
		ROM_SLOTS,
		ROM_BLADE,
		ROM_MICROSERVER,
		ROM_AMD,
	} board;
} roms[] = {
	{ "P70", ROM_SLOTS },       /* DL380p, DL388p */
	{ "P71", ROM_SLOTS },       /* DL360p */
	{ "P72", ROM_SLOTS },       /* ML350p */
	{ "P73", ROM_SLOTS },       /* DL360e, DL380e */
	{ "P77", ROM_SLOTS },       /* DL560 */
	{ "P78", ROM_SLOTS },       /* ML310e v2 */
	{ "J02", ROM_SLOTS },       /* ML350e */
	{ "J03", ROM_SLOTS },       /* DL160 */
	{ "J04", ROM_SLOTS },       /* ML310e */
	{ "J06", ROM_MICROSERVER }, /* MicroServer */
	{ "I31", ROM_BLADE },       /* BL460c */
	{ "A28", ROM_AMD },         /* DL385p */
};

/* Systems that are built on such boards, and on later ones: their ROM family tells which. */
static const char *const other_names[] = { "StoreEasy", "StoreVirtual" };

static const char note_blade[] =
	"a server blade has mezzanines, and the setting is for PCI and PCI-E slots only";
static const char note_microserver[] =
	"on a MicroServer Gen8 this is reported not to help: the regions stay as they are";
static const char note_amd[] =
	"a board for AMD processors has no VT-d and none of the regions that the setting is about";
static const char note_gen9[] =
	"on a Gen9, switch off \"HP Shared Memory features\" of the card in the System Utilities "
	"instead";

size_t pp_rom_family_len(const char *bios_version)
{
	size_t n = strcspn(bios_version, " ");
	const char *rest = bios_version + n;

	if (!*rest)
		return n;
	return !strncmp(rest, " v", 2) && strstr(rest, " (") ? n : 0;
}

static bool rmrds_is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool rmrds_is_letter_or_digit(char c)
{
	return rmrds_is_digit(c) || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z');
}

/* The generation that a word names, "Gen9" or "G7"; 0: none. */
static unsigned int rmrds_generation_at(const char *word)
{
	unsigned int number = 0;

	if (*word != 'G')
		return 0;
	word += strncmp(word, "Gen", 3) ? 1 : 3;
	for (; rmrds_is_digit(*word) && number < 100; word++)
		number = number * 10 + (unsigned int)(*word - '0');
	return rmrds_is_letter_or_digit(*word) ? 0 : number;
}

/* The generation in a product's name, another one before the eighth; 0: none. */
static unsigned int rmrds_generation(const char *product)
{
	unsigned int found = 0;

	for (const char *s = product; *s; s++) {
		if (s != product && rmrds_is_letter_or_digit(s[-1]))
			continue;
		unsigned int number = rmrds_generation_at(s);
		if (number && (!found || found == 8))
			found = number;
	}
	return found;
}

static bool rmrds_other_name(const char *product)
{
	for (size_t i = 0; i < sizeof(other_names) / sizeof(other_names[0]); i++)
		if (strstr(product, other_names[i]))
			return true;
	return false;
}

static const struct rom *rmrds_rom(const char *family)
{
	for (size_t i = 0; family && i < sizeof(roms) / sizeof(roms[0]); i++)
		if (!strcmp(family, roms[i].family))
			return &roms[i];
	return NULL;
}

static bool rmrds_is_gen8(const char *product, const struct rom *rom)
{
	bool gen8 = rmrds_generation(product) == 8;

	if (gen8 && strstr(product, "ProLiant"))
		return true;
	return rom && (gen8 || rmrds_other_name(product));
}

enum pp_rmrds pp_rmrds_of(const struct pp_machine *m, const char **note)
{
	const struct rom *rom = rmrds_rom(m->rom_family);
	const char *unused;

	note = note ? note : &unused;
	*note = "";
	if (!m->product || !*m->product)
		return PP_RMRDS_UNKNOWN;
	unsigned int generation = rmrds_generation(m->product);
	if (generation == 9)
		*note = note_gen9;
	if ((generation && generation != 8) || !rmrds_is_gen8(m->product, rom))
		return PP_RMRDS_NO;
	if ((rom && rom->board == ROM_AMD) || (m->processor && strstr(m->processor, "AMD"))) {
		*note = note_amd;
		return PP_RMRDS_NO;
	}
	if ((rom && rom->board == ROM_MICROSERVER) || strstr(m->product, "MicroServer")) {
		*note = note_microserver;
		return PP_RMRDS_USELESS;
	}
	if ((rom && rom->board == ROM_BLADE) || strstr(m->product, "ProLiant BL") ||
	    strstr(m->product, "ProLiant WS")) {
		*note = note_blade;
		return PP_RMRDS_USELESS;
	}
	return PP_RMRDS_YES;
}
