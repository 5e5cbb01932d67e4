/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Kinds of places that a board has for cards, and their names; not which device sits in one. */
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "host/place.h"

static const char *const words[] = {
	[PP_PLACE_SLOT] = "slot",   [PP_PLACE_MEZZANINE] = "mezz",  [PP_PLACE_OCP] = "ocp",
	[PP_PLACE_NVME] = "nvme",   [PP_PLACE_STORAGE] = "storage", [PP_PLACE_FLEXLOM] = "flexlom",
	[PP_PLACE_OTHER] = "other",
};
#define NR_KINDS (sizeof(words) / sizeof(words[0]))

/* What a designation says: how a word of it begins. The first row that fits counts. */
static const struct {
	const char *word;
	enum pp_place_kind kind;
} designations[] = {
	{ "wlan", PP_PLACE_OTHER },       { "wifi", PP_PLACE_OTHER },
	{ "wi-fi", PP_PLACE_OTHER },      { "ocp", PP_PLACE_OCP },
	{ "mezz", PP_PLACE_MEZZANINE },   { "flexlom", PP_PLACE_FLEXLOM },
	{ "flexible", PP_PLACE_FLEXLOM }, { "flex lom", PP_PLACE_FLEXLOM },
	{ "embedded", PP_PLACE_OTHER },   { "lom", PP_PLACE_OTHER },
	{ "storage", PP_PLACE_STORAGE },  { "smart array", PP_PLACE_STORAGE },
	{ "nvme", PP_PLACE_NVME },        { "m.2", PP_PLACE_NVME },
	{ "m2", PP_PLACE_NVME },          { "u.2", PP_PLACE_NVME },
	{ "u.3", PP_PLACE_NVME },         { "sff-8639", PP_PLACE_NVME },
	{ "edsff", PP_PLACE_NVME },       { "pci", PP_PLACE_SLOT },
};

/* DSP0134 7.10.1; what is not in it (other, proprietary, riser) says nothing of the kind. */
static const struct {
	uint8_t first, last;
	enum pp_place_kind kind;
} codes[] = {
	{ 0x03, 0x05, PP_PLACE_OTHER }, /* ISA, MCA, EISA */
	{ 0x06, 0x06, PP_PLACE_SLOT },  /* PCI */
	{ 0x07, 0x08, PP_PLACE_OTHER }, /* PC Card, VL-VESA */
	{ 0x0a, 0x0b, PP_PLACE_OTHER }, /* processor, memory */
	{ 0x0d, 0x0d, PP_PLACE_OTHER }, /* NuBus */
	{ 0x0e, 0x0e, PP_PLACE_SLOT },  /* PCI, 66 MHz */
	{ 0x0f, 0x11, PP_PLACE_OTHER }, /* AGP */
	{ 0x12, 0x12, PP_PLACE_SLOT },  /* PCI-X */
	{ 0x13, 0x13, PP_PLACE_OTHER }, /* AGP 8X */
	{ 0x14, 0x15, PP_PLACE_OTHER }, /* M.2 socket 1, for radio */
	{ 0x16, 0x17, PP_PLACE_NVME },  /* M.2 socket 2, 3 */
	{ 0x18, 0x1e, PP_PLACE_OTHER }, /* MXM */
	{ 0x1f, 0x20, PP_PLACE_NVME },  /* SFF-8639, gen 2 and 3 */
	{ 0x21, 0x23, PP_PLACE_OTHER }, /* Mini PCI Express */
	{ 0x24, 0x25, PP_PLACE_NVME },  /* SFF-8639, gen 4 and 5 */
	{ 0x26, 0x28, PP_PLACE_OCP },   /* OCP NIC 3.0, small and large; before 3.0 */
	{ 0xa0, 0xa4, PP_PLACE_OTHER }, /* PC-98 */
	{ 0xa5, 0xb6, PP_PLACE_SLOT },  /* PCI Express, gen 1 to 3 */
	{ 0xb8, 0xc4, PP_PLACE_SLOT },  /* gen 4 and later */
	{ 0xc5, 0xc6, PP_PLACE_NVME },  /* EDSFF E1, E3 */
};

static enum pp_place_kind place_of_code(uint8_t slot_type)
{
	for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++)
		if (slot_type >= codes[i].first && slot_type <= codes[i].last)
			return codes[i].kind;
	return PP_PLACE_NONE;
}

static bool place_is_letter(char c)
{
	return (c | 0x20) >= 'a' && (c | 0x20) <= 'z';
}

static bool place_is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* Behind a word of text that begins so, in either case; NULL: there is none. */
static const char *place_behind_word(const char *text, const char *word)
{
	size_t n = strlen(word);

	for (const char *s = text; *s; s++)
		if ((s == text || (!place_is_letter(s[-1]) && !place_is_digit(s[-1]))) &&
		    !strncasecmp(s, word, n))
			return s + n;
	return NULL;
}

