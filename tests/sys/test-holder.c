/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Who holds a file open, and that nobody is only said where all processes are seen. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "sys/machine.h"

static char root[64], path[80];
static struct pp_sys *sys;
static struct pp_error e;
static const char *const paths[] = { "missing", "node", NULL };

static int set_up(void **state)
{
	strcpy(root, "/tmp/pcipass-holder-XXXXXX");
	if (!mkdtemp(root) || pp_sys_below(root, &sys, &e))
		return -1;
	snprintf(path, sizeof(path), "%s/node", root);
	int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	return fd < 0 ? -1 : close(fd);
}

static int tear_down(void **state)
{
	pp_sys_free(sys);
	unlink(path);
	return rmdir(root);
}

static int find(struct pp_holder *ret)
{
	return sys->ops->find_holder(sys, paths, ret);
}

static void open_or_not(void **state)
{
	struct pp_holder holder;

	assert_int_equal(find(&holder), 0);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	assert_int_equal(find(&holder), 1);
	assert_int_equal(holder.pid, getpid());
	assert_string_equal(holder.path, "node");
	close(fd);
	/* Known where it is, and not opened. */
	fd = open(path, O_PATH | O_CLOEXEC);
	assert_int_equal(find(&holder), 0);
	close(fd);
}

static int without_proc(void)
{
	struct pp_holder holder;

	if (unshare(CLONE_NEWNS) || mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) ||
	    mount("none", "/proc", "tmpfs", 0, NULL))
		return 77;
	return find(&holder) == -ENOENT ? 0 : 1;
}

static void proc_is_empty(void **state)
{
	int status;
	pid_t pid = fork();

	if (!pid)
		_exit(without_proc());
	assert_int_equal(waitpid(pid, &status, 0), pid);
	if (WIFEXITED(status) && WEXITSTATUS(status) == 77)
		skip();
	assert_int_equal(status, 0);
}

/* Somebody else's process, which this one may not look at. */
static int as_nobody(struct pp_sys *live)
{
	const char *const there[] = { path + 1, NULL };
	struct pp_holder holder;

	if (chmod(root, 0755) || setgid(65534) || setuid(65534))
		return 77;
	return live->ops->find_holder(live, there, &holder) == -EACCES ? 0 : 1;
}

static void may_not_look(void **state)
{
	struct pp_sys *live;
	int status;

	assert_int_equal(pp_sys_live(&live, &e), 0);
	pid_t pid = fork();
	if (!pid)
		_exit(as_nobody(live));
	assert_int_equal(waitpid(pid, &status, 0), pid);
	pp_sys_free(live);
	if (WIFEXITED(status) && WEXITSTATUS(status) == 77)
		skip();
	assert_int_equal(status, 0);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(open_or_not),
		TEST(proc_is_empty),
		TEST(may_not_look),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
