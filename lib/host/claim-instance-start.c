/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What an instance of LXD or Incus was last started with: qemu.conf of a VM, lxc.conf of a
 * container. Both daemons write them at each start, outside the instance's storage.
 */
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "host/claim-writer.h"

#define START_FILE_BYTES ((size_t)1024 * 1024)
#define START_PATH_BYTES 512

/* key = "value" of QEMU's -readconfig, key = value of LXC. */
static bool start_key_value(struct pp_span line, struct pp_span *key, struct pp_span *value)
{
	const uint8_t *equals = line.len ? memchr(line.data, '=', line.len) : NULL;

	if (!equals)
		return false;
	struct pp_span before = PP_SPAN(line.data, (size_t)(equals - line.data));
	*value = PP_SPAN(equals + 1, line.len - before.len - 1);
	return pp_text_word(&before, key);
}

/* host = "0000:01:00.0" in the section of a vfio-pci device; only such a section has that key. */
static void start_walk_qemu(struct pp_claim_writer *w, struct pp_span text)
{
	struct pp_span line, key, value, word;
	bool device = false;

	while (pp_text_line(&text, &line)) {
		char address[PP_ADDRESS_TEXT_BYTES];
		if (pp_span_starts(line, "["))
			device = pp_span_starts(line, "[device ");
		if (!device || !start_key_value(line, &key, &value) || !pp_span_is(key, "host") ||
		    !pp_text_word(&value, &word) || word.len < 2 || *word.data != '"' ||
		    word.data[word.len - 1] != '"' || word.len - 2 >= sizeof(address))
			continue;
		snprintf(address, sizeof(address), "%.*s", (int)word.len - 2,
		         (const char *)word.data + 1);
		pp_claim_add_text(w, address);
	}
}

/* "/…/devices/NAME/unix.gpu0.dev-dri-card0 dev/dri/card0 none bind,create=file": the second word */
static void start_add_mount(struct pp_claim_writer *w, struct pp_span value)
{
	struct pp_span from, to;
	char node[256];

	if (!pp_text_word(&value, &from) || !pp_text_word(&value, &to) || to.len > 200)
		return;
	snprintf(node, sizeof(node), "%.*s", (int)from.len < 255 ? (int)from.len : 0,
	         (const char *)from.data);
	const char *file = strrchr(node, '/');
	if (file && !strncmp(file, "/unix.", 6) && pp_span_starts(to, "dev/")) {
		snprintf(node, sizeof(node), "/%.*s", (int)to.len, (const char *)to.data);
		pp_claim_add_node(w, node);
	} else if (!strncmp(node, "/dev/", 5)) {
		pp_claim_add_node(w, node);
	}
}

/* An interface that was handed over is the container's, and of another name for the host. */
static void start_add_interface(struct pp_claim_writer *w, struct pp_span value)
{
	struct pp_span name;
	char path[128];

	if (!pp_text_word(&value, &name) || name.len > 64 || memchr(name.data, '/', name.len))
		return;
	snprintf(path, sizeof(path), "sys/class/net/%.*s", (int)name.len, (const char *)name.data);
	pp_claim_add_link(w, path);
}

/* lxc.net.0.type = phys stands before lxc.net.0.link = enp3s0. */
static void start_walk_lxc(struct pp_claim_writer *w, struct pp_span text)
{
	struct pp_span line, key, value, word;
	bool phys = false;

	while (pp_text_line(&text, &line)) {
		if (!start_key_value(line, &key, &value))
			continue;
		const char *last = pp_span_starts(key, "lxc.net.") && key.len > 13
		                           ? (const char *)key.data + key.len - 5
		                           : "     ";
		if (pp_span_is(key, "lxc.mount.entry"))
			start_add_mount(w, value);
		else if (!memcmp(last, ".type", 5))
			phys = pp_text_word(&value, &word) && pp_span_is(word, "phys");
		else if (!memcmp(last, ".link", 5) && phys)
			start_add_interface(w, value);
	}
}

int pp_claim_add_start(struct pp_claim_writer *w, const char *logs, const char *name, bool is_vm)
{
	char path[START_PATH_BYTES];
	struct pp_span text;
	int n = snprintf(path, sizeof(path), "%s/%s/%s", logs, name,
	                 is_vm ? "qemu.conf" : "lxc.conf");

	if (n < 0 || (size_t)n >= sizeof(path))
		return 0;
	int r = pp_source_read_all(w->source, path, START_FILE_BYTES, &w->b->scratch, &text);
	if (r)
		return r == -ENOMEM ? r : 0;
	if (is_vm)
		start_walk_qemu(w, text);
	else
		start_walk_lxc(w, text);
	return 0;
}
