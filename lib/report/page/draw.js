/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Elements. Text is always set as text, so that nothing from the host is ever read as markup. */
const SVG = "http://www.w3.org/2000/svg";

function build(element, attributes, content) {
	for (const [name, value] of Object.entries(attributes || {}))
		if (name === "on")
			for (const [event, listener] of Object.entries(value))
				element.addEventListener(event, listener);
		else if (value !== null && value !== undefined && value !== false)
			element.setAttribute(name, value === true ? "" : value);
	for (const x of content)
		if (x !== null && x !== undefined && x !== false && x !== "")
			element.append(x);
	return element;
}
const html = (name, attributes, ...content) => build(document.createElement(name), attributes, content);
const svg = (name, attributes, ...content) => build(document.createElementNS(SVG, name), attributes, content);
const byId = id => document.getElementById(id);

/* A verdict's mark: of a shape of its own, so that it is told without colour. */
function mark(verdict, place) {
	const use = svg("use", { href: `#mark-${verdict}` });
	if (place)
		return svg("svg", { class: `v-${verdict}`, x: place.x, y: place.y, width: 15, height: 15 }, use);
	return svg("svg", { class: `mark v-${verdict}`, "aria-hidden": "true", focusable: "false" }, use);
}
const verdictText = verdict => html("span", { class: `verdict v-${verdict}` }, mark(verdict), " ", verdictWord(verdict));

/* Drawings use one width of letter. */
let letterWidth = 8;
function measureLetters() {
	const text = svg("text", {}, "0".repeat(40)), probe = svg("svg", { class: "drawing", width: 1, height: 1 }, text);
	document.body.append(probe);
	letterWidth = text.getComputedTextLength() / 40 || 8;
	probe.remove();
}
const lettersIn = width => Math.max(0, Math.floor(width / letterWidth));
const cut = (text, width) => text.length <= lettersIn(width) ? text
	: text.slice(0, Math.max(0, lettersIn(width) - 1)).trimEnd() + "…";

/* Something in a drawing that is chosen by mouse and keyboard alike. */
function chosenBy(choose) {
	return { click: choose, keydown: event => {
		if (event.key === "Enter" || event.key === " ") {
			event.preventDefault();
			choose();
		}
	} };
}