/* "slot" also at the end of another word: "PCIESLOT3". */
static const char *place_behind_slot(const char *text)
{
	for (; *text; text++)
		if (!strncasecmp(text, "slot", 4))
			return text + 4;
	return NULL;
}

static enum pp_place_kind place_of_words(const char *designation, const char **behind)
{
	for (size_t i = 0; i < sizeof(designations) / sizeof(designations[0]); i++) {
		*behind = place_behind_word(designation, designations[i].word);
		if (*behind)
			return designations[i].kind;
	}
	return PP_PLACE_NONE;
}

enum pp_place_kind pp_place_kind_of(const char *designation, uint8_t slot_type)
{
	static const uint8_t proprietary = 0x09;
	const char *behind;
	enum pp_place_kind said = place_of_words(designation, &behind);
	enum pp_place_kind code = place_of_code(slot_type);

	if (said != PP_PLACE_NONE && said != PP_PLACE_SLOT)
		return said;
	if (code != PP_PLACE_NONE)
		return code;
	if (said == PP_PLACE_SLOT || (place_behind_slot(designation) && slot_type != proprietary))
		return PP_PLACE_SLOT;
	return PP_PLACE_OTHER;
}

static int place_copy_digits(struct pp_arena *a, const char *digits, const char **ret)
{
	while (*digits == '0' && place_is_digit(digits[1]))
		digits++;
	*ret = pp_arena_strndup(a, digits, strspn(digits, "0123456789"));
	return *ret ? 0 : -ENOMEM;
}

/* The digits directly behind "slot"; NULL: none. */
static const char *place_digits_of_slot(const char *designation)
{
	const char *s = designation;

	while ((s = place_behind_slot(s))) {
		s += strspn(s, " #_-");
		if (place_is_digit(*s))
			return s;
	}
	return NULL;
}

/* The first number behind a kind's word that is no version, as in "OCP NIC 3.0"; NULL: none. */
static const char *place_digits_behind(const char *s)
{
	while (*s) {
		size_t n = strspn(s, "0123456789");
		if (n && !(s[n] == '.' && place_is_digit(s[n + 1])))
			return s;
		s += n;
		while (n && (*s == '.' || place_is_digit(*s)))
			s++;
		if (!n)
			s++;
	}
	return NULL;
}

int pp_place_number(struct pp_arena *a, const char *designation, uint16_t id, const char **ret)
{
	const char *behind = NULL, *digits = place_digits_of_slot(designation);

	if (!digits && place_of_words(designation, &behind) != PP_PLACE_SLOT && behind)
		digits = place_digits_behind(behind);
	if (digits)
		return place_copy_digits(a, digits, ret);
	*ret = NULL;
	/* No number in the words: the record's own id, where it has one. */
	if (!id || id == 0xffff)
		return 0;
	*ret = pp_arena_printf(a, "%u", id);
	return *ret ? 0 : -ENOMEM;
}

const char *pp_place_word(enum pp_place_kind kind)
{
	return kind > PP_PLACE_NONE && kind <= PP_PLACE_OTHER ? words[kind] : "";
}

const char *pp_place_title(enum pp_place_kind kind)
{
	static const char *const titles[] = {
		[PP_PLACE_NONE] = "no place that is known",
		[PP_PLACE_SLOT] = "a slot",
		[PP_PLACE_MEZZANINE] = "a mezzanine",
		[PP_PLACE_OCP] = "an OCP slot",
		[PP_PLACE_NVME] = "an NVMe bay",
		[PP_PLACE_STORAGE] = "a storage controller's slot",
		[PP_PLACE_FLEXLOM] = "a FlexLOM slot",
		[PP_PLACE_OTHER] = "no PCI slot",
	};
	return titles[kind];
}

enum pp_place_kind pp_place_parse(const char *text, const char **number)
{
	static const char mezzanine[] = "mezzanine";

	for (size_t i = PP_PLACE_NONE + 1; i < NR_KINDS; i++) {
		if (strncmp(text, words[i], strlen(words[i])))
			continue;
		const char *s = text + strlen(words[i]);
		if (!strncmp(text, mezzanine, strlen(mezzanine)))
			s = text + strlen(mezzanine);
		s += strspn(s, " -:");
		while (*s == '0' && place_is_digit(s[1]))
			s++;
		*number = s;
		return *s ? (enum pp_place_kind)i : PP_PLACE_NONE;
	}
	return PP_PLACE_NONE;
}

void pp_place_format(enum pp_place_kind kind, const char *number, char *buf, size_t size)
{
	if (kind == PP_PLACE_NONE || !number)
		snprintf(buf, size, "%s", "");
	else if (kind == PP_PLACE_SLOT)
		snprintf(buf, size, "slot %s", number);
	else
		snprintf(buf, size, "%s%s", words[kind], number);
}
