/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Process 1 of the virtual server: runs the commands of /job one after the other, answers with
 * their results and the kernel's log, and turns the machine off. Told another place of the job it
 * does that alone: then somebody else is process 1.
 *
 * The job is a list of records "SECONDS LINE", each ended by a zero byte; lab/job.py writes it and
 * reads the answer.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

#include "answer.h"
#include "command.h"

#define JOB_BYTES_MAX (1u << 20)
#define RECORD_BYTES  8192

static void mount_all(void)
{
	static const struct {
		const char *type, *at;
	} mounts[] = {
		{ "devtmpfs", "/dev" }, { "proc", "/proc" }, { "sysfs", "/sys" },
		{ "tmpfs", "/tmp" },    { "tmpfs", "/run" }, { "tmpfs", "/var" },
	};

	for (size_t i = 0; i < sizeof(mounts) / sizeof(*mounts); i++) {
		mkdir(mounts[i].at, 0755);
		if (mount(mounts[i].type, mounts[i].at, mounts[i].type, 0, NULL))
			fprintf(stderr, "runner: %s: %s\n", mounts[i].at, strerror(errno));
	}
	mkdir("/var/lib", 0755);
}

/* One record of /dev/kmsg, "level,sequence,microseconds,…;text", as dmesg would show it. */
static void answer_log_line(char *record, bool first)
{
	char *text = strchr(record, ';');
	if (!text)
		return;

	char line[RECORD_BYTES];
	unsigned long long us = 0;

	sscanf(record, "%*u,%*u,%llu", &us);
	text++;
	int n = snprintf(line, sizeof(line), "[%5llu.%06llu] %.*s", us / 1000000, us % 1000000,
	                 (int)strcspn(text, "\n"), text);
	if (!first)
		answer_raw(",\n");
	answer_string(line, n < (int)sizeof(line) ? n : (int)sizeof(line) - 1);
}

/* What the kernel has logged since the last time. */
static void answer_log(int kmsg)
{
	char record[RECORD_BYTES];
	bool first = true;

	answer_raw(", \"log\": [");
	for (;;) {
		ssize_t n = read(kmsg, record, sizeof(record) - 1);

		if (n < 0 && (errno == EPIPE || errno == EINTR))
			continue; /* overwritten in the meantime: goes on with the oldest there is
			           */
		if (n <= 0)
			break;
		record[n] = '\0';
		answer_log_line(record, first);
		first = false;
	}
	answer_raw("]");
}

static void answer_output(const char *key, const struct output *o)
{
	answer_raw(", \"");
	answer_raw(key);
	answer_raw("\": ");
	answer_string(o->bytes, o->length);
	if (o->cut) {
		answer_raw(", \"");
		answer_raw(key);
		answer_raw("_cut\": true");
	}
}

static void run(const char *record, int kmsg, bool first)
{
	char *line;
	long seconds = strtol(record, &line, 10);
	struct result r;

	line += *line == ' ';
	command_run(line, seconds, &r);
	answer_raw(first ? "\n{\"command\": " : ",\n{\"command\": ");
	answer_string(line, strlen(line));
	/* As a shell says it: 128 + the signal. */
	answer_number("exit",
	              WIFEXITED(r.status) ? WEXITSTATUS(r.status) : 128 + WTERMSIG(r.status),
	              false);
	answer_raw(r.timed_out ? ", \"timed_out\": true" : ", \"timed_out\": false");
	answer_number("wall_ms", r.wall_ms, false);
	answer_output("stdout", &r.out);
	answer_output("stderr", &r.err);
	answer_log(kmsg);
	answer_raw("}");
	command_free(&r);
}

/* The job with a zero byte behind it. */
static char *read_job(const char *path, size_t *ret_length)
{
	char *job = calloc(1, JOB_BYTES_MAX + 1);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	size_t length = 0;
	ssize_t n;

	if (!job || fd < 0)
		return NULL;
	while (length < JOB_BYTES_MAX && (n = read(fd, job + length, JOB_BYTES_MAX - length)) > 0)
		length += n;
	close(fd);
	*ret_length = length;
	return job;
}

static void answer_all(const char *path)
{
	int kmsg = open("/dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	struct utsname name;
	size_t length = 0;
	char *job = read_job(path, &length);

	uname(&name);
	answer_raw("{\"kernel\": ");
	answer_string(name.release, strlen(name.release));
	answer_log(kmsg);
	answer_raw(", \"commands\": [");
	for (size_t at = 0; job && at < length; at += strlen(job + at) + 1)
		run(job + at, kmsg, at == 0);
	answer_raw("]}\n");
	free(job);
}

static int answer(const char *path)
{
	if (answer_open()) {
		fprintf(stderr, "runner: no answer port: %s\n", strerror(errno));
		return 1;
	}
	answer_all(path);
	return 0;
}

int main(int argc, char **argv)
{
	if (argc > 1)
		return answer(argv[1]);
	mount_all();
	setenv("PATH", "/usr/sbin:/usr/bin:/sbin:/bin", 1);
	setenv("HOME", "/tmp", 1);
	setenv("LC_ALL", "C.UTF-8", 1);
	answer("/job");
	sync();
	reboot(RB_POWER_OFF);
	return 1;
}
