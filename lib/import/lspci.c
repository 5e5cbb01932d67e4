/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The output of lspci, from -nn to -nnvvvxxxx, and the list of IOMMU groups that the usual shell
 * loop prints: its lines are lspci's with the group before them.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "import/lspci.h"

/* What one device's lines tell. */
struct lspci_device {
	struct pp_address address;
	struct pp_import_config config;
	struct pp_lspci_caps caps;
	char resource[7][64]; /* the kernel's lines, by BAR and ROM */
	char driver[64], slot[40];
	/* Where in the text it begins, and where these were told. */
	const uint8_t *head_line, *driver_line, *group_line, *slot_line;
	uint32_t group; /* UINT32_MAX: not told */
	uint32_t class_code;
	uint16_t vendor, device;
	uint8_t revision, dumped; /* bytes of a dump / 16, at most 255 */
	bool ids, verbose, dump, bridge, multifunction, bars, pin_told;
	bool ended;   /* a line that lspci prints behind the capabilities */
	uint8_t once; /* which of the lines came that a device has once */
};

/* What the text as a whole shows, and so proves absent where it does not. */
struct lspci {
	struct pp_import *in;
	struct pp_import_list list;
	uint32_t nr_without_ids, nr_with_ids;
	bool verbose;
	struct pp_lspci_lines lines;
	/* Of a second list in the text: where it begins, and how many devices are new in it. */
	const uint8_t *again;
	uint32_t nr_lists, nr_new;
};

/* "Ethernet controller [0200]: Intel … [8086:10fb] (rev 01)"; "-n": "0200: 8086:10fb (rev 01)". */
static void lspci_head(struct lspci_device *d, struct pp_span line)
{
	uint64_t class_code = 0, vendor = 0, device = 0, number;
	char text[16];

	bool ids = pp_lspci_ids(line, &vendor, &device),
	     has_class = pp_lspci_class(line, &class_code);
	if (!ids && line.len >= 15 && line.data[4] == ':' && line.data[10] == ':') {
		has_class = pp_import_hex(PP_SPAN(line.data, 4), &class_code) == 4;
		ids = has_class && pp_import_hex(PP_SPAN(line.data + 6, 4), &vendor) == 4 &&
		      pp_import_hex(PP_SPAN(line.data + 11, 4), &device) == 4;
	}
	d->ids = ids && has_class;
	d->vendor = (uint16_t)vendor;
	d->device = (uint16_t)device;
	d->class_code = (uint32_t)class_code << 8;
	if (pp_import_behind(line, "(prog-if ", text, sizeof(text)) &&
	    pp_import_hex(PP_SPAN(text, strlen(text)), &number) == 2)
		d->class_code |= (uint32_t)number;
	if (pp_import_behind(line, "(rev ", text, sizeof(text)) &&
	    pp_import_hex(PP_SPAN(text, strlen(text)), &number) == 2)
		d->revision = (uint8_t)number;
}

/* "[size=16K]" */
static uint64_t lspci_size(struct pp_span line)
{
	static const char units[] = "KMGT";
	char text[32];
	uint64_t v;

	if (!pp_import_behind(line, "[size=", text, sizeof(text)))
		return 0;
	char *end = text + strspn(text, "0123456789");
	char unit = *end;
	*end = '\0';
	if (!pp_parse_dec(text, 1u << 20, &v))
		return 0;
	const char *u = unit ? strchr(units, unit) : NULL;
	return u ? v << 10 * (u - units + 1) : v;
}

/* IORESOURCE_IO, _MEM, _PREFETCH, _MEM_64 and the header's bits: include/linux/ioport.h. */
static void lspci_region(struct lspci_device *d, struct pp_span line)
{
	bool rom = pp_span_starts(line, "Expansion ROM at ");
	uint64_t size = lspci_size(line), start = 0, flags = 0x200;
	unsigned int bar = rom ? 6 : line.len > 7 ? (unsigned int)line.data[7] - '0' : 9;
	char text[40];

	/* "-v" has the lines of BARs without their numbers, and the ROM's as "-vv" has it. */
	d->bars |= !rom;
	if (bar > 6 || (!rom && bar > 5) || !size)
		return;
	if (pp_span_find(line, "I/O ports at"))
		flags = 0x101;
	else if (pp_span_find(line, "64-bit"))
		flags = 0x100204;
	if (pp_span_find(line, ", prefetchable"))
		flags |= 0x2008;
	if (pp_import_behind(line, " at ", text, sizeof(text)))
		pp_import_hex(PP_SPAN(text, strlen(text)), &start);
	/* "<unassigned>", "<ignored>", "[virtual]": no address that the kernel gave. */
	if (pp_span_find(line, "<"))
		start = 0;
	if (start + size - 1 < start)
		return;
	snprintf(d->resource[bar], sizeof(d->resource[bar]), "0x%016llx 0x%016llx 0x%016llx",
	         (unsigned long long)start,
	         (unsigned long long)(start ? start + size - 1 : size - 1),
	         (unsigned long long)(start ? flags : flags | 0x20000000));
}

