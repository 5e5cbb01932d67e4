/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The PCI device behind a file of /dev: displays, accelerators, disks, serial ports, cameras. */
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "host/claim-writer.h"

#define NVIDIA_GPUS "proc/driver/nvidia/gpus"
#define NODE_BYTES  64

/* Files whose name is that of an entry of a class. */
static const struct node_class {
	const char *directory, *class;
} node_classes[] = {
	{ "/dev/dri/", "drm" },       { "/dev/accel/", "accel" }, { "/dev/", "block" },
	{ "/dev/", "tty" },           { "/dev/", "apex" },        { "/dev/", "video4linux" },
	{ "/dev/", "hailo_chardev" },
};

/* The driver's own lines on a card, such as "Device Minor: 	 0": the first word behind key. */
static bool node_nvidia_line(struct pp_claim_writer *w, const char *gpu, const char *key, char *ret,
                             size_t size)
{
	char path[128];
	struct pp_span info, line, word;

	snprintf(path, sizeof(path), NVIDIA_GPUS "/%.40s/information", gpu);
	if (pp_source_read_all(w->source, path, 4096, &w->b->scratch, &info))
		return false;
	while (pp_text_line(&info, &line)) {
		if (!pp_span_starts(line, key))
			continue;
		line = PP_SPAN(line.data + strlen(key), line.len - strlen(key));
		if (!pp_text_word(&line, &word) || word.len >= size)
			return false;
		snprintf(ret, size, "%.*s", (int)word.len, (const char *)word.data);
		return true;
	}
	return false;
}

static bool node_nvidia_minor(struct pp_claim_writer *w, const char *gpu, uint64_t *ret)
{
	char text[32];

	return node_nvidia_line(w, gpu, "Device Minor:", text, sizeof(text)) &&
	       pp_parse_dec(text, 1023, ret);
}

static void node_add_nvidia(struct pp_claim_writer *w, uint64_t wanted)
{
	struct pp_names gpus;
	uint64_t minor;

	if (pp_source_list(w->source, NVIDIA_GPUS, &w->b->scratch, &gpus))
		return;
	for (uint32_t i = 0; i < gpus.count; i++)
		if (node_nvidia_minor(w, gpus.names[i], &minor) && minor == wanted)
			pp_claim_add_text(w, gpus.names[i]);
}

static bool node_has_driver(const struct pp_device *d, const char *driver)
{
	return d->driver.text && !strcmp(d->driver.text, driver);
}

static void node_add_nvidia_number(struct pp_claim_writer *w, uint64_t number)
{
	const struct pp_host *h = w->b->host;

	pp_host_needs_all(h);
	for (uint32_t i = 0; i < h->nr_devices; i++)
		if (node_has_driver(&h->devices[i], "nvidia") &&
		    pp_device_base_class(&h->devices[i]) == 0x03 && !number--)
			pp_claim_add_device(w, h->devices[i].address);
}

static void node_add_nvidia_uuid(struct pp_claim_writer *w, const char *uuid)
{
	struct pp_names gpus;
	char text[64];

	if (pp_source_list(w->source, NVIDIA_GPUS, &w->b->scratch, &gpus))
		return;
	for (uint32_t i = 0; i < gpus.count; i++)
		if (node_nvidia_line(w, gpus.names[i], "GPU UUID:", text, sizeof(text)) &&
		    !strncmp(text, uuid, strlen(uuid)))
			pp_claim_add_text(w, gpus.names[i]);
}

void pp_claim_add_nvidia(struct pp_claim_writer *w, const char *id)
{
	const char *cdi = strchr(id, '=');
	char text[16];
	uint64_t number;

	if (cdi && strncmp(id, "nvidia.com/gpu=", strlen("nvidia.com/gpu=")) != 0)
		return;
	id = cdi ? cdi + 1 : id;
	size_t len = strcspn(id, ":");
	len = len < sizeof(text) ? len : sizeof(text) - 1;
	memcpy(text, id, len);
	text[len] = '\0';
	if (!strcmp(id, "all"))
		pp_claim_add_driver(w, "nvidia");
	else if (!strncmp(id, "GPU-", 4) && id[4])
		node_add_nvidia_uuid(w, id);
	else if (pp_parse_dec(text, 1023, &number))
		node_add_nvidia_number(w, number);
}

void pp_claim_add_driver(struct pp_claim_writer *w, const char *driver)
{
	const struct pp_host *h = w->b->host;

	for (uint32_t i = 0; i < h->nr_devices; i++)
		if (node_has_driver(&h->devices[i], driver))
			pp_claim_add_device(w, h->devices[i].address);
}

static void node_add_class(struct pp_claim_writer *w, const char *class, const char *name)
{
	char path[2 * NODE_BYTES];

	snprintf(path, sizeof(path), "sys/class/%s/%s", class, name);
	pp_claim_add_link(w, path);
}

/* "/dev/dri": all displays. */
static void node_add_displays(struct pp_claim_writer *w)
{
	struct pp_names names;

	if (pp_source_list(w->source, "sys/class/drm", &w->b->scratch, &names))
		return;
	for (uint32_t i = 0; i < names.count; i++)
		if (!strchr(names.names[i], '-') && strlen(names.names[i]) < NODE_BYTES)
			node_add_class(w, "drm", names.names[i]);
}

/* "/dev/dri/by-path/pci-0000:01:00.0-render" */
static bool node_add_by_path(struct pp_claim_writer *w, const char *node)
{
	const char *at = strstr(node, "/by-path/pci-");
	char address[PP_ADDRESS_TEXT_BYTES];

	if (!at)
		return false;
	snprintf(address, sizeof(address), "%.12s", at + strlen("/by-path/pci-"));
	return pp_claim_add_text(w, address);
}

void pp_claim_add_node(struct pp_claim_writer *w, const char *node)
{
	size_t n = strlen(node);
	uint64_t minor;

	if (n >= NODE_BYTES || strncmp(node, "/dev/", 5) || strstr(node, "..")) {
		node_add_by_path(w, node);
	} else if (!strcmp(node, "/dev/dri") || !strcmp(node, "/dev/dri/")) {
		node_add_displays(w);
	} else if (!strcmp(node, "/dev/kfd")) {
		pp_claim_add_driver(w, "amdgpu");
	} else if (!strncmp(node, "/dev/nvidia", 11) && pp_parse_dec(node + 11, 1023, &minor)) {
		node_add_nvidia(w, minor);
	} else if (!node_add_by_path(w, node)) {
		for (size_t i = 0; i < sizeof(node_classes) / sizeof(node_classes[0]); i++) {
			size_t skip = strlen(node_classes[i].directory);
			const char *name = node + skip;
			if (!strncmp(node, node_classes[i].directory, skip) && *name &&
			    !strchr(name, '/'))
				node_add_class(w, node_classes[i].class, name);
		}
	}
}
