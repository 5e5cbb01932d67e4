/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A program that is linked with the libraries which pcipass opens: what it needs is what they are
 * named. */
#include <archive.h>
#include <libxml/parser.h>

int main(void)
{
	xmlInitParser();
	return archive_version_number() > 0 ? 0 : 1;
}
