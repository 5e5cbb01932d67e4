/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Commands that read what strangers wrote run confined as a whole. One that only prints confines
 * itself. With a file of -o or a pager it runs in a child process, and the program itself stays
 * outside and decodes nothing: it makes that file, into which the child writes, puts it in its
 * place, starts the pager, and takes from the child requests of one byte and how it ended.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cli.h"
#include "lazy/library.h"
#include "sys/atomic.h"
#include "sys/confined.h"
#include "table.h"

#define READER_MAX_PLACES 65536u
#define READER_MAX_KEPT   32u
/* Of the file that is written. */
#define READER_MAX_REPORT  ((rlim_t)64 << 20)
#define READER_MAX_CAPTURE ((rlim_t)8 << 30)

/* What the child asks for. */
enum reader_request {
	READER_PAGER = 'p',  /* before what goes to standard output */
	READER_REPORT = 'f', /* make the file of -o, and give it to write into */
	READER_CAPTURE = 's',
	READER_COMMIT = 'c', /* they are all */
	READER_ABORT = 'a',
};

struct reader_reply {
	int32_t code; /* 0, or an errno with a sentence */
	char text[512];
};

/*
 * What reads, and the child's ends of pipes; -1: none. output: where the file of -o will be open
 * once it is made, and written: the first error of that.
 */
static struct {
	bool reads, is_child, is_confined;
	int control, output, pager;
	int written;
	pid_t parent;
	const char *name; /* of the file of -o */
} reader = { .control = -1, .output = -1, .pager = -1 };

/* Where files may be read, for the whole life of the process. */
static struct {
	char *paths[READER_MAX_PLACES];
	unsigned int nr;
} places;

static void reader_add_place(const char *path)
{
	if (path && strcmp(path, "-") != 0 && places.nr < READER_MAX_PLACES) {
		places.paths[places.nr] = strdup(path);
		places.nr += places.paths[places.nr] != NULL;
	}
}

/* A directory of hosts may have links to where they lie; of a host's own files none leads out. */
static void reader_add_links(const char *path)
{
	DIR *d = opendir(path);
	char whole[PATH_MAX];
	struct dirent *entry;

	while (d && (entry = readdir(d))) {
		int n = snprintf(whole, sizeof(whole), "%s/%s", path, entry->d_name);
		if (entry->d_type == DT_LNK && n > 0 && (size_t)n < sizeof(whole))
			reader_add_place(whole);
	}
	if (d)
		closedir(d);
}

static bool reader_is_host(const char *path)
{
	static const char *const names[] = { "sys", "proc", "pcipass" };
	char whole[PATH_MAX];
	bool found = false;

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		int n = snprintf(whole, sizeof(whole), "%s/%s", path, names[i]);
		found |= n > 0 && (size_t)n < sizeof(whole) && !access(whole, F_OK);
	}
	return found;
}

/* *archive: libarchive may be needed to read it. */
static void reader_add_input(const char *path, bool *archive)
{
	struct stat st;

	reader_add_place(path);
	if (strcmp(path, "-") != 0 && !stat(path, &st) && S_ISDIR(st.st_mode)) {
		if (reader_is_host(path))
			return;
		reader_add_links(path);
	}
	*archive = true;
}

/* All that is opened by the program itself, and stays open. */
static void reader_prepare(const struct command *c, const struct options *o, int argc, char **argv)
{
	bool archive = c == &command_capture;

	if (o->from)
		reader_add_input(o->from, &archive);
	for (unsigned int i = 0; i < o->nr_more_from; i++)
		reader_add_input(o->more_from[i], &archive);
	for (int i = 0; c == &command_survey && i < argc; i++)
		reader_add_input(argv[i], &archive);
	if (o->log && argc == 1)
		reader_add_place(argv[0]);
	reader_add_place(o->plan);
	/* Where it cannot be loaded, whoever needs it says so. */
	if (archive)
		pp_lazy_archive(NULL);
	names_open();
	installed_documents();
	if (c == &command_tree)
		locale_is_utf8();
}

/* "/dev/fd/63" of a shell's "<(command)", "/dev/stdin": the number of what is open; -1: no such. */
static int reader_descriptor(const char *path)
{
	static const char *const directories[] = { "/dev/fd/", "/proc/self/fd/" };
	int fd = -1;

	for (size_t i = 0; i < sizeof(directories) / sizeof(directories[0]); i++) {
		size_t n = strlen(directories[i]);
		char *end = NULL;
		long number = strncmp(path, directories[i], n) ? -1 : strtol(path + n, &end, 10);
		if (end && !*end && number >= 0 && number < INT_MAX)
			fd = (int)number;
	}
	return !strcmp(path, "/dev/stdin") ? STDIN_FILENO : fd;
}

