/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What HP's conrep answers: return codes, and what they mean. */
#ifndef PP_STORE_HP_ANSWER_H
#define PP_STORE_HP_ANSWER_H

#include "base/error.h"
#include "base/span.h"

/* What a run of HP's conrep that ended by itself means. */
struct pp_hp_answer {
	const char *program; /* its path, for people */
	const char *what;    /* "load" or "save" */
	int status;          /* exit status */
	struct pp_span output;
};

/*
 * 0: it says that it did it. Otherwise an error with what it lacks and which package has that:
 * -ENODEV the driver, -ENOEXEC a library, -EKEYREJECTED, -ENOTSUP, -EINVAL, -EBADMSG, or -EIO where
 * no more is known. conrep 3.00 may end with 0 beside "aborting", which is a failure.
 */
int pp_hp_answer_check(const struct pp_hp_answer *a, struct pp_error *e);
/* What to do where that is not known: after "load" nothing, for it would write. */
const char *pp_hp_hint(const char *what);

#endif