/* "Bus: primary=00, secondary=07, subordinate=07, sec-latency=0" */
static void lspci_buses(struct lspci_device *d, struct pp_span line)
{
	static const char *const words[] = { "primary=", "secondary=", "subordinate=" };
	uint64_t bus;
	char text[8];

	d->bridge = true;
	for (unsigned int i = 0; i < 3; i++)
		if (pp_import_behind(line, words[i], text, sizeof(text)) &&
		    pp_import_hex(PP_SPAN(text, strlen(text)), &bus) == 2)
			pp_import_config_put(&d->config, 0x18 + i, (uint32_t)bus, 1);
}

/* "Control: I/O+ Mem+ BusMaster+ …" */
static void lspci_control(struct lspci_device *d, struct pp_span line)
{
	uint32_t command = (pp_span_find(line, "I/O+") ? 1u : 0) |
	                   (pp_span_find(line, "Mem+") ? 2u : 0) |
	                   (pp_span_find(line, "BusMaster+") ? 4u : 0) |
	                   (pp_span_find(line, "DisINTx+") ? 0x400u : 0);

	pp_import_config_put(&d->config, 4, command, 2);
}

/* "00: 00 10 87 00 …": a line of the dump. */
static bool lspci_dump_line(struct lspci_device *d, struct pp_span line)
{
	uint64_t at, byte;
	size_t n = pp_import_hex(line, &at);

	if (n < 2 || n > 3 || n + 2 > line.len || line.data[n] != ':' || at % 16 || at > 0xff0)
		return false;
	struct pp_span rest = PP_SPAN(line.data + n + 1, line.len - n - 1), word;
	unsigned int i = 0;
	for (; i < 16 && pp_text_word(&rest, &word); i++) {
		if (word.len != 2 || pp_import_hex(word, &byte) != 2)
			return false;
		if (!d->dump)
			memset(&d->config, 0, sizeof(d->config));
		d->dump = true;
		pp_import_config_put(&d->config, (unsigned int)at + i, (uint32_t)byte, 1);
	}
	return i > 0;
}

/* "Flags: bus master, fast devsel, latency 0, IRQ 24, NUMA node 0, IOMMU group 13": with -v. */
static void lspci_flags(struct lspci *l, struct lspci_device *d, struct pp_span line)
{
	uint64_t number;
	char text[16];

	if (!pp_import_behind(line, ", IOMMU group ", text, sizeof(text)) ||
	    !pp_parse_dec(text, UINT32_MAX - 1, &number))
		return;
	d->group = (uint32_t)number;
	d->group_line = l->lines.begin;
}

static void lspci_line(struct lspci *l, struct lspci_device *d, struct pp_span line)
{
	uint64_t number;
	char text[80];

	if (lspci_dump_line(d, line) || d->dump)
		return;
	if (pp_span_starts(line, "Capabilities: ")) {
		d->verbose = true;
		pp_lspci_capability(&d->config, &d->caps, line);
	} else if (pp_span_starts(line, "Kernel driver in use: ")) {
		l->list.drivers = d->ended = true;
		d->driver_line = l->lines.begin;
		pp_import_behind(line, "Kernel driver in use: ", d->driver, sizeof(d->driver));
	} else if (pp_import_behind(line, "IOMMU group: ", text, sizeof(text)) &&
	           pp_parse_dec(text, UINT32_MAX - 1, &number)) {
		d->group = (uint32_t)number;
		d->group_line = l->lines.begin;
	} else if (pp_span_starts(line, "Physical Slot: ")) {
		d->slot_line = l->lines.begin;
		pp_import_behind(line, "Physical Slot: ", d->slot, sizeof(d->slot));
	} else if (pp_span_starts(line, "Kernel modules: ")) {
		d->ended = true;
	} else if (pp_span_starts(line, "Bus: primary=")) {
		lspci_buses(d, line);
	} else if (pp_span_starts(line, "Control: I/O")) {
		d->verbose = true;
		lspci_control(d, line);
	} else if (pp_span_starts(line, "Flags: ")) {
		d->verbose = true;
		lspci_flags(l, d, line);
	} else if (pp_span_starts(line, "Region ") || pp_span_starts(line, "Expansion ROM at ")) {
		lspci_region(d, line);
	} else if (pp_import_behind(line, "Interrupt: pin ", text, sizeof(text)) ||
	           pp_import_behind(line, "Interrupts: pin ", text, sizeof(text))) {
		uint32_t pin = *text >= 'A' && *text <= 'E' ? (uint32_t)(*text - 'A' + 1) : 0;
		/* 3.15, the first that says so, has the letter behind the pin's: B is INTA. */
		if (pp_span_starts(line, "Interrupts:") && pin > 1)
			pin--;
		d->pin_told = true;
		pp_import_config_put(&d->config, 0x3d, pin, 1);
	} else {
		pp_lspci_detail(&d->config, &d->caps, line);
	}
}

