/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What code could do that a hostile capture has taken over: nothing. Each attempt is made from
 * inside of the child process that reads it.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

#include "source/archive-read.h"
#include "source/source.h"
#include "sys/confined.h"

static char scratch[] = "/tmp/test-confined-XXXXXX";
static char input_path[64], other_path[64], new_path[64];

static int setup(void **state)
{
	if (!mkdtemp(scratch))
		return -1;
	/* Only its rights stand between the others and nobody. */
	chmod(scratch, 0777);
	snprintf(input_path, sizeof(input_path), "%s/input", scratch);
	snprintf(other_path, sizeof(other_path), "%s/other", scratch);
	snprintf(new_path, sizeof(new_path), "%s/new", scratch);
	int fd = open(input_path, O_CREAT | O_WRONLY, 0600);
	int other = open(other_path, O_CREAT | O_WRONLY, 0644);
	bool ok = fd >= 0 && other >= 0 && write(fd, "input", 5) == 5;
	close(fd);
	close(other);
	return ok ? 0 : -1;
}

static int teardown(void **state)
{
	unlink(input_path);
	unlink(other_path);
	unlink(new_path);
	return rmdir(scratch);
}

/* What an attempt ended with: 0 where it succeeded. */
static int errno_of(long result)
{
	return result < 0 ? errno : 0;
}

static int try_open_to_read(void)
{
	return errno_of(open(other_path, O_RDONLY));
}

static int try_open_by_openat2(void)
{
	uint64_t how[3] = { O_RDONLY };

	return errno_of(syscall(SYS_openat2, AT_FDCWD, other_path, how, sizeof(how)));
}

static int try_create(void)
{
	return errno_of(open(new_path, O_CREAT | O_WRONLY, 0600));
}

static int try_remove(void)
{
	return errno_of(unlink(other_path));
}

static int try_rename(void)
{
	return errno_of(rename(other_path, new_path));
}

static int try_socket(void)
{
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons(9) };
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	inet_pton(AF_INET, "127.0.0.1", &to.sin_addr);
	return fd < 0 ? errno : errno_of(connect(fd, (struct sockaddr *)&to, sizeof(to)));
}

static int try_local_socket(void)
{
	return errno_of(socket(AF_UNIX, SOCK_STREAM, 0));
}

static int try_exec(void)
{
	char *words[] = { (char *)"true", NULL };

	return errno_of(execve("/bin/true", words, words + 1));
}

static int try_fork(void)
{
	pid_t pid = fork();

	if (!pid)
		_exit(0);
	return errno_of(pid);
}

static int try_kill(void)
{
	return errno_of(kill(getppid() > 1 ? getppid() : 1, 0));
}

static int try_trace(void)
{
	return errno_of(ptrace(PTRACE_SEIZE, 1, 0, 0));
}

static int try_code(void)
{
	void *p = mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS,
	               -1, 0);

	return p == MAP_FAILED ? errno : 0;
}

static int try_to_make_code(void)
{
	void *p = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	return p == MAP_FAILED ? errno : errno_of(mprotect(p, 4096, PROT_READ | PROT_EXEC));
}

static int try_root(void)
{
	return errno_of(setuid(0));
}

static int try_write_input(void)
{
	return errno_of(syscall(SYS_ftruncate, 3, 0));
}

static const struct {
	const char *what;
	int (*attempt)(void);
} attempts[] = {
	{ "open", try_open_to_read },
	{ "openat2", try_open_by_openat2 },
	{ "create", try_create },
	{ "remove", try_remove },
	{ "rename", try_rename },
	{ "connect", try_socket },
	{ "local socket", try_local_socket },
	{ "exec", try_exec },
	{ "fork", try_fork },
	{ "kill", try_kill },
	{ "trace", try_trace },
	{ "code", try_code },
	{ "make code", try_to_make_code },
	{ "root", try_root },
	{ "truncate", try_write_input },
};
#define NR_ATTEMPTS (sizeof(attempts) / sizeof(attempts[0]))

/* In place of a reader: its error tells what came of each attempt. */
static int attempt_all(void *ctx, struct pp_source **ret, const char **notes, struct pp_error *e)
{
	size_t n = 0;
	char text[400] = "";

	for (size_t i = 0; i < NR_ATTEMPTS; i++)
		n += (size_t)snprintf(text + n, sizeof(text) - n, "%s=%d ", attempts[i].what,
		                      attempts[i].attempt());
	return pp_fail(e, ENOTSUP, "%s", text);
}

