/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Configuration that passes devices to a guest, for each hypervisor. */
#ifndef PCIPASS_EMIT_H
#define PCIPASS_EMIT_H

#include <pcipass/judge.h>
#include <pcipass/report.h>

#ifdef __cplusplus
extern "C" {
#endif

/*
 * A hypervisor's own configuration of one guest for the devices that are named (an address,
 * "slot2", "all-slots", "group13", "vendor:device"; NULL behind the last), as text to paste, its
 * reasons as comments. Other functions of the same card that share its group are included; what
 * else is in the group is named in a comment. Bridges are left out. Nothing is written unless every
 * device may go.
 *
 * style: width, colour and format are not used.
 * -EINVAL: no such hypervisor, no name, a guest that it cannot have, or more cards than a guest has
 * room for.
 * -ENXIO: nothing of that name here. -ENODATA: a fact is missing that could block.
 * -ENOTSUP: blocked, a bridge, or nothing that this hypervisor takes; the text says why.
 */
int pp_emit(const struct pp_survey *s, const char *hypervisor, const char *const *names,
            const struct pp_style *style, struct pp_sink sink, struct pp_error *e);

/*
 * Whose verdicts decide for that hypervisor: the survey that pp_emit() is given is of this target.
 * KVM for a name that is none.
 */
enum pp_target pp_emit_target(const char *hypervisor);

/* "qemu", "libvirt" …; NULL behind the last. */
const char *pp_emit_hypervisor(unsigned int index);

#ifdef __cplusplus
}
#endif

#endif
