/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The answers of a job: results, output and the kernel's log. */
#include "answer.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

#ifdef __x86_64__
#include <sys/io.h>

#define ANSWER_PORT 0x502

int answer_open(void)
{
	return ioperm(ANSWER_PORT, 1, 1);
}

static void put(const char *bytes, size_t length)
{
	outsb(ANSWER_PORT, bytes, length);
}
#else
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

/* A board without I/O ports: virtio's serial line on MMIO, which is no PCI device either. */
#define ANSWER_DRIVERS "modprobe virtio_mmio; modprobe virtio_console 2>/dev/null; true"
#define ANSWER_DEVICE  "/dev/vport0p1"
#define WAITS          100
#define WAIT_US        50000

static int answer_fd = -1;

int answer_open(void)
{
	if (system(ANSWER_DRIVERS))
		fprintf(stderr, "runner: no shell\n");
	for (int i = 0; i < WAITS && answer_fd < 0; i++) {
		answer_fd = open(ANSWER_DEVICE, O_WRONLY | O_CLOEXEC);
		if (answer_fd < 0)
			usleep(WAIT_US);
	}
	return answer_fd < 0 ? -1 : 0;
}

static void put(const char *bytes, size_t length)
{
	while (length) {
		ssize_t n = write(answer_fd, bytes, length);

		if (n <= 0)
			return; /* the document is cut, and so is no answer */
		bytes += n;
		length -= (size_t)n;
	}
}
#endif

void answer_raw(const char *json)
{
	put(json, strlen(json));
}

static bool is_plain(unsigned char c)
{
	return c >= 0x20 && c < 0x7f && c != '"' && c != '\\';
}

void answer_string(const char *bytes, size_t length)
{
	answer_raw("\"");
	for (size_t at = 0; at < length;) {
		size_t plain = at;

		while (plain < length && is_plain(bytes[plain]))
			plain++;
		put(bytes + at, plain - at);
		if (plain < length) {
			char code[8];

			snprintf(code, sizeof(code), "\\u%04x", (unsigned char)bytes[plain++]);
			answer_raw(code);
		}
		at = plain;
	}
	answer_raw("\"");
}

void answer_number(const char *key, long value, bool first)
{
	char text[64];

	snprintf(text, sizeof(text), "%s\"%s\": %ld", first ? "" : ", ", key, value);
	answer_raw(text);
}
