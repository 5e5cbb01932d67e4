/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One reversible change of a host, and the table that each kind of change fills. */
#ifndef PP_TXN_OP_H
#define PP_TXN_OP_H

#include "base/json.h"
#include "txn/context.h"

struct pp_op;
struct pp_stage;

enum pp_direction { PP_RUN, PP_ROLLBACK };

/* What is found on the host. */
enum pp_op_found {
	PP_OP_BEFORE,  /* as it was before the operation */
	PP_OP_PART,    /* between the two, as an operation that was interrupted leaves it */
	PP_OP_AFTER,   /* as the operation leaves it */
	PP_OP_NEITHER, /* somebody else changed it */
};

struct pp_op_state {
	enum pp_op_found found;
	char text[400]; /* PP_OP_NEITHER, and at times PP_OP_PART: a sentence on what was found */
};

/* Operations run in this order: what is easily rolled back first, what is not last. */
enum pp_op_rank {
	PP_RANK_DIRECTORY,
	PP_RANK_FILE,
	PP_RANK_INITRD,
	PP_RANK_LOADER,
	PP_RANK_DRIVER,
	PP_RANK_SETTING,
};

/* A kind of operation: one file and one row. Functions that a kind does not need are NULL. */
struct pp_op_ops {
	const char *name; /* in the journal */
	enum pp_op_rank rank;
	/*
	 * It reads the files that others write: pointless where none was written, rolled back by
	 * running it again when the files are back, and its own output cannot be compared.
	 */
	bool is_tool;
	/* A rollback leaves alone what somebody else has changed; else it stops there. */
	bool leaves_foreign;
	/* A rollback that fails does not keep the others from being rolled back. */
	bool goes_on;

	/* NULL: cannot be told, and running it again does no harm. */
	int (*state)(struct pp_apply *a, const struct pp_op *op, struct pp_op_state *ret,
	             struct pp_error *e);
	/* It may be done, or undone: nobody uses what would be taken away. -EBUSY. */
	int (*allowed)(struct pp_apply *a, const struct pp_op *op, enum pp_direction dir,
	               struct pp_error *e);
	/* From BEFORE or PART to AFTER, and from AFTER or PART to BEFORE. */
	int (*execute)(struct pp_apply *a, const struct pp_op *op, struct pp_error *e);
	int (*undo)(struct pp_apply *a, const struct pp_op *op, struct pp_error *e);
	/* Reads back after it was executed; NULL: its state is AFTER. */
	int (*verify)(struct pp_apply *a, const struct pp_op *op, struct pp_error *e);
	/* "write /etc/default/grub"; "restore /etc/default/grub". */
	void (*describe)(const struct pp_op *op, enum pp_direction dir, char *buf, size_t size);
	/* Commands for a person who has to undo it by hand, one a line. */
	void (*by_hand)(struct pp_apply *a, const struct pp_op *op, char *buf, size_t size);

	/* Its fields: offsets from the operation. Every value is checked, for they decide what is
	 * written. */
	const struct pp_json_row *rows;
	/* What no single field tells. May be NULL. */
	int (*check)(struct pp_json_reader *r, struct pp_op *op);

	/* The bytes that the journal keeps for it. */
	size_t (*bytes)(const struct pp_op *op);
	/* Room for so many more bytes and files where it writes, and the right to write there. */
	int (*room)(struct pp_apply *a, const struct pp_op *op, enum pp_direction dir,
	            uint64_t bytes, uint64_t files, struct pp_error *e);
	/* It came to nothing: a later step brought it back. */
	bool (*is_idle)(const struct pp_op *op);
	/* Removes what a killed process left of it; with the lock held. */
	void (*sweep)(struct pp_apply *a, const struct pp_op *op);
};

/* It changes files, and so goes where a disk goes; else a device or the firmware of one machine. */
static inline bool pp_op_is_of_files(const struct pp_op_ops *ops)
{
	return ops->rank < PP_RANK_DRIVER;
}

/* The whole table; NULL at the end. */
extern const struct pp_op_ops *const pp_op_kinds[];
extern const struct pp_op_ops pp_op_directory, pp_op_file, pp_op_initrd, pp_op_loader, pp_op_bind,
	pp_op_unbind, pp_op_borrow, pp_op_no_driver, pp_op_vfs, pp_op_setting;

enum pp_op_progress {
	PP_OP_PENDING,
	PP_OP_BEGUN, /* executed or not: to be looked at */
	PP_OP_DONE,
	PP_OP_UNDONE,
	PP_OP_PROGRESSES,
};

