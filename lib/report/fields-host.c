/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The fields of the host in JSON, and of what was not read of it. */
#include "host/on-windows.h"
#include "report/field.h"
#include "report/words.h"

static void unread_put_path(struct pp_json_writer *w, const struct pp_subject *s)
{
	pp_json_put_text(w, s->unread->path);
}

static void unread_put_reason(struct pp_json_writer *w, const struct pp_subject *s)
{
	pp_json_put_text(w, pp_unread_reason(s->unread->error));
}

static void unread_put_adds(struct pp_json_writer *w, const struct pp_subject *s)
{
	pp_json_put_text(w, s->unread->adds);
}

static const struct pp_field unread_fields[] = {
	{ "path", PP_FIELD_TEXT,
	  "As on the host, without the leading slash; * stands for any device.",
	  .write = unread_put_path },
	{ "reason", PP_FIELD_TEXT, "Why it was not read.", .words = pp_unread_words,
	  .write = unread_put_reason },
	{ "adds", PP_FIELD_TEXT, "What it would add.", .write = unread_put_adds },
};

const struct pp_object pp_object_unread = {
	.name = "unread",
	.meaning = "A file, or the kernel log, that was not read.",
	PP_OBJECT_FIELDS(unread_fields),
};

static const char *fields_iommu_name(enum pp_iommu_kind kind)
{
	static const char *const names[] = {
		[PP_IOMMU_NONE] = "none",  [PP_IOMMU_INTEL] = "intel",  [PP_IOMMU_AMD] = "amd",
		[PP_IOMMU_SMMU] = "other", [PP_IOMMU_VIRTIO] = "other", [PP_IOMMU_OTHER] = "other",
	};
	return names[kind];
}

static const char *host_iommu_words(unsigned int i)
{
	static const enum pp_iommu_kind kinds[] = { PP_IOMMU_NONE, PP_IOMMU_INTEL, PP_IOMMU_AMD,
		                                    PP_IOMMU_OTHER };

	return i < sizeof(kinds) / sizeof(kinds[0]) ? fields_iommu_name(kinds[i]) : NULL;
}

static void host_put_manufacturer(struct pp_json_writer *w, const struct pp_subject *s)
{
	pp_json_put_fact(w, &s->host->manufacturer);
}

static void host_put_product(struct pp_json_writer *w, const struct pp_subject *s)
{
	pp_json_put_fact(w, &s->host->product);
}

static void host_put_bios_version(struct pp_json_writer *w, const struct pp_subject *s)
{
	pp_json_put_fact(w, &s->host->bios_version);
}

static void host_put_bios_date(struct pp_json_writer *w, const struct pp_subject *s)
{
	pp_json_put_fact(w, &s->host->bios_date);
}

static void host_put_kernel(struct pp_json_writer *w, const struct pp_subject *s)
{
	pp_json_put_fact(w, &s->host->kernel.release);
}

static void host_put_kind(struct pp_json_writer *w, const struct pp_subject *s)
{
	pp_json_put_text(w, pp_host_kind_name(s->host->kind));
}

static const char *host_kind_words(unsigned int i)
{
	return i < PP_NR_HOST_KINDS ? pp_host_kind_name((enum pp_host_kind)i) : NULL;
}

static void host_put_container(struct pp_json_writer *w, const struct pp_subject *s)
{
	pp_json_put_text(w, s->host->container);
}

static void host_put_windows(struct pp_json_writer *w, const struct pp_subject *s)
{
	pp_json_put_text(w, s->host->windows ? s->host->windows->version : NULL);
}

static void host_put_running(struct pp_json_writer *w, const struct pp_subject *s)
{
	const struct pp_kernel *k = &s->host->kernel;

	pp_json_put_fact(w, k->running ? &k->running->release : &k->release);
}

static void host_put_iommu(struct pp_json_writer *w, const struct pp_subject *s)
{
	const struct pp_host *h = s->host;
	bool unknown = h->iommu == PP_IOMMU_NONE && !pp_words_no_iommu(h);

	pp_json_put_text(w, unknown ? NULL : fields_iommu_name(h->iommu));
}

