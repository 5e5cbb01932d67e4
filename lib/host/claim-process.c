/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Processes that have a device open, by the links of /proc/PID/fd: a group or a device of VFIO is a
 * running guest, a display or a compute device a program. Of a process no more is told than the
 * number or name of its guest.
 */
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "host/claim-writer.h"

#define PROCESS_NODES   256
#define PROCESS_CMDLINE ((size_t)256 * 1024)
#define LINK_BYTES      128
#define O_PATH_FLAG     010000000u /* on x86 and Arm */

struct process_search {
	struct pp_claim_writer *w;
	struct pp_arena arena;           /* of the process that is looked at */
	bool by_vfio;                    /* devices are bound to vfio-pci: who has them matters */
	int error;                       /* errno of a process that was not read */
	const char *told[PROCESS_NODES]; /* files that were told of */
	uint32_t nr_told;
};

static bool process_is_told(struct process_search *s, const char *node)
{
	for (uint32_t i = 0; i < s->nr_told; i++)
		if (!strcmp(s->told[i], node))
			return true;
	const char *copy =
		s->nr_told < PROCESS_NODES ? pp_arena_strdup(&s->w->b->scratch, node) : NULL;
	if (copy)
		s->told[s->nr_told++] = copy;
	return !copy;
}

/* udev keeps a new node by O_PATH and has not opened it: proc(5), fdinfo, flags in octal. */
static bool process_has_opened(struct process_search *s, const char *pid, const char *fd)
{
	char path[96];
	struct pp_span info, line, word;

	snprintf(path, sizeof(path), "proc/%.16s/fdinfo/%.16s", pid, fd);
	if (pp_source_read_all(s->w->source, path, 65536, &s->arena, &info))
		return true;
	while (pp_text_line(&info, &line)) {
		uint64_t flags = 0;
		if (!pp_text_word(&line, &word) || !pp_span_is(word, "flags:") ||
		    !pp_text_word(&line, &word))
			continue;
		for (size_t i = 0; i < word.len && word.data[i] >= '0' && word.data[i] <= '7'; i++)
			flags = flags << 3 | (word.data[i] - '0');
		return !(flags & O_PATH_FLAG);
	}
	return true;
}

/* QEMU's "-id 101" of Proxmox VE, "-name guest=web,debug-threads=on" of libvirt. */
static int process_name_guest(struct process_search *s, const char *pid, struct pp_claimant *c)
{
	char path[64];
	struct pp_span line, word, before = { 0 };
	uint64_t number;

	snprintf(path, sizeof(path), "proc/%.16s/cmdline", pid);
	int r = pp_source_read_all(s->w->source, path, PROCESS_CMDLINE, &s->arena, &line);
	if (r)
		return r == -ENOMEM ? r : 0;
	/* Words end with a NUL, which ends a line as well. */
	while (pp_text_line(&line, &word)) {
		char text[16];
		snprintf(text, sizeof(text), "%.*s", word.len < sizeof(text) ? (int)word.len : 0,
		         (const char *)word.data);
		if (pp_span_is(before, "-id") && pp_parse_dec(text, 999999999, &number))
			c->number = (uint32_t)number;
		if (pp_span_is(before, "-name")) {
			size_t skip = pp_span_starts(word, "guest=") ? 6 : 0;
			const uint8_t *comma = memchr(word.data, ',', word.len);
			size_t end = comma ? (size_t)(comma - word.data) : word.len;
			c->name = pp_text_clean(&s->arena, word.data + skip,
			                        end > skip ? end - skip : 0);
			if (!c->name)
				return -ENOMEM;
		}
		before = word;
	}
	return 0;
}

/* Devices of a group that VFIO can give away; except: one that is told of by itself. */
static uint32_t process_add_group(struct process_search *s, const struct pp_group *g,
                                  uint32_t except)
{
	const struct pp_host *h = s->w->b->host;
	uint32_t n = 0;

	for (uint32_t i = 0; i < g->nr_devices; i++) {
		const struct pp_device *d = &h->devices[g->devices[i]];
		if (g->devices[i] == except || pp_device_is_bridge(d))
			continue;
		pp_claim_add_device(s->w, d->address);
		n++;
	}
	return n;
}

static const struct pp_group *process_group(const struct pp_host *h, uint64_t number)
{
	for (uint32_t i = 0; i < h->nr_groups; i++)
		if (h->groups[i].number == number)
			return &h->groups[i];
	return NULL;
}

/* drivers/vfio/device_cdev.c: vfio-dev/vfioN of the device. PP_NO_DEVICE: of none. */
static uint32_t process_device_of(struct process_search *s, const char *name)
{
	const struct pp_host *h = s->w->b->host;
	char path[160], address[PP_ADDRESS_TEXT_BYTES];

	for (uint32_t i = 0; i < h->nr_devices; i++) {
		struct pp_node dir;
		if (!h->devices[i].driver.text || !strstr(h->devices[i].driver.text, "vfio"))
			continue;
		pp_address_format(h->devices[i].address, address);
		snprintf(path, sizeof(path), "sys/bus/pci/devices/%s/vfio-dev/%.32s", address,
		         name);
		if (!pp_source_open_dir(s->w->source, path, &dir)) {
			pp_source_close(s->w->source, dir);
			return i;
		}
	}
	return PP_NO_DEVICE;
}