#define PP_TOOL_MAX_ARGV 5
/* In an argument of a tool it stands for the kernel's version. */
#define PP_TOOL_KERNEL "%k"

/* One of the host's programs that pcipass runs, with its arguments: as it stands here, or not at
 * all. */
struct pp_tool {
	const char *name;  /* in the journal; stable */
	bool makes_initrd; /* else what a boot loader reads */
	const char *argv[PP_TOOL_MAX_ARGV + 1];
};

/* It is run for one kernel. */
bool pp_tool_takes_kernel(const struct pp_tool *tool);

/*
 * By its name in the journal; NULL: no program that pcipass runs. The tools belong to the rows of
 * boot loaders and makers of initrds, which are above this module: lib/boot has this function.
 */
const struct pp_tool *pp_tool_find(const char *name);

/* What a setting says before and after. */
struct pp_op_value {
	const char *name, *before, *after;
};

#define PP_OP_MAX_VALUES 64

struct pp_op {
	const struct pp_op_ops *ops;
	enum pp_op_progress progress;
	uint32_t step;      /* of the plan: the first that asked for it */
	const char *device; /* the one that it changes, 0000:07:00.0; NULL: none */
	union {
		struct {
			const char *path; /* below the root */
		} directory;
		struct {
			const char *path;
			struct pp_content before, after;
		} file;
		struct {
			const struct pp_tool *tool;
			const char *kernel; /* for the tools that take one, else NULL */
		} tool;
		struct {
			const char *driver, *override; /* before; "" none */
		} driver;
		struct {
			uint32_t before; /* how many are on */
		} vfs;
		struct {
			const char *store; /* as pp_store.where */
			/* Of a plan, for people; none of a write that stands for itself. */
			const struct pp_op_value *values;
			uint32_t nr_values;
			struct pp_store_change change;
		} setting;
	};
};

/* -EBUSY: somebody else changed what it is about, or uses it. Nothing is changed. */
int pp_op_check(struct pp_apply *a, const struct pp_op *op, enum pp_direction dir,
                struct pp_error *e);
/* What is there already is left, so each may be repeated. */
int pp_op_execute(struct pp_apply *a, const struct pp_op *op, struct pp_error *e);
int pp_op_undo(struct pp_apply *a, const struct pp_op *op, struct pp_error *e);
/* Without a state that can be told: PP_OP_PART. */
int pp_op_state(struct pp_apply *a, const struct pp_op *op, struct pp_op_state *ret,
                struct pp_error *e);
int pp_op_look(struct pp_apply *a, const struct pp_op *op, enum pp_op_found *ret);
/* Reads back: it is as the operation leaves it. */
int pp_op_verify(struct pp_apply *a, const struct pp_op *op, struct pp_error *e);
const char *pp_op_describe(const struct pp_op *op, enum pp_direction dir, char *buf, size_t size);

/* {"kind": "file", "progress": "done", "step": 0, "file": {…}} */
extern const struct pp_json_type pp_op_json;

#define PP_OP_AT(member) offsetof(struct pp_op, member)
/* For the kinds: a path below the root without a way up. */
bool pp_op_is_path(const char *s);
#define PP_OP_PATH_ROW(member)                                                                     \
	{                                                                                          \
		"path", &pp_row_text, PP_OP_AT(member),                                            \
			.is_fine = pp_op_is_path, .otherwise = "is not a path below the root"      \
	}
/* Only as it is written: 0000:07:00.0. */
bool pp_op_is_address(const char *text);
#define PP_OP_ADDRESS_ROW                                                                          \
	{                                                                                          \
		"address", &pp_row_text, PP_OP_AT(device),                                         \
			.is_fine = pp_op_is_address,                                               \
			.otherwise = "is no address like 0000:07:00.0"                             \
	}

#define PP_VFIO "vfio-pci"
/* As a driver_override: no driver has this name. */
#define PP_NO_DRIVER    "none"
#define PP_DRIVER_BYTES 128
/* The driver that a device has, and its driver_override; "" none. */
struct pp_driver {
	char driver[PP_DRIVER_BYTES], override[PP_DRIVER_BYTES];
};
int pp_driver_read(const struct pp_apply *a, const char *address, struct pp_driver *ret,
                   struct pp_error *e);
/* How many of a device's virtual functions are on. */
int pp_vfs_read(struct pp_apply *a, const char *address, uint32_t *ret, struct pp_error *e);
/* The fields of "bind", "unbind", "borrow" and "no-driver", copied. */
int pp_op_driver_init(struct pp_op *op, struct pp_arena *arena, const char *address,
                      const struct pp_driver *now, struct pp_error *e);

#endif
