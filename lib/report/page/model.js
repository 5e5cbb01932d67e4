"use strict";
/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The documents in the page, and what is looked up in them. Nothing here touches the page itself. */
const documentOf = id => JSON.parse(document.getElementById(id).textContent);
const survey = documentOf("survey"), reserved = documentOf("reserved"), groupList = documentOf("groups");

const TARGETS = [["kvm", "KVM"], ["hyperv", "Hyper-V"], ["xen", "Xen"]];
/* In the order in which they are listed; the word is the one of the text report. */
const VERDICTS = [["assignable", "assignable"], ["care", "care"], ["blocked-fixable", "fixable"],
	["blocked", "blocked"], ["unknown", "unknown"], ["not-endpoint", "bridge"]];
const verdictWord = verdict => (VERDICTS.find(([id]) => id === verdict) || [0, verdict])[1];
const EFFECTS = { blocks: "BLOCKS", unknown: "UNKNOWN", degrades: "CARE", informs: "NOTE" };

const devices = new Map(survey.devices.map(d => [d.address, d]));
const oneDomain = survey.devices.every(d => d.address.startsWith("0000:"));
const shortAddress = address => oneDomain ? address.replace(/^0000:/, "") : address;
const nameOf = d => d.name || "(unknown)";
/* For drawings: as the text report's tables have it. */
const shortName = d => nameOf(d).replace(/( Corporation| Company| and subsidiaries|,? Inc\.| Co\., Ltd\.| Limited| Technologies| Electronics| Semiconductor)(?= |$)/g, "");
const verdictOf = (d, target) => d.verdicts ? d.verdicts[target] : d.verdict;
const isBridge = d => (d.class || "").startsWith("0604") || children.has(d.address);
const placeOf = d => d.place ? d.place.replace(/^([a-z]+)(?=[0-9])/, "$1 ") : "";

/* Devices by the bridge above them; those on a root bus by that bus: "0000:20". */
const children = new Map();
for (const d of survey.devices) {
	const above = devices.has(d.bridge) ? d.bridge : d.address.replace(/:[^:]*$/, "");
	if (!children.has(above))
		children.set(above, []);
	children.get(above).push(d);
}
const roots = [...children.keys()].filter(key => !devices.has(key));

/* A device's group: the kernel's, or where it has made none the one that it would make. */
const groups = new Map(), groupByAddress = new Map(), shares = new Map();
const groupsComputed = groupList !== null && groupList.source === "computed";
for (const g of groupList ? groupList.groups : []) {
	groups.set(g.number, g.devices.map(d => d.address));
	for (const d of g.devices) {
		groupByAddress.set(d.address, g.number);
		if (d.shares)
			shares.set(d.address, d.shares);
	}
}
const groupOf = d => groupByAddress.has(d.address) ? groupByAddress.get(d.address) : d.group;
const groupWords = number => `group ${number}${groupsComputed ? " (computed)" : ""}`;

/* One finding of several targets is there once, with all their names; those of the first target come first. */
function findingsOf(d, first) {
	const list = [];
	for (const [target, title] of TARGETS) {
		const own = target === "kvm" ? d.findings : (d.findings_for || {})[target] || [];
		for (const finding of own) {
			const key = JSON.stringify([finding.rule, finding.effect, finding.text,
				finding.remedies.map(r => r.id)]);
			const same = list.find(x => x.key === key);
			if (same)
				same.targets.push(title);
			else
				list.push({ key, finding, targets: [title] });
		}
	}
	const rank = Object.keys(EFFECTS);
	const order = x => (x.targets.includes(first) ? 0 : 10) + rank.indexOf(x.finding.effect);
	return list.sort((a, b) => order(a) - order(b));
}

/* All that a search finds a device by. */
const haystacks = new Map(survey.devices.map(d => [d.address, [d.address, shortAddress(d.address), nameOf(d),
	d.driver, d.place, placeOf(d), d.onboard, d.class, d.vendor && `${d.vendor}:${d.device}`,
	d.group !== null && `group${d.group} group ${d.group}`, ...d.findings.map(f => f.rule)]
	.filter(Boolean).join("\n").toLowerCase()]));

/* Regions: one that the table and the kernel's lists of several groups have alike is one. */
const PAGE_BYTES = 4096n;
const regions = [];
for (const r of reserved ? reserved.regions : []) {
	const start = BigInt(r.start), end = BigInt(r.end);
	let same = regions.find(x => x.start === start && x.end === end && x.kind === r.kind);
	if (!same) {
		same = { start, end, kind: r.kind, sources: new Set(), devices: new Set(), relaxable: new Set() };
		regions.push(same);
	}
	same.sources.add(r.source === "kernel" ? "kernel" : `${r.source} ${r.index}`);
	for (const address of r.devices || [])
		same.devices.add(address);
	for (const address of r.relaxable_devices || [])
		same.relaxable.add(address);
}
regions.sort((a, b) => a.start < b.start ? -1 : a.start > b.start ? 1 : a.end < b.end ? -1 : a.end > b.end ? 1 : 0);

const hex = n => "0x" + n.toString(16);
function bytesWords(n) {
	if (n <= 0n)
		return "ends before it begins";
	const units = ["bytes", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"];
	let i = 0, value = Number(n);
	while (value >= 1024 && i < units.length - 1) {
		value /= 1024;
		i++;
	}
	return `${Number.isInteger(value) ? value : value.toFixed(1)} ${units[i]}`;
}

/* Where a guest's memory lies, as QEMU lays it out (hw/i386/pc_q35.c, pc_piix.c; hw/arm/virt.c). */
const GiB = 1n << 30n;
const isArm = survey.host.kind.startsWith("arm");
const MACHINES = isArm ? [["virt", "virt"]] : [["q35", "q35"], ["pc", "pc (i440fx)"]];
function guestMemory(machine, bytes) {
	if (machine === "virt")
		return [[GiB, GiB + bytes]];
	const most = machine === "q35" ? 0xb0000000n : 0xe0000000n;
	const low = bytes < most ? bytes : machine === "q35" ? 2n * GiB : 3n * GiB;
	return bytes > low ? [[0n, low], [4n * GiB, 4n * GiB + bytes - low]] : [[0n, low]];
}
