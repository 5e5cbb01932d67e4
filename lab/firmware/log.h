/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The firmware's log on QEMU's debug port. */
#ifndef LAB_LOG_H
#define LAB_LOG_H

#include "walk.h"

/*
 * The firmware's log: lines "lab: …" on the debug port of QEMU, one for each decision. A line is
 * put together from pieces and ended by log_end().
 */
void log_begin(void);
void log_text(const char *text);
void log_decimal(uint64_t value);
void log_hex(uint64_t value, unsigned int digits);  /* at least so many digits */
void log_path(const struct lab_endpoint *endpoint); /* "00:1c.4/00.0" */
void log_end(void);

void log_line(const char *text);

#endif
