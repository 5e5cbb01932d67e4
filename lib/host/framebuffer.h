/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The firmware's framebuffer, as /proc/iomem has it. */
#ifndef PP_HOST_FRAMEBUFFER_H
#define PP_HOST_FRAMEBUFFER_H

#include <stdbool.h>

#include "base/span.h"

/* Whether a line of /proc/iomem is that of a framebuffer which no driver of the card has made. */
bool pp_framebuffer_line_is(struct pp_span line);

#endif
