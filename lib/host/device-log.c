/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Lines of the kernel log about devices that do not answer or were refused; see device-log.h. */
#include <string.h>

#include "base/text.h"
#include "host/build.h"
#include "host/device-log.h"
#include "host/log-search.h"

static const struct {
	enum pp_device_line_sort sort;
	const char *one, *other; /* both stand in the line; other may be NULL */
} device_lines[] = {
	/* drivers/pci/pci.c, pci_power_up(), pci_set_full_power_state(); until 5.17
	 * pci_raw_set_power_state()
	 */
	{ PP_LINE_POWER, "Unable to change power state from ", ", device inaccessible" },
	{ PP_LINE_POWER, "can't change power state from ", "(config space inaccessible)" },
	{ PP_LINE_REFUSED, "Refused to change power state from ", NULL },
	{ PP_LINE_REFUSED, "refused to change power state from ", NULL },
	/* drivers/pci/pci.c, pci_dev_wait(); pcie_retrain… of quirks.c */
	{ PP_LINE_RESET, ": not ready ", "; giving up" },
	{ PP_LINE_LINK, ": retraining failed", NULL },
	/* drivers/pci/hotplug/pciehp_ctrl.c, pciehp_handle_presence_or_link_change() */
	{ PP_LINE_LINK, ": pciehp: Slot(", "): Link Down" },
	{ PP_LINE_LINK, ": pciehp: Slot(", "): Card not present" },
	/* drivers/pci/pcie/err.c, pcie_do_recovery() */
	{ PP_LINE_RECOVERY, "device recovery failed", NULL },
	/* drivers/pci/pci.c, __pci_request_region() */
	{ PP_LINE_RESERVE, "vfio-pci ", ": can't reserve [" },
	/* drivers/iommu/iommu.c, __iommu_device_set_domain(); until 6.5
	 * drivers/iommu/intel/iommu.c, intel_iommu_attach_device(). Both name the device that has
	 * the region.
	 */
	{ PP_LINE_DIRECT, "Firmware has requested this device have a 1:1 IOMMU mapping", NULL },
	{ PP_LINE_DIRECT, "Device is ineligible for IOMMU domain attach due to platform RMRR ",
	  NULL },
};

_Static_assert(sizeof(device_lines) / sizeof(device_lines[0]) <= PP_LOG_SEARCH_TEXTS,
               "PP_LOG_SEARCH_TEXTS");

struct pp_span pp_log_message(struct pp_span line)
{
	for (;;) {
		const uint8_t *end = NULL;
		if (line.len && line.data[0] == '[' && !pp_span_starts(line, "[Firmware"))
			end = pp_span_find(line, "] ");
		else if (line.len && line.data[0] == '<')
			end = pp_span_find(line, ">");
		else if (pp_span_starts(line, "kernel: "))
			end = line.data + 6;
		if (!end)
			return line;
		end += *end == '>' ? 1 : 2;
		line = PP_SPAN(end, (size_t)(line.data + line.len - end));
	}
}

/* "vfio-pci 0000:03:00.0: …": the driver, then the device. */
static bool line_names_device(struct pp_span message, struct pp_address *ret)
{
	char text[PP_ADDRESS_TEXT_BYTES];
	struct pp_span word;

	if (!pp_text_word(&message, &word) || !pp_text_word(&message, &word) || word.len < 2 ||
	    word.len > sizeof(text) || word.data[word.len - 1] != ':')
		return false;
	memcpy(text, word.data, word.len - 1);
	text[word.len - 1] = '\0';
	return pp_address_parse(text, ret);
}

bool pp_device_line_parse(struct pp_span message, struct pp_address *device,
                          enum pp_device_line_sort *sort)
{
	for (size_t i = 0; i < sizeof(device_lines) / sizeof(device_lines[0]); i++) {
		if (!pp_span_find(message, device_lines[i].one) ||
		    (device_lines[i].other && !pp_span_find(message, device_lines[i].other)))
			continue;
		*sort = device_lines[i].sort;
		return line_names_device(message, device);
	}
	return false;
}

/* The last of a sort is kept for each device. */
static int device_line_keep(struct pp_host_build *b, struct pp_span line)
{
	struct pp_kernel *k = &b->host->kernel;
	struct pp_span message = pp_log_message(line);
	struct pp_device_line l;
	uint32_t i = 0;

	if (!pp_device_line_parse(message, &l.device, &l.sort))
		return 0;
	while (i < k->nr_device_lines && (k->device_lines[i].sort != l.sort ||
	                                  !pp_address_equal(k->device_lines[i].device, l.device)))
		i++;
	if (i == PP_MAX_DEVICE_LINES)
		return 0;
	if (!k->device_lines)
		k->device_lines =
			PP_ARENA_ARRAY(&b->host->arena, PP_MAX_DEVICE_LINES, struct pp_device_line);
	l.text = pp_text_clean(&b->host->arena, message.data, message.len);
	if (!k->device_lines || !l.text)
		return -ENOMEM;
	k->device_lines[i] = l;
	k->nr_device_lines += i == k->nr_device_lines;
	return 0;
}

int pp_build_device_lines(struct pp_host_build *b)
{
	struct pp_log_search search;
	struct pp_span line;
	int r = 0;

	pp_log_search_init(&search, b->log, &device_lines[0].one, sizeof(device_lines[0]),
	                   sizeof(device_lines) / sizeof(device_lines[0]));
	while (!r && pp_log_search_next(&search, &line))
		r = device_line_keep(b, line);
	return r;
}

const struct pp_device_line *pp_device_line(const struct pp_host *h, const struct pp_device *d,
                                            enum pp_device_line_sort sort)
{
	for (uint32_t i = 0; i < h->kernel.nr_device_lines; i++) {
		const struct pp_device_line *l = &h->kernel.device_lines[i];
		if (l->sort == sort && pp_address_equal(l->device, d->address))
			return l;
	}
	return NULL;
}