static int open_confined(const char *path,
                         int (*open)(void *, struct pp_source **, const char **, struct pp_error *),
                         struct pp_error *e)
{
	struct pp_confined_open how = { .nr_inputs = 1, .open = open };
	struct pp_source *source = NULL;
	struct pp_input input;
	char *notes = NULL;

	assert_int_equal(pp_input_open(path, &input, e), 0);
	how.inputs = &input;
	int r = pp_source_open_confined(&how, &source, &notes, e);
	pp_input_close(&input);
	pp_source_free(source);
	free(notes);
	return r;
}

/* With both, and each attempt refused by one of them: EPERM is seccomp's answer. */
static void test_attempts(void **state)
{
	struct pp_error e = { 0 };

	if (!pp_confinement_here().seccomp) {
		print_message("skipped: this kernel has no seccomp\n");
		skip();
	}
	assert_int_equal(open_confined(input_path, attempt_all, &e), -ENOTSUP);
	for (size_t i = 0; i < NR_ATTEMPTS; i++) {
		char wanted[40];
		snprintf(wanted, sizeof(wanted), "%s=%d ", attempts[i].what, EPERM);
		if (!strstr(e.text, wanted))
			fail_msg("no '%s' in '%s'", wanted, e.text);
	}
	assert_int_equal(access(other_path, F_OK), 0);
	assert_int_not_equal(access(new_path, F_OK), 0);
}

