// The tree of markdown.js as elements. Of a text that grows, only the last leaf is made again.
import {BlockParser, cells} from "./markdown.js";
import {parseInlines, unescape} from "./inline.js";
import {appendText, copyButton, element} from "./dom.js";
import {t} from "./language.js";

// Blocks, items, rows or lines of code that one element holds. The browser leaves unseen elements alone, but each of them
// costs a little in each frame.
const CHUNK_LINES = 100;
const CHUNK_CHARACTERS = 4096;
const PART = 50;
// Milliseconds of a slice that are kept for elements.
const SHOWING = 3;
// Level of a message's own heading.
const BASE_LEVEL = 2;

// A view of one Markdown text.
export class MarkdownView {
	constructor(parent) {
		this.parser = new BlockParser();
		const sections = [];
		this.view = {views: [], stable: 0, container: (_, index) => partOf(sections, index, parent, () => element("section"))};
		this.isEnded = false;
		this.work = deadline => this.slice(deadline);
	}

	append(text) {
		this.parser.push(text);
	}

	end() {
		this.isEnded = true;
	}

	// Takes lines until the deadline, then shows them. Returns whether all is shown.
	slice(deadline) {
		const {parser} = this;
		let isBehind = false;
		while (parser.step()) {
			if (performance.now() < deadline - SHOWING) continue;
			isBehind = true;
			break;
		}
		if (!isBehind && this.isEnded) parser.end();
		// Elements cost more than lines: what is left over is shown in later frames.
		const isShown = sync(this.view, parser.root, {deadline, isFinal: true});
		if (isBehind || !isShown) return false;
		if (!this.isEnded) parser.peek(() => sync(this.view, parser.root, {deadline: Infinity, isFinal: false}));
		return true;
	}
}

// Brings elements in line with the tree. Returns false where the deadline came first.
function sync(view, block, pass) {
	const {children} = block;
	for (let index = view.stable; index < children.length; index += 1) {
		const child = children[index];
		let shown = view.views[index];
		const kind = [child.type, child.level, child.info, child.isContinued, child.start].join();
		if (shown?.kind !== kind) {
			for (const old of view.views.splice(index)) old.element.remove();
			shown = makers[child.type](child, view);
			shown.kind = kind;
			view.views.push(shown);
			view.container(block, index).append(shown.element);
		}
		if (!shown.update(child, pass)) return false;
		if (pass.isFinal && !child.isOpen && index === view.stable) view.stable += 1;
		if (performance.now() >= pass.deadline && index + 1 < children.length) return false;
	}
	for (const old of view.views.splice(children.length)) old.element.remove();
	return true;
}

// A view of a container, whose children may lie in several elements.
function containerView(outer, container) {
	const view = {element: outer, views: [], stable: 0, container: container ?? (() => outer)};
	view.update = (block, pass) => sync(view, block, pass);
	return view;
}

// A view of a leaf, made anew when its text is another one.
function leafView(outer, show) {
	let shown = null;
	return {
		element: outer,
		update(block, pass) {
			// The next pass shows an open leaf, with the line that is not whole yet.
			if (shown === block.text || pass.isFinal && block.isOpen) return true;
			shown = block.text;
			outer.replaceChildren();
			show(block);
			return true;
		},
	};
}

const makers = {
	paragraph(block) {
		const outer = element("p", {dir: "auto", className: block.isContinued ? "continued" : ""});
		return leafView(outer, block => appendInlines(outer, block.text));
	},
	heading(block, view) {
		// The page's own headings come first in its outline, which leaves no level out.
		const before = view.views.findLast(other => other.level);
		const level = Math.min(6, block.level + BASE_LEVEL, (before?.level ?? BASE_LEVEL) + 1);
		const outer = element(`h${level}`, {dir: "auto", className: `level-${block.level}`});
		return Object.assign(leafView(outer, block => appendInlines(outer, block.text)), {level});
	},
	rule: () => ({element: element("hr"), update: () => true}),
	quote: () => containerView(element("blockquote", {dir: "auto"})),
	item: () => containerView(element("li", {dir: "auto"})),
	list: listView,
	code: codeView,
	table: tableView,
};

// The element that holds the child of an index, which is made where it is the first of its part.
function partOf(parts, index, parent, make) {
	const part = Math.floor(index / PART);
	for (const old of parts.splice(part + 1)) old.remove();
	if (part === parts.length) {
		if (part % PART === 0) parent.append(element("div", {className: "group"}));
		parts.push(make());
		parent.lastChild.append(parts[part]);
	}
	return parts[part];
}

function listView() {
	const outer = element("div", {className: "list"});
	const parts = [];
	const view = containerView(outer, (list, index) => partOf(parts, index, outer, () => element(
		list.isOrdered ? "ol" : "ul", list.isOrdered ? {start: list.start + index} : {})));
	const {update} = view;
	view.update = (list, pass) => {
		outer.classList.toggle("tight", !list.isLoose);
		return update(list, pass);
	};
	return view;
}

