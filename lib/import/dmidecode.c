/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The output of dmidecode, back into the firmware's table: the records that are read of it, with
 * what it prints of them. Records that it dumps in hex are taken as they are.
 */
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "import/import.h"

/* DMTF DSP0134: numbers of types, 7.1 to 7.42, and as many bytes as the fields below need. */
enum dmi_type {
	DMI_BIOS = 0,
	DMI_SYSTEM = 1,
	DMI_BOARD = 2,
	DMI_PROCESSOR = 4,
	DMI_SLOT = 9,
	DMI_ONBOARD = 41,
	DMI_END = 127,
};

#define DMI_MAX_RECORD  255u
#define DMI_MAX_STRINGS 1024u
#define DMI_UNKNOWN     2 /* of most enumerations */

static const struct dmi_kind {
	uint8_t type, length;
	const char *title; /* where dmidecode -q prints no handle */
	struct {
		const char *key;
		uint8_t at;
	} text[3];
} dmi_kinds[] = {
	{ DMI_BIOS,
	  0x18,
	  "BIOS Information",
	  { { "Vendor: ", 4 }, { "Version: ", 5 }, { "Release Date: ", 8 } } },
	/* dmidecode 3.7 */
	{ DMI_BIOS,
	  0x18,
	  "Platform Firmware Information",
	  { { "Vendor: ", 4 }, { "Version: ", 5 }, { "Release Date: ", 8 } } },
	{ DMI_SYSTEM,
	  0x1b,
	  "System Information",
	  { { "Manufacturer: ", 4 }, { "Product Name: ", 5 } } },
	{ DMI_BOARD,
	  0x0f,
	  "Base Board Information",
	  { { "Manufacturer: ", 4 }, { "Product Name: ", 5 } } },
	{ DMI_PROCESSOR, 0x2a, "Processor Information", { { "Manufacturer: ", 7 } } },
	{ DMI_SLOT, 0x11, "System Slot Information", { { "Designation: ", 4 } } },
	{ DMI_ONBOARD, 0x0b, "Onboard Device", { { "Reference Designation: ", 4 } } },
};
#define DMI_NR_KINDS (sizeof(dmi_kinds) / sizeof(dmi_kinds[0]))

/* What decides of a slot's type, by how dmidecode's name for it begins; the first that fits. */
static const struct {
	const char *begins;
	uint8_t code;
} dmi_slot_types[] = {
	{ "PCI Express 2 SFF-8639", 0x1f },
	{ "PCI Express 3 SFF-8639", 0x20 },
	{ "PCI Express 4 SFF-8639", 0x24 },
	{ "PCI Express 5 SFF-8639", 0x25 },
	{ "PCI Express Mini", 0x21 },
	{ "PCI Express", 0xa5 },
	{ "PCI-X", 0x12 },
	{ "PCI-66", 0x0e },
	{ "PC Card", 0x07 },
	{ "PCI", 0x06 },
	{ "M.2 Socket 1", 0x14 },
	{ "M.2 Socket", 0x16 },
	{ "MXM", 0x18 },
	{ "OCP NIC Prior", 0x28 },
	{ "OCP NIC", 0x26 },
	{ "EDSFF", 0xc5 },
	{ "ISA", 0x03 },
	{ "MCA", 0x04 },
	{ "EISA", 0x05 },
	{ "VLB", 0x08 },
	{ "Proprietary Memory", 0x0b },
	{ "Proprietary", 0x09 },
	{ "Processor Card", 0x0a },
	{ "I/O Riser", 0x0c },
	{ "NuBus", 0x0d },
	{ "AGP", 0x0f },
	{ "PC-98", 0xa0 },
	{ "Other", 0x01 },
};

struct dmi_record {
	const struct dmi_kind *kind; /* NULL: of no type that is read */
	uint8_t data[DMI_MAX_RECORD];
	size_t length;
	char strings[DMI_MAX_STRINGS]; /* each with its NUL */
	size_t strings_len;
	unsigned int nr_strings;
	bool open, dump, in_data, in_strings;
};

struct dmi {
	struct pp_import *in;
	struct pp_buffer table;
	struct dmi_record record;
	unsigned int nr_records, announced; /* 0: the text does not say */
	bool any_slot, counted;
	char identity[5][80]; /* by dmi_files */
};