/* Each of the two layers alone, in a process of the test's own. What the attempt ended with. */
static int confined_attempt(int (*confine)(void), int (*attempt)(void))
{
	int status;
	pid_t pid = fork();

	if (!pid) {
		prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
		_exit(confine() ? 255 : attempt());
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static int confine_by_landlock(void)
{
	return pp_landlock_confine(NULL, 0);
}

static int confine_by_seccomp(void)
{
	return pp_seccomp_confine(PP_SECCOMP_DECODER);
}

static int confine_for_directories(void)
{
	return pp_seccomp_confine(PP_SECCOMP_DIRECTORIES);
}

static int confine_not(void)
{
	return 0;
}

static void test_landlock_alone(void **state)
{
	int version = pp_landlock_version();

	if (!version) {
		print_message("skipped: this kernel has no Landlock\n");
		skip();
	}
	/* The attempts are such that they succeed where nothing confines. */
	assert_int_equal(confined_attempt(confine_not, try_open_to_read), 0);
	assert_int_equal(confined_attempt(confine_not, try_create), 0);
	assert_int_equal(unlink(new_path), 0);
	assert_int_equal(confined_attempt(confine_not, try_socket), ECONNREFUSED);
	assert_int_equal(confined_attempt(confine_not, try_kill), 0);
	assert_int_equal(confined_attempt(confine_by_landlock, try_open_to_read), EACCES);
	assert_int_equal(confined_attempt(confine_by_landlock, try_open_by_openat2), EACCES);
	assert_int_equal(confined_attempt(confine_by_landlock, try_create), EACCES);
	assert_int_equal(confined_attempt(confine_by_landlock, try_remove), EACCES);
	assert_int_equal(confined_attempt(confine_by_landlock, try_exec), EACCES);
	if (version >= 4)
		assert_int_equal(confined_attempt(confine_by_landlock, try_socket), EACCES);
	if (version >= 6)
		assert_int_equal(confined_attempt(confine_by_landlock, try_kill), EPERM);
	print_message("Landlock version %d\n", version);
}

static void test_seccomp_alone(void **state)
{
	if (!pp_seccomp_is_here()) {
		print_message("skipped: this kernel has no seccomp\n");
		skip();
	}
	for (size_t i = 0; i < NR_ATTEMPTS; i++)
		assert_int_equal(confined_attempt(confine_by_seccomp, attempts[i].attempt), EPERM);
	/* Where a directory is read, files can be opened, but not to be written. */
	assert_int_equal(confined_attempt(confine_for_directories, try_open_to_read), 0);
	assert_int_equal(confined_attempt(confine_for_directories, try_create), EPERM);
	assert_int_equal(confined_attempt(confine_for_directories, try_socket), EPERM);
	assert_int_equal(confined_attempt(confine_for_directories, try_exec), EPERM);
}

/* A whole command's process: it may fork and read at its places; every other attempt fails. */
static int try_place(void)
{
	return errno_of(open(input_path, O_RDONLY));
}

static int confine_reader(void)
{
	const char *const place = input_path;
	const struct pp_confined_self how = { .places = &place,
		                              .nr_places = 1,
		                              .parent = getppid() };

	return pp_confine_self(&how);
}

static int confine_reader_by_seccomp(void)
{
	return pp_seccomp_confine(PP_SECCOMP_READER);
}

static int try_other_limits(void)
{
	return errno_of(syscall(SYS_prlimit64, getppid(), 7, NULL, NULL));
}

static int try_thread(void)
{
	return errno_of(syscall(SYS_clone, CLONE_NEWUSER | SIGCHLD, 0, 0, 0, 0));
}

static int try_terminal(void)
{
	char byte = 'x';

	return errno_of(ioctl(STDIN_FILENO, TIOCSTI, &byte));
}

static void test_reader(void **state)
{
	static int (*const refused[])(void) = {
		try_create,       try_remove,       try_rename,   try_socket, try_local_socket,
		try_exec,         try_kill,         try_code,     try_root,   try_write_input,
		try_to_make_code, try_other_limits, try_terminal,
	};

	if (!pp_seccomp_is_here()) {
		print_message("skipped: this kernel has no seccomp\n");
		skip();
	}
	for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
		assert_int_equal(confined_attempt(confine_reader, refused[i]), EPERM);
		assert_int_equal(confined_attempt(confine_reader_by_seccomp, refused[i]), EPERM);
	}
	/* Both are allowed to a sanitizer, which looks for leaks so. */
	if (!PP_IS_SANITIZED) {
		assert_int_equal(confined_attempt(confine_reader, try_trace), EPERM);
		assert_int_equal(confined_attempt(confine_reader, try_thread), EPERM);
	}
	assert_int_equal(confined_attempt(confine_reader, try_place), 0);
	assert_int_equal(confined_attempt(confine_reader, try_fork), 0);
	if (pp_landlock_version()) {
		assert_int_equal(confined_attempt(confine_reader, try_open_to_read), EACCES);
		assert_int_equal(confined_attempt(confine_reader, try_open_by_openat2), EACCES);
	}
	assert_int_equal(access(other_path, F_OK), 0);
	assert_int_not_equal(access(new_path, F_OK), 0);
}

/* What a directory's reader can open: what is below it. */
static int open_around(void *ctx, struct pp_source **ret, const char **notes, struct pp_error *e)
{
	int in = openat(*(const int *)ctx, "input", O_RDONLY);
	int out = openat(*(const int *)ctx, "../../etc/passwd", O_RDONLY);
	int outside = out < 0 ? errno : 0;
	int absolute = open("/etc/passwd", O_RDONLY) < 0 ? errno : 0;
	int made = openat(*(const int *)ctx, "new", O_CREAT | O_RDONLY, 0600) < 0 ? errno : 0;

	return pp_fail(e, ENOTSUP, "in %d, out %d %d, new %d", in >= 0, outside, absolute, made);
}

static void test_directory(void **state)
{
	struct pp_error e = { 0 };
	struct pp_source *source = NULL;
	struct pp_input inputs[2];
	char *notes = NULL;
	char wanted[80];

	if (!pp_landlock_version()) {
		print_message("skipped: this kernel has no Landlock\n");
		skip();
	}
	/* A directory, and a file beside it. */
	assert_int_equal(pp_input_open(scratch, &inputs[0], &e), 0);
	assert_int_equal(pp_input_open(input_path, &inputs[1], &e), 0);
	struct pp_confined_open how = {
		.inputs = inputs, .nr_inputs = 2, .open = open_around, .ctx = &inputs[0].fd
	};
	assert_int_equal(pp_source_open_confined(&how, &source, &notes, &e), -ENOTSUP);
	snprintf(wanted, sizeof(wanted), "in 1, out %d %d, new %d", EACCES, EACCES, EPERM);
	assert_string_equal(e.text, wanted);
	pp_input_close(&inputs[0]);
	pp_input_close(&inputs[1]);
}

/* The child waits for a byte of its input, which is a pipe, and is looked at meanwhile. */
static int wait_for_byte(void *ctx, int out)
{
	char byte;

	return pp_confined_send(out, "r", 1) || read(*(const int *)ctx, &byte, 1) != 1;
}

static void read_status(pid_t pid, char *buf, size_t size)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/status", (int)pid);
	FILE *f = fopen(path, "r");
	assert_non_null(f);
	size_t n = fread(buf, 1, size - 1, f);
	buf[n] = '\0';
	fclose(f);
}

