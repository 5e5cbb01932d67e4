// SPDX-License-Identifier: GPL-2.0-or-later
// Parses PowerShell scripts: a JSON list of texts comes in, and for each goes out where the grammar finds
// an error, and which commands, with their parameters and strings, it sees.
import { createRequire } from "node:module";
import { readFileSync } from "node:fs";
import path from "node:path";

const modules = path.resolve(process.argv[2], "node_modules");
const require = createRequire(path.join(modules, "x.js"));
const { Parser, Language } = await import(require.resolve("web-tree-sitter"));

await Parser.init();
const grammar = path.join(modules, "tree-sitter-powershell/tree-sitter-powershell.wasm");
const parser = new Parser();
parser.setLanguage(await Language.load(grammar));

function* walk(node) {
	yield node;
	for (const child of node.children) yield* walk(child);
}

function look(text) {
	const tree = parser.parse(text);
	const found = { errors: [], commands: [], parameters: [], strings: [] };
	for (const node of walk(tree.rootNode)) {
		const at = `${node.startPosition.row + 1}:${node.startPosition.column + 1}`;
		if (node.isError || node.isMissing) found.errors.push(`${at} ${node.type}: ${node.text.slice(0, 60)}`);
		if (node.type === "command_name") found.commands.push(node.text);
		if (node.type === "command_parameter") found.parameters.push(node.text);
		if (node.type === "verbatim_string_characters") found.strings.push(node.text);
	}
	if (tree.rootNode.hasError && !found.errors.length) found.errors.push("somewhere");
	return found;
}

console.log(JSON.stringify(JSON.parse(readFileSync(0, "utf8")).map(look)));