/* The header, of what the lines told; the rest of it is not shown and decides nothing. */
static void lspci_header(struct lspci_device *d)
{
	struct pp_import_config *c = &d->config;
	bool bridge = d->bridge || d->class_code >> 8 == 0x0604;

	pp_import_config_put(c, 0, d->vendor, 2);
	pp_import_config_put(c, 2, d->device, 2);
	pp_import_config_put(c, 6, d->caps.any || d->caps.denied ? 0x10 : 0, 2);
	pp_import_config_put(c, 8, d->revision | d->class_code << 8, 4);
	pp_import_config_put(c, 0xc, 0, 2);
	pp_import_config_put(c, 0xe, (bridge ? 1u : 0) | (d->multifunction ? 0x80u : 0), 1);
	/* "-vv" tells of a pin where there is one. */
	if (!d->pin_told)
		pp_import_config_put(c, 0x3d, 0, 1);
	/* Bytes that nobody looks at, so that the header is one piece. */
	for (unsigned int i = 0; i < 0x40; i++)
		if (!(c->known[i / 8] >> i % 8 & 1) && i != 0x34)
			pp_import_config_put(c, i, 0, 1);
	pp_lspci_caps_end(c, &d->caps, d->verbose);
}

static int lspci_write_ids(struct pp_import *in, const struct lspci_device *d, struct pp_error *e)
{
	int r = pp_import_id(in, d->address, "vendor", d->vendor, e);

	if (!r)
		r = pp_import_id(in, d->address, "device", d->device, e);
	return r ? r : pp_import_id(in, d->address, "class", d->class_code, e);
}

static int lspci_write_bars(struct pp_import *in, const struct lspci_device *d, const char *address,
                            struct pp_error *e)
{
	static const char none[] = "0x0000000000000000 0x0000000000000000 0x0000000000000000";
	char path[96], text[2048];
	size_t n = 0;

	for (unsigned int i = 0; i < 13; i++)
		n += (size_t)snprintf(text + n, sizeof(text) - n, "%s\n",
		                      i < 7 && *d->resource[i] ? d->resource[i] : none);
	snprintf(path, sizeof(path), "sys/bus/pci/devices/%s/resource", address);
	return pp_import_text(in, path, text, e);
}

static int lspci_write_links(struct lspci *l, const struct lspci_device *d, struct pp_error *e)
{
	pp_import_here(l->in, d->driver_line);
	int r = pp_import_driver(l->in, d->address, d->driver, e);
	pp_import_here(l->in, d->group_line);
	if (!r && d->group != UINT32_MAX) {
		l->list.groups = true;
		r = pp_import_group(l->in, d->address, d->group, e);
	}
	pp_import_here(l->in, d->slot_line);
	if (!r && *d->slot) {
		l->list.slots = true;
		r = pp_import_slot(l->in, d->address, d->slot, e);
	}
	return r;
}

/* Without -nn: the ids that another text told, as in supportconfig's "lspci -nn" and "lspci -vvv".
 */
static bool lspci_ids_before(const struct pp_import *in, struct lspci_device *d)
{
	struct pp_import_ids ids;

	if (!pp_import_ids_told(in, d->address, &ids))
		return false;
	d->vendor = ids.vendor;
	d->device = ids.device;
	/* The programming interface is told with -v alone. */
	d->class_code = ids.class_code | (d->class_code & 0xff);
	return true;
}

