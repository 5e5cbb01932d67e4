/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What Windows says of itself, and the steps that read a Windows host. */
#include <string.h>

#include "base/text.h"
#include "host/build.h"
#include "host/on-windows.h"

#define SYSTEM "windows/system/"

/* "1" and "0", as the collector writes them. */
static int windows_read_switch(struct pp_host_build *b, const char *path, enum pp_tri *ret)
{
	struct pp_text_fact f;
	int r = pp_build_text(b, path, &f);

	*ret = PP_UNKNOWN;
	if (!r && f.text && (!strcmp(f.text, "0") || !strcmp(f.text, "1")))
		*ret = pp_tri(*f.text == '1');
	return r;
}

/* "Windows Server 2022 Standard, build 20348.2113" */
static int windows_read_version(struct pp_host_build *b, struct pp_windows *w)
{
	struct pp_text_fact product, build, revision;

	if (pp_build_text(b, SYSTEM "ProductName", &product) ||
	    pp_build_text(b, SYSTEM "CurrentBuildNumber", &build) ||
	    pp_build_text(b, SYSTEM "UBR", &revision))
		return -ENOMEM;
	w->version = pp_arena_printf(&b->host->arena, "%s%s%s%s%s",
	                             product.text && *product.text ? product.text : "Windows",
	                             build.text ? ", build " : "", build.text ? build.text : "",
	                             build.text && revision.text ? "." : "",
	                             build.text && revision.text ? revision.text : "");
	return w->version ? 0 : -ENOMEM;
}

/* "guest": Windows itself runs in a virtual machine. */
static int windows_read_hypervisor(struct pp_host_build *b, struct pp_windows *w)
{
	struct pp_host *h = b->host;
	struct pp_text_fact role;

	if (pp_build_text(b, SYSTEM "Hypervisor", &role))
		return -ENOMEM;
	if (!role.text)
		return 0;
	w->hypervisor_runs = pp_tri(!strcmp(role.text, "root"));
	if (!strcmp(role.text, "guest")) {
		h->is_guest = PP_YES;
		h->guest_from = "CPUID: a hypervisor, and Windows is not its root partition";
	} else if (!strcmp(role.text, "root") || !strcmp(role.text, "none")) {
		h->is_guest = PP_NO;
	}
	return 0;
}

/* Hypervisor Top-Level Functional Specification, 2.4.7: leaf 0x40000006, EAX. */
#define HARDWARE_DMA        (1u << 4)
#define HARDWARE_INTERRUPTS (1u << 5)

static int windows_read_hardware(struct pp_host_build *b, struct pp_windows *w)
{
	struct pp_text_fact bits;
	uint64_t value;

	if (pp_build_text(b, SYSTEM "HypervisorHardware", &bits))
		return -ENOMEM;
	if (w->hypervisor_runs != PP_YES || !bits.text ||
	    !pp_parse_dec(bits.text, UINT32_MAX, &value))
		return 0;
	w->remaps_dma = pp_tri(value & HARDWARE_DMA);
	w->remaps_interrupts = pp_tri(value & HARDWARE_INTERRUPTS);
	return 0;
}

/* There is no Linux whose answers could be asked for. */
static void windows_has_no_linux(struct pp_host *h)
{
	struct pp_kernel *k = &h->kernel;
	struct pp_text_fact *const facts[] = {
		&k->release,           &k->command_line,
		&k->lockdown,          &k->unsafe_interrupts,
		&k->denylist_disabled, &k->idle_d3_disabled,
		&k->vga_disabled,      &k->intx_not_masked,
		&k->sriov_enabled,     &k->iommufd_unsafe_interrupts,
	};

	for (size_t i = 0; i < sizeof(facts) / sizeof(facts[0]); i++)
		facts[i]->error = ENODATA;
	k->log_error = h->groups_error = ENODATA;
}

static int windows_read_processor(struct pp_host_build *b)
{
	struct pp_text_fact maker;

	if (pp_build_text(b, SYSTEM "ProcessorVendor", &maker))
		return -ENOMEM;
	b->host->processor = maker.text && *maker.text ? maker.text : NULL;
	return 0;
}

/* A Linux host is asked for nothing of Windows, so that its capture does not speak of it either. */
static int windows_is_here(struct pp_host_build *b, bool *ret)
{
	static const char *const lists[] = { "sys/bus/pci/devices", "windows/devices" };
	struct pp_node dir;

	*ret = false;
	for (size_t i = 0; i < 2; i++) {
		int r = pp_source_open_dir(b->source, lists[i], &dir);
		if (r == -ENOMEM)
			return r;
		if (r)
			continue;
		pp_source_close(b->source, dir);
		*ret = i == 1;
		break;
	}
	return 0;
}

int pp_build_windows(struct pp_host_build *b)
{
	struct pp_host *h = b->host;
	bool here;
	int r = windows_is_here(b, &here);

	if (r || !here)
		return r;
	struct pp_windows *w = PP_ARENA_NEW(&h->arena, struct pp_windows);
	if (!w || windows_read_version(b, w) || windows_read_hypervisor(b, w) ||
	    windows_read_hardware(b, w) || windows_read_processor(b) ||
	    windows_read_switch(b, SYSTEM "HyperVRole", &w->has_hyperv) ||
	    pp_build_text(b, SYSTEM "InstallationType", &w->installed))
		return -ENOMEM;
	if (w->installed.text)
		w->is_server = pp_tri(strcmp(w->installed.text, "Client") != 0);
	h->windows = w;
	windows_has_no_linux(h);
	return 0;
}
