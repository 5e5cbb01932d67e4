/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Finds the driver of HP's conrep in its package, and reads it. */
#include <stdio.h>
#include <string.h>

#include "store/hp-driver.h"
#include "store/hp-find.h"
#include "store/hp-places.h"
#include "sys/file.h"
#include "sys/path.h"
#include "sys/trust.h"

#define HP "hp:"
/* How far above conrep its package may begin. */
#define MAX_UP 4

/* Beside conrep, and in the package's own directory for it. */
static const char *const driver_places[] = { "", "/winpe50/hpsstkio", "/hpsstkio" };

static bool driver_go_up(char *path)
{
	char *slash = strrchr(path, '/'), *other = strrchr(path, '\\');

	slash = other > slash ? other : slash;
	if (!slash || slash == path)
		return false;
	*slash = '\0';
	return true;
}

static void driver_look(const char *program, char ret[PATH_MAX])
{
	char directory[PATH_MAX];
	struct pp_sys_info info;

	snprintf(directory, sizeof(directory), "%s", program);
	for (int up = 0; up < MAX_UP && driver_go_up(directory); up++)
		for (size_t i = 0; i < sizeof(driver_places) / sizeof(driver_places[0]); i++)
			if (snprintf(ret, PATH_MAX, "%s%s/%s", directory, driver_places[i],
			             pp_hp_driver_name) < PATH_MAX &&
			    !pp_path_info(ret, true, &info) && info.kind == PP_SYS_FILE)
				return;
	*ret = '\0';
}

int pp_hp_driver_find(const char *store, struct pp_hp_driver *ret, struct pp_error *e)
{
	char found[PATH_MAX];
	bool named = store && !strncmp(store, HP, strlen(HP));
	const char *program = named ? store + strlen(HP) : NULL;

	*ret = (struct pp_hp_driver){ .is_there = true };
	if (!*pp_hp_driver_name || (store && !named && strcmp(store, "hp") != 0))
		return 0;
	if (!program && pp_hp_find(NULL, found))
		program = found;
	if (!program)
		return pp_fail(e, ENOENT, "HP's conrep is not installed; %s", pp_hp_package);
	if (!pp_hp_driver_place(ret->to))
		return pp_fail(e, ENAMETOOLONG, "where drivers belong is too long a path");
	ret->is_there = pp_path_is_there(ret->to);
	if (!ret->is_there)
		driver_look(program, ret->from);
	return 0;
}

int pp_hp_driver_read(const struct pp_hp_driver *d, size_t max, struct pp_arena *a,
                      struct pp_span *ret, struct pp_error *e)
{
	struct pp_error why = { 0 };
	char resolved[PATH_MAX];
	int r = pp_trust_check(d->from, resolved, &why);

	if (r)
		return pp_fail(e, -r, "not made a driver of this host: %.400s", why.text);
	return pp_file_read(resolved, max, a, ret, e);
}
