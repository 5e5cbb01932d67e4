/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The devices of a Windows host, by the properties that Windows gives them. Configuration space is
 * not among them: what no property says is not known.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "host/build.h"
#include "host/on-windows.h"

#define DEVICES     "windows/devices"
#define MAX_DEVICES 100000
#define MAX_HOPS    32

/* What a graphics card answers to since the first PC is none of its BARs. */
#define FIRST_MEMORY 0x100000u
#define FIRST_PORT   0x400u

static int windows_device_number(struct pp_host_build *b, struct pp_node dir, const char *name,
                                 struct pp_number_fact *ret)
{
	char text[32];
	uint64_t value;
	int r = pp_source_read_text(b->source, dir, name, text, sizeof(text));

	*ret = (struct pp_number_fact){ .error = -r };
	if (r)
		return r == -ENOMEM ? r : 0;
	if (!pp_parse_dec(text, UINT32_MAX, &value))
		ret->error = EBADMSG;
	else
		ret->value = (uint32_t)value;
	return 0;
}

static bool windows_device_hex(const char **p, unsigned int least, unsigned int most)
{
	unsigned int n = 0;

	while (n < most && **p && strchr("0123456789ABCDEFabcdef", **p))
		(*p)++, n++;
	return n >= least;
}

/* "PCIROOT(0)#PCI(0300)#PCI(0000)": nothing else is ever printed into a command. */
static bool windows_device_is_path(const char *text)
{
	static const char root[] = "PCIROOT(", hop[] = "#PCI(";
	const char *p = text + sizeof(root) - 1;
	unsigned int hops = 0;

	if (strncmp(text, root, sizeof(root) - 1) || !windows_device_hex(&p, 1, 8) || *p++ != ')')
		return false;
	for (; *p; hops++) {
		if (hops == MAX_HOPS || strncmp(p, hop, sizeof(hop) - 1))
			return false;
		p += sizeof(hop) - 1;
		if (!windows_device_hex(&p, 4, 4) || *p++ != ')')
			return false;
	}
	return hops > 0;
}

/* Of several paths the one of that form; a second begins with ACPI(). */
static int windows_device_path(struct pp_host_build *b, struct pp_node dir,
                               struct pp_text_fact *ret)
{
	char text[4096], path[512];
	int r = pp_source_read_text(b->source, dir, "LocationPaths", text, sizeof(text));

	*ret = (struct pp_text_fact){ .error = -r };
	if (r)
		return r == -ENOMEM ? r : 0;
	struct pp_span rest = PP_SPAN(text, strlen(text)), line;
	while (pp_text_line(&rest, &line)) {
		if (line.len >= sizeof(path))
			continue;
		pp_text_clean_into(path, sizeof(path), line.data, line.len);
		if (!windows_device_is_path(path))
			continue;
		ret->text = pp_arena_strdup(&b->host->arena, path);
		return ret->text ? 0 : -ENOMEM;
	}
	ret->error = EBADMSG;
	return 0;
}

/* Digits behind a word of a hardware id: "VEN_8086&DEV_3C02&CC_060400". */
static bool windows_device_id_part(struct pp_span line, const char *word, size_t digits,
                                   uint64_t *ret)
{
	const uint8_t *at = pp_span_find(line, word);
	char text[8];

	if (!at)
		return false;
	at += strlen(word);
	size_t left = (size_t)(line.data + line.len - at);
	if (digits >= sizeof(text) || left < digits || (left > digits && at[digits] != '&'))
		return false;
	memcpy(text, at, digits);
	text[digits] = '\0';
	const char *end = text;
	return windows_device_hex(&end, (unsigned int)digits, (unsigned int)digits) &&
	       pp_parse_hex(text, UINT32_MAX, ret);
}

static int windows_device_class(struct pp_host_build *b, struct pp_node dir, struct pp_device *d)
{
	struct pp_number_fact base, sub, interface;

	if (windows_device_number(b, dir, "BaseClass", &base) ||
	    windows_device_number(b, dir, "SubClass", &sub) ||
	    windows_device_number(b, dir, "ProgIf", &interface))
		return -ENOMEM;
	if (!base.error && base.value <= 0xff)
		d->class_code |= base.value << 16;
	if (!sub.error && sub.value <= 0xff)
		d->class_code |= sub.value << 8;
	if (!interface.error && interface.value <= 0xff)
		d->class_code |= interface.value;
	/* Whether it is a bridge, and a display, decides; no more of the class does. */
	d->ids_known &= !base.error && base.value <= 0xff;
	return 0;
}

