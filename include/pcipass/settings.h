/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* BIOS settings by HP's conrep schemas: read, compared, written. */
#ifndef PCIPASS_SETTINGS_H
#define PCIPASS_SETTINGS_H

#include <stdbool.h>
#include <stddef.h>

#include <pcipass/error.h>
#include <pcipass/source.h>

#ifdef __cplusplus
extern "C" {
#endif

/*
 * A machine's firmware settings: where they live (a store), what they are called (a schema, the
 * file that HP's conrep is given with -x) and what they say. One after the other:
 *
 *   pp_settings_open       the store, and whose it is
 *   pp_settings_schema     the schema
 *   pp_settings_read       the settings as they are
 *   pp_settings_plan_…     what would change, checked whole
 *   pp_settings_write      all of it or nothing
 *
 * Nothing is written before pp_settings_write(), but for one thing: a write that was interrupted
 * is brought to an end by pp_settings_open() if it may write.
 */
struct pp_settings;

/* What would change. Belongs to its settings and lives as long as they do. */
struct pp_settings_plan;

struct pp_settings_options {
	/*
	 * "image:FILE", "efivars", "efivars:DIRECTORY", "hp" or "hp:PROGRAM"; NULL: that of this
	 * host, found out by looking.
	 */
	const char *store;
	const char *state; /* directory for journals; NULL: /var/lib/pcipass */
	bool may_write;    /* an interrupted write is brought to an end first */
	/* A device's name for people, for the risks that a plan takes; NULL: its ids. */
	const char *(*name)(void *ctx, unsigned int vendor, unsigned int device);
	void *name_ctx;
};

/* HP's conrep, where its packages put it, is on this host. */
bool pp_settings_hp_is_here(void);

/*
 * Opens the store and learns whose it is: an image knows, else it is this host's.
 * *ret goes to pp_settings_close(). -EINVAL: no such kind of store; -ENOENT: none there;
 * -EBADMSG: an image that is damaged; -EUCLEAN: an interrupted write that cannot be brought to an
 * end, because somebody else wrote meanwhile.
 */
int pp_settings_open(const struct pp_settings_options *o, struct pp_settings **ret,
                     struct pp_error *e);
/* NULL is fine. */
void pp_settings_close(struct pp_settings *s);

/* For people: "image:FILE", "efivars", "hp:/usr/sbin/conrep". */
const char *pp_settings_where(const struct pp_settings *s);

/*
 * What became of an interrupted write, or that there is one and what it left behind, where
 * may_write is not set; one sentence. "": there was none.
 */
const char *pp_settings_recovered(const struct pp_settings *s);

enum pp_settings_fact {
	PP_SETTINGS_PRODUCT,    /* "ProLiant DL380p Gen8" */
	PP_SETTINGS_ROM_FAMILY, /* "P70" */
	PP_SETTINGS_ROM_DATE,   /* MM/DD/YYYY */
	PP_SETTINGS_PROCESSOR,  /* manufacturer: "Intel" */
};
/* Of the machine whose settings these are; NULL: not known. */
const char *pp_settings_machine(const struct pp_settings *s, enum pp_settings_fact fact);

/*
 * Reads a schema, once. name: a file (or a pipe), where there is one; else a name that is built in:
 * "rmrds.xml" or "conrep_rmrds.xml", RMRDS_Slot1 to RMRDS_Slot16; "conrep.xml": as
 * pp_settings_schema_system(). NULL: the built-in rmrds.xml, whatever files there are.
 * -ENOENT and other errors of opening a file; -E2BIG; -ENOMSG: XML, and an element or attribute
 * that must be there is missing; -EBADMSG: unusable for any other reason. The text names the line.
 */
int pp_settings_schema(struct pp_settings *s, const char *name, struct pp_error *e);
/* The same, and no file is looked for. -ENOENT: none of that name is built in. */
int pp_settings_schema_built_in(struct pp_settings *s, const char *name, struct pp_error *e);
/*
 * HP's own conrep.xml where its package is installed and nobody but root can have written it, else
 * the built-in rmrds.xml.
 */
int pp_settings_schema_system(struct pp_settings *s, struct pp_error *e);
/* Then: the file's absolute path, or "rmrds.xml (built in)"; NULL: none has been read. */
const char *pp_settings_schema_where(const struct pp_settings *s);

/* One thing that a schema asks of the program or of the machine. */
struct pp_settings_demand {
	const char *what;  /* "version" or "platform" */
	const char *asked; /* "3.40"; "Gen8", a part of the product's name; until tell returns */
	bool met;
};

/*
 * Whether the schema as a whole is for this machine: calls tell (which may be NULL) for each of its
 * demands. -ENOTSUP: it requires a newer conrep than PP_SETTINGS_LEVEL; -EPERM: it is for other
 * machines, or the machine is not known. Reading and planning fail likewise.
 */
#define PP_SETTINGS_LEVEL "5.2.0.0"
int pp_settings_check(const struct pp_settings *s,
                      void (*tell)(void *ctx, const struct pp_settings_demand *d), void *ctx,
                      struct pp_error *e);

/*
 * Reads the store and decodes every setting that fits the machine. -EPERM: the schema, or all of
 * its settings, are for other machines; else as the store fails.
 */
int pp_settings_read(struct pp_settings *s, struct pp_error *e);

enum pp_settings_detail {
	PP_SETTINGS_ASKED,      /* of the settings that were named or stand in the data file */
	PP_SETTINGS_ALL_ASKED,  /* the same where all are wanted: how many others were left out, too
	                         */
	PP_SETTINGS_EVERYTHING, /* each setting left out, and what is odd in the schema */
};
/*
 * Calls tell for what was odd and for settings that were left out, a sentence each, of everything
 * since pp_settings_open(). Of a long list but the first are told, unless everything is wanted.
 */
void pp_settings_remarks(const struct pp_settings *s, enum pp_settings_detail detail,
                         void (*tell)(void *ctx, const char *text), void *ctx);

/* The settings as conrep's data file, after pp_settings_read(). *ret lives as long as s. */
int pp_settings_document(struct pp_settings *s, const char **ret, size_t *ret_len,
                         struct pp_error *e);
/*
 * Writes that document, whole or not at all. -EEXIST: path is there and overwrite is not set.
 * -EINVAL: path is the schema or the store itself.
 */
int pp_settings_save(struct pp_settings *s, const char *path, bool overwrite, struct pp_error *e);

/*
 * What would change if a data file (or a pipe) were loaded; after pp_settings_read(). A setting
 * that the schema does not have, or a value that is none, fails all of it.
 * -EBADMSG, -EINVAL: the file, with its line; -EPERM: a setting that must not be written on this
 * machine.
 */
int pp_settings_plan_file(struct pp_settings *s, const char *path, struct pp_settings_plan **ret,
                          struct pp_error *e);

/* The same for a data file that is in memory; object: its name for people. */
#define PP_SETTINGS_MAX_DATA (16u << 20)
int pp_settings_plan_bytes(struct pp_settings *s, const void *bytes, size_t len, const char *object,
                           struct pp_settings_plan **ret, struct pp_error *e);

/* The same for assignments: "NAME=VALUE", or "NAME.ENTRY=VALUE" where a setting has entries. */
int pp_settings_plan_set(struct pp_settings *s, const char *const *assignments, size_t count,
                         struct pp_settings_plan **ret, struct pp_error *e);

/* How many texts would change; 0: all is as wanted. */
size_t pp_settings_plan_count(const struct pp_settings_plan *p);

/*
 * Calls tell with what the changes cost besides, a sentence each; with the cards in the slots
 * concerned, where the settings are of this host and it can be read.
 */
void pp_settings_plan_risks(const struct pp_settings_plan *p,
                            void (*tell)(void *ctx, const char *text), void *ctx);

/*
 * Carries out the plan: every cell is compared with what was read, written, read back. On failure
 * the old settings are restored, and the text says so. -EBUSY: the store is in use, or has changed
 * since it was read; nothing was written. -EALREADY: a plan is half applied or half undone, which
 * has to be finished first. -EROFS, -EACCES: it cannot be written.
 */
int pp_settings_write(struct pp_settings *s, const struct pp_settings_plan *p, struct pp_error *e);

/*
 * Makes an image file, a store for trying out and for editing elsewhere. pp_settings_copy(): with
 * the machine's identity and the bytes that the schema knows of, after pp_settings_read();
 * pp_settings_blank(): with the identity of a host or capture, and every byte that the schema knows
 * of zero. schema: as for pp_settings_schema().
 */
int pp_settings_copy(const struct pp_settings *s, const char *path, bool overwrite,
                     struct pp_error *e);
int pp_settings_blank(struct pp_source *identity, const char *schema, const char *path,
                      bool overwrite, struct pp_error *e);

#ifdef __cplusplus
}
#endif

#endif