static bool reader_takes_stdin(const struct command *c, const struct options *o, int argc,
                               char **argv)
{
	bool takes =
		(o->from && !strcmp(o->from, "-")) || (o->log && (!argc || !strcmp(argv[0], "-")));

	for (unsigned int i = 0; i < o->nr_more_from; i++)
		takes |= !strcmp(o->more_from[i], "-");
	for (int i = 0; c == &command_survey && i < argc; i++)
		takes |= !strcmp(argv[i], "-");
	for (unsigned int i = 0; i < places.nr; i++)
		takes |= reader_descriptor(places.paths[i]) == STDIN_FILENO;
	return takes;
}

static const char *reader_name(const struct options *o)
{
	return o->from ? o->from : "the log";
}

/* What is said where no parent is there to say it; signals: how the process ends. */
static const int crashes[] = { SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT, SIGXCPU };
static char crash_texts[sizeof(crashes) / sizeof(crashes[0])][640];

static void reader_crash(int number)
{
	for (size_t i = 0; i < sizeof(crashes) / sizeof(crashes[0]); i++)
		if (crashes[i] == number &&
		    write(STDERR_FILENO, crash_texts[i], strlen(crash_texts[i])) < 0)
			break;
	_exit(EXIT_FAILED);
}

/* Told as the end of a child is; all is made ready, for a handler may do nearly nothing. */
static void reader_handle_crashes(const char *name)
{
	struct sigaction action = { .sa_handler = reader_crash,
		                    .sa_flags = (int)SA_RESETHAND | SA_ONSTACK };
	/* A stack that is used up has no room for a handler. */
	static char stack[16384];
	const stack_t other = { .ss_sp = stack, .ss_size = sizeof(stack) };

	if (PP_IS_SANITIZED || sigaltstack(&other, NULL))
		return;
	for (size_t i = 0; i < sizeof(crashes) / sizeof(crashes[0]); i++) {
		struct pp_error e = { 0 };
		char text[600];
		/* A status of wait() is the signal's number. */
		pp_confined_told(crashes[i], 0, &e);
		snprintf(text, sizeof(text), "%.300s: %.280s", name, e.text);
		pp_quote_terminal(text);
		snprintf(crash_texts[i], sizeof(crash_texts[i]), "%s: %s\n", program_name, text);
		sigaction(crashes[i], &action, NULL);
	}
}

static _Noreturn void reader_is_unconfined(void)
{
	struct pp_error e = { 0 };

	/* The parent says what this exit code means. */
	if (reader.is_child)
		_exit(PP_EXIT_UNCONFINED);
	pp_confined_told(PP_EXIT_UNCONFINED << 8, 0, &e);
	warn("%s", e.text);
	_exit(EXIT_FAILED);
}

void reader_confine(void)
{
	int kept[READER_MAX_KEPT];
	unsigned int nr = 0;
	const int mine[] = { reader.control, reader.output, reader.pager };

	if (!reader.reads || reader.is_confined)
		return;
	for (size_t i = 0; i < sizeof(mine) / sizeof(mine[0]); i++)
		if (mine[i] >= 0)
			kept[nr++] = mine[i];
	for (unsigned int i = 0; i < places.nr && nr < READER_MAX_KEPT; i++)
		if (reader_descriptor(places.paths[i]) > STDERR_FILENO)
			kept[nr++] = reader_descriptor(places.paths[i]);
	struct pp_confined_self how = { .fds = kept,
		                        .nr_fds = nr,
		                        .places = (const char *const *)places.paths,
		                        .nr_places = places.nr,
		                        .parent = reader.parent };
	if (pp_confine_self(&how))
		reader_is_unconfined();
	reader.is_confined = true;
}

/* The child's questions. */

