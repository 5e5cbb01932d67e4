/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef PP_STORE_TRANSACTION_H
#define PP_STORE_TRANSACTION_H

#include <stdbool.h>

#include "store/store.h"

/* What became of a transaction that did not come to its end. */
enum pp_recovered {
	PP_RECOVERED_NONE,     /* there was none */
	PP_RECOVERED_OLD,      /* nothing had been written yet: the old settings stand */
	PP_RECOVERED_NEW,      /* all had been written: the new settings stand */
	PP_RECOVERED_RESTORED, /* part of it had been: the old settings were written back */
};

/*
 * All of the changes or none. The journal (old and new bytes of every cell, with a checksum) is
 * written and synced before the first write, removed after everything was read back and compared.
 * On failure what was written is restored, and the text says so; if even that fails the journal
 * stays, and the text says that too. One failure leaves the new in place: when only the journal
 * could not be removed; the text says that all is written. With nothing to write it returns at
 * once.
 * -EBUSY: the store is in use or has changed since it was read; nothing was written.
 * -EUCLEAN: an earlier transaction has left its journal; recover first.
 */
int pp_transaction_run(struct pp_store *s, const struct pp_changes *c, struct pp_error *e);

/*
 * Called before anything else is done with a store: looks for a journal and brings the store to
 * old or new. text gets a sentence for people unless there was none. Reads only, and returns
 * -EROFS with the text set, if may_write is not set and something would have to be written.
 * -EUCLEAN: a cell is neither old nor new: somebody else wrote; nothing is changed, the journal
 * stays, the text names cell and journal.
 */
int pp_transaction_recover(struct pp_store *s, bool may_write, enum pp_recovered *ret, char *text,
                           size_t size, struct pp_error *e);

#endif
