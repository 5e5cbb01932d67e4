/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The drawing of the topology: root complexes at the left, bridges, devices at the right. */
const ROW = 30, BOX = 22;

function topologySizes(width) {
	const narrow = width < 640;
	const address = (oneDomain ? 7 : Math.max(...survey.devices.map(d => d.address.length))) * letterWidth;
	return { root: narrow ? 5 + (oneDomain ? 3 : 10) * letterWidth : 12 + 13 * letterWidth,
		bridge: address + (narrow ? 8 : 16), gap: narrow ? 7 : 18, gutter: narrow ? 72 : 160,
		device: address + 40 + (narrow ? 9 : 16) * letterWidth, address, narrow };
}

/* The tree of what is shown: a bridge is, if something below it is. */
function topologyTree(d, depth, isShown) {
	const below = (children.get(d.address) || []).map(c => topologyTree(c, depth + 1, isShown)).filter(Boolean);
	return below.length || isShown(d) ? { device: d, depth, below } : null;
}

function topologyPlace(node, row) {
	node.row = row;
	node.rows = 0;
	for (const child of node.below)
		node.rows += topologyPlace(child, row + node.rows).rows;
	node.rows = node.rows || 1;
	return node;
}

function topologyFlat(node) {
	return [node, ...node.below.flatMap(topologyFlat)];
}

const topologyDeepest = node => Math.max(node.depth, ...node.below.map(topologyDeepest));

/* Each node's box: bridges narrow and as high as what is below them, devices up to the right edge. */
function topologyBoxes(nodes, sizes, right) {
	for (const n of nodes) {
		n.x = n.depth ? sizes.root + sizes.gap + (n.depth - 1) * (sizes.bridge + sizes.gap) + 4 : 4;
		n.y = 4 + n.row * ROW + (ROW - BOX) / 2;
		n.h = (n.rows - 1) * ROW + BOX;
		n.isBridge = n.device && isBridge(n.device);
		n.w = !n.depth ? sizes.root : n.isBridge ? sizes.bridge : right - n.x;
	}
}

/* Around the members of a group that lie together; a second frame where another device lies between. */
function topologyFrames(nodes) {
	const members = new Map(), frames = [];
	for (const n of nodes) {
		const group = n.device && groupOf(n.device);
		if (group === null || group === undefined)
			continue;
		if (!members.has(group))
			members.set(group, []);
		members.get(group).push(n);
	}
	for (const [group, list] of members) {
		const many = (groups.get(group) || list).length > 1;
		let frame = null;
		for (const n of list) {
			const x = Math.min(n.x, frame ? frame.x : n.x), y = Math.min(n.y, frame ? frame.y : n.y);
			const right = Math.max(n.x + n.w, frame ? frame.right : 0);
			const bottom = Math.max(n.y + n.h, frame ? frame.bottom : 0);
			const crossed = frame && nodes.some(o => o.device && groupOf(o.device) !== group &&
				o.x < right && o.x + o.w > x && o.y < bottom && o.y + o.h > y);
			if (!frame || crossed) {
				frame = { group, many, shown: list.length, x: n.x, y: n.y, right: n.x + n.w, bottom: n.y + n.h, leaf: !n.isBridge };
				frames.push(frame);
			} else {
				Object.assign(frame, { x, y, right, bottom, leaf: frame.leaf || !n.isBridge });
			}
		}
	}
	return frames;
}

/* Of a group of which some are not shown also how many are. */
function topologyGroupWords(f, narrow) {
	const all = (groups.get(f.group) || []).length;
	if (f.shown >= all)
		return narrow ? `g${f.group}` : `group ${f.group}`;
	return narrow ? `g${f.group} ${f.shown}/${all}` : `group ${f.group}: ${f.shown} of ${all}`;
}

function topologyLabel(d, target) {
	const group = groupOf(d);
	return [shortAddress(d.address), nameOf(d), placeOf(d), group !== null && group !== undefined && groupWords(group),
		verdictWord(verdictOf(d, target))].filter(Boolean).join(", ");
}

function topologyNode(n, sizes, state) {
	const d = n.device, middle = n.y + BOX / 2 + 4.5;
	if (!d)
		return svg("g", { class: "node root", role: "treeitem", tabindex: -1, "aria-level": 1, "aria-expanded": "true",
			"aria-label": `root complex, bus ${n.bus}` },
			svg("rect", { class: "box", x: n.x, y: n.y, width: n.w, height: n.h, rx: 4 }),
			svg("text", { x: n.x + 5, y: middle }, cut(sizes.narrow && oneDomain ? n.bus.slice(5) : `root ${n.bus}`, n.w - 5)));
	const verdict = verdictOf(d, state.target), place = placeOf(d);
	const g = svg("g", { class: `node v-${verdict}`, role: "treeitem", tabindex: -1, "aria-level": n.depth + 1,
		"aria-selected": String(state.selected === d.address), "aria-expanded": n.below.length ? "true" : null,
		"aria-label": topologyLabel(d, state.target), "data-address": d.address },
		svg("title", {}, topologyLabel(d, state.target)),
		svg("rect", { class: "box", x: n.x, y: n.y, width: n.w, height: n.h, rx: 4 }));
	let x = n.x + 5;
	if (!n.isBridge) {
		g.append(svg("rect", { class: "edge", x: n.x, y: n.y, width: 4, height: n.h, rx: 2 }),
			mark(verdict, { x: n.x + 8, y: n.y + 3.5 }));
		x += 24;
	}
	g.append(svg("text", { x, y: middle, class: n.isBridge ? "soft" : null }, shortAddress(d.address)));
	x += sizes.address + 10;
	const room = n.x + n.w - x - 6, words = (place && lettersIn(room) > 24 ? `[${place}] ` : "") + shortName(d);
	if (!n.isBridge)
		g.append(svg("text", { x, y: middle }, cut(words, room)));
	return g;
}