static void test_process(void **state)
{
	struct pp_confined c;
	struct pp_error e = { 0 };
	char status[8192], descriptors[64], ready;
	int ends[2];

	assert_int_equal(pipe(ends), 0);
	struct pp_confined_job job = {
		.fds = ends, .nr_fds = 1, .cpu_s = 10, .work = wait_for_byte, .ctx = ends
	};
	assert_int_equal(pp_confined_start(&job, &c), 0);
	assert_int_equal(pp_confined_receive(&c, &ready, 1), 0);
	read_status(c.pid, status, sizeof(status));
	assert_non_null(strstr(status, "\nNoNewPrivs:\t1\n"));
	assert_non_null(strstr(status, "\nCapEff:\t0000000000000000\n"));
	assert_non_null(strstr(status, "\nCapPrm:\t0000000000000000\n"));
	if (pp_seccomp_is_here())
		assert_non_null(strstr(status, "\nSeccomp:\t2\n"));
	if (!geteuid()) {
		assert_non_null(strstr(status, "\nUid:\t65534\t65534\t65534\t65534\n"));
		assert_non_null(strstr(status, "\nGid:\t65534\t65534\t65534\t65534\n"));
		assert_non_null(strstr(status, "\nGroups:\t \n"));
	}
	/* Its input, the pipe, and of a sanitizer's build where that reports. */
	snprintf(descriptors, sizeof(descriptors), "/proc/%d/fd", (int)c.pid);
	unsigned int open_files = 0;
	for (int fd = 0; fd < 256; fd++) {
		char path[96];
		struct stat st;
		snprintf(path, sizeof(path), "%s/%d", descriptors, fd);
		open_files += !lstat(path, &st) && fd != STDERR_FILENO;
	}
	assert_int_equal(open_files, 2);
	assert_int_equal(write(ends[1], "x", 1), 1);
	assert_int_equal(pp_confined_end(&c, &e), 0);
	close(ends[0]);
	close(ends[1]);
}

static int work_crash(void *ctx, int out)
{
	raise(SIGSEGV); /* refused: then by an access */
	*(volatile int *)ctx = 1;
	return 0;
}

static int work_spin(void *ctx, int out)
{
	volatile unsigned int i = 0;

	do {
		i++;
	} while (pp_confinement_here().landlock >= 0);
	return 0;
}

static int work_eat(void *ctx, int out)
{
	/* Or the compiler leaves both calls out. */
	void *volatile p = malloc((size_t)4 << 30);
	char got = p ? 'y' : 'n';

	free(p);
	return pp_confined_send(out, &got, 1);
}

static int work_too_much(void *ctx, int out)
{
	return pp_confined_send(out, "more than was asked for", 23);
}

static int work_fail(void *ctx, int out)
{
	return 1;
}

static int end_of(int (*work)(void *, int), unsigned int cpu_s, struct pp_error *e)
{
	int fd = open(input_path, O_RDONLY);
	struct pp_confined_job job = { .fds = &fd, .nr_fds = 1, .cpu_s = cpu_s, .work = work };
	struct pp_confined c;
	char byte;

	assert_int_equal(pp_confined_start(&job, &c), 0);
	close(fd);
	(void)!pp_confined_receive(&c, &byte, 1);
	return pp_confined_end(&c, e);
}

static void test_bad_ends(void **state)
{
	static const struct {
		int (*work)(void *, int);
		const char *says;
	} ends[] = {
		{ work_crash, "crashed (signal 11, " },
		{ work_spin, "it took more than 1 s of processor time" },
		{ work_too_much, "sent more than its answer" },
		{ work_fail, "ended early (exit 1)" },
	};

	for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
		struct pp_error e = { 0 };
		/* A sanitizer turns the crash into an end with a report. */
		if (PP_IS_SANITIZED && !i)
			continue;
		assert_int_equal(end_of(ends[i].work, 1, &e), -EPROTO);
		if (!strstr(e.text, ends[i].says))
			fail_msg("'%s' does not say '%s'", e.text, ends[i].says);
	}
}

