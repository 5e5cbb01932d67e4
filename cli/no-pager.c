/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where there is no pager, and no line that shows that long work goes on. */
#include "cli.h"

void pager_begin(const struct options *o)
{
}

void progress_begin(const char *what)
{
}

void progress_end(void)
{
}

void progress_count(unsigned int host, unsigned int hosts)
{
}

void progress_count_end(void)
{
}