/* What stands behind "/dev/vfio/". */
static void process_tell_vfio(struct process_search *s, const char *name, struct pp_claimant *c)
{
	const struct pp_host *h = s->w->b->host;
	const struct pp_group *g = NULL;
	uint32_t device = PP_NO_DEVICE;
	uint64_t number;

	if (!strncmp(name, "devices/", 8)) {
		device = process_device_of(s, name + 8);
		if (device == PP_NO_DEVICE)
			return;
		pp_claim_add_device(s->w, h->devices[device].address);
		pp_claim_end(s->w, c);
		c->same_holder = true;
		g = h->devices[device].group == PP_NO_GROUP ? NULL
		                                            : &h->groups[h->devices[device].group];
	} else {
		name += strncmp(name, "noiommu-", 8) ? 0 : 8;
		g = pp_parse_dec(name, UINT32_MAX, &number) ? process_group(h, number) : NULL;
	}
	if (!g)
		return;
	c->by_group = process_add_group(s, g, device) > 1 || device != PP_NO_DEVICE;
	pp_claim_end(s->w, c);
	c->by_group = false;
}

static int process_look_at_file(struct process_search *s, const char *pid, const char *fd,
                                const char *node, struct pp_claimant *c)
{
	/* The /dev of a container may be shown without its own place. */
	const char *vfio = !strncmp(node, "/dev/vfio/", 10) ? node + 10
	                   : !strncmp(node, "/vfio/", 6)    ? node + 6
	                                                    : NULL;
	bool display = !strncmp(node, "/dev/dri/", 9) ||
	               (!strncmp(node, "/dev/nvidia", 11) && node[11] >= '0' && node[11] <= '9');
	int r = 0;

	if ((!vfio && !display) || (vfio && !strcmp(vfio, "vfio")) ||
	    !process_has_opened(s, pid, fd) || process_is_told(s, node))
		return 0;
	if (!vfio) {
		struct pp_claimant program = { .kind = PP_CLAIM_PROGRAM };
		pp_claim_add_node(s->w, node);
		pp_claim_end(s->w, &program);
		return 0;
	}
	if (!c->same_holder)
		r = process_name_guest(s, pid, c);
	if (!r) {
		uint32_t before = s->w->nr_holders;
		process_tell_vfio(s, vfio, c);
		c->same_holder |= s->w->nr_holders != before;
	}
	return r;
}

static int process_look(struct process_search *s, const char *pid)
{
	struct pp_claimant c = { .kind = PP_CLAIM_RUNNING };
	struct pp_names fds;
	struct pp_node dir;
	char path[64], link[LINK_BYTES];

	snprintf(path, sizeof(path), "proc/%.16s/fd", pid);
	int r = pp_source_list(s->w->source, path, &s->arena, &fds);
	if (!r)
		r = pp_source_open_dir(s->w->source, path, &dir);
	if (r) {
		/* It may have ended meanwhile. */
		if (r == -EACCES || r == -EPERM)
			s->error = -r;
		return r == -ENOMEM ? r : 0;
	}
	for (uint32_t i = 0; !r && i < fds.count; i++)
		/* A longer one is none of these. */
		if (!pp_source_read_link(s->w->source, dir, fds.names[i], link, sizeof(link)))
			r = process_look_at_file(s, pid, fds.names[i], link, &c);
	pp_source_close(s->w->source, dir);
	return r;
}

/* Whether a device's driver is one whose users this can find. */
static bool process_has_users(struct process_search *s)
{
	const struct pp_host *h = s->w->b->host;
	bool display = false;

	for (uint32_t i = 0; i < h->nr_devices; i++) {
		const struct pp_device *d = &h->devices[i];
		if (!d->driver.text)
			continue;
		s->by_vfio |= strstr(d->driver.text, "vfio") != NULL;
		display |= pp_device_base_class(d) == 0x03;
	}
	return s->by_vfio || display;
}

int pp_claims_of_processes(struct pp_claim_writer *w)
{
	struct process_search s = { .w = w };
	struct pp_names names;

	if (!process_has_users(&s))
		return 0;
	int r = pp_source_list(w->source, "proc", &w->b->scratch, &names);
	if (r)
		return r == -ENOMEM ? r : 0;
	for (uint32_t i = 0; !r && i < names.count; i++) {
		const char *pid = names.names[i];
		if (pid[strspn(pid, "0123456789")] || strlen(pid) > 10)
			continue;
		pp_arena_init(&s.arena, 0);
		r = process_look(&s, pid);
		pp_arena_fini(&s.arena);
	}
	if (s.by_vfio)
		pp_claim_unread(w, "proc/*/fd", s.error);
	return r;
}