/* The answer, and a file that comes with it; -1: none. */
static int reader_receive(struct reader_reply *reply, int *fd)
{
	union {
		char bytes[CMSG_SPACE(sizeof(int))];
		struct cmsghdr align;
	} control;
	struct iovec piece = { .iov_base = reply, .iov_len = sizeof(*reply) };
	struct msghdr message = { .msg_iov = &piece,
		                  .msg_iovlen = 1,
		                  .msg_control = control.bytes,
		                  .msg_controllen = sizeof(control.bytes) };
	ssize_t n;

	do {
		/* The C library has other ways than this call, which are not let through. */
		n = syscall(SYS_recvmsg, reader.control, &message, MSG_WAITALL | MSG_CMSG_CLOEXEC);
	} while (n < 0 && errno == EINTR);
	if (n != (ssize_t)sizeof(*reply))
		return -EPIPE;
	const struct cmsghdr *with = CMSG_FIRSTHDR(&message);
	*fd = -1;
	if (with && with->cmsg_level == SOL_SOCKET && with->cmsg_type == SCM_RIGHTS &&
	    with->cmsg_len == CMSG_LEN(sizeof(*fd)))
		memcpy(fd, CMSG_DATA(with), sizeof(*fd));
	return 0;
}

static int reader_ask(enum reader_request request, struct pp_error *e)
{
	struct reader_reply reply;
	const char byte = (char)request;
	int fd = -1;

	int r = pp_confined_send(reader.control, &byte, 1);
	if (!r)
		r = reader_receive(&reply, &fd);
	bool file = request == READER_REPORT || request == READER_CAPTURE;
	/* The system may refuse to hand it over. */
	if (!r && !reply.code && file)
		r = fd < 0 || dup2(fd, reader.output) < 0 ? -EIO : 0;
	if (fd >= 0)
		close(fd);
	if (!r && !reply.code)
		return 0;
	e->code = r ? -r : reply.code;
	reply.text[sizeof(reply.text) - 1] = '\0';
	if (r == -EIO)
		snprintf(e->text, sizeof(e->text),
		         "%.300s: cannot be written: the system did not pass on the open file",
		         reader.name);
	else
		snprintf(e->text, sizeof(e->text), "%s", r ? strerror(-r) : reply.text);
	return -e->code;
}

/* Whoever is confined is nobody by then, but may still read what root may. */
static bool was_root;

bool reader_has_roots_rights(void)
{
	return was_root;
}

bool reader_is_child(void)
{
	return reader.is_child;
}

bool reader_is_confined(void)
{
	return reader.is_confined;
}

bool reader_is_alone(void)
{
	return reader.reads && !reader.is_child;
}

int reader_pager(void)
{
	struct pp_error e;

	return reader.pager < 0 || reader_ask(READER_PAGER, &e) ? -1 : reader.pager;
}

/* Whether the file is being written; of a capture, whose writer has no error to give, why not. */
static bool reader_has_begun;
static struct pp_error reader_refused;

/* But reading without end is ended: the program outside says so, and takes the file away. */
static void reader_finish_file(void)
{
	signals_finish_file();
	signal(SIGXCPU, SIG_DFL);
}

void reader_capture_begin(void)
{
	reader_finish_file();
	reader_has_begun = true;
	if (reader_ask(READER_CAPTURE, &reader_refused))
		close(reader.output);
}

int reader_capture_fd(void)
{
	return reader.output;
}

int reader_output_end(int r, struct pp_error *e)
{
	struct pp_error ignored;

	if (!reader_has_begun)
		return r;
	if (reader_refused.code) {
		*e = reader_refused;
		return -reader_refused.code;
	}
	close(reader.output);
	if (r) {
		reader_ask(READER_ABORT, &ignored);
		return r;
	}
	return reader_ask(READER_COMMIT, e);
}

static int reader_sink(void *ctx, const char *bytes, size_t len)
{
	int r = pp_confined_send(reader.output, bytes, len);

	reader.written = reader.written ? reader.written : r;
	return r;
}

int reader_write(pp_print print, void *ctx, struct pp_error *e)
{
	reader_finish_file();
	int r = reader_ask(READER_REPORT, e);

	if (r)
		return r;
	reader_has_begun = true;
	r = print(ctx, (struct pp_sink){ .write = reader_sink }, e);
	if (reader.written) {
		r = reader.written;
		e->code = -r;
		snprintf(e->text, sizeof(e->text), "%.300s: %s", reader.name, strerror(-r));
	}
	return reader_output_end(r, e);
}

/* The parent, which believes nothing that it is told. */

struct reader_parent {
	const struct options *o;
	int control, pager; /* its own ends; -1: none */
	struct pp_atomic file;
	bool may_write, is_open;
	pid_t pid;
};

