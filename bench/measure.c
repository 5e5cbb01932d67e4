/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Runs a command with its output thrown away and prints what it cost: CPU time and peak memory, as
 * the kernel accounts them. A process of its own, because a child's peak counts its parent's size
 * at the fork. usage: measure COMMAND [ARGUMENT…]; prints "CPU_SECONDS PEAK_KIB EXIT"
 */
#include <fcntl.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	struct rusage u;
	int status;

	if (argc < 2)
		return 2;
	pid_t child = vfork();
	if (child < 0)
		return 4;
	if (!child) {
		int null = open("/dev/null", O_WRONLY);
		dup2(null, STDOUT_FILENO);
		execvp(argv[1], argv + 1);
		_exit(127);
	}
	if (wait4(child, &status, 0, &u) < 0)
		return 4;
	printf("%.6f %ld %d\n",
	       (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) +
	               (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec) / 1e6,
	       u.ru_maxrss, WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
	return 0;
}