/* The kernel's own copies: taken where a part of the table is missing. */
static const struct {
	const char *path;
	uint8_t type, at;
} dmi_files[] = {
	{ "sys/class/dmi/id/product_name", DMI_SYSTEM, 5 },
	{ "sys/class/dmi/id/sys_vendor", DMI_SYSTEM, 4 },
	{ "sys/class/dmi/id/board_name", DMI_BOARD, 5 },
	{ "sys/class/dmi/id/bios_version", DMI_BIOS, 5 },
	{ "sys/class/dmi/id/bios_date", DMI_BIOS, 8 },
};
#define DMI_NR_FILES (sizeof(dmi_files) / sizeof(dmi_files[0]))

static unsigned int dmi_number(struct pp_span s, unsigned int max)
{
	char text[16];
	uint64_t v;
	size_t n = 0;

	while (n < s.len && n < sizeof(text) - 1 && s.data[n] >= '0' && s.data[n] <= '9')
		n++;
	memcpy(text, s.data, n);
	text[n] = '\0';
	return n && pp_parse_dec(text, max, &v) ? (unsigned int)v : 0;
}

/* A string's number; 0 for none. */
static uint8_t dmi_string(struct dmi_record *r, const char *text)
{
	size_t n = strlen(text);

	if (r->nr_strings == 0xff || r->strings_len + n + 2 > sizeof(r->strings))
		return 0;
	/* An empty string would end the set: it was blanks, and the text lost them. */
	memcpy(r->strings + r->strings_len, n ? text : " ", (n ? n : 1) + 1);
	r->strings_len += (n ? n : 1) + 1;
	return (uint8_t)++r->nr_strings;
}

static void dmi_keep(struct dmi *d, uint8_t at, const char *text)
{
	for (size_t i = 0; i < DMI_NR_FILES; i++)
		if (dmi_files[i].type == d->record.kind->type && dmi_files[i].at == at &&
		    !*d->identity[i])
			snprintf(d->identity[i], sizeof(d->identity[i]), "%.79s", text);
}

/* "0000:07:00.0", in the form that 7.10.8 and 7.42.5 have. */
static void dmi_address(struct dmi_record *r, size_t at, const char *text)
{
	struct pp_address a;

	if (!pp_address_parse(text, &a) || a.domain > 0xffff)
		return;
	r->data[at] = (uint8_t)a.domain;
	r->data[at + 1] = (uint8_t)(a.domain >> 8);
	r->data[at + 2] = a.bus;
	r->data[at + 3] = (uint8_t)(a.device << 3 | a.function);
}

/* "x8 PCI Express 3", "32-bit PCI": the width stands before it. */
static uint8_t dmi_slot_type(const char *text)
{
	const char *rest = strchr(text, ' ');

	if (rest && ((text[0] == 'x' && text[1] >= '0' && text[1] <= '9') ||
	             (rest - text > 4 && !strncmp(rest - 4, "-bit", 4))))
		text = rest + 1;
	for (size_t i = 0; i < sizeof(dmi_slot_types) / sizeof(dmi_slot_types[0]); i++)
		if (!strncmp(text, dmi_slot_types[i].begins, strlen(dmi_slot_types[i].begins)))
			return dmi_slot_types[i].code;
	return DMI_UNKNOWN;
}

static void dmi_field(struct dmi *d, struct pp_span line)
{
	struct dmi_record *r = &d->record;
	uint8_t type = r->kind->type;
	char text[160];

	for (size_t i = 0; i < sizeof(r->kind->text) / sizeof(r->kind->text[0]); i++) {
		const char *key = r->kind->text[i].key;
		uint8_t at = r->kind->text[i].at;
		if (!key || !pp_span_starts(line, key) || r->data[at])
			continue;
		pp_import_behind(line, key, text, sizeof(text));
		if (!strcmp(text, "Not Specified") || !strcmp(text, "<BAD INDEX>"))
			return;
		r->data[at] = dmi_string(r, text);
		dmi_keep(d, at, text);
		return;
	}
	if (type != DMI_SLOT && type != DMI_ONBOARD)
		return;
	if (pp_span_starts(line, "Bus Address: ")) {
		pp_import_behind(line, "Bus Address: ", text, sizeof(text));
		dmi_address(r, type == DMI_SLOT ? 0x0d : 0x07, text);
	} else if (type == DMI_SLOT && pp_span_starts(line, "Type: ")) {
		pp_import_behind(line, "Type: ", text, sizeof(text));
		r->data[5] = dmi_slot_type(text);
	} else if (type == DMI_SLOT && pp_span_starts(line, "ID: ")) {
		unsigned int id = dmi_number(PP_SPAN(line.data + 4, line.len - 4), UINT16_MAX);
		r->data[9] = (uint8_t)id;
		r->data[10] = (uint8_t)(id >> 8);
	} else if (type == DMI_ONBOARD && pp_span_starts(line, "Status: Enabled")) {
		r->data[5] |= 0x80;
	}
}

