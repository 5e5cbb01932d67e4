/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Runs one program under Windows: without a shell, in a job of its own, which ends with us. */
#include <windows.h>

#include "base/buffer.h"
#include "base/compat.h"
#include "sys/lock.h"
#include "sys/process.h"
#include "sys/wide.h"

/* CreateProcessW() takes no more. */
#define COMMAND_BYTES 32000u
#define POLL_MS       10

struct process_running {
	HANDLE job, process, thread, output; /* ours to close; NULL: not open */
};

int64_t pp_now_ms(void)
{
	return (int64_t)GetTickCount64();
}

bool pp_process_is_alive(uint64_t pid)
{
	HANDLE h = OpenProcess(SYNCHRONIZE, FALSE, (DWORD)pid);

	if (!h)
		return GetLastError() == ERROR_ACCESS_DENIED;
	bool alive = WaitForSingleObject(h, 0) == WAIT_TIMEOUT;
	CloseHandle(h);
	return alive;
}

/* CommandLineToArgvW(): a backslash counts only in front of a quotation mark. */
static void process_quote(struct pp_buffer *b, const char *word)
{
	size_t slashes = 0;

	pp_buffer_puts(b, "\"");
	for (; *word; word++) {
		if (*word == '"')
			for (size_t i = 0; i <= slashes; i++)
				pp_buffer_puts(b, "\\");
		slashes = *word == '\\' ? slashes + 1 : 0;
		pp_buffer_append(b, word, 1);
	}
	for (size_t i = 0; i < slashes; i++)
		pp_buffer_puts(b, "\\");
	pp_buffer_puts(b, "\"");
}

static wchar_t *process_wide(const char *text, size_t len)
{
	int units = MultiByteToWideChar(CP_UTF8, MB_ERR_INVALID_CHARS, text, (int)len, NULL, 0);
	wchar_t *wide = units > 0 ? malloc((size_t)units * sizeof(*wide)) : NULL;

	if (wide)
		MultiByteToWideChar(CP_UTF8, MB_ERR_INVALID_CHARS, text, (int)len, wide, units);
	return wide;
}

static wchar_t *process_command_line(const struct pp_process *p)
{
	struct pp_buffer b;

	pp_buffer_init(&b, COMMAND_BYTES);
	process_quote(&b, p->program);
	for (const char *const *arg = p->argv + 1; *arg; arg++) {
		pp_buffer_puts(&b, " ");
		process_quote(&b, *arg);
	}
	wchar_t *wide = b.failed ? NULL : process_wide(b.data, b.len + 1);
	pp_buffer_fini(&b);
	return wide;
}

/* A block of UTF-16: what Windows' own programs cannot do without, and no word of the caller's. */
static wchar_t *process_environment(const struct pp_process *p)
{
	char root[MAX_PATH * 3] = "C:\\Windows";
	wchar_t wide_root[MAX_PATH];
	struct pp_buffer b;

	if (GetWindowsDirectoryW(wide_root, MAX_PATH))
		pp_from_wide(wide_root, root, sizeof(root));
	pp_buffer_init(&b, COMMAND_BYTES);
	for (const char *const *word = p->environment; word && *word; word++)
		pp_buffer_append(&b, *word, strlen(*word) + 1);
	if (!p->environment) {
		pp_buffer_printf(&b, "PATH=%s\\System32;%s", root, root);
		pp_buffer_append(&b, "", 1);
		pp_buffer_printf(&b, "SystemRoot=%s", root);
		pp_buffer_append(&b, "", 1);
	}
	pp_buffer_append(&b, "", 1);
	wchar_t *wide = b.failed ? NULL : process_wide(b.data, b.len);
	pp_buffer_fini(&b);
	return wide;
}

static int process_failed(const struct pp_process *p, DWORD code, struct pp_error *e)
{
	int r = pp_windows_errno(code);

	if (r == ENOENT)
		return -ENOENT;
	return pp_fail(e, r, "%.300s: cannot be started: %s", p->program, strerror(r));
}

/* Whatever it starts is in the job, too, and ends with the last handle of it. */
static HANDLE process_job(void)
{
	JOBOBJECT_EXTENDED_LIMIT_INFORMATION limits = { 0 };
	HANDLE job = CreateJobObjectW(NULL, NULL);

	limits.BasicLimitInformation.LimitFlags = JOB_OBJECT_LIMIT_KILL_ON_JOB_CLOSE;
	if (job && !SetInformationJobObject(job, JobObjectExtendedLimitInformation, &limits,
	                                    sizeof(limits))) {
		CloseHandle(job);
		return NULL;
	}
	return job;
}

static int process_create(const struct pp_process *p, HANDLE in, HANDLE out,
                          LPPROC_THREAD_ATTRIBUTE_LIST list, struct process_running *ret,
                          struct pp_error *e)
{
	STARTUPINFOEXW start = { .StartupInfo = { .cb = sizeof(start),
		                                  .dwFlags = STARTF_USESTDHANDLES,
		                                  .hStdInput = in,
		                                  .hStdOutput = out,
		                                  .hStdError = out },
		                 .lpAttributeList = list };
	PROCESS_INFORMATION made;
	wchar_t program[PP_WIDE_PATH], directory[PP_WIDE_PATH];
	PP_CLEANUP(pp_cleanup_free) wchar_t *line = process_command_line(p);
	PP_CLEANUP(pp_cleanup_free) wchar_t *environment = process_environment(p);

