/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Lines to QEMU's debug port. */
#include "log.h"

#define DEBUG_PORT 0x402

static void out(char c)
{
	__asm__ volatile("outb %0, %1" : : "a"(c), "Nd"((uint16_t)DEBUG_PORT));
}

void log_text(const char *text)
{
	while (*text)
		out(*text++);
}

void log_begin(void)
{
	log_text("lab: ");
}

void log_end(void)
{
	out('\n');
}

void log_line(const char *text)
{
	log_begin();
	log_text(text);
	log_end();
}

static void log_number(uint64_t value, unsigned int base, unsigned int digits)
{
	char text[20];
	unsigned int n = 0;

	for (; value || n < digits; value /= base)
		text[n++] = "0123456789abcdef"[value % base];
	while (n)
		out(text[--n]);
}

void log_decimal(uint64_t value)
{
	log_number(value, 10, 1);
}

void log_hex(uint64_t value, unsigned int digits)
{
	log_number(value, 16, digits);
}

void log_path(const struct lab_endpoint *endpoint)
{
	log_hex(endpoint->start_bus, 2);
	for (uint8_t i = 0; i < endpoint->nr_hops; i++) {
		log_text(i ? "/" : ":");
		log_hex(endpoint->hops[i].device, 2);
		log_text(".");
		log_hex(endpoint->hops[i].function, 1);
	}
}
