/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Inside lib/lazy: one library and the functions of it that are used. */
#ifndef PP_LAZY_OPEN_H
#define PP_LAZY_OPEN_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"

/* A function and where its address goes. */
struct lazy_symbol {
	const char *name;
	void **address;
};

struct lazy_library {
	const char *soname;
	/*
	 * The next one of the same library, or NULL: for what is used of it, nothing has changed
	 * but the name. A program built on one release then works on the next, which has only that.
	 */
	const char *next_soname;
	const char *project; /* what to install where there is neither */
	const struct lazy_symbol *symbols;
	size_t nr_symbols;
	pthread_mutex_t mutex;
	bool is_open;
	/* Why it could not be opened: who is confined by then cannot find out any more. */
	struct pp_error why;
};

/* All of the addresses or none. The library stays open: it may have threads' data of its own. */
int lazy_open(struct lazy_library *library, struct pp_error *e);

/*
 * A function of the library by its own name, which calls the library's. PP_LAZY_FUNCTION gives
 * absent without the library; the other is for functions that return nothing.
 */
#define PP_LAZY_FUNCTION(type, name, parameters, arguments, absent)                                \
	static __typeof__(name) *lazy_##name;                                                      \
	type name parameters                                                                       \
	{                                                                                          \
		return lazy_##name ? lazy_##name arguments : (absent);                             \
	}
#define PP_LAZY_PROCEDURE(name, parameters, arguments)                                             \
	static __typeof__(name) *lazy_##name;                                                      \
	void name parameters                                                                       \
	{                                                                                          \
		if (lazy_##name)                                                                   \
			lazy_##name arguments;                                                     \
	}
#define PP_LAZY_SYMBOL(name)                                               { #name, (void **)(void *)&lazy_##name },
#define PP_LAZY_FUNCTION_SYMBOL(type, name, parameters, arguments, absent) PP_LAZY_SYMBOL(name)
#define PP_LAZY_PROCEDURE_SYMBOL(name, parameters, arguments)              PP_LAZY_SYMBOL(name)

/*
 * All of a library: its functions, and the one that opens it. api(FUNCTION, PROCEDURE) lists what
 * is used of it: FUNCTION(type, name, parameters, arguments, absent), PROCEDURE(name, parameters,
 * arguments).
 */
#define PP_LAZY_LIBRARY(open, of_project, name, next_name, api)                                    \
	api(PP_LAZY_FUNCTION,                                                                      \
	    PP_LAZY_PROCEDURE) static const struct lazy_symbol open##_symbols[] = {                \
		api(PP_LAZY_FUNCTION_SYMBOL, PP_LAZY_PROCEDURE_SYMBOL)                             \
	};                                                                                         \
	int open(struct pp_error *e)                                                               \
	{                                                                                          \
		static struct lazy_library library = {                                             \
			.soname = (name),                                                          \
			.next_soname = (next_name),                                                \
			.project = (of_project),                                                   \
			.symbols = open##_symbols,                                                 \
			.nr_symbols = sizeof(open##_symbols) / sizeof(open##_symbols[0]),          \
			.mutex = PTHREAD_MUTEX_INITIALIZER,                                        \
		};                                                                                 \
		return lazy_open(&library, e);                                                     \
	}

#endif