/* Arrow keys, as in every tree: up and down, to what is above and to what is below. */
function topologyKeys(tree, nodes) {
	const elements = nodes.map(n => n.element);
	tree.addEventListener("keydown", event => {
		const at = elements.indexOf(event.target.closest("[role=treeitem]"));
		if (at < 0)
			return;
		const n = nodes[at];
		const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: nodes.length - 1,
			ArrowLeft: nodes.findIndex(o => o.below.includes(n)),
			ArrowRight: n.below.length ? nodes.indexOf(n.below[0]) : -1 }[event.key];
		if (to === undefined)
			return;
		event.preventDefault();
		if (to < 0 || to >= nodes.length)
			return;
		elements.forEach(x => x.setAttribute("tabindex", -1));
		elements[to].setAttribute("tabindex", 0);
		elements[to].focus();
	});
}

function drawTopology(holder, state, isShown, choose) {
	const trees = [];
	let rows = 0;
	for (const bus of roots) {
		const below = children.get(bus).map(d => topologyTree(d, 1, isShown)).filter(Boolean);
		if (!below.length)
			continue;
		const tree = topologyPlace({ device: null, bus, depth: 0, below }, rows);
		rows += tree.rows;
		trees.push(tree);
	}
	if (!trees.length)
		return holder.replaceChildren(html("p", { class: "soft" }, "No device is shown."));
	const sizes = topologySizes(holder.clientWidth), nodes = trees.flatMap(topologyFlat);
	const deepest = Math.max(...trees.map(topologyDeepest));
	const least = sizes.root + sizes.gap + (deepest - 1) * (sizes.bridge + sizes.gap) + sizes.device + sizes.gutter;
	const width = Math.max(holder.clientWidth, least), height = rows * ROW + 8;
	const drawing = svg("svg", { class: "drawing", role: "tree", "aria-label": "PCI topology", width, height,
		viewBox: `0 0 ${width} ${height}` });
	topologyBoxes(nodes, sizes, width - sizes.gutter);
	for (const n of nodes)
		for (const child of n.below)
			drawing.append(svg("path", { class: "wire", d: `M${n.x + n.w} ${child.y + BOX / 2}H${child.x}` }));
	for (const f of topologyFrames(nodes)) {
		if (f.many)
			drawing.append(svg("rect", { class: "group many", x: f.x - 3, y: f.y - 3, width: f.right - f.x + 6,
				height: f.bottom - f.y + 6, rx: 6, "aria-hidden": "true" }));
		if (f.leaf)
			drawing.append(svg("text", { class: "soft", x: width - sizes.gutter + 9, "aria-hidden": "true",
				y: (f.y + f.bottom) / 2 + 4.5 }, topologyGroupWords(f, sizes.narrow)));
	}
	for (const n of nodes) {
		n.element = topologyNode(n, sizes, state);
		if (n.device)
			for (const [event, listener] of Object.entries(chosenBy(() => choose(n.device.address))))
				n.element.addEventListener(event, listener);
		drawing.append(n.element);
	}
	(nodes.find(n => n.device && n.device.address === state.selected) || nodes[0]).element.setAttribute("tabindex", 0);
	topologyKeys(drawing, nodes);
	holder.replaceChildren(drawing);
}

/* The slots side by side, as one sees them at the back: a card each, with its functions' verdicts. */
function drawSlots(holder, state, choose) {
	const places = new Map();
	for (const d of survey.devices)
		if (d.place && !isBridge(d))
			places.set(d.place, [...places.get(d.place) || [], d]);
	byId("slots-section").hidden = !places.size;
	const numbered = [...places].sort(([a], [b]) => a.localeCompare(b, "en", { numeric: true }));
	const W = 132, H = 118, drawing = svg("svg", { class: "drawing", role: "group", "aria-label": "Slots",
		width: Math.max(1, numbered.length * (W + 10)), height: H + 8, viewBox: `0 0 ${numbered.length * (W + 10)} ${H + 8}` });
	numbered.forEach(([place, cards], i) => {
		const x = i * (W + 10) + 3, first = cards[0];
		const words = shortName(first).split(" "), lines = [""];
		for (const word of words)
			if ((lines[lines.length - 1] + " " + word).length <= lettersIn(W - 12))
				lines[lines.length - 1] = (lines[lines.length - 1] + " " + word).trim();
			else
				lines.push(word);
		const g = svg("g", { class: `node v-${verdictOf(first, state.target)}`, role: "button", tabindex: 0,
			"data-address": first.address, "aria-selected": null,
			"aria-label": `${placeOf(first)}: ${cards.map(d => topologyLabel(d, state.target)).join("; ")}`,
			on: chosenBy(() => choose(first.address)) },
			svg("rect", { class: "box", x, y: 4, width: W, height: H, rx: 4 }),
			svg("rect", { class: "edge", x, y: 4, width: W, height: 5, rx: 2 }),
			svg("text", { x: x + 7, y: 27 }, cut(placeOf(first), W - 14)));
		cards.slice(0, 5).forEach((d, k) => g.append(mark(verdictOf(d, state.target), { x: x + 7 + k * 20, y: 35 })));
		if (cards.length > 5)
			g.append(svg("text", { class: "soft", x: x + W - 6, y: 47, "text-anchor": "end" }, `+${cards.length - 5}`));
		lines.filter(Boolean).slice(0, 4).forEach((line, k) => g.append(svg("text", { class: "soft", x: x + 7, y: 68 + k * 15 },
			cut(k === 3 && lines.length > 4 ? line + "…" : line, W - 12))));
		drawing.append(g);
	});
	holder.replaceChildren(drawing);
}
