/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a process inherits: what it must not go wrong by, and its terminal. */
#include <fcntl.h>
#include <langinfo.h>
#include <locale.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli.h"
#include "pci/ids.h"

const bool is_for_windows = false;

void start(void)
{
	/*
	 * A closed standard file's number would go to the next file that is opened, and what is
	 * printed into that file. Nobody can write to these, so that the failure is still told.
	 */
	for (int fd = 0; fd <= STDERR_FILENO; fd++)
		if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", O_RDONLY) < 0)
			_exit(EXIT_FAILED);
	/* Ignored, a child's exit status is lost: that of HP's conrep is needed. */
	signal(SIGCHLD, SIG_DFL);
}

#ifdef PP_BINDIR
const char *installed_documents(void)
{
	static char self[sizeof(PP_BINDIR) + 16];

	/* Once, for a process that has become another user cannot ask. */
	if (!*self) {
		ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);
		self[n > 0 ? n : 1] = '\0';
		self[0] = n > 0 ? self[0] : '-';
	}
	return strcmp(self, PP_BINDIR "/pcipass") ? NULL : PP_DOCDIR;
}
#else /* a program for tests only, which is not installed */
const char *installed_documents(void)
{
	return NULL;
}
#endif

unsigned int pager_columns;

unsigned int terminal_columns(void)
{
	struct winsize size;

	if (pager_columns)
		return pager_columns;
	if (!isatty(STDOUT_FILENO))
		return 0;
	return !ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) && size.ws_col ? size.ws_col : 80;
}

bool terminal_has_color(void)
{
	const char *term = getenv("TERM");

	return term && strcmp(term, "dumb");
}

/* Asked without setlocale(), which would change how this program reads and prints as well. */
bool locale_is_utf8(void)
{
	static bool known, utf8;

	/* Once, for it takes files that a confined process has not. */
	if (known)
		return utf8;
	locale_t locale = newlocale(LC_CTYPE_MASK, "", (locale_t)0);
	utf8 = locale && !strcmp(nl_langinfo_l(CODESET, locale), "UTF-8");
	known = true;
	if (locale)
		freelocale(locale);
	return utf8;
}

static struct pp_span start_map(const char *path)
{
	struct stat st;
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	bool mine = fd >= 0 && !fstat(fd, &st) && S_ISREG(st.st_mode) && st.st_size > 0 &&
	            (uint64_t)st.st_size <= PP_IDS_MAX_BYTES;
	void *bytes =
		mine ? mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0) : MAP_FAILED;

	if (fd >= 0)
		close(fd);
	return bytes == MAP_FAILED ? PP_SPAN(NULL, 0) : PP_SPAN(bytes, (size_t)st.st_size);
}

/* Mapped: a host has few of the names, so most of the file is never copied. */
struct pp_span pci_ids_text(void)
{
	/* Debian's package pci.ids; hwdata, as Fedora, Arch and others have it. */
	static const char *const paths[] = { "/usr/share/misc/pci.ids",
		                             "/usr/share/hwdata/pci.ids" };
	struct pp_span text = { 0 };

	for (size_t i = 0; !text.len && i < sizeof(paths) / sizeof(paths[0]); i++)
		text = start_map(paths[i]);
	return text;
}
