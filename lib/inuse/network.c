/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which network interfaces hang below the device, and whether the host talks through them. */
#include <stdio.h>
#include <string.h>

#include "inuse/search.h"
#include "base/text.h"

#define CLASS_NET "sys/class/net"

/* A bond in a bridge in a VLAN: deeper stacks are no longer followed, but refused. */
#define MAX_STACK 8

static int network_interface_is_up(struct pp_inuse *s, const char *name, bool *ret)
{
	char path[256], text[32];
	uint64_t flags;

	snprintf(path, sizeof(path), CLASS_NET "/%s/flags", name);
	int r = pp_sys_text(s->sys, path, text, sizeof(text));
	if (r)
		return pp_inuse_cannot(s, r, path);
	/* netdevice(7), IFF_UP. What is no number is taken as up. */
	*ret = !pp_parse_hex(text, UINT32_MAX, &flags) || flags & 1;
	return 0;
}

/* route: Iface Destination …, all zeros the default; ipv6_route: destination prefix … interface */
static bool has_default_route(const struct pp_inuse *s, const char *name)
{
	struct pp_span rest = s->routes, line;

	while (pp_text_line(&rest, &line))
		if (pp_span_is(pp_inuse_word(line, 0), name) &&
		    pp_span_is(pp_inuse_word(line, 1), "00000000") &&
		    pp_span_is(pp_inuse_word(line, 7), "00000000"))
			return true;
	rest = s->routes6;
	while (pp_text_line(&rest, &line))
		if (pp_span_is(pp_inuse_word(line, 9), name) &&
		    pp_span_is(pp_inuse_word(line, 1), "00") &&
		    pp_span_is(pp_inuse_word(line, 0), "00000000000000000000000000000000"))
			return true;
	return false;
}

/* The interface, and the bonds, bridges and VLANs above it. */
static int look_at_interface(struct pp_inuse *s, const char *name, const char *lowest,
                             unsigned int depth)
{
	char path[256];
	struct pp_names names;
	bool up = true;
	int r = network_interface_is_up(s, name, &up);

	if (r)
		return r;
	if (up && depth)
		return pp_inuse_found(s, "its interface %s is part of %s, which is up", lowest,
		                      name);
	if (has_default_route(s, name))
		return pp_inuse_found(s, "the default route goes through its interface %s", name);
	r = up ? s->sys->ops->has_address(s->sys, name) : 0;
	if (r < 0)
		return pp_inuse_cannot(s, r, CLASS_NET);
	if (r)
		return pp_inuse_found(s,
		                      "its interface %s is up and has an address (ip link "
		                      "set %s down)",
		                      name, name);
	snprintf(path, sizeof(path), CLASS_NET "/%s", name);
	r = pp_inuse_list(s, path, &names);
	for (uint32_t i = 0; !r && !s->found && i < names.count; i++) {
		if (strncmp(names.names[i], "upper_", 6))
			continue;
		/* It is never up itself (net/openvswitch: the ports of all bridges hang below). */
		if (up && !strcmp(names.names[i] + 6, "ovs-system"))
			return pp_inuse_found(s,
			                      "its interface %s is a port of Open "
			                      "vSwitch",
			                      lowest);
		if (depth == MAX_STACK)
			return pp_inuse_found(s, "its interface %s has too many above it", lowest);
		r = look_at_interface(s, names.names[i] + 6, lowest, depth + 1);
	}
	return r;
}

/*
 * The device's directory net is there while it has an interface in any network namespace, and shows
 * those of one's own: drivers/base/core.c, class_dir_child_ns_type().
 */
static int network_elsewhere(struct pp_inuse *s)
{
	char path[128];
	struct pp_names names;

	snprintf(path, sizeof(path), PP_SYS_DEVICES "%snet", s->below);
	int r = pp_sys_list(s->sys, path, s->arena, &names);
	if (r)
		return r == -ENOENT ? 0 : pp_inuse_cannot(s, r, path);
	return names.count ? 0
	                   : pp_inuse_found(s, "its network interface is in another network "
	                                       "namespace, such as a container's (lsns -t net)");
}

int pp_inuse_network(struct pp_inuse *s)
{
	struct pp_names names;
	int r = pp_inuse_list(s, CLASS_NET, &names);

	if (!r)
		r = pp_inuse_table(s, "proc/net/route", "proc/net/dev", &s->routes);
	if (!r)
		r = pp_inuse_table(s, "proc/net/ipv6_route", "proc/net/dev", &s->routes6);
	for (uint32_t i = 0; !r && !s->found && i < names.count; i++) {
		bool below;
		r = pp_inuse_is_below(s, CLASS_NET, names.names[i], &below);
		if (!r && below)
			r = look_at_interface(s, names.names[i], names.names[i], 0);
	}
	return r || s->found ? r : network_elsewhere(s);
}