static int windows_device_ids(struct pp_host_build *b, struct pp_node dir, struct pp_device *d)
{
	uint64_t vendor, device, class_code;
	char text[4096];
	int r = pp_source_read_text(b->source, dir, "HardwareIds", text, sizeof(text));

	if (r == -ENOMEM)
		return r;
	struct pp_span rest = PP_SPAN(text, r ? 0 : strlen(text)), line;
	while (pp_text_line(&rest, &line)) {
		if (!d->ids_known && windows_device_id_part(line, "VEN_", 4, &vendor) &&
		    windows_device_id_part(line, "DEV_", 4, &device)) {
			d->vendor = (uint16_t)vendor;
			d->device = (uint16_t)device;
			d->ids_known = true;
		}
		if (d->ids_known && windows_device_id_part(line, "CC_", 6, &class_code)) {
			d->class_code = (uint32_t)class_code;
			return 0;
		}
	}
	return windows_device_class(b, dir, d);
}

/* "memory 0xf7e00000 0xf7e03fff", "io 0x5000 0x50ff"; interrupts are of no interest here. */
static bool windows_device_range(struct pp_span line, struct pp_bar *ret)
{
	struct pp_span word;
	uint64_t ends[2];
	char text[24];

	if (!pp_text_word(&line, &word))
		return false;
	bool io = pp_span_is(word, "io");
	if (!io && !pp_span_is(word, "memory"))
		return false;
	for (size_t i = 0; i < 2; i++) {
		if (!pp_text_word(&line, &word) || word.len >= sizeof(text))
			return false;
		memcpy(text, word.data, word.len);
		text[word.len] = '\0';
		if (!pp_parse_hex(text, UINT64_MAX, &ends[i]))
			return false;
	}
	if (ends[1] < ends[0] || ends[1] - ends[0] >= UINT64_C(1) << 48 ||
	    ends[0] < (io ? FIRST_PORT : FIRST_MEMORY))
		return false;
	*ret = (struct pp_bar){ .start = ends[0],
		                .bytes = ends[1] - ends[0] + 1,
		                .io = io,
		                .is_64 = !io && ends[0] > UINT32_MAX };
	return true;
}

static int windows_device_bars(struct pp_host_build *b, struct pp_node dir, struct pp_device *d)
{
	char text[4096];
	int r = pp_source_read_text(b->source, dir, "Resources", text, sizeof(text));

	d->bars_error = -r;
	if (r)
		return r == -ENOMEM ? r : 0;
	struct pp_bars *bars = PP_ARENA_NEW(&b->host->arena, struct pp_bars);
	if (!bars)
		return -ENOMEM;
	struct pp_span rest = PP_SPAN(text, strlen(text)), line;
	for (uint32_t n = 0; n < PP_NR_BARS && pp_text_line(&rest, &line);)
		n += windows_device_range(line, &bars->bar[n]);
	d->bars = bars;
	return 0;
}

/* What the type says of the function's place in PCI Express. */
static void windows_device_learn_type(struct pp_device *d)
{
	static const uint8_t types[PP_WINDOWS_NR_TYPES] = {
		[PP_WINDOWS_PCI] = PP_PCIE_NONE,
		[PP_WINDOWS_PCIX] = PP_PCIE_NONE,
		[PP_WINDOWS_ENDPOINT] = PP_PCIE_ENDPOINT,
		[PP_WINDOWS_LEGACY_ENDPOINT] = PP_PCIE_LEGACY_ENDPOINT,
		[PP_WINDOWS_RC_ENDPOINT] = PP_PCIE_RC_ENDPOINT,
		[PP_WINDOWS_PCI_BRIDGE] = PP_PCIE_NONE,
		[PP_WINDOWS_PCIX_BRIDGE] = PP_PCIE_NONE,
		[PP_WINDOWS_ROOT_PORT] = PP_PCIE_ROOT_PORT,
		[PP_WINDOWS_UPSTREAM] = PP_PCIE_UPSTREAM,
		[PP_WINDOWS_DOWNSTREAM] = PP_PCIE_DOWNSTREAM,
		[PP_WINDOWS_PCIE_TO_PCIX] = PP_PCIE_TO_PCI_BRIDGE,
		[PP_WINDOWS_PCIX_TO_PCIE] = PP_PCI_TO_PCIE_BRIDGE,
		[PP_WINDOWS_BRIDGE_TREATED_AS_PCI] = PP_PCIE_NONE,
		[PP_WINDOWS_EVENT_COLLECTOR] = PP_PCIE_RC_EVENT_COLLECTOR,
	};
	const struct pp_number_fact *f = &d->windows->type;
	struct pp_config *c = &d->config;

	/* What is treated as PCI is of a type that Windows does not say. */
	if (f->error || f->value >= PP_WINDOWS_NR_TYPES || f->value == PP_WINDOWS_TREATED_AS_PCI)
		return;
	c->pcie_type = types[f->value];
	c->pcie_type_known = pp_tri(c->pcie_type != PP_PCIE_NONE);
}

