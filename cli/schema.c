/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where schema files are looked for. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli.h"

/* What belongs to this machine, then what came with this program, then HP's own. */
const char *schema_folder(unsigned int i)
{
	static const char *const folders[] = {
		"/etc/pcipass",
		PCIPASS_SCHEMA_DIR,
		"/opt/hp/hp-scripting-tools/etc",
		"/usr/share/hp-scripting-tools/etc",
	};
	const char *instead = getenv("PCIPASS_SCHEMAS");

	if (instead && *instead)
		return i ? NULL : instead;
	return i < sizeof(folders) / sizeof(folders[0]) ? folders[i] : NULL;
}

bool schema_find(const char *name, const char **ret)
{
	static char path[4096];

	*ret = name;
	if (strchr(name, '/') || !access(name, F_OK))
		return true;
	for (unsigned int i = 0; schema_folder(i); i++) {
		int n = snprintf(path, sizeof(path), "%s/%s", schema_folder(i), name);
		if (n > 0 && (size_t)n < sizeof(path) && !access(path, F_OK)) {
			*ret = path;
			return true;
		}
	}
	return false;
}
