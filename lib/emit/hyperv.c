/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Discrete Device Assignment: PowerShell for the same machine under Windows Server. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/quote.h"
#include "emit/emit.h"
#include "host/on-windows.h"

#define MIB (UINT64_C(1) << 20)

/* Windows Server, Set-VM: what a guest has without being told. */
#define LOW_MIB  128
#define HIGH_MIB 512
/* What it takes at most below 4 GiB. */
#define MAX_LOW_MIB 3584

#define MAX_HOPS 32

/*
 * -Force passes over missing ACS. What the firmware gives Windows of PCI Express Windows alone can
 * tell, and it refuses the dismount where that is too little.
 */
static bool hyperv_passes_over(const struct pp_finding *f)
{
	return !strcmp(f->rule->id, "hyperv-acs") ||
	       (!strcmp(f->rule->id, "hyperv-pcie-control") && f->effect == PP_EFFECT_UNKNOWN);
}

#define HYPERV_GUEST 100

/* PowerShell takes typographic quotation marks for plain ones: of ASCII only what is neither. */
static bool hyperv_takes_guest(const char *guest)
{
	for (const char *c = guest; *c; c++)
		if ((uint8_t)*c < ' ' || (uint8_t)*c > '~' || *c == '\'')
			return false;
	return *guest && strlen(guest) <= HYPERV_GUEST;
}

/* The root's number is the firmware's (_UID). By far most count the roots from 0. */
static uint32_t root_index(const struct pp_emission *m, const struct pp_device *d)
{
	const struct pp_host *h = m->host;
	uint32_t n = 0;

	for (uint32_t i = 0; i < h->nr_devices; i++) {
		const struct pp_device *o = &h->devices[i];
		if (o->address.domain == d->address.domain && o->root_bus == d->root_bus)
			return n;
		bool last = i + 1 == h->nr_devices ||
		            h->devices[i + 1].address.domain != o->address.domain ||
		            h->devices[i + 1].root_bus != o->root_bus;
		/* A root's buses come one after the other. */
		n += last;
	}
	return n;
}

/* Windows' own, of a form that was checked when it was read; else worked out. */
static void print_path(struct pp_emission *m, const struct pp_device *d)
{
	const struct pp_device *hops[MAX_HOPS];
	uint32_t n = 0;

	if (d->windows && d->windows->path.text) {
		pp_out(&m->out, "%s", d->windows->path.text);
		return;
	}
	pp_out(&m->out, "PCIROOT(%X)", root_index(m, d));
	for (const struct pp_device *p = d; n < MAX_HOPS; p = &m->host->devices[p->parent]) {
		hops[n++] = p;
		if (p->parent == PP_NO_DEVICE)
			break;
	}
	while (n--)
		pp_out(&m->out, "#PCI(%02X%02X)", hops[n]->address.device,
		       hops[n]->address.function);
}

static void hyperv_print_function(struct pp_emission *m, const struct pp_device *d)
{
	pp_out(&m->out, "\n$path = '");
	print_path(m, d);
	pp_out(&m->out,
	       "'\n"
	       "$device = @(Get-PnpDevice -PresentOnly |\n"
	       "    Where-Object InstanceId -Like 'PCI\\VEN_%04X&DEV_%04X*' |\n"
	       "    Where-Object { ($_ | Get-PnpDeviceProperty "
	       "DEVPKEY_Device_LocationPaths).Data -contains $path })\n"
	       "if ($device.Count -ne 1) { throw \"$path is not a device %04x:%04x\" }\n"
	       "Disable-PnpDevice -InstanceId $device[0].InstanceId -Confirm:$false\n"
	       "Dismount-VMHostAssignableDevice -Force -LocationPath $path\n"
	       "Add-VMAssignableDevice -LocationPath $path -VMName $vm\n",
	       d->vendor, d->device, d->vendor, d->device);
}

static uint64_t emit_mib(uint64_t bytes)
{
	return bytes / MIB + !!(bytes % MIB);
}

