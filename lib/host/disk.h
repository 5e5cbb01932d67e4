/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which disks the host runs from, as far as its mounts and its block devices tell. */
#ifndef PP_HOST_DISK_H
#define PP_HOST_DISK_H

#include "base/arena.h"
#include "base/buffer.h"
#include "base/span.h"

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