	if (!line || !environment)
		return pp_fail_oom(e, p->program);
	int r = pp_wide_path(p->program, program);
	if (!r && p->directory)
		r = pp_wide_path(p->directory, directory);
	if (r)
		return pp_fail(e, -r, "%.300s: %s", p->program, strerror(-r));
	DWORD flags = EXTENDED_STARTUPINFO_PRESENT | CREATE_UNICODE_ENVIRONMENT | CREATE_SUSPENDED |
	              CREATE_NO_WINDOW;
	if (!CreateProcessW(program, line, NULL, NULL, TRUE, flags, environment,
	                    p->directory ? directory : NULL, &start.StartupInfo, &made))
		return process_failed(p, GetLastError(), e);
	ret->process = made.hProcess;
	ret->thread = made.hThread;
	return 0;
}

/* No handle of ours but these two. */
static int process_create_with(const struct pp_process *p, HANDLE in, HANDLE out,
                               struct process_running *ret, struct pp_error *e)
{
	HANDLE handles[2] = { in, out };
	SIZE_T size = 0;

	InitializeProcThreadAttributeList(NULL, 1, 0, &size);
	PP_CLEANUP(pp_cleanup_free) void *list = malloc(size);
	if (!list)
		return pp_fail_oom(e, p->program);
	if (!InitializeProcThreadAttributeList(list, 1, 0, &size))
		return process_failed(p, GetLastError(), e);
	int r = UpdateProcThreadAttribute(list, 0, PROC_THREAD_ATTRIBUTE_HANDLE_LIST, handles,
	                                  sizeof(handles), NULL, NULL)
	                ? process_create(p, in, out, list, ret, e)
	                : process_failed(p, GetLastError(), e);
	DeleteProcThreadAttributeList(list);
	return r;
}

static void process_close(struct process_running *r)
{
	const HANDLE all[] = { r->thread, r->process, r->output, r->job };

	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
		if (all[i])
			CloseHandle(all[i]);
}

static int process_start(const struct pp_process *p, struct process_running *r, struct pp_error *e)
{
	SECURITY_ATTRIBUTES inherited = { sizeof(inherited), NULL, TRUE };
	HANDLE out = NULL;

	r->job = process_job();
	if (!r->job || !CreatePipe(&r->output, &out, &inherited, 0))
		return process_failed(p, GetLastError(), e);
	SetHandleInformation(r->output, HANDLE_FLAG_INHERIT, 0);
	HANDLE in = CreateFileW(L"NUL", GENERIC_READ, FILE_SHARE_READ | FILE_SHARE_WRITE,
	                        &inherited, OPEN_EXISTING, 0, NULL);
	int ret = in == INVALID_HANDLE_VALUE ? process_failed(p, GetLastError(), e)
	                                     : process_create_with(p, in, out, r, e);
	if (in != INVALID_HANDLE_VALUE)
		CloseHandle(in);
	CloseHandle(out);
	if (ret)
		return ret;
	if (!AssignProcessToJobObject(r->job, r->process)) {
		ret = process_failed(p, GetLastError(), e);
		TerminateProcess(r->process, 1);
		return ret;
	}
	ResumeThread(r->thread);
	return 0;
}

/* What is there now; never waits. */
static void process_drain(HANDLE output, struct pp_process_result *ret)
{
	char bytes[4096];
	DWORD there, got;

	while (PeekNamedPipe(output, NULL, 0, NULL, &there, NULL) && there &&
	       ReadFile(output, bytes, sizeof(bytes), &got, NULL) && got)
		pp_process_keep(ret, bytes, got);
}

static void process_wait(const struct pp_process *p, struct process_running *r,
                         struct pp_process_result *ret)
{
	int64_t end = pp_now_ms() + (int64_t)p->limit_s * 1000;
	DWORD status = 1;

	while (WaitForSingleObject(r->process, POLL_MS) == WAIT_TIMEOUT) {
		process_drain(r->output, ret);
		if (pp_now_ms() < end)
			continue;
		ret->end = PP_PROCESS_STOPPED;
		TerminateJobObject(r->job, 1);
		WaitForSingleObject(r->process, INFINITE);
	}
	GetExitCodeProcess(r->process, &status);
	/* What it left behind goes with it, so that nobody writes to the pipe any more. */
	TerminateJobObject(r->job, 1);
	process_drain(r->output, ret);
	ret->status = (int)status;
	ret->output[ret->len] = '\0';
}

int pp_process_run(const struct pp_process *p, struct pp_process_result *ret, struct pp_error *e)
{
	struct process_running running = { 0 };
	const char *slash = strrchr(p->program, '\\'), *other = strrchr(p->program, '/');
	const char *name = slash > other ? slash : other;

	ret->end = PP_PROCESS_EXITED;
	ret->len = 0;
	ret->signal = 0;
	int r = process_start(p, &running, e);
	if (!r) {
		if (p->lock)
			pp_lock_note(p->lock, (int)GetProcessId(running.process),
			             name ? name + 1 : p->program);
		process_wait(p, &running, ret);
		if (p->lock)
			pp_lock_note(p->lock, 0, NULL);
	}
	process_close(&running);
	return r;
}