static void host_put_iommu_on(struct pp_json_writer *w, const struct pp_subject *s)
{
	pp_json_put_tri(w, s->host->iommu_on);
}

static void host_put_remapping(struct pp_json_writer *w, const struct pp_subject *s)
{
	pp_json_put_tri(w, s->host->intremap);
}

static void host_put_lockdown(struct pp_json_writer *w, const struct pp_subject *s)
{
	pp_json_put_fact(w, &s->host->kernel.lockdown);
}

static void host_put_unread(struct pp_json_writer *w, const struct pp_subject *s)
{
	struct pp_subject part = *s;

	pp_json_open(w, '[');
	for (part.unread = s->host->unread; part.unread; part.unread = part.unread->next)
		pp_object_write(w, &pp_object_unread, &part);
	pp_json_close(w, ']');
}

static bool host_is_surveyed(const struct pp_subject *s)
{
	return s->survey;
}

static void host_put_findings(struct pp_json_writer *w, const struct pp_subject *s)
{
	pp_json_put_findings(w, s, s->survey->host_findings, s->survey->nr_host_findings);
}

static const struct pp_field host_fields[] = {
	{ "manufacturer", PP_FIELD_TEXT, "As SMBIOS has it.", .nullable = true,
	  .may_be_empty = true, .write = host_put_manufacturer },
	{ "product", PP_FIELD_TEXT, "As SMBIOS has it.", .nullable = true, .may_be_empty = true,
	  .write = host_put_product },
	{ "bios_version", PP_FIELD_TEXT, "As SMBIOS has it.", .nullable = true,
	  .may_be_empty = true, .write = host_put_bios_version },
	{ "bios_date", PP_FIELD_TEXT, "As SMBIOS has it, mostly MM/DD/YYYY.", .nullable = true,
	  .may_be_empty = true, .write = host_put_bios_date },
	{ "kernel", PP_FIELD_TEXT,
	  "The release that the answers are for: the running kernel's, or that of --kernel.",
	  .nullable = true, .may_be_empty = true, .write = host_put_kernel },
	{ "running_kernel", PP_FIELD_TEXT, "The running kernel's release.", .nullable = true,
	  .may_be_empty = true, .write = host_put_running },
	{ "iommu", PP_FIELD_TEXT,
	  "By the IOMMU that the kernel uses, else by the firmware's table; null: not known.",
	  .nullable = true, .words = host_iommu_words, .write = host_put_iommu },
	{ "iommu_on", PP_FIELD_BOOLEAN, "Whether the kernel uses it; null: not known.",
	  .nullable = true, .write = host_put_iommu_on },
	{ "interrupt_remapping", PP_FIELD_BOOLEAN,
	  "Whether the IOMMU remaps interrupts; null: not known.", .nullable = true,
	  .write = host_put_remapping },
	{ "lockdown", PP_FIELD_TEXT, "The kernel's lockdown level.", .nullable = true,
	  .may_be_empty = true, .write = host_put_lockdown },
	{ "kind", PP_FIELD_TEXT, "The kind of machine, by its processor and by what describes it.",
	  .words = host_kind_words, .write = host_put_kind },
	{ "container", PP_FIELD_TEXT,
	  "What shows that this is a container and not the host; null: nothing does.",
	  .nullable = true, .write = host_put_container },
	{ "windows", PP_FIELD_TEXT, "The version of Windows; null: the host runs Linux.",
	  .nullable = true, .write = host_put_windows },
	{ "unread", PP_FIELD_OBJECTS, "What could not be read, why, and what it would add.",
	  .object = &pp_object_unread, .write = host_put_unread },
	{ "findings", PP_FIELD_OBJECTS, "About no device in particular.",
	  .object = &pp_object_finding, .present = host_is_surveyed, .write = host_put_findings },
};

const struct pp_object pp_object_host = {
	.name = "host",
	.meaning = "The host as a whole; null: not read or not there.",
	PP_OBJECT_FIELDS(host_fields),
};