static int windows_device_properties(struct pp_host_build *b, struct pp_node dir,
                                     struct pp_windows_device *w)
{
	const struct {
		const char *name;
		struct pp_number_fact *ret;
	} numbers[] = {
		{ "DeviceType", &w->type },
		{ "InterruptSupport", &w->interrupts },
		{ "AcsCompatibleUpHierarchy", &w->acs_up },
		{ "RequiresReservedMemoryRegion", &w->region },
		{ "OnPostPath", &w->post_path },
		{ "Problem", &w->problem },
	};
	char text[32];

	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
		if (windows_device_number(b, dir, numbers[i].name, numbers[i].ret))
			return -ENOMEM;
	int r = pp_source_read_text(b->source, dir, "Enumerator", text, sizeof(text));
	if (!r)
		w->dismounted = pp_tri(!strcmp(text, "PCIP"));
	return r == -ENOMEM ? r : windows_device_path(b, dir, &w->path);
}

static int windows_device_service(struct pp_host_build *b, struct pp_node dir, struct pp_device *d)
{
	char text[256];
	int r = pp_source_read_text(b->source, dir, "Service", text, sizeof(text));

	d->driver = (struct pp_text_fact){ .error = -r };
	if (r)
		return r == -ENOMEM ? r : 0;
	d->driver.text = pp_text_clean(&b->host->arena, text, strlen(text));
	return d->driver.text ? 0 : -ENOMEM;
}

static int windows_device_read(struct pp_host_build *b, const char *name, struct pp_device *d)
{
	char path[128];
	struct pp_node dir;
	struct pp_windows_device *w = PP_ARENA_NEW(&b->host->arena, struct pp_windows_device);

	if (!w)
		return -ENOMEM;
	d->windows = w;
	d->reset_method.error = d->group_error = ENODATA;
	snprintf(path, sizeof(path), DEVICES "/%s", name);
	int r = pp_source_open_dir(b->source, path, &dir);
	if (r) {
		d->driver.error = d->bars_error = w->type.error = w->interrupts.error =
			w->acs_up.error = w->region.error = w->post_path.error = w->problem.error =
				w->path.error = -r;
		return r == -ENOMEM ? r : pp_build_unread(b, DEVICES "/*", -r, "a device");
	}
	r = windows_device_properties(b, dir, w);
	if (!r)
		r = windows_device_ids(b, dir, d);
	windows_device_learn_type(d);
	if (!r)
		r = windows_device_service(b, dir, d);
	if (!r)
		r = windows_device_bars(b, dir, d);
	pp_source_close(b->source, dir);
	return r;
}

/* "0000-07-00.0", as the directories are named: ':' is no letter for a file under Windows. */
static bool windows_device_address(const char *name, struct pp_address *ret)
{
	char text[PP_ADDRESS_TEXT_BYTES], canonical[PP_ADDRESS_TEXT_BYTES];
	size_t len = strlen(name);

	if (len >= sizeof(text))
		return false;
	for (size_t i = 0; i <= len; i++) {
		if (name[i] == ':')
			return false;
		text[i] = name[i] == '-' ? ':' : name[i];
	}
	if (!pp_address_parse(text, ret))
		return false;
	pp_address_format(*ret, canonical);
	return !strcmp(text, canonical);
}

static void windows_device_name(struct pp_address a, char ret[PP_ADDRESS_TEXT_BYTES])
{
	pp_address_format(a, ret);
	for (char *c = ret; *c; c++)
		if (*c == ':')
			*c = '-';
}

