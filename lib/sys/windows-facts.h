/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What Windows tells of itself, of its PCI devices and of the firmware's tables, named as the files
 * of a capture: doc/windows.md lists them. Nothing is changed by asking.
 */
#ifndef PP_SYS_WINDOWS_FACTS_H
#define PP_SYS_WINDOWS_FACTS_H

#include "base/span.h"

/* Takes what is found. Paths and texts are UTF-8; they are gone when the function returns. */
struct pp_facts {
	/* 0, or a negative errno that ends the reading. */
	int (*file)(struct pp_facts *f, const char *path, struct pp_span content);
	/* Looked for, and not there. */
	int (*absent)(struct pp_facts *f, const char *path);
	/* There, or perhaps there, and not read: a positive errno. */
	int (*unread)(struct pp_facts *f, const char *path, int error);
	/* A directory that was listed: the calls before name all that is in it. */
	int (*listed)(struct pp_facts *f, const char *path);
};

/* Below windows/system. */
int pp_facts_system(struct pp_facts *f);
/* Below windows/devices. */
int pp_facts_devices(struct pp_facts *f);
/* Below sys/firmware. */
int pp_facts_tables(struct pp_facts *f);

#define PP_FACTS_NR_NAMES 16
/* Names of a device's files, NULL at the end. */
extern const char *const pp_facts_device_names[PP_FACTS_NR_NAMES + 1];

/* Wine has no resources to tell, and ends a process that asks for them. */
bool pp_facts_is_wine(void);

#endif