/* Below "Header and Data:" bytes; below "Strings:" texts, or with -u their bytes and the quoted
 * text. */
static void dmi_dump_line(struct dmi *d, struct pp_span line)
{
	struct dmi_record *r = &d->record;
	uint8_t bytes[16];
	size_t n = 0;
	struct pp_span rest = line, word;

	for (; n < 16 && pp_text_word(&rest, &word); n++) {
		uint64_t byte;
		if (word.len != 2 || pp_import_hex(word, &byte) != 2)
			break;
		bytes[n] = (uint8_t)byte;
	}
	bool hex = n && !pp_text_word(&rest, &word);
	if (r->in_data && hex && r->length + n <= sizeof(r->data)) {
		memcpy(r->data + r->length, bytes, n);
		r->length += n;
	} else if (r->in_strings && !(hex && (n == sizeof(bytes) || !bytes[n - 1]))) {
		char text[256];
		bool quoted = line.len > 1 && line.data[0] == '"' && line.data[line.len - 1] == '"';
		pp_text_clean_into(text, sizeof(text), line.data + quoted, line.len - 2 * quoted);
		dmi_string(r, text);
	}
}

/* A dump's strings have their numbers in its bytes: identity is told by these. */
static void dmi_keep_dump(struct dmi *d)
{
	const struct dmi_record *r = &d->record;

	for (size_t i = 0; i < DMI_NR_FILES; i++) {
		const char *s = r->strings;
		uint8_t at = dmi_files[i].at, number = at < r->length ? r->data[at] : 0;
		if (dmi_files[i].type != r->kind->type || !number || number > r->nr_strings)
			continue;
		while (--number)
			s += strlen(s) + 1;
		dmi_keep(d, at, s);
	}
}

static void dmi_close(struct dmi *d)
{
	struct dmi_record *r = &d->record;

	bool whole =
		r->open && r->kind && (!r->dump || (r->length >= 4 && r->length == r->data[1]));
	r->open = false;
	if (!whole)
		return;
	if (r->dump)
		dmi_keep_dump(d);
	d->any_slot |= r->kind->type == DMI_SLOT;
	pp_buffer_append(&d->table, r->data, r->length);
	pp_buffer_append(&d->table, r->strings, r->strings_len);
	pp_buffer_append(&d->table, "\0", r->strings_len ? 1 : 2);
}

static void dmi_open(struct dmi *d, const struct dmi_kind *kind, unsigned int handle)
{
	struct dmi_record *r = &d->record;

	dmi_close(d);
	memset(r, 0, sizeof(*r));
	r->open = true;
	r->kind = kind;
	if (!kind)
		return;
	r->length = kind->length;
	r->data[0] = kind->type;
	r->data[1] = kind->length;
	r->data[2] = (uint8_t)handle;
	r->data[3] = (uint8_t)(handle >> 8);
	if (kind->type == DMI_SLOT)
		memset(r->data + 5, DMI_UNKNOWN, 4);
	if (kind->type == DMI_ONBOARD)
		r->data[5] = DMI_UNKNOWN;
	/* All ones: no address. */
	if (kind->type == DMI_SLOT || kind->type == DMI_ONBOARD)
		memset(r->data + (kind->type == DMI_SLOT ? 0x0d : 0x07), 0xff, 4);
}

static const struct dmi_kind *dmi_kind_of(unsigned int type)
{
	for (size_t i = 0; i < DMI_NR_KINDS; i++)
		if (dmi_kinds[i].type == type)
			return &dmi_kinds[i];
	return NULL;
}

/* "Handle 0x0902, DMI type 9, 17 bytes" */
static bool dmi_handle(struct pp_span line, uint64_t *handle, unsigned int *type)
{
	static const char begins[] = "Handle 0x", middle[] = ", DMI type ";
	const uint8_t *at = pp_span_find(line, middle);

	if (!pp_span_starts(line, begins) || !at)
		return false;
	pp_import_hex(PP_SPAN(line.data + sizeof(begins) - 1, line.len - (sizeof(begins) - 1)),
	              handle);
	at += sizeof(middle) - 1;
	*type = dmi_number(PP_SPAN(at, (size_t)(line.data + line.len - at)), 255);
	return true;
}

static const struct dmi_kind *dmi_titled(struct pp_span line)
{
	for (size_t i = 0; i < DMI_NR_KINDS; i++)
		if (pp_span_is(line, dmi_kinds[i].title))
			return &dmi_kinds[i];
	return NULL;
}

