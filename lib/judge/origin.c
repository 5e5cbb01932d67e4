/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Of a host that is made of texts: which line of which text shows a piece of evidence. Evidence
 * begins with what was read: a path, a table's name, the kernel log or a device.
 */
#include <stdio.h>
#include <string.h>

#include "judge/judge.h"
#include "judge/origin.h"

/* All searches of one report together: rules may find a thousand lines of a huge log. */
#define LOG_BYTES ((uint64_t)1024 * 1024 * 1024)

#define LOG "kernel log: "

static const struct {
	const char *word, *path;
} evidence_files[] = {
	{ "DMAR", "sys/firmware/acpi/tables/DMAR" },
	{ "IVRS", "sys/firmware/acpi/tables/IVRS" },
	{ "IORT", "sys/firmware/acpi/tables/IORT" },
	{ "SMBIOS", "sys/firmware/dmi/tables/DMI" },
	{ "kernel ", "proc/version" },
};

/* Of the finding's device. */
static const char *const evidence_of_device[] = {
	"configuration space: ", "class ",  "SR-IOV capability: ", "ids ",
	"reset_method: ",        "domain ",
};

static struct pp_origin evidence_of_log(struct pp_evidence_log *l, const struct pp_host *h,
                                        const char *words)
{
	for (unsigned int i = 0; i < l->nr && i < PP_EVIDENCE_ANSWERS; i++)
		if (!strcmp(l->answers[i].words, words))
			return l->answers[i].answer;
	if (l->searched > LOG_BYTES)
		return (struct pp_origin){ 0 };
	l->searched += pp_origin_log_bytes(h);
	unsigned int at = l->nr++ % PP_EVIDENCE_ANSWERS;
	l->answers[at].words = words;
	l->answers[at].answer = pp_origin_of_log(h, words);
	return l->answers[at].answer;
}

/* A file of the device, or else where it is first told of. */
static struct pp_origin evidence_of_address(const struct pp_host *h, struct pp_address a,
                                            const char *file)
{
	char address[PP_ADDRESS_TEXT_BYTES], path[96];

	pp_address_format(a, address);
	snprintf(path, sizeof(path), "sys/bus/pci/devices/%s/%s", address, file);
	struct pp_origin found = pp_origin_of(h, path);
	if (found.text)
		return found;
	snprintf(path, sizeof(path), "sys/bus/pci/devices/%s", address);
	return pp_origin_of(h, path);
}

/* An address at the beginning: "07:00.0" or "0000:07:00.0", before a colon, a blank or a slash. */
static bool evidence_address(const char *text, struct pp_address *ret)
{
	char word[PP_ADDRESS_TEXT_BYTES];
	size_t n = strspn(text, "0123456789abcdef:.");

	if (n && text[n - 1] == ':')
		n--;
	if (!n || n >= sizeof(word))
		return false;
	memcpy(word, text, n);
	word[n] = '\0';
	return pp_address_parse(word, ret);
}

/* "/sys/bus/pci/devices/0000:07:00.0/driver: mpt3sas": the path ends before a colon and a blank. */
static struct pp_origin evidence_of_path(const struct pp_host *h, const char *text)
{
	static const char devices[] = "/sys/bus/pci/devices/";
	const char *end = strchr(text, ' ');
	size_t n = end ? (size_t)(end - text) : strlen(text);
	struct pp_address a;
	char path[300];

	if (n && text[n - 1] == ':')
		n--;
	if (n < 2 || n >= sizeof(path))
		return (struct pp_origin){ 0 };
	memcpy(path, text, n);
	path[n] = '\0';
	if (!strncmp(path, devices, sizeof(devices) - 1) &&
	    evidence_address(path + sizeof(devices) - 1, &a)) {
		const char *file = strchr(path + sizeof(devices) - 1, '/');
		return evidence_of_address(h, a, file ? file + 1 : "");
	}
	return pp_origin_of(h, path + 1);
}

struct pp_origin pp_evidence_origin(struct pp_evidence_log *l, const struct pp_host *h,
                                    const struct pp_device *d, const char *evidence)
{
	static const char of[] = "configuration space of ";
	struct pp_address a;

	if (!h->origins)
		return (struct pp_origin){ 0 };
	if (*evidence == '/')
		return evidence_of_path(h, evidence);
	if (!strncmp(evidence, LOG, sizeof(LOG) - 1))
		return evidence_of_log(l, h, evidence + sizeof(LOG) - 1);
	if (!strncmp(evidence, of, sizeof(of) - 1) &&
	    evidence_address(evidence + sizeof(of) - 1, &a))
		return evidence_of_address(h, a, "config");
	if (evidence_address(evidence, &a))
		return evidence_of_address(h, a, "config");
	for (size_t i = 0; i < sizeof(evidence_files) / sizeof(evidence_files[0]); i++)
		if (!strncmp(evidence, evidence_files[i].word, strlen(evidence_files[i].word)))
			return pp_origin_of(h, evidence_files[i].path);
	for (size_t i = 0; d && i < sizeof(evidence_of_device) / sizeof(evidence_of_device[0]); i++)
		if (!strncmp(evidence, evidence_of_device[i], strlen(evidence_of_device[i])))
			return evidence_of_address(h, d->address, "config");
	return (struct pp_origin){ 0 };
}

const char *pp_finding_origin(const struct pp_row *r, const struct pp_finding *f,
                              unsigned int index, unsigned int *line)
{
	struct pp_evidence_log log = { 0 };
	const char *evidence = pp_finding_evidence_at(f, index);

	*line = 0;
	if (!evidence || !f->host)
		return NULL;
	struct pp_origin from = pp_evidence_origin(&log, f->host, r ? r->device : NULL, evidence);
	*line = from.line;
	return from.text;
}
