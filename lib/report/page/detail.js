/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Everything about one device or one region, in words. */
const facts = list => html("dl", { class: "facts" }, ...list.filter(([, value]) => value)
	.flatMap(([name, value]) => [html("dt", {}, name), html("dd", {}, ...[value].flat())]));

function listOf(addresses, choose) {
	return addresses.flatMap((address, i) => [i ? ", " : "", devices.has(address) && choose
		? html("button", { type: "button", class: "link", on: { click: () => choose(address) } }, shortAddress(address))
		: html("code", {}, shortAddress(address))]);
}

function remedyItem(r) {
	return html("li", {}, r.text, r.side_effect && html("div", { class: "side" }, `Side effect: ${r.side_effect}`),
		r.needs && html("div", { class: "soft" }, `Needs: ${r.needs}`),
		html("div", { class: "soft" }, r.by_free ? "pcipass free does it" : "By hand", `: ${r.id} in doc/remedies.md`));
}

function findingBlock({ finding, targets }) {
	return html("div", { class: `finding e-${finding.effect}` },
		html("p", { class: "effect" }, EFFECTS[finding.effect] || finding.effect, " ", html("span", { class: "for" },
			targets && targets.length < TARGETS.length ? `for ${targets.join(", ")}` : "")),
		html("p", {}, finding.text),
		finding.remedies.length > 0 && html("ul", { class: "remedies" }, ...finding.remedies.map(remedyItem)),
		finding.evidence.length > 0 && html("details", { open: finding.evidence.length < 4 },
			html("summary", {}, `Evidence (${finding.evidence.length})`),
			html("ul", {}, ...finding.evidence.map(x => html("li", {}, html("code", {}, x))))),
		html("p", { class: "soft" }, `Rule ${finding.rule}: ${finding.reference}`));
}

/* What to type. Of several ways the one that comes first. */
function nextOf(d, target) {
	const address = shortAddress(d.address);
	if (survey.host.windows)
		return verdictOf(d, "hyperv") === "assignable" || verdictOf(d, "hyperv") === "care"
			? `pcipass emit hyperv ${address}` : `pcipass explain ${address}`;
	if (target !== "kvm")
		return ["assignable", "care"].includes(verdictOf(d, target))
			? `pcipass emit ${target} ${address}` : `pcipass --for ${target} explain ${address}`;
	if (d.by_free)
		return `sudo pcipass free ${address}`;
	if (d.verdict === "assignable" || d.verdict === "care")
		return /-pve/.test(survey.host.kernel || "")
			? `pcipass emit proxmox ${address}` : `sudo pcipass bind ${address}\npcipass emit qemu ${address}`;
	return `pcipass explain ${address}`;
}

function phrasesOf(d) {
	const rules = new Set(findingsOf(d).map(x => x.finding.rule));
	const list = (survey.phrases || []).filter(p => p.rules.some(rule => rules.has(rule)));
	return list.length > 0 && html("details", {}, html("summary", {}, `What other programs print (${list.length})`),
		html("ul", {}, ...list.map(p => html("li", {}, `${p.source}: `, html("code", {}, p.text)))));
}

function groupFact(d, choose) {
	const group = groupOf(d);
	if (group === null || group === undefined)
		return d.unread && d.unread.group ? `not read: ${d.unread.group}` : "none";
	const others = (groups.get(group) || []).filter(x => x !== d.address);
	const why = shares.get(d.address);
	return [groupWords(group).replace("group ", ""), ...others.length ? [", with ", ...listOf(others, choose)] : [", alone"],
		why && why.text ? ` (${why.text})` : ""];
}

function pathTo(d) {
	const path = [];
	for (let at = devices.get(d.bridge); at && path.length < 64; at = devices.get(at.bridge))
		path.unshift(at.address);
	return path;
}

