/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Runs a command in the guest and keeps what it writes. */
#ifndef LAB_COMMAND_H
#define LAB_COMMAND_H

#include <stdbool.h>
#include <stddef.h>

/* What a command writes beyond this is dropped, and told. */
#define OUTPUT_BYTES_MAX (8u << 20)

struct output {
	int fd; /* -1 once it has ended */
	char *bytes;
	size_t length;
	bool cut;
};

struct result {
	int status; /* as waitpid() gives it */
	bool timed_out;
	long wall_ms;
	struct output out, err;
};

/* Runs a line in the shell, for so many seconds at most. Outputs are the caller's to free. */
void command_run(const char *line, long seconds, struct result *ret);
void command_free(struct result *r);

#endif
