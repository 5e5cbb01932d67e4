/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the readers of texts share. */
#ifndef PP_IMPORT_IMPORT_H
#define PP_IMPORT_IMPORT_H

/*
 * Inside the module: what people have in hand, such as the output of lspci, becomes the files of a
 * host, below the names that the kernel gives them. What a text does not show was not read.
 */

#include <pcipass/import.h>

#include "base/buffer.h"
#include "pci/address.h"
#include "source/stored.h"

/* Lines of one text; a gigabyte of anything ends here. */
#define PP_IMPORT_MAX_BYTES ((size_t)128 * 1024 * 1024)
#define PP_IMPORT_CONFIG    4096u

struct json_t;
struct pp_import_told;
struct pp_import_later;

struct pp_import {
	struct pp_stored *stored;
	struct pp_buffer manifest; /* the lines behind its head */
	struct pp_buffer notes;
	struct pp_buffer cut; /* paths, a line each: see pp_import_cut() */
	struct pp_buffer log; /* of all texts, a line each */
	/* "Linux version …" of uname or the like: where no text has the kernel's own line. */
	char release[400];
	struct pp_buffer origins; /* where each file was told: lines of PP_ORIGINS_PATH */
	const char *name;         /* of the text that is read now */
	struct pp_span text;      /* all of it */
	const uint8_t *here;      /* see pp_import_here(); NULL: the text as a whole */
	const uint8_t *counted;   /* up to there, lines are counted: */
	uint32_t line;
	/* Where the part that is read begins in the text that was given, from 1; 0: no part. */
	uint32_t part_line;
	uint32_t lines_before; /* lines of that text that stood before this one */
	/* By the kernel's "DMI: " line, whose maker and product are one. */
	struct {
		char product[200], bios[64], date[16];
		uint32_t line, text;
	} dmi;
	/* Where what is told once all are read was told; 0: at here. */
	uint32_t told_text, told_line;
	uint32_t nr_devices, nr_texts, nr_read;
	/* Of configuration spaces; the nodes' field "partial" counts them from 1 until the end. */
	struct pp_import_told *told;
	uint32_t nr_told, size_told;
	/* See pp_import_ids_wanted(). */
	struct pp_import_later *later;
	size_t later_bytes;
	bool last_pass;
	/* Lines of the log; and whose text's line the next one is, if it goes on there. */
	uint32_t nr_log_lines, log_text, log_next;
};

/* A kind of text is a row. */
struct pp_reader {
	const char *title; /* "the output of lspci" */
	/* Whether the text is of that kind, by its content. */
	bool (*knows)(struct pp_span text);
	int (*read)(struct pp_import *in, struct pp_span text, struct pp_error *e);
};

extern const struct pp_reader pp_reader_table, pp_reader_dump_bin, pp_reader_acpidump,
	pp_reader_hexdump, pp_reader_lspci, pp_reader_log, pp_reader_iomem, pp_reader_interrupts,
	pp_reader_command_line, pp_reader_lspci_tags, pp_reader_uname, pp_reader_pveversion,
	pp_reader_dmi_id, pp_reader_supportconfig, pp_reader_pve, pp_reader_dmidecode,
	pp_reader_iasl, pp_reader_pvesh, pp_reader_lshw, pp_reader_nodedev, pp_reader_group_paths;
/* Whatever it is by its content; what nothing knows is left out. */
extern const struct pp_reader pp_reader_any;

/*
 * Makes the host's file of these bytes, which are copied. The same bytes again are welcome; others
 * are noted, and what came first stays. 0, -ENOMEM, -E2BIG.
 */
int pp_import_file(struct pp_import *in, const char *path, const void *bytes, size_t len,
                   struct pp_error *e);
int pp_import_text(struct pp_import *in, const char *path, const char *text, struct pp_error *e);
int pp_import_link(struct pp_import *in, const char *path, const char *target, struct pp_error *e);
/* The same for a file whose content is changed in place, which the text that is read now tells
 * best. */