static void print_memory(struct pp_emission *m)
{
	uint64_t low = LOW_MIB + emit_mib(m->bytes_32), high = HIGH_MIB + emit_mib(m->bytes_64);

	if (m->bars_unread) {
		pp_emit_comment(
			m, &pp_emit_hyperv,
			"The sizes of its BARs were not read: these values are large enough for "
			"most devices.");
		low = 3072;
		high = 33280;
	} else {
		pp_emit_comment(
			m, &pp_emit_hyperv,
			"Room for its BARs besides the %d and %d MB that a guest has: %" PRIu64
			" MB below 4 GiB, %" PRIu64 " MB above.",
			LOW_MIB, HIGH_MIB, emit_mib(m->bytes_32), emit_mib(m->bytes_64));
	}
	if (low > MAX_LOW_MIB) {
		pp_emit_comment(m, &pp_emit_hyperv,
		                "Its BARs need more room below 4 GiB than there is (%" PRIu64 " "
		                "MB): the guest may not start.",
		                low);
		low = MAX_LOW_MIB;
	}
	pp_out(&m->out,
	       "Set-VM -Name $vm -LowMemoryMappedIoSpace %" PRIu64
	       "MB -HighMemoryMappedIoSpace %" PRIu64 "MB\n",
	       low, high);
}

/* On Windows nothing is guessed that Windows could have said. */
static int hyperv_check(const struct pp_emission *m, struct pp_error *e)
{
	char address[PP_ADDRESS_TEXT_BYTES];

	for (uint32_t i = 0; i < m->host->nr_devices; i++) {
		const struct pp_device *d = &m->host->devices[i];
		if (!m->chosen[i] || !d->windows || d->windows->path.text)
			continue;
		pp_address_format(d->address, address);
		return pp_fail(e, ENODATA,
		               "%s: Windows gives it no location path of the form "
		               "PCIROOT(0)#PCI(0300)…, which the commands name it by",
		               address);
	}
	return 0;
}

static void hyperv_print_origin(struct pp_emission *m)
{
	pp_emit_comment(
		m, &pp_emit_hyperv,
		m->host->windows
			? "Generated from what Windows sees of this machine. Run this as "
			  "administrator, with the guest shut down."
			: "Generated from what Linux sees of this machine. Run this on Windows "
			  "Server as administrator, with the guest shut down. Windows also "
			  "requires control of PCI Express, and ACS on the path to the device.");
	if (m->host->windows)
		return;
	pp_emit_comment(
		m, &pp_emit_hyperv,
		"The number in PCIROOT() comes from the firmware. If it is another one in "
		"Windows, the path below matches no device, and nothing is changed. To compare:");
	pp_emit_line(m, &pp_emit_hyperv,
	             "  (Get-PnpDeviceProperty DEVPKEY_Device_LocationPaths -InstanceId ID).Data");
}

static void hyperv_print(struct pp_emission *m)
{
	char guest[HYPERV_GUEST + sizeof("''")] = "";
	bool display = false;

	for (uint32_t i = 0; i < m->nr_cards; i++)
		display |= m->cards[i].keep_rom;
	hyperv_print_origin(m);
	pp_quote_powershell(guest, sizeof(guest), m->style.guest ? m->style.guest : "");
	pp_out(&m->out, "$ErrorActionPreference = 'Stop'\n$vm = %s # the guest's name\n", guest);
	if (!m->style.guest)
		pp_out(&m->out, "if (!$vm) { throw 'fill in the name of the guest above' }\n");
	pp_emit_comment(
		m, &pp_emit_hyperv,
		"A guest with such a device cannot use saved states, live migration or dynamic "
		"memory.");
	pp_out(&m->out, "Set-VM -Name $vm -AutomaticStopAction TurnOff\n");
	if (display)
		pp_out(&m->out, "Set-VM -Name $vm -GuestControlledCacheTypes $true\n");
	print_memory(m);
	pp_emit_comment(
		m, &pp_emit_hyperv,
		"-Force: without it, Windows requires a mitigation driver from the manufacturer, "
		"which few devices have. It also ignores missing ACS: see the survey.");
	for (uint32_t i = 0; i < m->nr_cards; i++)
		for (uint32_t n = 0; n < m->cards[i].nr_functions; n++)
			hyperv_print_function(m, m->cards[i].functions[n]);
	pp_out(&m->out, "\n");
	pp_emit_comment(m, &pp_emit_hyperv, "To undo this, for each path; then Enable-PnpDevice:");
	pp_emit_line(m, &pp_emit_hyperv,
	             "  Remove-VMAssignableDevice -LocationPath $path -VMName $vm");
	pp_emit_line(m, &pp_emit_hyperv, "  Mount-VMHostAssignableDevice -LocationPath $path");
}

const struct pp_hypervisor pp_emit_hyperv = {
	.name = "hyperv",
	.comment = "# ",
	.comment_rest = "# ",
	.comment_end = "",
	.target = PP_TARGET_HYPERV,
	.passes_over = hyperv_passes_over,
	.takes_guest = hyperv_takes_guest,
	.guest_form = "its name, without quotation marks",
	.check = hyperv_check,
	.print = hyperv_print,
};