/* fd: goes with it; -1: none. */
static void parent_reply(const struct reader_parent *p, const struct pp_error *e, int fd)
{
	struct reader_reply reply = { .code = e->code };
	union {
		char bytes[CMSG_SPACE(sizeof(fd))];
		struct cmsghdr align;
	} control = { { 0 } };
	struct iovec piece = { .iov_base = &reply, .iov_len = sizeof(reply) };
	struct msghdr message = { .msg_iov = &piece, .msg_iovlen = 1 };
	ssize_t n;

	snprintf(reply.text, sizeof(reply.text), "%s", e->text);
	if (fd >= 0) {
		message.msg_control = control.bytes;
		message.msg_controllen = sizeof(control.bytes);
		struct cmsghdr *with = CMSG_FIRSTHDR(&message);
		with->cmsg_level = SOL_SOCKET;
		with->cmsg_type = SCM_RIGHTS;
		with->cmsg_len = CMSG_LEN(sizeof(fd));
		memcpy(CMSG_DATA(with), &fd, sizeof(fd));
	}
	/* Where it cannot be told the child has ended. Of so few bytes none is left over. */
	do {
		n = sendmsg(p->control, &message, MSG_NOSIGNAL);
	} while (n < 0 && errno == EINTR);
}

/* Once; and only where -o names a file. */
static bool parent_begin_file(struct reader_parent *p, bool capture)
{
	struct pp_error e = { 0 };

	if (!p->may_write)
		return false;
	p->may_write = false;
	signals_finish_file();
	p->is_open =
		!pp_atomic_open(p->o->output, capture ? 0600 : 0666, p->o->force, &p->file, &e);
	parent_reply(p, &e, p->is_open ? p->file.fd : -1);
	return true;
}

static bool parent_end_file(struct reader_parent *p, bool commit)
{
	struct pp_error e = { 0 };

	if (!p->is_open)
		return false;
	p->is_open = false;
	if (!commit)
		pp_atomic_abort(&p->file);
	else if (pp_atomic_commit(&p->file, &e) && !e.code)
		e.code = EIO;
	parent_reply(p, &e, -1);
	return true;
}

static bool parent_begin_pager(struct reader_parent *p)
{
	struct pp_error e = { 0 };

	if (p->pager < 0)
		return false;
	if (pager_start(p->pager))
		e.code = ECHILD;
	close(p->pager);
	p->pager = -1;
	parent_reply(p, &e, -1);
	return true;
}

/* false: this was not to be asked for, or the child has ended. */
static bool parent_serve(struct reader_parent *p)
{
	struct pp_confined from = { .fd = p->control };
	char request;

	if (pp_confined_receive(&from, &request, 1))
		return false;
	switch (request) {
	case READER_PAGER:
		return parent_begin_pager(p);
	case READER_REPORT:
	case READER_CAPTURE:
		return parent_begin_file(p, request == READER_CAPTURE);
	case READER_COMMIT:
	case READER_ABORT:
		return parent_end_file(p, request == READER_COMMIT);
	default:
		return false;
	}
}

/* What ends other commands ends this one in the same way: whoever started it sees the signal. */
static void parent_die_alike(int number)
{
	static const int numbers[] = { SIGINT, SIGQUIT, SIGTERM, SIGHUP, SIGPIPE };
	const struct rlimit no_core = { 0, 0 };

	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
		if (numbers[i] == number) {
			setrlimit(RLIMIT_CORE, &no_core);
			signal(number, SIG_DFL);
			raise(number);
		}
}

static enum exit_code parent_end(struct reader_parent *p)
{
	const char *name = reader_name(p->o);
	struct pp_error e = { 0 };
	int status = 0;
	pid_t pid;

	if (p->is_open)
		pp_atomic_abort(&p->file);
	close(p->control);
	if (p->pager >= 0)
		close(p->pager);
	do {
		pid = waitpid(p->pid, &status, 0);
	} while (pid < 0 && errno == EINTR);
	if (pid > 0 && WIFEXITED(status) && WEXITSTATUS(status) <= EXIT_FAILED)
		return (enum exit_code)WEXITSTATUS(status);
	if (pid > 0 && WIFSIGNALED(status))
		parent_die_alike(WTERMSIG(status));
	pp_confined_told(status, 0, &e);
	warn("%.300s: %s", name, e.text);
	return EXIT_FAILED;
}

static bool reader_has_file(const struct options *o)
{
	return o->output && strcmp(o->output, "-") != 0;
}

static bool reader_is_wanted(const struct command *c, const struct options *o)
{
	bool other = is_another_host(o) && strncmp(o->from, "live:", 5) != 0;

	return c->reads && (other || (o->log && !o->from)) && !PP_IS_COVERED;
}

