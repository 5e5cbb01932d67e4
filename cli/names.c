/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Names of devices and classes, from the PCI ID database. */
#include <pci/pci.h>
#include <stdio.h>
#include <stdlib.h>

#include "cli.h"

/* libpci's hook must not return. */
static void __attribute__((noreturn)) libpci_failed(char *fmt, ...)
{
	(void)fmt;
	warn("the PCI ID database could not be read");
	exit(EXIT_FAILED);
}

static void libpci_said(char *fmt, ...)
{
	(void)fmt;
}

static struct pci_access *names(void)
{
	static struct pci_access *access;

	if (!access) {
		access = pci_alloc();
		access->error = libpci_failed;
		access->warning = access->debug = libpci_said;
	}
	return access;
}

const char *device_name(void *ctx, unsigned int vendor, unsigned int device)
{
	static char buf[256];

	return pci_lookup_name(names(), buf, sizeof(buf),
	                       PCI_LOOKUP_VENDOR | PCI_LOOKUP_DEVICE | PCI_LOOKUP_NO_HWDB,
	                       (int)vendor, (int)device);
}

const char *class_name(void *ctx, unsigned int class_code)
{
	static char buf[256];

	return pci_lookup_name(names(), buf, sizeof(buf), PCI_LOOKUP_CLASS | PCI_LOOKUP_NO_HWDB,
	                       (int)class_code);
}
