/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Words of a kernel command line about passthrough: which are read, and which were mistyped. */
#ifndef PP_HOST_ARGUMENT_H
#define PP_HOST_ARGUMENT_H

#include "base/span.h"

enum pp_argument_fault {
	PP_ARGUMENT_FINE = 0,
	PP_ARGUMENT_UNKNOWN, /* nothing reads it: meant is the name that comes near */
	PP_ARGUMENT_GONE,    /* kernels of today no longer read it: meant is its successor */
	PP_ARGUMENT_VALUE,   /* its value is none of those that it has: meant is one, or NULL */
	PP_ARGUMENT_BLANK, /* its value holds another argument: a blank is missing, or one too many
	                    */
	PP_ARGUMENT_IDS,   /* its value is no list of vendor:device */
};

/* For whom it is: enum pp_host_kind is of no use here, where only these matter. */
enum pp_argument_for {
	PP_ARGUMENT_FOR_ALL = 0,
	PP_ARGUMENT_FOR_X86,
	PP_ARGUMENT_FOR_INTEL,
	PP_ARGUMENT_FOR_AMD,
};

#define PP_ARGUMENT_BYTES 64

struct pp_argument {
	enum pp_argument_fault fault;
	enum pp_argument_for for_whom;
	char name[PP_ARGUMENT_BYTES];  /* as it is written, without quotation marks */
	char value[PP_ARGUMENT_BYTES]; /* with PP_ARGUMENT_VALUE the part that is wrong */
	const char *meant;             /* as it is to be written; NULL: none comes near */
};

/*
 * What is known of one word, as pp_command_line_next() gives it; proxmox: kernels of Proxmox VE
 * know more. false: it is not about passthrough, as far as can be told.
 */
bool pp_argument_check(struct pp_span word, bool proxmox, struct pp_argument *ret);

#endif