/* Whole lists begin with the host bridge: a second one of the same host has no other devices. */
static void lspci_count_lists(struct lspci *l, const struct lspci_device *d, const char *address)
{
	char path[96];

	if (!strcmp(address, "0000:00:00.0")) {
		l->nr_lists++;
		l->again = d->head_line;
	}
	snprintf(path, sizeof(path), "sys/bus/pci/devices/%s", address);
	l->nr_new += l->nr_lists > 1 && !pp_import_has(l->in, path);
}

static void lspci_note_hosts(struct lspci *l)
{
	if (!l->nr_new)
		return;
	pp_import_here(l->in, l->again);
	pp_import_note(l->in,
	               "line %u: another list of devices, with %u that the list before it does not "
	               "have: give the texts of one host at a time",
	               pp_import_line_number(l->in), l->nr_new);
}

static int lspci_write(struct lspci *l, struct lspci_device *d, struct pp_error *e)
{
	char address[PP_ADDRESS_TEXT_BYTES];
	bool ids = d->ids || d->dump || lspci_ids_before(l->in, d);

	l->nr_without_ids += !ids;
	l->nr_with_ids += ids;
	/* A later text may tell what it is. */
	if (!ids && !l->in->last_pass)
		return 0;
	pp_address_format(d->address, address);
	lspci_count_lists(l, d, address);
	pp_import_here(l->in, d->head_line);
	int r = pp_import_device(l->in, d->address, e);
	if (!r)
		r = pp_import_list_add(&l->list, d->address, e);
	if (r)
		return r;
	/* What it is nobody knows; but it is there, and in its group. */
	if (!ids)
		return lspci_write_links(l, d, e);
	l->verbose |= d->verbose || d->dump;
	if (d->ids)
		r = lspci_write_ids(l->in, d, e);
	if (d->dump)
		d->config.dumped = true;
	else if (d->verbose)
		lspci_header(d);
	if (!r && pp_import_config_any(&d->config))
		r = pp_import_config_write(l->in, &d->config, d->address, e);
	if (!r && d->bars)
		r = lspci_write_bars(l->in, d, address, e);
	return r ? r : lspci_write_links(l, d, e);
}

/* A later function of the same slot shows that it has several. */
static void lspci_siblings(struct pp_span rest, struct lspci_device *d)
{
	struct pp_span line;
	unsigned int indent;

	while (!d->multifunction && pp_import_line(&rest, &line, &indent)) {
		struct pp_address a;
		uint32_t group;
		if (indent > 8)
			continue;
		pp_lspci_group(&line, &group);
		if (!pp_lspci_address(&line, &a))
			continue;
		if (a.domain != d->address.domain || a.bus != d->address.bus ||
		    a.device != d->address.device)
			return;
		d->multifunction = a.function != d->address.function;
	}
}

static bool lspci_begins(struct pp_span line, unsigned int indent, struct lspci_device *ret)
{
	struct pp_span rest = line;
	struct pp_address a;
	uint32_t group = UINT32_MAX;

	bool grouped = pp_lspci_group(&rest, &group);
	/* Only the loop's lines are indented, below "IOMMU Group 13:". */
	if (!pp_lspci_address(&rest, &a) || (indent && !grouped && indent > 8))
		return false;
	uint64_t v, d, c;
	bool ids = pp_lspci_ids(rest, &v, &d) && pp_lspci_class(rest, &c);
	bool numbers = rest.len >= 15 && rest.data[4] == ':' && rest.data[10] == ':' &&
	               pp_import_hex(rest, &c) == 4;
	if (!ids && !numbers && !grouped && indent)
		return false;
	memset(ret, 0, sizeof(*ret));
	ret->address = a;
	ret->group = group;
	ret->head_line = ret->group_line = line.data;
	lspci_head(ret, rest);
	ret->multifunction = a.function != 0;
	return true;
}

/* "00: 86 80 05 34 …": the first line of a dump, which has the ids. */
static bool lspci_dump_begins(struct pp_span text)
{
	struct pp_span line, word;
	unsigned int indent, n = 0;
	uint64_t byte;

	if (!pp_import_line(&text, &line, &indent) || !pp_span_starts(line, "00: "))
		return false;
	line = PP_SPAN(line.data + 4, line.len - 4);
	while (pp_text_word(&line, &word) && word.len == 2 && pp_import_hex(word, &byte) == 2)
		n++;
	return n == 16;
}

static bool lspci_verbose_begins(struct pp_span text)
{
	struct pp_span line;
	unsigned int indent;

	return pp_import_line(&text, &line, &indent) && indent && pp_lspci_is_detail(line);
}