static int windows_device_list(struct pp_host_build *b)
{
	struct pp_host *h = b->host;
	struct pp_names names;
	int r = pp_source_list(b->source, DEVICES, &b->scratch, &names);

	h->devices_error = -r;
	if (r)
		return r == -ENOMEM ? r : pp_build_unread(b, DEVICES, -r, "the devices");
	if (names.count > MAX_DEVICES)
		return -E2BIG;
	b->devices = PP_ARENA_ARRAY(&h->arena, names.count, struct pp_device);
	if (!b->devices)
		return -ENOMEM;
	h->devices = b->devices;
	for (uint32_t i = 0; i < names.count; i++) {
		struct pp_device d = { .parent = PP_NO_DEVICE,
			               .physfn = PP_NO_DEVICE,
			               .group = PP_NO_GROUP,
			               .link_lanes = -1 };
		if (windows_device_address(names.names[i], &d.address))
			b->devices[h->nr_devices++] = d;
		else
			pp_note(&h->notes, DEVICES, 0,
			        "'%s': Windows gives this device no address: passed over",
			        names.names[i]);
	}
	qsort(b->devices, h->nr_devices, sizeof(*b->devices), pp_build_compare_devices);
	return 0;
}

/* Of the header nothing is known, but functions that are there show it. */
static void windows_device_find_functions(struct pp_host_build *b)
{
	struct pp_device *d = b->devices;

	for (uint32_t i = 1; i < b->host->nr_devices; i++)
		if (d[i].address.domain == d[i - 1].address.domain &&
		    d[i].address.bus == d[i - 1].address.bus &&
		    d[i].address.device == d[i - 1].address.device)
			d[i - 1].config.multifunction = d[i].config.multifunction = true;
}

/* A device and its path, for finding the bridge above by the path alone. */
struct windows_path {
	const char *text;
	uint32_t device;
};

static int windows_path_compare(const void *x, const void *y)
{
	const struct windows_path *a = x, *b = y;
	int order = strcmp(a->text, b->text);
	return order ? order : (a->device > b->device) - (a->device < b->device);
}

/* The first device whose path is the first len bytes of text; PP_NO_DEVICE: none. */
static uint32_t windows_path_find(const struct windows_path *list, uint32_t n, const char *text,
                                  size_t len)
{
	uint32_t low = 0, high = n;

	while (low < high) {
		uint32_t mid = low + (high - low) / 2;
		int order = strncmp(list[mid].text, text, len);
		if (order < 0)
			low = mid + 1;
		else
			high = mid;
	}
	return low < n && !strncmp(list[low].text, text, len) && !list[low].text[len]
	               ? list[low].device
	               : PP_NO_DEVICE;
}

/* Where a bridge leads is what is found below it. */
static void windows_device_find_buses(struct pp_host_build *b)
{
	for (uint32_t i = b->host->nr_devices; i--;) {
		const struct pp_device *d = &b->devices[i];
		if (d->parent == PP_NO_DEVICE)
			continue;
		struct pp_config *above = &b->devices[d->parent].config;
		uint8_t bus = d->address.bus, last = d->config.subordinate;
		if (!above->secondary || bus < above->secondary)
			above->secondary = bus;
		last = last > bus ? last : bus;
		if (last > above->subordinate)
			above->subordinate = last;
	}
}

static int windows_device_find_parents(struct pp_host_build *b)
{
	struct pp_host *h = b->host;
	struct windows_path *list = PP_ARENA_ARRAY(&b->scratch, h->nr_devices, struct windows_path);
	uint32_t n = 0;

	if (!list)
		return -ENOMEM;
	for (uint32_t i = 0; i < h->nr_devices; i++)
		if (h->devices[i].windows->path.text)
			list[n++] = (struct windows_path){ h->devices[i].windows->path.text, i };
	qsort(list, n, sizeof(*list), windows_path_compare);
	for (uint32_t i = 0; i < h->nr_devices; i++) {
		struct pp_device *d = &b->devices[i];
		const char *path = d->windows->path.text;
		uint32_t above =
			path ? windows_path_find(list, n, path, (size_t)(strrchr(path, '#') - path))
			     : PP_NO_DEVICE;
		/* A bridge leads to buses of higher numbers than its own. */
		if (above < i && h->devices[above].address.domain == d->address.domain &&
		    h->devices[above].address.bus < d->address.bus)
			d->parent = above;
	}
	windows_device_find_buses(b);
	return 0;
}

int pp_build_windows_devices(struct pp_host_build *b, struct pp_error *e)
{
	struct pp_host *h = b->host;
	int r = windows_device_list(b);

	if (r == -E2BIG)
		return pp_fail(e, E2BIG, "%s: more than %d devices", DEVICES, MAX_DEVICES);
	for (uint32_t i = 0; !r && i < h->nr_devices; i++) {
		char name[PP_ADDRESS_TEXT_BYTES];
		windows_device_name(h->devices[i].address, name);
		r = windows_device_read(b, name, &b->devices[i]);
	}
	windows_device_find_functions(b);
	if (!r)
		r = windows_device_find_parents(b);
	return r ? pp_fail_oom(e, "devices") : 0;
}