static void test_memory(void **state)
{
	int fd = open(input_path, O_RDONLY);
	struct pp_confined_job job = { .fds = &fd, .nr_fds = 1, .cpu_s = 10, .work = work_eat };
	struct pp_confined c;
	struct pp_error e = { 0 };
	char got;

	if (PP_IS_SANITIZED)
		skip();
	assert_int_equal(pp_confined_start(&job, &c), 0);
	close(fd);
	assert_int_equal(pp_confined_receive(&c, &got, 1), 0);
	assert_int_equal(got, 'n');
	assert_int_equal(pp_confined_end(&c, &e), 0);
}

/* Addresses alone: what malloc() gives may be filled. */
static bool has_room(void)
{
	void *p = mmap(NULL, (size_t)4 << 30, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	return p != MAP_FAILED && !munmap(p, (size_t)4 << 30);
}

/* A process that is limited for a while; how it ends. */
static void limited(bool spins)
{
	struct pp_confined_limits before;
	struct rlimit memory, cpu;
	volatile unsigned int i = 0;

	/* One that is lower already stays. */
	getrlimit(RLIMIT_AS, &memory);
	memory.rlim_cur = (rlim_t)5 << 30;
	setrlimit(RLIMIT_AS, &memory);
	if (pp_confined_limit(1, &before))
		_exit(1);
	if (has_room())
		_exit(2);
	while (spins)
		i++;
	pp_confined_unlimit(&before);
	getrlimit(RLIMIT_AS, &memory);
	getrlimit(RLIMIT_CPU, &cpu);
	if (memory.rlim_cur != (rlim_t)5 << 30 || cpu.rlim_cur != RLIM_INFINITY)
		_exit(3);
	_exit(has_room() ? 0 : 4);
}

static void test_limits_of_a_process(void **state)
{
	if (PP_IS_SANITIZED)
		skip();
	for (int spins = 0; spins < 2; spins++) {
		int status = 0;
		pid_t pid = fork();
		if (!pid)
			limited(spins);
		assert_int_equal(waitpid(pid, &status, 0), pid);
		if (spins)
			assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGXCPU);
		else
			assert_int_equal(status, 0);
	}
}

/* In place of a reader: it dies, or its error is none that there can be. */
static int open_and_die(void *ctx, struct pp_source **ret, const char **notes, struct pp_error *e)
{
	abort();
}

static int open_and_steer(void *ctx, struct pp_source **ret, const char **notes, struct pp_error *e)
{
	return pp_fail(e, EBADMSG, "red: \033[31m");
}

static void test_source_fails(void **state)
{
	struct pp_error e = { 0 };

	if (!PP_IS_SANITIZED) {
		assert_int_equal(open_confined(input_path, open_and_die, &e), -EPROTO);
		assert_non_null(strstr(e.text, "the process that reads it crashed"));
		assert_non_null(strstr(e.text, input_path));
	}
	assert_int_equal(open_confined(input_path, open_and_steer, &e), -EBADMSG);
	assert_null(strchr(e.text, '\033'));
}

/* Which of the jobs it is: a table, an error, a death, or one without memory. */
struct queued {
	char kind; /* 't', 'e', 'd', 'm' */
	uint32_t number;
	char note[16];
};

static int open_queued(void *ctx, struct pp_source **ret, const char **notes, struct pp_error *e)
{
	struct queued *q = ctx;
	uint8_t table[64] = "DMAR";

	if (q->kind == 'e')
		return pp_fail(e, EBADMSG, "no. %u is bad", q->number);
	if (q->kind == 'd')
		_exit(3);
	if (q->kind == 'm')
		return pp_fail(e, ENOMEM, "no. %u is large", q->number);
	table[sizeof(table) - 1] = (uint8_t)q->number;
	snprintf(q->note, sizeof(q->note), "no. %u", q->number);
	*notes = q->note;
	return pp_source_open_bytes("table", PP_SPAN(table, sizeof(table)), ret, e);
}