void pp_import_tells(struct pp_import *in, const char *path);
/* Notes that the text says otherwise of a file than the one that told it. */
void pp_import_note_other(struct pp_import *in, const char *path, const char *what);
/* Whether an earlier text has that path. */
bool pp_import_has(const struct pp_import *in, const char *path);
/* The file that an earlier text told. */
bool pp_import_get(const struct pp_import *in, const char *path, struct pp_span *ret);
/* A line of the manifest: "asked sys/bus/pci/devices/" and the like. */
void pp_import_says(struct pp_import *in, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
/* Where a text ended too early for this path: not read, unless another text has it. */
void pp_import_cut(struct pp_import *in, const char *path);
/* Something that a person should know of the text. */
void pp_import_note(struct pp_import *in, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/*
 * Where in its text the facts are told that follow: at the line that begins there. NULL: in the
 * text as a whole.
 */
void pp_import_here(struct pp_import *in, const uint8_t *line);
/* The number of that line, from 1; 0: the text as a whole. */
uint32_t pp_import_line_number(struct pp_import *in);
/* Longer lines of a log hold nothing that is looked for. */
#define PP_LOG_LINE_BYTES 2000u
/*
 * The message of a line of dmesg, journalctl or syslog, without its time, level and host; buf holds
 * it where the line is JSON. false: the line is as it was, and may be anybody's words. *syslog is
 * set where others than the kernel write as well.
 */
bool pp_import_log_line(struct pp_span *line, char buf[PP_LOG_LINE_BYTES], bool *syslog);
/* What the kernel's "DMI: " line says, where no other text tells it: once all are read. */
int pp_import_log_finish(struct pp_import *in, struct pp_error *e);

/* The device's own directory. */
int pp_import_device(struct pp_import *in, struct pp_address a, struct pp_error *e);
/*
 * name: "vendor", "device" or "class". Of a class, many texts leave out the programming interface,
 * the last byte: then another's is no contradiction.
 */
int pp_import_id(struct pp_import *in, struct pp_address a, const char *name, uint32_t value,
                 struct pp_error *e);
/* Nothing for what can be no driver's name. */
int pp_import_driver(struct pp_import *in, struct pp_address a, const char *driver,
                     struct pp_error *e);
int pp_import_physfn(struct pp_import *in, struct pp_address a, struct pp_address physfn,
                     struct pp_error *e);
/*
 * The buses below a bridge, where no text has its configuration space. Of several answers the last
 * bus is the highest: each tells only of a device that stands there.
 */
int pp_import_buses(struct pp_import *in, struct pp_address bridge, uint8_t first, uint8_t last,
                    struct pp_error *e);
/* The group of a device, with the directories that the kernel has for it. */
int pp_import_group(struct pp_import *in, struct pp_address a, uint32_t group, struct pp_error *e);

/* The next line without blanks at its end; *indent: how far it is indented, a tab to the next 8. */
bool pp_import_line(struct pp_span *rest, struct pp_span *line, unsigned int *indent);
/* Up to max words' worth of the line's text behind prefix, cleaned; "" if the prefix is not there.
 */
bool pp_import_behind(struct pp_span line, const char *prefix, char *buf, size_t size);
/* A number in hex at the start of s; how many digits, 0 for none. */
size_t pp_import_hex(struct pp_span s, uint64_t *ret);

/*
 * At the end of a list of devices. nr_with have ids, in the text or in an earlier one, nr_without
 * have none: a later text may tell them, so that this one, which is copied, is read once more when
 * all are read (last_pass). 0; -EBADMSG: no text told any; -ENOMEM.
 */
int pp_import_ids_wanted(struct pp_import *in, const struct pp_reader *reader, struct pp_span text,
                         uint32_t nr_with, uint32_t nr_without, struct pp_error *e);
int pp_import_later_finish(struct pp_import *in, struct pp_error *e);
void pp_import_later_free(struct pp_import *in);

/* What a text without ids needs of another one. */
struct pp_import_ids {
	uint16_t vendor, device;
	uint32_t class_code;
};

/* The ids that an earlier text told of the device; false: none did. */
bool pp_import_ids_told(const struct pp_import *in, struct pp_address a, struct pp_import_ids *ret);

/* From where JSON begins in a text, which may have a shell's prompt before it. */
bool pp_import_json_begin(struct pp_span text, struct pp_span *ret);
/* The next value, which the caller frees, and *text behind it; NULL in *ret: none is left. */
int pp_import_json_next(struct pp_import *in, struct pp_span *text, struct json_t **ret,
                        struct pp_error *e);
/* pp_import_here() where the address stands next in *from, which moves there. */
void pp_import_json_here(struct pp_import *in, struct pp_span *from, const char *address);

/* A firmware table by its bytes; one that decides nothing is left out. -EBADMSG: a part is missing.
 */
int pp_import_table(struct pp_import *in, struct pp_span bytes, struct pp_error *e);
/* All tables of lines like "0010: 44 4d 41 52 …"; each begins at 0. */
int pp_import_table_lines(struct pp_import *in, struct pp_span text, struct pp_error *e);

/* A configuration space that is put together of what a text tells. */
struct pp_import_config {
	uint8_t bytes[PP_IMPORT_CONFIG];
	uint8_t known[PP_IMPORT_CONFIG / 8]; /* a bit a byte */
	bool dumped; /* the device's own bytes, not what lines tell of them */
	bool whole;  /* and it has no others */
};

/* What is known so far of one that has its file: arrays of bits, in the arena. */
struct pp_import_told {
	uint8_t *known, *dumped;
	uint16_t end, nr_known; /* bytes */
	bool whole;
};

void pp_import_config_put(struct pp_import_config *c, unsigned int at, uint32_t value,
                          unsigned int bytes);
/* What is known of each of them, for the manifest: once all texts are read. */
void pp_import_config_finish(struct pp_import *in);
/* Whether any of it is known. */
bool pp_import_config_any(const struct pp_import_config *c);
/*
 * Makes it the device's file. Where an earlier text made that, each byte is the better known one's:
 * a dump's before what lines tell, and of two of a kind that of the text with more bytes. What
 * tells of another device is noted, and what came first stays.
 */
int pp_import_config_write(struct pp_import *in, const struct pp_import_config *c,
                           struct pp_address a, struct pp_error *e);

/* Says what a text is that nothing reads, and what to give instead. -EBADMSG. */
int pp_import_refuse(const char *name, struct pp_span text, struct pp_error *e);

/* Who reads a text, by its content; NULL: nobody knows it. */
const struct pp_reader *pp_import_reader_of(struct pp_span text);

/* What is read next has that name, which lives as long as it is read. */
void pp_import_begin(struct pp_import *in, const char *name);
/*
 * It, or a part of it where it holds several texts. What a reader refuses is its error.
 */
int pp_import_read(struct pp_import *in, const struct pp_reader *reader, struct pp_span text,
                   struct pp_error *e);

/*
 * A list of devices: what it shows of any is absent of the others in it, and of these alone. Of the
 * last one, where the list was cut off, what it does not show was not read.
 */
struct pp_import_list {
	struct pp_address *devices;
	uint32_t nr, size;
	bool drivers, groups, slots;
};

int pp_import_list_add(struct pp_import_list *list, struct pp_address a, struct pp_error *e);
/* All of it was read; frees what it holds. */
void pp_import_list_end(struct pp_import *in, struct pp_import_list *list, bool cut);
/* The slot that a device is in; nothing for what can be no slot's name. */
int pp_import_slot(struct pp_import *in, struct pp_address a, const char *slot, struct pp_error *e);

#endif
