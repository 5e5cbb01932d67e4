/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Names of files and kernels in a capture: those that whoever keeps the host gave are not kept. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/crc32.h"
#include "base/text.h"
#include "host/build.h"
#include "host/modprobe.h"
#include "host/redact.h"
#include "host/redact-part.h"

/* What distributions, kernels' own versions and processors put into a release. */
static const char *const release_words[] = {
	"rc",      "v",       "x",        "g",       "deb",      "bpo",        "pve",
	"ubuntu",  "u",       "el",       "uek",     "fc",       "amzn",       "lp",
	"arch",    "zen",     "lts",      "amd",     "arm",      "aarch",      "armv",
	"i",       "riscv",   "ppc",      "le",      "s",        "generic",    "lowlatency",
	"default", "desktop", "server",   "cloud",   "rt",       "preempt",    "hardened",
	"kvm",     "virtual", "aws",      "azure",   "gcp",      "oracle",     "oem",
	"hwe",     "raspi",   "rpi",      "custom",  "common",   "current",    "edge",
	"gentoo",  "dist",    "xanmod",   "cachyos", "liquorix", "truenas",    "production",
	"unraid",  "nixos",   "rockchip", "sunxi",   "longterm", "tegra",      "debug",
	"git",     "next",    "mm",       "stable",  "mainline", "unreleased", "unstable",
};

static bool name_is_digit(uint8_t c)
{
	return c >= '0' && c <= '9';
}

static bool release_knows(struct pp_span word)
{
	for (size_t i = 0; i < sizeof(release_words) / sizeof(release_words[0]); i++)
		if (pp_span_is(word, release_words[i]))
			return true;
	return false;
}

/* "28", "bpo", "deb12u5", "86": numbers, and words that are known. */
static bool release_part_is_known(struct pp_span part)
{
	size_t at = 0;

	while (at < part.len) {
		size_t from = at;
		bool digits = name_is_digit(part.data[at]);
		while (at < part.len && name_is_digit(part.data[at]) == digits)
			at++;
		/* A number of that length is none of a version. */
		if (digits ? at - from > 8 : !release_knows(PP_SPAN(part.data + from, at - from)))
			return false;
	}
	return true;
}

void pp_redact_release(struct pp_span release, struct pp_buffer *b)
{
	for (size_t at = 0; at < release.len;) {
		size_t from = at;
		while (at < release.len && !memchr("-+~_.", release.data[at], 5))
			at++;
		struct pp_span part = PP_SPAN(release.data + from, at - from);
		if (release_part_is_known(part))
			pp_buffer_append(b, part.data, part.len);
		else
			pp_buffer_printf(b, "%08x", pp_span_crc32(part));
		if (at < release.len)
			pp_buffer_append(b, release.data + at++, 1);
	}
}

/* Names in modprobe.d that packages bring along, and ours. */
static const char *const modprobe_names[] = {
	"aliases.conf",
	"alsa-base.conf",
	"amd64-microcode-blacklist.conf",
	"blacklist-ath_pci.conf",
	"blacklist-firewire.conf",
	"blacklist-framebuffer.conf",
	"blacklist-nouveau.conf",
	"blacklist-rare-network.conf",
	"blacklist.conf",
	"dkms.conf",
	"fbdev-blacklist.conf",
	"intel-microcode-blacklist.conf",
	"iwlwifi.conf",
	"kvm.conf",
	"mdadm.conf",
	"nvidia.conf",
	"nvidia-graphics-drivers.conf",
	"nvidia-kernel-common.conf",
	"pve-blacklist.conf",
	"systemd.conf",
	"vfio.conf",
	"vfio-pci.conf",
	"vfio_iommu_type1.conf",
	"iommu_unsafe_interrupts.conf",
	"xen-pciback.conf",
	"zfs.conf",
};

static bool modprobe_is_kept(const char *name)
{
	if (!strncmp(name, "pcipass", 7) &&
	    strspn(name + 7, "-_abcdefghijklmnopqrstuvwxyz.") == strlen(name + 7))
		return true;
	for (size_t i = 0; i < sizeof(modprobe_names) / sizeof(modprobe_names[0]); i++)
		if (!strcmp(name, modprobe_names[i]))
			return true;
	return false;
}

struct redact_renamed {
	const char *name, *is; /* is NULL: nothing in it decides, so that it is not kept */
};

struct pp_redact_names {
	struct redact_renamed *files; /* of modprobe.d, by name */
	uint32_t nr_files;
	struct pp_arena *arena;
};

#define NAMES_MAX_FILES 5120u
#define NAMES_MAX_BYTES ((size_t)1024 * 1024)

static int name_compare(const void *a, const void *b)
{
	return strcmp(((const struct redact_renamed *)a)->name,
	              ((const struct redact_renamed *)b)->name);
}

