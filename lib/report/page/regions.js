/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Reserved regions on a line of addresses, against the memory of a guest. */
const LANE = 36, AXIS = 40;
const MEMORY_SIZES = [1, 2, 4, 8, 16, 32, 64, 128, 256];

/* The first MiB and the first 4 GiB are drawn larger than what is above, which is logarithmic. */
function regionsScale(width, top) {
	const mib = width * 0.13, four = width * 0.74, base = Number(4n * GiB);
	return address => {
		const a = Number(address);
		if (a <= 1048576)
			return a / 1048576 * mib;
		if (a <= base)
			return mib + (a - 1048576) / (base - 1048576) * (four - mib);
		return Math.min(width, four + Math.log2(a / base) / Math.log2(top / base) * (width - four));
	};
}

const regionOverlaps = (r, memory) => memory.some(([start, end]) => r.start < end && r.end >= start && r.end >= r.start);

function regionWords(r) {
	const held = r.devices.size;
	return `${hex(r.start)}-${hex(r.end)}  ${bytesWords(r.end - r.start + 1n)}  ${r.kind}  ${held} device${held === 1 ? "" : "s"}`;
}

function regionsTicks(top) {
	const ticks = [[0n, "0"], [1n << 20n, "1M"], [GiB, "1G"], [2n * GiB, "2G"], [3n * GiB, "3G"], [4n * GiB, "4G"]];
	for (let n = 16n * GiB; Number(n) <= top; n *= 4n)
		ticks.push([n, n >= 1024n * GiB ? `${n / 1024n / GiB}T` : `${n / GiB}G`]);
	return ticks;
}

function regionsDraw(state, width, choose) {
	const memory = guestMemory(state.machine, BigInt(state.memory) * GiB);
	const top = Math.max(Number(8n * GiB), ...memory.map(m => Number(m[1])), ...regions.map(r => Number(r.end) + 1));
	const x = regionsScale(width - 8, top), height = AXIS + regions.length * LANE + 4;
	const drawing = svg("svg", { class: "drawing", role: "group", "aria-label": "Reserved regions by address", width, height,
		viewBox: `0 0 ${width} ${height}` });
	for (const [start, end] of memory)
		drawing.append(svg("rect", { class: "memory", x: 4 + x(start), y: AXIS - 12, width: Math.max(1, x(end) - x(start)),
			height: height - AXIS + 12 }, svg("title", {}, `guest memory ${hex(start)}-${hex(end - 1n)}`)));
	drawing.append(svg("path", { class: "axis", d: `M4 ${AXIS - 12}H${width - 4}` }));
	let last = -99;
	for (const [address, label] of regionsTicks(top)) {
		const at = 4 + x(address);
		drawing.append(svg("path", { class: "axis", d: `M${at} ${AXIS - 17}v5` }));
		if (at - last < (label.length + 1) * letterWidth || at + label.length * letterWidth > width)
			continue;
		drawing.append(svg("text", { class: "soft", x: at, y: AXIS - 22, "aria-hidden": "true" }, label));
		last = at;
	}
	regions.forEach((r, i) => {
		const y = AXIS + i * LANE, inside = regionOverlaps(r, memory);
		const sort = r.kind === "msi" || r.kind === "reserved" ? "msi" : r.kind === "direct-relaxable" ? "relaxable" : "";
		const words = regionWords(r) + (inside ? ", inside guest memory" : "");
		drawing.append(svg("g", { class: `region ${sort} ${r.devices.has(state.selected) ? "hit" : ""}`, role: "button", tabindex: 0,
			"aria-label": words, "aria-pressed": String(state.region === i), "data-region": i, on: chosenBy(() => choose(i)) },
			svg("title", {}, words), svg("rect", { class: "row", x: 1, y: y + 1, width: width - 2, height: LANE - 2, rx: 4, "fill-opacity": .6 }),
			svg("text", { x: 6, y: y + 15 }, cut((inside ? "● " : "○ ") + regionWords(r), width - 10)),
			r.end >= r.start && svg("rect", { class: "bar", x: 4 + x(r.start), y: y + 21, rx: 1,
				width: Math.max(3, x(r.end + 1n) - x(r.start)), height: 9 })));
	});
	return drawing;
}

function regionsTable() {
	const cell = x => html("td", {}, x);
	return html("details", { class: "screen" }, html("summary", {}, "As a table"), html("div", { class: "scroll" }, html("table", {},
		html("thead", {}, html("tr", {}, ...["Start", "End", "Size", "Kind", "Listed by", "Devices"].map(x => html("th", { scope: "col" }, x)))),
		html("tbody", {}, ...regions.map(r => html("tr", {}, html("th", { scope: "row", class: "mono" }, hex(r.start)), cell(html("code", {}, hex(r.end))),
			cell(bytesWords(r.end - r.start + 1n)), cell(r.kind), cell([...r.sources].join(", ")),
			cell([...r.devices].map(shortAddress).join(", "))))))));
}

function drawRegions(holder, state, choose, change) {
	const select = (label, key, list) => html("label", { class: "screen" }, label, " ", html("select", {
		on: { change: event => change(key, event.target.value) } }, ...list.map(([value, words]) =>
		html("option", { value, selected: String(state[key]) === String(value) }, words))), " ");
	byId("regions-section").hidden = reserved === null;
	if (!regions.length)
		return holder.replaceChildren(html("p", {}, "No region is reserved for a device."));
	const memory = guestMemory(state.machine, BigInt(state.memory) * GiB);
	const inside = regions.filter(r => regionOverlaps(r, memory)).length;
	const drawing = html("div", { class: "scroll" });
	holder.replaceChildren(html("p", {}, select("A guest with", "memory", MEMORY_SIZES.map(n => [n, `${n} GiB`])),
		select("on machine type", "machine", MACHINES)),
	html("p", { class: "hint" }, `Shaded: the memory of a guest with ${state.memory} GiB on ${state.machine}, as QEMU lays it out. `
		+ `${inside} of ${regions.length} regions lie in it (●). A device with a direct region is refused wherever the region lies; `
		+ "Linux exempts direct-relaxable ones."), drawing, regionsTable());
	drawing.append(regionsDraw(state, Math.max(300, drawing.clientWidth), choose));
}
