/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Capabilities as "lspci -v" and "-vv" print them, back into configuration space: those that
 * decide. */
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "import/lspci.h"
#include "pci/config.h"

/* PCIe 7.5 to 7.9: numbers of capabilities. What decides nothing is a link of the chain alone. */
#define CAP_OTHER     0x09u /* vendor specific */
#define EXT_CAP_OTHER 0x000bu

static const struct {
	const char *begins;
	uint8_t id;
} caps_known[] = {
	{ "Power Management", 0x01 },
	{ "MSI-X", 0x11 },
	{ "MSI:", 0x05 },
	{ "PCI-X", 0x07 },
	{ "Express", 0x10 },
	{ "PCI Advanced Features", 0x13 },
	{ "Subsystem", 0x0d },
	{ "Vital Product Data", 0x03 },
};

static const struct {
	const char *begins;
	uint16_t id;
} ext_known[] = {
	{ "Access Control Services", 0x000d },        { "Alternative Routing-ID", 0x000e },
	{ "Single Root I/O Virtualization", 0x0010 }, { "Physical Resizable BAR", 0x0015 },
	{ "Advanced Error Reporting", 0x0001 },
};

static const struct {
	const char *name;
	uint8_t type;
} port_types[] = {
	{ "Legacy Endpoint", PP_PCIE_LEGACY_ENDPOINT },
	{ "Root Complex Integrated Endpoint", PP_PCIE_RC_ENDPOINT },
	{ "Root Complex Event Collector", PP_PCIE_RC_EVENT_COLLECTOR },
	{ "Endpoint", PP_PCIE_ENDPOINT },
	{ "Root Port", PP_PCIE_ROOT_PORT },
	{ "Upstream Port", PP_PCIE_UPSTREAM },
	{ "Downstream Port", PP_PCIE_DOWNSTREAM },
	{ "PCI-Express to PCI/PCI-X Bridge", PP_PCIE_TO_PCI_BRIDGE },
	{ "PCI/PCI-X to PCI-Express Bridge", PP_PCI_TO_PCIE_BRIDGE },
};

static bool caps_has(struct pp_span line, const char *text)
{
	return pp_span_find(line, text) != NULL;
}

/* "Express (v2) Root Port (Slot+), IntMsgNum 0": the flags register, PCIe 7.5.3.2. */
static void caps_express(struct pp_import_config *c, unsigned int at, struct pp_span what)
{
	for (size_t i = 0; i < sizeof(port_types) / sizeof(port_types[0]); i++) {
		if (!caps_has(what, port_types[i].name))
			continue;
		uint32_t flags = (uint32_t)port_types[i].type << 4 | 2u;
		if (caps_has(what, "(Slot+)"))
			flags |= 0x100;
		pp_import_config_put(c, at + 2, flags, 2);
		return;
	}
}

static void caps_plain(struct pp_import_config *c, struct pp_lspci_caps *caps, unsigned int at,
                       struct pp_span what)
{
	uint8_t id = CAP_OTHER;

	if (at < 0x40 || at > 0xfc)
		return;
	for (size_t i = 0; i < sizeof(caps_known) / sizeof(caps_known[0]); i++)
		if (pp_span_starts(what, caps_known[i].begins)) {
			id = caps_known[i].id;
			break;
		}
	pp_import_config_put(c, caps->last ? caps->last + 1u : 0x34, at, 1);
	pp_import_config_put(c, at, id, 1);
	/* Its own first register, which decides nothing but for Express. */
	pp_import_config_put(c, at + 2, 0, 2);
	caps->last = (uint8_t)at;
	caps->kind = id;
	caps->pcie |= id == 0x10;
	if (id == 0x10)
		caps_express(c, at, what);
}

static void caps_extended(struct pp_import_config *c, struct pp_lspci_caps *caps, unsigned int at,
                          struct pp_span what)
{
	uint16_t id = EXT_CAP_OTHER;

	if (at < 0x100 || at > 0xffc || at % 4)
		return;
	for (size_t i = 0; i < sizeof(ext_known) / sizeof(ext_known[0]); i++)
		if (pp_span_starts(what, ext_known[i].begins)) {
			id = ext_known[i].id;
			break;
		}
	/* The list begins at 0x100: what stands there first leads to the next. */
	uint32_t before = caps->ext;
	if (before)
		pp_import_config_put(c, before + 2u, at << 4 | 1u, 2);
	else if (at != 0x100)
		return;
	pp_import_config_put(c, at, id, 2);
	caps->ext = (uint16_t)at;
	caps->kind = id;
	caps->extended = true;
}

void pp_lspci_capability(struct pp_import_config *c, struct pp_lspci_caps *caps,
                         struct pp_span line)
{
	static const char begins[] = "Capabilities: ";
	struct pp_span rest =
		PP_SPAN(line.data + sizeof(begins) - 1, line.len - (sizeof(begins) - 1));
	uint64_t at;

