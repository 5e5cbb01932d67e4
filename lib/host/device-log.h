/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The kernel's lines that tell of a device that no longer answers, of the link to it, or of a
 * refusal. */
#ifndef PP_HOST_DEVICE_LOG_H
#define PP_HOST_DEVICE_LOG_H

#include "base/span.h"
#include "pci/address.h"

enum pp_device_line_sort {
	PP_LINE_POWER,    /* it does not come back from a sleep: "… device inaccessible" */
	PP_LINE_REFUSED,  /* it stays in the sleep it is in: "Refused to change power state" */
	PP_LINE_RESET,    /* not ready after a reset: "… giving up" */
	PP_LINE_LINK,     /* of a port: what was below is gone, "Slot(4): Link Down" */
	PP_LINE_RECOVERY, /* "device recovery failed", after an error on the bus */
	PP_LINE_RESERVE,  /* its memory is somebody's: "BAR 1: can't reserve"; it answers */
	PP_LINE_DIRECT,   /* refused to a guest for a region of its own; it answers */
	PP_NR_LINE_SORTS,
};

struct pp_device_line {
	struct pp_address device;
	enum pp_device_line_sort sort;
	const char *text; /* cleaned, from the driver's name on */
};

/* A line of the log without what stands in front of the message: "<4>", "kernel: ", the time. */
struct pp_span pp_log_message(struct pp_span line);

/* Whether a message tells such a thing, and of which device. Source: drivers/pci. */
bool pp_device_line_parse(struct pp_span message, struct pp_address *device,
                          enum pp_device_line_sort *sort);

#endif