// Code as chunks of lines. Only the last line, while it grows, is touched again.
function codeView(block) {
	const code = element("code");
	const language = unescape(block.info).split(/\s/)[0];
	let parts = [];
	const copy = copyButton("copy-code", () => parts.join(""));
	const pre = element("pre", {tabIndex: 0, dir: "ltr", role: "region", "aria-label": language || t("code")}, code);
	const outer = element("div", {className: "code"},
		element("div", {className: "code-head"}, element("span", {}, language), copy), pre);
	// The line that is still growing.
	const tail = element("span", {className: "chunk"});
	let chunk = null;
	let [room, lines, shown] = [0, 0, 0];
	const put = text => {
		if (lines <= 0 || room < text.length) {
			chunk = element("span", {className: "chunk"});
			code.append(chunk);
			[room, lines] = [CHUNK_CHARACTERS, CHUNK_LINES];
		}
		appendText(chunk, text);
		room -= text.length;
		if (text.endsWith("\n")) lines -= 1;
	};
	return {
		element: outer,
		update(block, pass) {
			parts = block.parts;
			tail.remove();
			if (!pass.isFinal) {
				tail.replaceChildren();
				appendText(tail, parts.slice(shown).join(""));
				code.append(tail);
				return true;
			}
			while (shown < parts.length) {
				for (const piece of pieces(parts[shown])) put(piece);
				shown += 1;
				if (performance.now() >= pass.deadline && shown < parts.length) return false;
			}
			return true;
		},
	};
}

function pieces(text) {
	const out = [];
	for (let at = 0; at < text.length; at += CHUNK_CHARACTERS) out.push(text.slice(at, at + CHUNK_CHARACTERS));
	return out;
}

// A table in parts, each with the header: the columns of one part are measured together.
function tableView(block) {
	const outer = element("div", {className: "tables"});
	let shown = 0;
	let tail = [];
	let body = null;
	const part = table => {
		body = element("tbody");
		const head = element("thead", {}, rowOf(table, table.header, "th"));
		const scroll = element("div", {
			className: "table-scroll", tabIndex: 0, role: "region", "aria-label": t("table"),
		}, element("table", {}, head, body));
		outer.append(scroll);
	};
	let columns = null;
	return {
		element: outer,
		update(table, pass) {
			for (const node of tail) node.remove();
			tail = [];
			const head = `${table.align} ${table.header}`;
			if (columns !== head) {
				columns = head;
				shown = 0;
				outer.replaceChildren();
				part(table);
			}
			for (let index = shown; index < table.rows.length; index += 1) {
				if (pass.isFinal && index && index % PART === 0 && body.childNodes.length) part(table);
				const row = rowOf(table, table.rows[index], "td");
				body.append(row);
				// The last row may still grow, until another one comes.
				if (pass.isFinal && (index + 1 < table.rows.length || !table.isOpen)) shown = index + 1;
				else tail.push(row);
				if (pass.isFinal && performance.now() >= pass.deadline && index + 1 < table.rows.length) return false;
			}
			return true;
		},
	};
}

function rowOf(table, text, tag) {
	const texts = cells(text);
	return element("tr", {}, ...table.align.map((align, index) => {
		const cell = element(tag, {dir: "auto", className: align && `align-${align}`, scope: tag === "th" ? "col" : null});
		if (texts[index]) appendInlines(cell, texts[index]);
		return cell;
	}));
}

const TAGS = {emphasis: "em", strong: "strong", code: "code"};

function appendInlines(parent, text) {
	appendNodes(parent, parseInlines(text));
}

function appendNodes(parent, nodes, isInLink = false) {
	for (const node of nodes) {
		switch (node.type) {
		case "text": appendText(parent, node.text); break;
		case "break": parent.append(element("br")); break;
		case "link": case "image": appendLink(parent, node, isInLink); break;
		default: {
			const outer = element(TAGS[node.type]);
			if (node.type === "code") appendText(outer, node.text);
			else appendNodes(outer, node.children, isInLink);
			parent.append(outer);
		}
		}
	}
}

// A link, or the words of one that leads elsewhere than to the web. A picture is a link too: nothing is fetched.
function appendLink(parent, {type, address, children}, isInLink) {
	const words = element("bdi");
	appendNodes(words, children, true);
	if (isInLink) {
		parent.append(words);
		return;
	}
	const isWeb = /^https?:\/\//i.test(address) && URL.canParse(address);
	if (!isWeb) {
		parent.append(words);
		if (address) appendText(parent, ` (${address})`);
		return;
	}
	if (type === "image") words.prepend(`${t("picture")}: `);
	if (!words.textContent) words.append(address);
	const href = new URL(address).href;
	parent.append(element("a", {href, title: href, rel: "noreferrer noopener", target: "_blank"}, words));
}
