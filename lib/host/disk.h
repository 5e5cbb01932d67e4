/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which disks the host runs from, as far as its mounts and its block devices tell. */
#ifndef PP_HOST_DISK_H
#define PP_HOST_DISK_H

#include "base/arena.h"
#include "base/buffer.h"
#include "base/span.h"

/* A line of mountinfo; proc(5). Spans of the line. */
struct pp_mount {
	struct pp_span number, point, type, source; /* "8:2", "/boot", "ext4", "/dev/sda2" */
};

bool pp_mount_parse(struct pp_span line, struct pp_mount *ret);
/* "/", "/boot" and what else a host cannot run without. */
bool pp_mount_is_vital(struct pp_span point);

/*
 * What a capture keeps of a mount: neither where it is mounted, unless that is vital, nor the name
 * of a volume or pool, for which a number stands that is the same wherever it occurs. Nothing for a
 * mount that is on no disk.
 */
void pp_mount_redact(struct pp_span line, struct pp_buffer *b);
/* The same of a volume's name alone (dm/name), and of what udev knows of a disk. */
void pp_volume_redact(struct pp_span name, struct pp_buffer *b);
void pp_udev_redact(struct pp_span text, struct pp_buffer *b);

#endif
