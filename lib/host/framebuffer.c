/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Whose memory holds the framebuffer that the firmware left: /proc/iomem shows it below a BAR until
 * the card's own driver, or vfio-pci, takes it away.
 */
#include <string.h>

#include "base/text.h"
#include "host/build.h"
#include "host/framebuffer.h"

#define IOMEM_MAX_BYTES ((size_t)4 * 1024 * 1024)
#define MAX_FOUND       16

/* drivers/firmware/sysfb_simplefb.c; drivers/video/fbdev; drivers/gpu/drm */
static const char *const framebuffer_names[] = {
	"BOOTFB", "efifb", "vesafb", "simplefb", "simpledrm", "efidrm", "vesadrm",
};

bool pp_framebuffer_line_is(struct pp_span line)
{
	const uint8_t *colon = pp_span_find(line, " : ");

	if (!colon)
		return false;
	struct pp_span name = PP_SPAN(colon + 3, (size_t)(line.data + line.len - (colon + 3)));
	for (size_t i = 0; i < sizeof(framebuffer_names) / sizeof(framebuffer_names[0]); i++)
		if (pp_span_is(name, framebuffer_names[i]))
			return true;
	return false;
}

/* "    c0000000-c02fffff : BOOTFB" */
static bool framebuffer_range(struct pp_span line, uint64_t *start, uint64_t *end)
{
	char text[64];
	size_t n = (size_t)(pp_span_find(line, " : ") - line.data);

	if (n >= sizeof(text))
		return false;
	memcpy(text, line.data, n);
	text[n] = '\0';
	char *dash = strchr(text, '-');
	if (!dash)
		return false;
	*dash = '\0';
	return pp_parse_hex(text, UINT64_MAX, start) && pp_parse_hex(dash + 1, UINT64_MAX, end) &&
	       *start && *end >= *start;
}

static bool framebuffer_is_in(const struct pp_device *d, uint64_t start, uint64_t end)
{
	for (int i = 0; d->bars && i < PP_NR_BARS; i++) {
		const struct pp_bar *bar = &d->bars->bar[i];
		if (bar->bytes && bar->start && !bar->io && start >= bar->start &&
		    end - bar->start < bar->bytes)
			return true;
	}
	return false;
}

static int framebuffer_mark(struct pp_host_build *b, struct pp_span line)
{
	const uint8_t *colon = pp_span_find(line, " : ");
	uint64_t start, end;

	if (!framebuffer_range(line, &start, &end))
		return 0;
	for (uint32_t i = 0; i < b->host->nr_devices; i++) {
		struct pp_device *d = &b->devices[i];
		if (!framebuffer_is_in(d, start, end))
			continue;
		d->framebuffer = pp_arena_printf(&b->host->arena, "%.*s at 0x%llx-0x%llx",
		                                 (int)(line.data + line.len - (colon + 3)),
		                                 (const char *)colon + 3, (unsigned long long)start,
		                                 (unsigned long long)end);
		return d->framebuffer ? 0 : -ENOMEM;
	}
	return 0;
}

int pp_build_framebuffer(struct pp_host_build *b, struct pp_error *e)
{
	struct pp_span text, line;
	unsigned int found = 0;
	int r = pp_source_read_all(b->source, "proc/iomem", IOMEM_MAX_BYTES, &b->scratch, &text);

	if (r && r != -ENOMEM)
		return 0;
	while (!r && found < MAX_FOUND && pp_text_line(&text, &line))
		if (pp_framebuffer_line_is(line)) {
			found++;
			r = framebuffer_mark(b, line);
		}
	return r ? pp_fail_oom(e, "framebuffer") : 0;
}