static void check_queued(struct pp_confined_queue *queue, const struct queued *q)
{
	struct pp_error e = { 0 };
	struct pp_source *source = NULL;
	char *notes = NULL, says[32];
	uint8_t table[64];

	int r = pp_confined_queue_next(queue, &source, &notes, &e);
	snprintf(says, sizeof(says), "no. %u", q->number);
	if (q->kind != 't') {
		assert_int_equal(r, q->kind == 'e' ? -EBADMSG : q->kind == 'm' ? -ENOMEM : -EPROTO);
		assert_non_null(strstr(e.text, q->kind == 'd' ? "ended early (exit 3)" : says));
		assert_null(source);
		assert_null(notes);
		return;
	}
	assert_int_equal(r, 0);
	assert_string_equal(notes, says);
	struct pp_node node;
	assert_int_equal(
		pp_source_open_file(source, PP_NODE_NONE, "sys/firmware/acpi/tables/DMAR", &node),
		0);
	assert_int_equal(pp_source_pread(source, node, table, sizeof(table), 0), sizeof(table));
	assert_int_equal(table[sizeof(table) - 1], q->number);
	pp_source_free(source);
	free(notes);
}

/* Each answer is its own job's, wherever the child ends; and it may be left at any place. */
static void test_queue(void **state)
{
	static const char *const kinds[] = { "",       "t",    "d",    "tt",      "ttttttttttttttt",
		                             "ted",    "dttt", "ttdt", "tttd",    "dddd",
		                             "etette", "tmtt", "mmem", "tdtdtdtd" };

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		for (size_t most = 0, n = strlen(kinds[i]); most <= n; most++) {
			struct pp_confined_open jobs[16];
			struct pp_confined_queue *queue;
			struct pp_input inputs[16];
			struct queued queued[16];
			struct pp_error e = { 0 };
			for (uint32_t k = 0; k < n; k++) {
				queued[k] = (struct queued){ .kind = kinds[i][k], .number = k };
				assert_int_equal(pp_input_open(input_path, &inputs[k], &e), 0);
				jobs[k] = (struct pp_confined_open){ .inputs = &inputs[k],
					                             .nr_inputs = 1,
					                             .open = open_queued,
					                             .ctx = &queued[k] };
			}
			assert_int_equal(pp_confined_queue_new(jobs, (unsigned int)n, &queue, &e),
			                 0);
			for (size_t k = 0; k < most; k++)
				check_queued(queue, &queued[k]);
			if (most == n) {
				struct pp_source *source;
				char *notes;
				assert_int_equal(pp_confined_queue_next(queue, &source, &notes, &e),
				                 -EINVAL);
			}
			pp_confined_queue_free(queue);
			for (size_t k = 0; k < n; k++)
				pp_input_close(&inputs[k]);
		}
	/* Nothing that was started is left. */
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
	pp_confined_queue_free(NULL);
}

static void test_queue_refuses(void **state)
{
	struct pp_input directory, inputs[PP_CONFINED_QUEUE_INPUTS + 1];
	struct pp_confined_queue *queue = NULL;
	struct pp_error e = { 0 };

	assert_int_equal(pp_input_open("/", &directory, &e), 0);
	struct pp_confined_open job = { .inputs = &directory, .nr_inputs = 1 };
	assert_int_equal(pp_confined_queue_new(&job, 1, &queue, &e), -EINVAL);
	pp_input_close(&directory);
	for (unsigned int i = 0; i <= PP_CONFINED_QUEUE_INPUTS; i++)
		inputs[i] = (struct pp_input){ .path = input_path, .fd = 0 };
	job = (struct pp_confined_open){ .inputs = inputs,
		                         .nr_inputs = PP_CONFINED_QUEUE_INPUTS + 1 };
	assert_int_equal(pp_confined_queue_new(&job, 1, &queue, &e), -E2BIG);
	assert_null(queue);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_attempts),      cmocka_unit_test(test_landlock_alone),
		cmocka_unit_test(test_seccomp_alone), cmocka_unit_test(test_directory),
		cmocka_unit_test(test_process),       cmocka_unit_test(test_bad_ends),
		cmocka_unit_test(test_memory),        cmocka_unit_test(test_source_fails),
		cmocka_unit_test(test_reader),        cmocka_unit_test(test_queue),
		cmocka_unit_test(test_queue_refuses), cmocka_unit_test(test_limits_of_a_process),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