/* "189 structures occupying 6201 bytes."; "Wrong DMI structures count: 189 announced, only 187 …"
 */
static void dmi_counts(struct dmi *d, struct pp_span line)
{
	const uint8_t *only = pp_span_find(line, " announced, only ");

	if (pp_span_find(line, " structures occupying "))
		d->announced = dmi_number(line, 65535);
	else if (only && pp_span_starts(line, "Wrong DMI structures count: "))
		d->announced = dmi_number(
			PP_SPAN(only + 17, (size_t)(line.data + line.len - only) - 17), 65535);
}

static void dmi_line(struct dmi *d, struct pp_span line, unsigned int indent)
{
	struct dmi_record *r = &d->record;

	if (!r->open || !r->kind)
		return;
	if (indent <= 8 && pp_span_starts(line, "Header and Data:")) {
		r->dump = r->in_data = true;
		r->length = 0;
		memset(r->data, 0, sizeof(r->data));
	} else if (indent <= 8 && r->dump && pp_span_starts(line, "Strings:")) {
		r->in_data = false;
		r->in_strings = true;
	} else if (r->dump) {
		dmi_dump_line(d, line);
	} else {
		dmi_field(d, line);
	}
}

/* A line at the left edge. false: a second machine's output begins. */
static bool dmi_heading(struct dmi *d, struct pp_span line)
{
	const struct dmi_kind *titled;
	unsigned int type;
	uint64_t handle;

	if (pp_span_starts(line, "# dmidecode ") && d->nr_records)
		return false;
	if (dmi_handle(line, &handle, &type)) {
		d->nr_records++;
		dmi_open(d, dmi_kind_of(type), (unsigned int)handle);
		d->counted = true;
		return true;
	}
	dmi_counts(d, line);
	titled = dmi_titled(line);
	if (titled && !d->counted) {
		d->nr_records++;
		dmi_open(d, titled, d->nr_records);
	} else if (!titled) {
		dmi_line(d, line, 8); /* whoever pasted it may have lost the blanks */
	}
	return true;
}

/* DSP0134 7.45: the record at the end. */
static int dmi_write_table(struct dmi *d, struct pp_error *e)
{
	static const uint8_t end[] = { DMI_END, 4, 0xff, 0xfe, 0, 0 };

	pp_buffer_append(&d->table, end, sizeof(end));
	if (d->table.failed)
		return pp_fail(e, E2BIG, "%.200s: more than 1 MiB of records", d->in->name);
	return pp_import_file(d->in, "sys/firmware/dmi/tables/DMI", d->table.data, d->table.len, e);
}

static int dmi_write(struct dmi *d, struct pp_error *e)
{
	bool cut = d->nr_records < d->announced;
	int r = 0;

	if (cut)
		pp_import_note(d->in,
		               "has %u of the %u records that its head announces: which card is in "
		               "which slot is not taken from it",
		               d->nr_records, d->announced);
	if (!cut && d->any_slot)
		return dmi_write_table(d, e);
	for (size_t i = 0; !r && i < DMI_NR_FILES; i++)
		if (*d->identity[i])
			r = pp_import_text(d->in, dmi_files[i].path, d->identity[i], e);
	return r;
}

static bool dmidecode_knows(struct pp_span text)
{
	struct pp_span line, next;
	unsigned int indent, type;
	uint64_t handle;

	for (unsigned int n = 0; n < 2000 && pp_import_line(&text, &line, &indent); n++) {
		struct pp_span rest = text;
		if (dmi_handle(line, &handle, &type))
			return true;
		if (dmi_titled(line) && pp_import_line(&rest, &next, &indent) && indent &&
		    pp_span_find(next, ": "))
			return true;
	}
	return false;
}

static int dmidecode_read(struct pp_import *in, struct pp_span text, struct pp_error *e)
{
	struct dmi d = { .in = in };
	struct pp_span line;
	unsigned int indent;

	pp_buffer_init(&d.table, (size_t)1024 * 1024);
	pp_import_here(in, text.data);
	while (pp_import_line(&text, &line, &indent)) {
		if (indent) {
			dmi_line(&d, line, indent);
		} else if (!dmi_heading(&d, line)) {
			pp_import_note(in, "has a second output of dmidecode: only the first was "
			                   "read");
			break;
		}
	}
	dmi_close(&d);
	int r = dmi_write(&d, e);
	pp_buffer_fini(&d.table);
	return r;
}

const struct pp_reader pp_reader_dmidecode = {
	.title = "dmidecode",
	.knows = dmidecode_knows,
	.read = dmidecode_read,
};