	caps->at = 0;
	if (caps_has(rest, "<access denied>")) {
		caps->denied = true;
		return;
	}
	if (!rest.len || rest.data[0] != '[')
		return;
	rest = PP_SPAN(rest.data + 1, rest.len - 1);
	size_t n = pp_import_hex(rest, &at);
	const uint8_t *end = rest.len ? memchr(rest.data, ']', rest.len) : NULL;
	if (!n || !end || at >= PP_IMPORT_CONFIG)
		return;
	struct pp_span what = PP_SPAN(end + 1, (size_t)(rest.data + rest.len - end - 1));
	while (what.len && what.data[0] == ' ')
		what = PP_SPAN(what.data + 1, what.len - 1);
	caps->any = true;
	caps->at = (uint16_t)at;
	caps->kind = 0;
	if (at < 0x100)
		caps_plain(c, caps, (unsigned int)at, what);
	else
		caps_extended(c, caps, (unsigned int)at, what);
}

static const struct {
	const char *name;
	uint16_t bit;
} acs_bits[] = {
	{ "SrcValid", PP_ACS_SV },    { "TransBlk", PP_ACS_TB },    { "ReqRedir", PP_ACS_RR },
	{ "CmpltRedir", PP_ACS_CR },  { "UpstreamFwd", PP_ACS_UF }, { "EgressCtrl", PP_ACS_EC },
	{ "DirectTrans", PP_ACS_DT },
};

/* "FLR+" or "FLR-"; false: neither, as where a line was cut. */
static bool caps_flag(struct pp_span line, const char *name, bool *ret)
{
	char word[24];
	int n = snprintf(word, sizeof(word), "%s+", name);

	*ret = caps_has(line, word);
	word[n - 1] = '-';
	return *ret || caps_has(line, word);
}

/* "SrcValid+ TransBlk- …"; false: a word that belongs there is missing, as where a line was cut. */
static bool caps_acs(struct pp_span line, uint32_t *ret)
{
	bool on;

	*ret = 0;
	for (size_t i = 0; i < sizeof(acs_bits) / sizeof(acs_bits[0]); i++) {
		if (!caps_flag(line, acs_bits[i].name, &on))
			return false;
		*ret |= on ? acs_bits[i].bit : 0;
	}
	return true;
}

static bool caps_number(struct pp_span line, const char *behind, uint64_t *ret)
{
	char text[64];

	if (!pp_import_behind(line, behind, text, sizeof(text)))
		return false;
	text[strspn(text, "0123456789")] = '\0';
	return pp_parse_dec(text, UINT32_MAX, ret);
}

static void caps_detail_ext(struct pp_import_config *c, const struct pp_lspci_caps *caps,
                            struct pp_span line)
{
	uint64_t initial, total, now;
	uint32_t bits;
	bool on;

	if (caps->kind == 0x000d && pp_span_starts(line, "ACSCap:") && caps_acs(line, &bits))
		pp_import_config_put(c, caps->at + 4u, bits, 2);
	else if (caps->kind == 0x000d && pp_span_starts(line, "ACSCtl:") && caps_acs(line, &bits))
		pp_import_config_put(c, caps->at + 6u, bits, 2);
	else if (caps->kind == 0x0010 && pp_span_starts(line, "IOVCtl:") &&
	         caps_flag(line, "Enable", &on))
		/* With the status behind it, which decides nothing: the kernel reads them in one.
		 */
		pp_import_config_put(c, caps->at + 8u, on, 4);
	else if (caps->kind == 0x0010 && caps_number(line, "Initial VFs: ", &initial) &&
	         caps_number(line, "Total VFs: ", &total) &&
	         caps_number(line, "Number of VFs: ", &now)) {
		pp_import_config_put(c, caps->at + 0xcu, (uint32_t)initial, 2);
		pp_import_config_put(c, caps->at + 0xeu, (uint32_t)total, 2);
		pp_import_config_put(c, caps->at + 0x10u, (uint32_t)now, 2);
	}
}

void pp_lspci_detail(struct pp_import_config *c, const struct pp_lspci_caps *caps,
                     struct pp_span line)
{
	bool on, other;
	uint64_t slot;

	if (!caps->at)
		return;
	if (caps->at >= 0x100) {
		caps_detail_ext(c, caps, line);
	} else if (caps->kind == 0x10 && caps_flag(line, "FLReset", &on)) {
		pp_import_config_put(c, caps->at + 4u, on ? 1u << 28 : 0, 4);
	} else if (caps->kind == 0x10 && caps_number(line, "Slot #", &slot)) {
		pp_import_config_put(c, caps->at + 0x14u, (uint32_t)slot << 19, 4);
	} else if (caps->kind == 0x13 && pp_span_starts(line, "AFCap:") &&
	           caps_flag(line, "TP", &on) && caps_flag(line, "FLR", &other)) {
		pp_import_config_put(c, caps->at + 3u, (on ? 1u : 0) | (other ? 2u : 0), 1);
	} else if (caps->kind == 0x01 && pp_span_starts(line, "Status:") &&
	           caps_flag(line, "NoSoftRst", &on)) {
		pp_import_config_put(c, caps->at + 4u, on ? 8 : 0, 2);
	}
}

void pp_lspci_caps_end(struct pp_import_config *c, const struct pp_lspci_caps *caps, bool verbose)
{
	/* Without root, and where -v was not asked for, nothing is known behind the header. */
	if (caps->denied || !verbose)
		return;
	if (caps->last)
		pp_import_config_put(c, caps->last + 1u, 0, 1);
	else if (!caps->any)
		pp_import_config_put(c, 0x34, 0, 1);
	if (caps->ext)
		pp_import_config_put(c, caps->ext + 2u, 1, 2);
	else if (caps->pcie && !caps->extended)
		pp_import_config_put(c, 0x100, 0, 4);
}