/* Whether the file of that name that counts holds something; one that was not read may. */
static bool modprobe_decides(struct pp_source *recorder, const char *name, struct pp_arena *a)
{
	for (size_t i = 0; pp_modprobe_directory(i); i++) {
		char *path = pp_arena_printf(a, "%s/%s", pp_modprobe_directory(i), name);
		struct pp_span text;
		struct pp_buffer kept;
		int r = path ? pp_source_read_all(recorder, path, NAMES_MAX_BYTES, a, &text)
		             : -ENOMEM;
		if (r == -ENOENT || r == -ENODATA || r == -ENOTDIR)
			continue;
		if (r)
			return r != -EISDIR;
		pp_buffer_init(&kept, REDACT_MAX_BYTES);
		pp_redact_options(text, &kept);
		bool any = kept.len || kept.failed;
		pp_buffer_fini(&kept);
		return any;
	}
	return false;
}

/* New names that sort as the old ones do: which line is the last decides. */
static int modprobe_rename(struct pp_redact_names *n, struct pp_source *recorder)
{
	struct pp_arena scratch;
	const char *before = "";

	qsort(n->files, n->nr_files, sizeof(*n->files), name_compare);
	for (uint32_t i = 0; i < n->nr_files; i++) {
		struct redact_renamed *f = &n->files[i];
		if (modprobe_is_kept(f->name)) {
			before = f->is = f->name;
			continue;
		}
		pp_arena_init(&scratch, 4 * NAMES_MAX_BYTES);
		bool decides = pp_modprobe_is_conf(f->name) &&
		               modprobe_decides(recorder, f->name, &scratch);
		pp_arena_fini(&scratch);
		if (decides && !(f->is = pp_arena_printf(n->arena, "%s+%04u.conf", before, i + 1)))
			return -ENOMEM;
	}
	return 0;
}

int pp_redact_names_new(struct pp_source *recorder, struct pp_arena *a,
                        struct pp_redact_names **ret)
{
	struct pp_redact_names *n = PP_ARENA_ARRAY(a, 1, struct pp_redact_names);
	struct pp_names names;

	if (!n)
		return -ENOMEM;
	*n = (struct pp_redact_names){ .arena = a };
	n->files = PP_ARENA_ARRAY(a, NAMES_MAX_FILES, struct redact_renamed);
	if (!n->files)
		return -ENOMEM;
	for (size_t i = 0; pp_modprobe_directory(i); i++) {
		int r = pp_source_list(recorder, pp_modprobe_directory(i), a, &names);
		if (r == -ENOMEM)
			return r;
		for (uint32_t k = 0; !r && k < names.count; k++) {
			bool known = false;
			for (uint32_t f = 0; f < n->nr_files && !known; f++)
				known = !strcmp(n->files[f].name, names.names[k]);
			/* What finds no room has no name there: it is left out. */
			if (!known && n->nr_files < NAMES_MAX_FILES)
				n->files[n->nr_files++].name = names.names[k];
		}
	}
	*ret = n;
	return modprobe_rename(n, recorder);
}

/* "lib/modules/6.1.0/…", "boot/config-6.1.0": where in the path a release begins; NULL: nowhere. */
static const char *name_of_release(const char *path)
{
	static const char *const before[] = { "boot/config-", "lib/modules/", "usr/lib/modules/" };

	for (size_t i = 0; i < sizeof(before) / sizeof(before[0]); i++)
		if (!strncmp(path, before[i], strlen(before[i])))
			return path + strlen(before[i]);
	return NULL;
}

static int name_redact_release(struct pp_redact_names *n, const char *name, const char *release,
                               const char **ret)
{
	struct pp_buffer b;

	pp_buffer_init(&b, PP_MAX_NAME);
	pp_buffer_append(&b, name, (size_t)(release - name));
	pp_redact_release(PP_SPAN(release, strlen(release)), &b);
	*ret = b.failed ? NULL : pp_arena_strndup(n->arena, b.data, b.len);
	pp_buffer_fini(&b);
	return *ret ? 0 : -ENOMEM;
}

int pp_redact_name(void *ctx, const char *path, const char **ret)
{
	struct pp_redact_names *n = ctx;
	const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
	const char *release = name_of_release(path);
	struct redact_renamed wanted = { .name = name };

	/* Where a link leads, outside what is known, has names of anybody's. */
	*ret = pp_redact_takes_path(path) ? name : NULL;
	if (!*ret)
		return 0;
	if (release && !strchr(release, '/'))
		return name_redact_release(n, name, release, ret);
	/* A file system's UUID; that it has a hyphen tells it from the others there. */
	if (!strncmp(path, "sys/fs/btrfs/", 13) && name == path + 13 && strchr(name, '-')) {
		*ret = pp_arena_printf(n->arena, "-%08x",
		                       pp_span_crc32(PP_SPAN(name, strlen(name))));
		return *ret ? 0 : -ENOMEM;
	}
	if (!pp_modprobe_is_file(path))
		return 0;
	const struct redact_renamed *f =
		bsearch(&wanted, n->files, n->nr_files, sizeof(*n->files), name_compare);
	*ret = f ? f->is : NULL;
	return 0;
}