/*
 * The ends of all pipes: the parent's in p, the child's in reader. The file of -o gets a number
 * before it is there. -errno.
 */
static int reader_make_pipes(const struct options *o, struct reader_parent *p)
{
	int control[2], pager[2] = { -1, -1 };

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, control) ||
	    (pager_is_wanted(o) && pipe2(pager, O_CLOEXEC)))
		return -errno;
	p->control = control[0];
	p->pager = pager[0];
	p->may_write = reader_has_file(o);
	reader.control = control[1];
	reader.pager = pager[1];
	reader.name = o->output;
	if (!p->may_write)
		return 0;
	/* Until it is there, something that cannot be written. */
	int none[2];
	if (pipe2(none, O_CLOEXEC))
		return -errno;
	close(none[1]);
	reader.output = none[0];
	return 0;
}

/* How long a file has become that something is added to; 0: it is none. */
static rlim_t reader_length(int fd)
{
	struct stat st;

	return !fstat(fd, &st) && S_ISREG(st.st_mode) && st.st_size > 0 ? (rlim_t)st.st_size : 0;
}

/*
 * The largest file that the child may write, whatever it does. Standard output and error may be
 * files that were longer before.
 */
static void reader_limit_file(rlim_t most)
{
	rlim_t out = reader_length(STDOUT_FILENO), error = reader_length(STDERR_FILENO);
	struct rlimit limit;

	most += out > error ? out : error;
	signal(SIGXFSZ, SIG_IGN);
	if (getrlimit(RLIMIT_FSIZE, &limit))
		reader_is_unconfined();
	limit.rlim_max = limit.rlim_max < most ? limit.rlim_max : most;
	limit.rlim_cur = limit.rlim_cur < limit.rlim_max ? limit.rlim_cur : limit.rlim_max;
	if (setrlimit(RLIMIT_FSIZE, &limit))
		reader_is_unconfined();
}

/* Standard input at its end; a root without /dev/null has that as well. */
static void reader_give_up_stdin(void)
{
	int none[2];

	if (pipe2(none, O_CLOEXEC) || dup2(none[0], STDIN_FILENO) < 0)
		reader_is_unconfined();
	if (none[0] != STDIN_FILENO)
		close(none[0]);
	close(none[1]);
}

static void reader_become_child(const struct reader_parent *p, pid_t parent, bool capture)
{
	const int theirs[] = { p->control, p->pager };

	for (size_t i = 0; i < sizeof(theirs) / sizeof(theirs[0]); i++)
		if (theirs[i] >= 0)
			close(theirs[i]);
	reader.is_child = true;
	reader.parent = parent;
	if (reader.output >= 0)
		reader_limit_file(capture ? READER_MAX_CAPTURE : READER_MAX_REPORT);
}

static void reader_start(const struct command *c, const struct options *o, int argc, char **argv)
{
	reader.reads = true;
	if (!reader_takes_stdin(c, o, argc, argv))
		reader_give_up_stdin();
	/* With this host as well, that is read first. */
	if (o->from)
		reader_confine();
}

static void reader_close_child_ends(void)
{
	const int mine[] = { reader.control, reader.output, reader.pager };

	for (size_t i = 0; i < sizeof(mine) / sizeof(mine[0]); i++)
		if (mine[i] >= 0)
			close(mine[i]);
}

bool reader_begin(const struct command *c, const struct options *o, int argc, char **argv,
                  enum exit_code *ret)
{
	struct reader_parent p = { .o = o };
	pid_t self = getpid();

	was_root = geteuid() == 0;
	if (!reader_is_wanted(c, o))
		return false;
	reader_prepare(c, o, argc, argv);
	if (!reader_has_file(o) && !pager_is_wanted(o)) {
		reader_handle_crashes(reader_name(o));
		reader_start(c, o, argc, argv);
		return false;
	}
	fflush(stdout);
	int r = reader_make_pipes(o, &p);
	p.pid = r ? -1 : fork();
	if (p.pid < 0) {
		warn("cannot start the process that reads it: %s", strerror(r ? -r : errno));
		*ret = EXIT_FAILED;
		return true;
	}
	if (!p.pid) {
		reader_become_child(&p, self, c == &command_capture && !o->text);
		reader_start(c, o, argc, argv);
		return false;
	}
	reader_close_child_ends();
	while (parent_serve(&p))
		;
	*ret = parent_end(&p);
	return true;
}
