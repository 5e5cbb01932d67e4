/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the firmware left behind: ACPI tables, SMBIOS. */
#include <string.h>

#include "host/build.h"

#define TABLES "sys/firmware/acpi/tables/"
#define DMI    "sys/firmware/dmi/tables/DMI"

/* Present, absent or not known, and the bytes if they can be read. */
static int firmware_read_table(struct pp_host_build *b, const char *path, const char *adds,
                               enum pp_tri *present, int *error, struct pp_span *ret)
{
	int r = pp_source_read_all(b->source, path, PP_ACPI_TABLE_MAX_BYTES, &b->host->arena, ret);

	if (r == -ENOMEM)
		return r;
	*error = -r;
	*present = r == -ENOENT ? PP_NO : r == -ENODATA ? PP_UNKNOWN : PP_YES;
	if (r && r != -ENOENT)
		return pp_build_unread(b, path, -r, adds);
	return 0;
}

/* Linux gives up on such a table as a whole, and so must every answer that rests on it. */
static int undecodable(struct pp_host_build *b, const char *path, int r, const struct pp_error *why,
                       int *error)
{
	if (r == -ENOMEM)
		return r;
	*error = -r;
	if (!b->host->table_error.code)
		b->host->table_error = *why;
	return pp_build_unread(b, path, -r, "the regions that the firmware declares");
}

/*
 * Xen keeps the IOMMU: for its dom0 it writes another signature into the DMAR (acpi_dmar_zap()),
 * with the same letters, so that the checksum still holds.
 */
static int read_rmad(struct pp_host_build *b, const char *adds, struct pp_span *ret)
{
	struct pp_host *h = b->host;
	struct pp_span found;
	int r = firmware_read_table(b, TABLES "RMAD", adds, &h->table_dmar, &h->dmar_error, &found);

	if (r || h->dmar_error)
		return r;
	if (found.len < 4 || memcmp(found.data, "RMAD", 4)) {
		h->table_dmar = PP_UNKNOWN;
		h->dmar_error = EBADMSG;
		return pp_build_unread(b, TABLES "RMAD", EBADMSG, adds);
	}
	char *bytes = pp_arena_strndup(&h->arena, (const char *)found.data, found.len);
	if (!bytes)
		return -ENOMEM;
	memcpy(bytes, "DMAR", 4);
	h->dmar_is_rmad = true;
	*ret = PP_SPAN(bytes, found.len);
	return 0;
}

static int read_dmar(struct pp_host_build *b)
{
	static const char adds[] = "which device each region is for, even with the IOMMU off";
	struct pp_host *h = b->host;
	const char *path = TABLES "DMAR";
	struct pp_span bytes;
	int r = firmware_read_table(b, path, adds, &h->table_dmar, &h->dmar_error, &bytes);

	if (!r && h->table_dmar == PP_NO && h->xen) {
		path = TABLES "RMAD";
		r = read_rmad(b, adds, &bytes);
	}
	if (r || h->dmar_error)
		return r;
	struct pp_error why = { 0 };
	struct pp_dmar *dmar = PP_ARENA_NEW(&h->arena, struct pp_dmar);
	if (!dmar)
		return -ENOMEM;
	r = pp_dmar_parse(bytes, &h->arena, &h->notes, dmar, &why);
	if (r)
		return undecodable(b, path, r, &why, &h->dmar_error);
	h->dmar = dmar;
	h->dmar_bytes = PP_SPAN(bytes.data, dmar->header.length);
	return 0;
}

static int read_ivrs(struct pp_host_build *b)
{
	static const char path[] = TABLES "IVRS";
	struct pp_host *h = b->host;
	struct pp_span bytes;
	int r = firmware_read_table(b, path, "which device each region is for", &h->table_ivrs,
	                            &h->ivrs_error, &bytes);

	if (r || h->ivrs_error)
		return r;
	struct pp_error why = { 0 };
	struct pp_ivrs *ivrs = PP_ARENA_NEW(&h->arena, struct pp_ivrs);
	if (!ivrs)
		return -ENOMEM;
	r = pp_ivrs_parse(bytes, &h->arena, &h->notes, ivrs, &why);
	if (r)
		return undecodable(b, path, r, &why, &h->ivrs_error);
	h->ivrs = ivrs;
	h->ivrs_bytes = PP_SPAN(bytes.data, ivrs->header.length);
	return 0;
}

static int read_iort(struct pp_host_build *b)
{
	static const char path[] = TABLES "IORT";
	struct pp_host *h = b->host;
	struct pp_error why = { 0 };
	struct pp_span bytes;
	int r = firmware_read_table(
		b, path, "whether an Arm firmware declares an IOMMU, and for which devices",
		&h->table_iort, &h->iort_error, &bytes);

	if (h->table_iort == PP_NO)
		h->iort_has_smmu = PP_NO;
	if (r || h->iort_error)
		return r;
	struct pp_iort *iort = PP_ARENA_NEW(&h->arena, struct pp_iort);
	if (!iort)
		return -ENOMEM;
	r = pp_iort_parse(bytes, &h->arena, &h->notes, iort, &why);
	if (r)
		return undecodable(b, path, r, &why, &h->iort_error);
	h->iort = iort;
	h->iort_bytes = PP_SPAN(bytes.data, iort->header.length);
	h->iort_has_smmu = PP_NO;
	for (uint32_t i = 0; i < iort->nr_nodes; i++)
		if (pp_iort_is_smmu(&iort->nodes[i]))
			h->iort_has_smmu = PP_YES;
	return 0;
}