/* "07:00.0 Serial Attached SCSI controller: Broadcom …": without -nn. */
static bool lspci_names(struct pp_span line)
{
	struct pp_address a;
	uint32_t group;

	pp_lspci_group(&line, &group);
	return pp_lspci_address(&line, &a) && line.len && line.data[0] >= 'A' &&
	       line.data[0] <= 'Z' && pp_span_find(line, ": ");
}

static bool lspci_knows(struct pp_span text)
{
	struct lspci_device *d = malloc(sizeof(*d));
	struct pp_span line;
	unsigned int indent;
	bool knows = false;

	/* Somebody's words may stand before it. */
	for (unsigned int n = 0; d && !knows && n < 2000 && pp_import_line(&text, &line, &indent);
	     n++)
		knows = lspci_begins(line, indent, d) &&
		        (d->ids || lspci_dump_begins(text) || lspci_verbose_begins(text) ||
		         lspci_names(line));
	free(d);
	return knows;
}

/* Whether a line can be none of this device's, so that the next one's heading is missing. */
static bool lspci_is_next(struct lspci_device *d, struct pp_span line)
{
	static const char *const once[] = { "DeviceName: ", "Subsystem: ", "Control: I/O",
		                            "Flags: ", "Kernel driver in use: " };

	for (unsigned int i = 0; i < sizeof(once) / sizeof(once[0]); i++) {
		if (!pp_span_starts(line, once[i]))
			continue;
		bool again = d->once >> i & 1 || (d->ended && i < 4);
		d->once |= (uint8_t)(1u << i);
		return again;
	}
	return pp_lspci_is_damaged(line);
}

/* What is told of it would be taken for the device's before it. */
static void lspci_note_damaged(struct lspci *l)
{
	pp_import_here(l->in, l->lines.begin);
	pp_import_note(l->in,
	               "line %u: the line with a device's address is missing or damaged; that "
	               "device is left out",
	               pp_import_line_number(l->in));
}

static int lspci_refuse_several(struct lspci *l, struct pp_error *e)
{
	pp_import_here(l->in, l->lines.begin);
	return pp_fail(e, EBADMSG,
	               "%.300s: line %u: several devices in one line: the line breaks were lost on "
	               "the way; attach the output of lspci as a file",
	               l->in->name, pp_import_line_number(l->in));
}

static int lspci_read(struct pp_import *in, struct pp_span text, struct pp_error *e)
{
	struct lspci l = { .in = in };
	PP_CLEANUP(pp_cleanup_free) struct lspci_device *d = malloc(2 * sizeof(*d));
	const struct pp_span all = text;
	uint32_t heading = UINT32_MAX;
	struct pp_span line, rest;
	unsigned int indent;
	/* whole: an empty line came, with which "-v" ends each device */
	bool open = false, whole = false;
	int r = 0;

	if (!d)
		return pp_fail_oom(e, in->name);
	while (!r && pp_lspci_next(&l.lines, &text, &line, &indent)) {
		uint32_t group;
		rest = line;
		if (lspci_begins(line, indent, &d[1])) {
			d[1].head_line = d[1].group_line = l.lines.begin;
			if (open)
				r = lspci_write(&l, &d[0], e);
			if (!r && pp_lspci_is_several(line))
				r = lspci_refuse_several(&l, e);
			d[0] = d[1];
			if (d[0].group == UINT32_MAX && heading != UINT32_MAX)
				d[0].group = heading;
			if (!d[0].multifunction)
				lspci_siblings(text, &d[0]);
			open = true;
			whole = false;
		} else if (!indent && pp_lspci_group(&rest, &group) && !rest.len) {
			heading = group; /* "IOMMU Group 13:", and its devices below */
		} else if (open && line.len && lspci_is_next(&d[0], line)) {
			r = lspci_write(&l, &d[0], e);
			lspci_note_damaged(&l);
			open = false;
		} else if (open && line.len) {
			lspci_line(&l, &d[0], line);
		} else if (open) {
			whole = true;
		}
	}
	/* Where the text may have been cut off, other capabilities may have come. */
	if (open && !whole && !d[0].ended)
		d[0].caps.denied = true;
	if (!r && open)
		r = lspci_write(&l, &d[0], e);
	lspci_note_hosts(&l);
	if (!r)
		r = pp_import_ids_wanted(in, &pp_reader_lspci, all, l.nr_with_ids, l.nr_without_ids,
		                         e);
	pp_import_list_end(in, &l.list, !whole);
	return r;
}

const struct pp_reader pp_reader_lspci = {
	.title = "lspci",
	.knows = lspci_knows,
	.read = lspci_read,
};
