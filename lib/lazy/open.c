/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Opens a library and finds the functions of it that are used. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>

#include "base/error.h"
#include "lazy/open.h"

static int lazy_find(const struct lazy_library *library, const char *soname, void *handle,
                     struct pp_error *e)
{
	/* First all, then none is written in vain. */
	for (int write = 0; write < 2; write++)
		for (size_t i = 0; i < library->nr_symbols; i++) {
			const struct lazy_symbol *s = &library->symbols[i];
			void *address = dlsym(handle, s->name);
			if (!address)
				return pp_fail(
					e, ELIBACC,
					"%s has no function %s: another version of it is needed",
					soname, s->name);
			if (write)
				*s->address = address;
		}
	return 0;
}

static int lazy_load(const struct lazy_library *library, const char *soname, struct pp_error *e)
{
	void *handle = dlopen(soname, RTLD_NOW | RTLD_LOCAL);

	if (!handle)
		return pp_fail(e, ELIBACC, "%s cannot be loaded; install %s: %s", soname,
		               library->project, dlerror());
	int r = lazy_find(library, soname, handle, e);
	if (r)
		dlclose(handle);
	return r;
}

static int lazy_open_locked(struct lazy_library *library, struct pp_error *e)
{
	int r = library->why.code ? -library->why.code
	                          : lazy_load(library, library->soname, &library->why);

	if (r && library->next_soname && !lazy_load(library, library->next_soname, NULL))
		r = 0;
	library->is_open = !r;
	return r ? pp_fail(e, ELIBACC, "%s", library->why.text) : 0;
}

int lazy_open(struct lazy_library *library, struct pp_error *e)
{
	pthread_mutex_lock(&library->mutex);
	int r = library->is_open ? 0 : lazy_open_locked(library, e);
	pthread_mutex_unlock(&library->mutex);
	return r;
}