/* Whether anything of the table leads to an IOMMU: a kernel makes nothing of one that does not. */
static bool viot_has_iommu(const struct pp_viot *t)
{
	for (uint32_t i = 0; i < t->nr_nodes; i++)
		if (t->nodes[i].output)
			return true;
	return false;
}

/* A hypervisor that gives its guest a virtio-iommu gives it no other. */
static int read_viot(struct pp_host_build *b)
{
	static const char path[] = TABLES "VIOT";
	struct pp_host *h = b->host;
	struct pp_error why = { 0 };
	struct pp_span bytes;

	if (h->table_dmar != PP_NO || h->table_ivrs != PP_NO || h->iort_has_smmu == PP_YES)
		return 0;
	int r = pp_source_read_all(b->source, path, PP_ACPI_TABLE_MAX_BYTES, &h->arena, &bytes);
	if (r == -ENOMEM)
		return r;
	/* What was never asked for one is not incomplete for that: few machines have it. */
	h->table_viot = r == -ENOENT ? PP_NO : r == -ENODATA ? PP_UNKNOWN : PP_YES;
	if (r == -ENOENT || r == -ENODATA)
		return 0;
	h->viot_error = -r;
	if (r)
		return pp_build_unread(b, path, -r, "which devices a virtio-iommu covers");
	struct pp_viot *viot = PP_ARENA_NEW(&h->arena, struct pp_viot);
	if (!viot)
		return -ENOMEM;
	r = pp_viot_parse(bytes, &h->arena, &h->notes, viot, &why);
	if (r)
		return undecodable(b, path, r, &why, &h->viot_error);
	if (viot_has_iommu(viot))
		h->viot = viot;
	return 0;
}

/*
 * Every ACPI host shows some table. A directory with none is one that is hidden, as in a container,
 * or a host without ACPI: what it lacks is then not known.
 */
static int doubt_absence(struct pp_host_build *b)
{
	struct pp_host *h = b->host;
	struct pp_names names;

	if (h->table_dmar != PP_NO || h->table_ivrs != PP_NO || h->table_iort != PP_NO)
		return 0;
	int r = pp_source_list(b->source, "sys/firmware/acpi/tables", &b->scratch, &names);
	if (r == -ENOMEM)
		return r;
	if (!r && names.count)
		return 0;
	h->table_dmar = h->table_ivrs = h->table_iort = h->iort_has_smmu = PP_UNKNOWN;
	return pp_build_unread(b, "sys/firmware/acpi/tables", r ? -r : ENOENT,
	                       "whether the firmware declares an IOMMU");
}

static int firmware_read_smbios(struct pp_host_build *b)
{
	struct pp_host *h = b->host;
	struct pp_error why = { 0 };
	struct pp_span bytes;
	int r = pp_source_read_all(b->source, DMI, PP_SMBIOS_MAX_BYTES, &h->arena, &bytes);

	if (r == -ENOMEM)
		return r;
	if (r)
		return pp_build_unread(b, DMI, -r, "the physical slots");
	struct pp_smbios *smbios = PP_ARENA_NEW(&h->arena, struct pp_smbios);
	if (!smbios)
		return -ENOMEM;
	r = pp_smbios_parse(bytes, &h->arena, &h->notes, smbios, &why);
	if (r == -ENOMEM)
		return r;
	if (r) {
		pp_note(&h->notes, DMI, 0, "%s", why.text);
		return pp_build_unread(b, DMI, -r, "the physical slots");
	}
	h->smbios = smbios;
	return 0;
}

/* SMBIOS' own string, else the kernel's copy of it, which everybody may read. */
static int firmware_identity(struct pp_host_build *b, const char *from_smbios, const char *path,
                             struct pp_text_fact *ret)
{
	if (from_smbios && *from_smbios) {
		*ret = (struct pp_text_fact){ .text = from_smbios };
		return 0;
	}
	int r = pp_build_text(b, path, ret);
	if (!r && ret->text && !*ret->text)
		*ret = (struct pp_text_fact){ .error = ENOENT };
	return r;
}

int pp_build_firmware(struct pp_host_build *b, struct pp_error *e)
{
	static const struct pp_smbios none = { 0 };
	struct pp_host *h = b->host;

	if (read_dmar(b) || read_ivrs(b) || read_iort(b) || doubt_absence(b) || read_viot(b) ||
	    firmware_read_smbios(b))
		return pp_fail_oom(e, "firmware tables");
	const struct pp_smbios *s = h->smbios ? h->smbios : &none;
	if (firmware_identity(b, s->product, "sys/class/dmi/id/product_name", &h->product) ||
	    firmware_identity(b, s->manufacturer, "sys/class/dmi/id/sys_vendor",
	                      &h->manufacturer) ||
	    firmware_identity(b, s->board, "sys/class/dmi/id/board_name", &h->board) ||
	    firmware_identity(b, s->bios_version, "sys/class/dmi/id/bios_version",
	                      &h->bios_version) ||
	    firmware_identity(b, s->bios_date, "sys/class/dmi/id/bios_date", &h->bios_date))
		return pp_fail_oom(e, "firmware tables");
	return 0;
}