function deviceParts(d, target, choose) {
	const findings = findingsOf(d, TARGETS.find(([id]) => id === target)[1]);
	const path = pathTo(d), unread = Object.entries(d.unread || {});
	return [
		html("p", {}, nameOf(d)),
		html("div", { class: "three" }, ...TARGETS.map(([id, title]) => html("div", {}, html("b", {}, title), verdictText(verdictOf(d, id))))),
		facts([["Place", placeOf(d)], ["Board's name", d.onboard], ["Group", groupFact(d, choose)], ["Driver", d.driver || "none"],
			["IDs", d.vendor && html("code", {}, `${d.vendor}:${d.device}, class ${d.class}`)],
			["Reset", d.reset || (d.unread && d.unread.reset ? `not known: ${d.unread.reset}` : "none")], ["Behind", path.length > 0 && listOf(path, choose)],
			["Function of", d.physfn && listOf([d.physfn], choose)],
			["Not read", unread.length > 0 && unread.map(([name, why]) => `${name}: ${why}`).join("; ")]]),
		html("h3", {}, "Findings"),
		...findings.map(findingBlock),
		findings.length === 0 && html("p", {}, "None: nothing stands in its way."),
		phrasesOf(d),
		html("h3", {}, "Next, on that host"),
		html("pre", { class: "next" }, nextOf(d, target)),
	];
}

function showDevice(holder, d, target, choose) {
	holder.replaceChildren(html("h2", { id: "detail-title" }, mark(verdictOf(d, target)), " ", shortAddress(d.address)), ...deviceParts(d, target, choose).filter(Boolean));
}

function showRegion(holder, r, memory, choose) {
	holder.replaceChildren(html("h2", { id: "detail-title" }, "Reserved region"),
		facts([["Start", html("code", {}, hex(r.start))], ["End", html("code", {}, hex(r.end))], ["Size", bytesWords(r.end - r.start + 1n)],
			["Kind", r.kind], ["Listed by", [...r.sources].join(", ")], ["In guest memory", regionOverlaps(r, memory) ? "yes" : "no"],
			["Devices", r.devices.size > 0 ? listOf([...r.devices], choose) : "none"],
			["Exempted by Linux", r.relaxable.size > 0 && listOf([...r.relaxable], choose)]]));
}

function showNothing(holder) {
	holder.replaceChildren(html("h2", { id: "detail-title" }, "Details"),
		html("p", { class: "soft" }, "Choose a device or a region to see its findings, the evidence and what can be done."));
}

/*
 * On paper nothing can be clicked: what is shown follows in words, for one target. Devices of which the
 * same is said stand together.
 */
function printDetails(holder, list, target) {
	const title = TARGETS.find(([id]) => id === target)[1], alike = new Map();
	for (const d of list) {
		const findings = findingsOf(d, title).filter(x => x.targets.includes(title));
		const key = JSON.stringify([verdictOf(d, target), findings.map(x => x.key)]);
		if (!alike.has(key))
			alike.set(key, { devices: [], findings });
		alike.get(key).devices.push(d);
	}
	holder.replaceChildren(html("h2", {}, `Findings for ${title}`), ...[...alike.values()].map(({ devices: same, findings }) => html("article", {},
		html("h3", {}, mark(verdictOf(same[0], target)), " ", same.map(d => shortAddress(d.address)).join(", "), ` \u2013 ${verdictWord(verdictOf(same[0], target))}`),
		html("p", {}, [...new Set(same.map(d => [placeOf(d), nameOf(d)].filter(Boolean).join(": ")))].join("; ")),
		...findings.map(x => findingBlock({ finding: x.finding })), findings.length === 0 && html("p", {}, "No finding: nothing stands in its way."),
		html("p", {}, "Next, on that host: ", ...same.slice(0, 1).map(d => html("code", {}, nextOf(d, target).split("\n")[0]))))));
	for (const x of holder.querySelectorAll("details"))
		x.open = true;
}

function showHost(holder) {
	const unread = survey.host.unread || [], more = survey.more;
	holder.replaceChildren(...[
		...survey.host.findings.map(finding => findingBlock({ finding })),
		unread.length > 0 && html("div", { class: "scroll" }, html("table", {}, html("caption", {}, "Not read, and what it would add"),
			html("thead", {}, html("tr", {}, ...["File", "Why", "Would add"].map(x => html("th", { scope: "col" }, x)))),
			html("tbody", {}, ...unread.map(u => html("tr", {}, html("th", { scope: "row", class: "mono" }, u.path), html("td", {}, u.reason), html("td", {}, u.adds)))))),
		more && html("div", {}, html("p", {}, `To know more, of ${more.missing.join(", ")}, type on that host:`), html("pre", {}, more.command)),
	].filter(Boolean));
	byId("host-section").hidden = !holder.childElementCount;
}
