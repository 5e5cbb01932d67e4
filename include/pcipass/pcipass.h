/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The whole public interface in one include. */
#ifndef PCIPASS_PCIPASS_H
#define PCIPASS_PCIPASS_H

/*
 * All of libpcipass. Looking: source -> host -> survey -> report, one direction, no way back.
 * Settings: store and schema -> plan -> write. Freeing: survey -> plan, and a later survey -> did
 * it take? Attach tries what was found on this machine.
 */

#include <pcipass/apply.h>
#include <pcipass/attach.h>
#include <pcipass/capture.h>
#include <pcipass/emit.h>
#include <pcipass/error.h>
#include <pcipass/fleet.h>
#include <pcipass/host.h>
#include <pcipass/import.h>
#include <pcipass/judge.h>
#include <pcipass/log.h>
#include <pcipass/nearest.h>
#include <pcipass/plan.h>
#include <pcipass/quote.h>
#include <pcipass/report.h>
#include <pcipass/settings.h>
#include <pcipass/source.h>
#include <pcipass/target.h>

#endif
