/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a kernel was built with, the running one or another of this host, from the configuration
 * that distributions install. */
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "host/build.h"

/* A distribution's has some 300 KiB. */
#define CONFIG_MAX_BYTES ((size_t)4 * 1024 * 1024)

static const char *const config_names[PP_NR_KERNEL_OPTIONS] = {
	[PP_CONFIG_INTEL_IOMMU] = "CONFIG_INTEL_IOMMU",
	[PP_CONFIG_INTEL_IOMMU_DEFAULT_ON] = "CONFIG_INTEL_IOMMU_DEFAULT_ON",
	[PP_CONFIG_INTEL_IOMMU_DEFAULT_ON_INTGPU_OFF] = "CONFIG_INTEL_IOMMU_DEFAULT_ON_INTGPU_OFF",
	[PP_CONFIG_AMD_IOMMU] = "CONFIG_AMD_IOMMU",
	[PP_CONFIG_IRQ_REMAP] = "CONFIG_IRQ_REMAP",
	[PP_CONFIG_ARM_SMMU] = "CONFIG_ARM_SMMU",
	[PP_CONFIG_ARM_SMMU_V3] = "CONFIG_ARM_SMMU_V3",
	[PP_CONFIG_VIRTIO_IOMMU] = "CONFIG_VIRTIO_IOMMU",
	[PP_CONFIG_VFIO] = "CONFIG_VFIO",
	[PP_CONFIG_VFIO_PCI] = "CONFIG_VFIO_PCI",
	[PP_CONFIG_VFIO_IOMMU_TYPE1] = "CONFIG_VFIO_IOMMU_TYPE1",
	[PP_CONFIG_IOMMUFD] = "CONFIG_IOMMUFD",
	[PP_CONFIG_VFIO_DEVICE_CDEV] = "CONFIG_VFIO_DEVICE_CDEV",
};

const char *pp_kernel_option_name(enum pp_kernel_option option)
{
	return config_names[option];
}

enum pp_tri pp_kernel_has_option(const struct pp_kernel *k, enum pp_kernel_option option)
{
	char state = k->config.option[option];

	return state ? pp_tri(state != 'n') : PP_UNKNOWN;
}

/* "CONFIG_NAME=y" or "# CONFIG_NAME is not set": which of our names, or PP_NR_KERNEL_OPTIONS. */
static enum pp_kernel_option config_option_of(struct pp_span word)
{
	for (int i = 0; i < PP_NR_KERNEL_OPTIONS; i++)
		if (pp_span_is(word, config_names[i]))
			return (enum pp_kernel_option)i;
	return PP_NR_KERNEL_OPTIONS;
}

static void config_learn_line(struct pp_kernel_config *c, struct pp_span line)
{
	static const char not_set[] = " is not set";
	const uint8_t *end = memchr(line.data, '=', line.len);
	bool comment = pp_span_starts(line, "# ");
	size_t skip = comment ? 2 : 0;

	if (comment)
		end = pp_span_find(line, not_set);
	if (!end || end < line.data + skip)
		return;
	enum pp_kernel_option o =
		config_option_of(PP_SPAN(line.data + skip, (size_t)(end - line.data) - skip));
	if (o == PP_NR_KERNEL_OPTIONS)
		return;
	if (comment)
		c->option[o] = 'n';
	else if (end + 1 < line.data + line.len && (end[1] == 'y' || end[1] == 'm'))
		c->option[o] = (char)end[1];
}

static int config_read(struct pp_host_build *b, const char *path)
{
	struct pp_kernel_config *c = &b->host->kernel.config;
	struct pp_span text, line;
	bool whole = false;
	int r = pp_source_read_all(b->source, path, CONFIG_MAX_BYTES, &b->scratch, &text);

	if (r)
		return r;
	c->path = pp_arena_printf(&b->host->arena, "/%s", path);
	if (!c->path)
		return -ENOMEM;
	while (pp_text_line(&text, &line)) {
		if (!line.len)
			continue;
		/* scripts/kconfig/confdata.c writes this above every whole configuration. */
		whole |= pp_span_starts(line, "# Automatically generated file");
		config_learn_line(c, line);
	}
	/* What depends on an option that is off is not even named. */
	for (int i = 0; whole && i < PP_NR_KERNEL_OPTIONS; i++)
		if (!c->option[i])
			c->option[i] = 'n';
	return 0;
}

int pp_build_kernel_config(struct pp_host_build *b)
{
	static const struct {
		const char *before, *behind;
	} places[] = {
		{ "boot/config-", "" },
		{ "usr/lib/modules/", "/config" },
		{ "lib/modules/", "/config" },
	};
	const char *release = b->release;

	/* It is part of a path. */
	if (!release || strchr(release, '/') || strstr(release, ".."))
		return 0;
	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		char path[256];
		int n = snprintf(path, sizeof(path), "%s%s%s", places[i].before, release,
		                 places[i].behind);
		if (n < 0 || (size_t)n >= sizeof(path))
			return 0;
		int r = config_read(b, path);
		if (!r || r == -ENOMEM)
			return r;
	}
	return 0;
}
