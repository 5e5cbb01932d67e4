/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The page: what is chosen, searched and filtered, and what is drawn again when that changes. */
const state = { target: survey.host.windows ? "hyperv" : "kvm", query: "", selected: null, region: null, memory: 8, machine: MACHINES[0][0],
	verdicts: new Set(VERDICTS.map(([id]) => id).filter(id => id !== "not-endpoint")) };

function isShown(d) {
	const hay = haystacks.get(d.address) + "\n" + verdictWord(verdictOf(d, state.target));
	return state.verdicts.has(verdictOf(d, state.target)) &&
		state.query.toLowerCase().split(/\s+/).every(word => hay.includes(word));
}

function drawDevices(holder, choose) {
	const list = survey.devices.filter(isShown);
	const row = d => {
		const group = groupOf(d);
		return html("tr", { "aria-selected": String(state.selected === d.address), "data-address": d.address },
			html("th", { scope: "row" }, html("button", { type: "button", class: "link", on: { click: () => choose(d.address) } }, shortAddress(d.address))),
			...TARGETS.map(([id]) => html("td", {}, verdictText(verdictOf(d, id)))),
			html("td", {}, placeOf(d) || d.onboard || ""), html("td", {}, group === null || group === undefined ? "" : String(group)),
			html("td", {}, d.driver || ""), html("td", { class: "name", title: nameOf(d) }, shortName(d)));
	};
	holder.replaceChildren(html("table", {}, html("caption", {}, "The verdicts for three hypervisors side by side. Choose an address for details."),
		html("thead", {}, html("tr", {}, ...["Address", ...TARGETS.map(x => x[1]), "Slot", "Group", "Driver", "Device"].map(x => html("th", { scope: "col" }, x)))),
		html("tbody", {}, ...list.map(row))));
	const total = survey.devices.length;
	byId("shown").textContent = `${list.length} of ${total} device${total === 1 ? "" : "s"} shown`;
}

/* Marks of what is chosen, without drawing anew, so that the focus stays where it is. */
function markChosen() {
	for (const x of document.querySelectorAll("[data-address]"))
		if (x.getAttribute("role") !== "button")
			x.setAttribute("aria-selected", String(x.dataset.address === state.selected));
	for (const x of document.querySelectorAll("[data-region]")) {
		const r = regions[Number(x.dataset.region)];
		x.setAttribute("aria-pressed", String(Number(x.dataset.region) === state.region));
		x.classList.toggle("hit", r.devices.has(state.selected));
	}
}

const isNarrow = () => matchMedia("(max-width: 64rem)").matches;

function showDetail(byUser) {
	const d = devices.get(state.selected), detail = byId("detail");
	if (d)
		showDevice(detail, d, state.target, chooseDevice);
	else if (state.region !== null)
		showRegion(detail, regions[state.region], guestMemory(state.machine, BigInt(state.memory) * GiB), chooseDevice);
	else
		showNothing(detail);
	if (d)
		detail.append(html("button", { type: "button", class: "back", on: { click: () => {
			const node = document.querySelector(`[role=treeitem][data-address="${CSS.escape(d.address)}"]`);
			(node || byId("topology")).scrollIntoView({ block: "center" });
			if (node)
				node.focus();
		} } }, "Back to the topology"));
	detail.scrollTop = 0;
	if (byUser) {
		detail.focus({ preventScroll: !isNarrow() });
		if (isNarrow())
			detail.scrollIntoView({ block: "start" });
	}
}

function chooseDevice(address) {
	state.selected = address;
	state.region = null;
	history.replaceState(null, "", `#${address}`);
	markChosen();
	showDetail(true);
}

function chooseRegion(index) {
	state.selected = null;
	state.region = index;
	history.replaceState(null, "", "#");
	markChosen();
	showDetail(true);
}

function change(key, value) {
	state[key] = key === "memory" ? Number(value) : value;
	redrawRegions();
	if (state.region !== null)
		showDetail(false);
}

const redrawRegions = () => drawRegions(byId("regions"), state, chooseRegion, change);

function redraw() {
	drawSlots(byId("slots"), state, chooseDevice);
	drawTopology(byId("topology"), state, isShown, chooseDevice);
	drawDevices(byId("devices"), chooseDevice);
}

function drawTools() {
	const press = (button, on) => button.setAttribute("aria-pressed", String(on));
	const counts = () => new Map(VERDICTS.map(([id]) => [id, survey.devices.filter(d => verdictOf(d, state.target) === id).length]));
	const targets = TARGETS.map(([id, title]) => html("button", { type: "button", "aria-pressed": String(id === state.target), on: { click: () => {
		state.target = id;
		targets.forEach((b, i) => press(b, TARGETS[i][0] === id));
		count();
		redraw();
		showDetail(false);
	} } }, title));
	const verdicts = VERDICTS.map(([id, word]) => html("button", { type: "button", "aria-pressed": String(state.verdicts.has(id)), "data-verdict": id, on: { click: event => {
		const on = !state.verdicts.delete(id);
		if (on)
			state.verdicts.add(id);
		press(event.currentTarget, on);
		redraw();
	} } }, mark(id), ` ${word} `, html("span", { class: "count" })));
	const count = () => verdicts.forEach((b, i) => { b.querySelector(".count").textContent = counts().get(VERDICTS[i][0]); });
	count();
	byId("targets").append(...targets);
	byId("verdicts").append(...verdicts);
	byId("search").addEventListener("input", event => {
		state.query = event.target.value.trim();
		redraw();
	});
	byId("tools").addEventListener("submit", event => event.preventDefault());
}

function start() {
	const wanted = decodeURIComponent(location.hash.slice(1));
	byId("tools").hidden = byId("main").hidden = false;
	measureLetters();
	drawTools();
	state.selected = devices.has(wanted) ? wanted : null;
	redraw();
	redrawRegions();
	showHost(byId("host"));
	showDetail(false);
	let width = innerWidth;
	addEventListener("resize", () => {
		if (width === innerWidth)
			return;
		width = innerWidth;
		redraw();
		redrawRegions();
	});
	addEventListener("beforeprint", () => printDetails(byId("print"), survey.devices.filter(isShown), state.target));
	addEventListener("afterprint", () => byId("print").replaceChildren());
}

start();
