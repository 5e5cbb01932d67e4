/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Kubernetes: KubeVirt's list of permitted host devices with a machine's part that asks for them,
 * and Harvester's claims. Both are checked by their published form alone: KubeVirt's
 * api/openapi-spec (v1.PciHostDevice, v1.HostDevice), Harvester's pcidevices
 * (devices.harvesterhci.io/v1beta1).
 */
#include <stdio.h>

#include "emit/emit.h"

/* No vendor's domain, and none that Kubernetes keeps for itself. */
#define KUBEVIRT_DOMAIN "pcipass.local"

static int kubevirt_check(const struct pp_emission *m, struct pp_error *e)
{
	char address[PP_ADDRESS_TEXT_BYTES];

	for (uint32_t i = 0; i < m->host->nr_devices; i++) {
		const struct pp_device *d = &m->host->devices[i];
		if (!m->chosen[i] || d->ids_known)
			continue;
		pp_address_format_short(d->address, address);
		return pp_fail(e, ENODATA,
		               "%s: its vendor and device ID were not read, by which KubeVirt "
		               "finds it",
		               address);
	}
	return 0;
}

/* The next device of an ID that no device before it has; -1: there are no more. */
static int kubevirt_next(const struct pp_emission *m, int i)
{
	for (i++; (uint32_t)i < m->host->nr_devices; i++) {
		const struct pp_device *d = &m->host->devices[i];
		bool again = !m->chosen[i];
		for (int k = 0; !again && k < i; k++)
			again = m->chosen[k] && m->host->devices[k].vendor == d->vendor &&
			        m->host->devices[k].device == d->device;
		if (!again)
			return i;
	}
	return -1;
}

/* Another device of the same ID would be offered to guests as well. */
static void kubevirt_print_others(struct pp_emission *m, const struct pp_device *d)
{
	char address[PP_ADDRESS_TEXT_BYTES];

	for (uint32_t i = 0; i < m->host->nr_devices; i++) {
		const struct pp_device *other = &m->host->devices[i];
		if (m->chosen[i] || other->vendor != d->vendor || other->device != d->device)
			continue;
		pp_address_format_short(other->address, address);
		pp_emit_comment(m, &pp_emit_kubevirt,
		                "%s has the same ID, %04x:%04x: if it is bound to vfio-pci, guests "
		                "get it, too.",
		                address, d->vendor, d->device);
	}
}

static void kubevirt_print(struct pp_emission *m)
{
	unsigned int n = 0;

	pp_emit_comment(m, &pp_emit_kubevirt,
	                "Add these entries to the list in the KubeVirt object, with kubectl edit: "
	                "what is in that list already has to stay. On every node KubeVirt offers "
	                "all devices of such an ID that are bound to vfio-pci.");
	for (int i = kubevirt_next(m, -1); i >= 0; i = kubevirt_next(m, i))
		kubevirt_print_others(m, &m->host->devices[i]);
	pp_out(&m->out, "apiVersion: kubevirt.io/v1\nkind: KubeVirt\nmetadata:\n  name: kubevirt\n"
	                "  namespace: kubevirt\nspec:\n  configuration:\n"
	                "    permittedHostDevices:\n      pciHostDevices:\n");
	for (int i = kubevirt_next(m, -1); i >= 0; i = kubevirt_next(m, i)) {
		const struct pp_device *d = &m->host->devices[i];
		pp_out(&m->out, "      - pciVendorSelector: \"%04x:%04x\"\n", d->vendor, d->device);
		pp_out(&m->out, "        resourceName: %s/pci-%04x-%04x\n", KUBEVIRT_DOMAIN,
		       d->vendor, d->device);
	}
	pp_emit_comment(m, &pp_emit_kubevirt,
	                "Add this to the virtual machine. It gets one device for each entry, "
	                "whichever of that ID is free.");
	pp_out(&m->out, "---\napiVersion: kubevirt.io/v1\nkind: VirtualMachine\nspec:\n"
	                "  template:\n    spec:\n      domain:\n        devices:\n"
	                "          hostDevices:\n");
	for (uint32_t i = 0; i < m->host->nr_devices; i++) {
		const struct pp_device *d = &m->host->devices[i];
		if (!m->chosen[i])
			continue;
		pp_out(&m->out, "          - deviceName: %s/pci-%04x-%04x\n", KUBEVIRT_DOMAIN,
		       d->vendor, d->device);
		pp_out(&m->out, "            name: hostdev%u\n", n++);
	}
}

const struct pp_hypervisor pp_emit_kubevirt = {
	.name = "kubevirt",
	.comment = "# ",
	.comment_rest = "# ",
	.comment_end = "",
	.check = kubevirt_check,
	.print = kubevirt_print,
};

/* Refused by the cluster as it stands, so that no other node is changed by chance. */
#define HARVESTER_NODE "<node>"

static void harvester_print_claim(struct pp_emission *m, struct pp_address a)
{
	pp_out(&m->out, "---\napiVersion: devices.harvesterhci.io/v1beta1\nkind: PCIDeviceClaim\n"
	                "metadata:\n");
	pp_out(&m->out, "  name: \"" HARVESTER_NODE "-%04x%02x%02x%x\"\n", a.domain, a.bus,
	       a.device, a.function);
	pp_out(&m->out, "spec:\n  address: \"%04x:%02x:%02x.%x\"\n", a.domain, a.bus, a.device,
	       a.function);
	pp_out(&m->out, "  nodeName: \"" HARVESTER_NODE "\"\n  userName: admin\n");
}

static void harvester_print(struct pp_emission *m)
{
	pp_emit_comment(m, &pp_emit_harvester,
	                "Replace " HARVESTER_NODE
	                " by the name that kubectl get nodes shows for this host, then give it to "
	                "kubectl create -f. Harvester's pcidevices controller has a PCIDevice of "
	                "the same name; the claim makes it bind the device to vfio-pci.");
	for (uint32_t i = 0; i < m->host->nr_devices; i++)
		if (m->chosen[i])
			harvester_print_claim(m, m->host->devices[i].address);
}

const struct pp_hypervisor pp_emit_harvester = {
	.name = "harvester",
	.comment = "# ",
	.comment_rest = "# ",
	.comment_end = "",
	.x86_only = false,
	.binds_itself = true,
	.print = harvester_print,
};
