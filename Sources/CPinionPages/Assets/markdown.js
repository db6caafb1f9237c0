// The blocks of Markdown: text to a tree, line by line, so that a growing text costs only what is new.
// A node is {type, parent, children, line, endLine} and, by type,
//   heading {level, text}, paragraph {text, isContinued}, code {parts, info}, rule, quote,
//   list {isOrdered, start, isLoose} of item, table {align, header, rows}.
// Raw HTML and definitions of references are text.

import {LineReader} from "./line-reader.js";

// Containers within each other; markers of deeper ones are text, because each level is a level of the page.
const MAX_DEPTH = 24;
// Characters of a line, and of a leaf, that are parsed together. Longer ones are cut, because the last leaf of a growing
// text is parsed again with each piece of it.
const MAX_LINE = 8192;
const MAX_LEAF = 16384;
const MAX_COLUMNS = 64;

const RULE = /^(?:(?:\*[ \t]*){3,}|(?:_[ \t]*){3,}|(?:-[ \t]*){3,})$/;
const HEADING = /^(#{1,6})(?:[ \t]+|$)/;
const FENCE = /^(`{3,})[^`]*$|^(~{3,})/;
const SETEXT = /^(=+|-+)[ \t]*$/;
const MARKER = /^(?:([*+-])|(\d{1,9})([.)]))(?=[ \t]|$)/;
const TABLE_RULE = /^\|?[ \t]*:?-+:?[ \t]*(?:\|[ \t]*:?-+:?[ \t]*)*\|?[ \t]*$/;

function node(type, line, fields) {
	return {type, parent: null, children: [], line, endLine: line, isOpen: true, ...fields};
}

// The cells of a table's row: bars separate them unless escaped.
export function cells(row) {
	const out = [];
	let cell = "";
	const text = row.trim();
	let at = text.startsWith("|") ? 1 : 0;
	for (; at < text.length && out.length < MAX_COLUMNS; at += 1) {
		if (text[at] === "\\" && text[at + 1] === "|") {
			cell += "|";
			at += 1;
		} else if (text[at] === "|") {
			out.push(cell.trim());
			cell = "";
		} else {
			cell += text[at];
		}
	}
	if (cell.trim() || !text.endsWith("|")) out.push(cell.trim());
	return out;
}

export class BlockParser extends LineReader {
	constructor() {
		super();
		this.root = node("document", 0);
		this.tip = this.root;
		this.number = 0;
		this.buffer = "";
		this.from = 0;
		// Whether the beginning of the current line was taken already.
		this.isMidLine = false;
		this.leaf = null;
	}

	// Adds text without looking at it; ``step`` does that.
	push(text) {
		this.buffer = this.buffer.slice(this.from) + text;
		this.from = 0;
	}

	// Takes the next whole line, or piece of a long one. Returns whether there was one.
	step() {
		const {buffer, from} = this;
		const limit = from + MAX_LINE;
		// Not the buffer's next line end: that may be megabytes away.
		const end = from + buffer.slice(from, limit + 1).indexOf("\n");
		if (end >= from) {
			this.take(buffer.slice(from, buffer[end - 1] === "\r" && end > from ? end - 1 : end), true);
			this.from = end + 1;
			return true;
		}
		if (buffer.length <= limit) return false;
		const isPair = (buffer.charCodeAt(limit - 1) & 0xfc00) === 0xd800;
		const cut = isPair ? limit - 1 : limit;
		this.take(buffer.slice(from, cut), false);
		this.from = cut;
		return true;
	}

	// The text so far has come to its end.
	end() {
		while (this.step());
		if (this.from < this.buffer.length) this.take(this.buffer.slice(this.from).replace(/\r$/, ""), true);
		[this.buffer, this.from] = ["", 0];
		while (this.tip !== this.root) this.closeTip();
	}

	// Shows the tree as if the text ended here, and goes back to where it was.
	peek(show) {
		const rest = this.buffer.slice(this.from);
		if (!rest) return show();
		const saved = [];
		for (let at = this.tip; at; at = at.parent) {
			saved.push([at, {...at}, at.children.length, at.parts?.length, at.rows?.length]);
		}
		const {tip, number, isMidLine, leaf} = this;
		const text = leaf && !saved.some(([at]) => at === leaf) ? leaf.text : undefined;
		this.take(rest, true);
		show();
		if (text !== undefined) leaf.text = text;
		for (const [at, fields, children, parts, rows] of saved) {
			Object.assign(at, fields);
			at.children.length = children;
			if (parts !== undefined && at.parts) at.parts.length = parts;
			if (rows !== undefined && at.rows) at.rows.length = rows;
		}
		Object.assign(this, {tip, number, isMidLine, leaf});
	}

	take(text, isWhole) {
		if (this.isMidLine) this.more(text, isWhole);
		else this.line(text.replaceAll("\0", "\ufffd"), isWhole);
		this.isMidLine = !isWhole;
	}

	// The rest of a long line, which belongs to where its beginning went.
	more(text, isWhole) {
		const {leaf} = this;
		if (leaf?.type === "code") leaf.parts.push(isWhole ? text + "\n" : text);
		else if (leaf?.type !== "table" && leaf?.text !== undefined && leaf.text.length + text.length <= MAX_LEAF) leaf.text += text;
		else this.paragraph(text, true);
	}

	paragraph(text, isContinued) {
		if (this.tip.type === "paragraph" || this.tip.type === "table") this.closeTip();
		while (!["document", "quote", "item"].includes(this.tip.type)) this.closeTip();
		this.leaf = this.add("paragraph", {text, isContinued});
	}

	line(text, isWhole) {
		this.number += 1;
		this.begin(text);
		this.leaf = null;
		let container = this.root;
		let isMatched = true;
		for (let next = container.children.at(-1); next?.isOpen; next = container.children.at(-1)) {
			this.look();
			const answer = this.continues(next);
			if (answer === "done") return this.touch(next);
			isMatched = answer;
			if (!isMatched) break;
			container = next;
		}
		this.unmatched = isMatched ? null : container.children.at(-1);
		const isLeaf = container.type === "code";
		if (!isLeaf) container = this.starts(container);
		if (container === null) return;
		this.look();
		const rest = this.rest();
		if (this.unmatched && !this.isBlank && this.tip.type === "paragraph") return this.lazy(rest);
		this.closeUnmatched(container);
		if (container.type === "code") {
			this.addCode(container, isWhole ? this.raw() + "\n" : this.raw());
			this.leaf = container;
		} else if (this.isBlank) {
			if (container.type === "paragraph" || container.type === "table") this.closeTip();
		} else if (container.type === "paragraph") {
			this.lazy(rest);
		} else if (container.type === "table") {
			container.rows.push(rest);
			this.touch(container);
			this.leaf = container;
		} else {
			this.leaf = this.add("paragraph", {text: rest, isContinued: false});
		}
	}

	// A line of code. Blank ones at the end of indented code are no part of it, so that they are held back.
	addCode(code, text) {
		if (this.isBlank && !code.isFenced) {
			code.held += text;
			return;
		}
		code.parts.push(code.held + text);
		code.held = "";
		this.touch(code);
	}

	// A further line of the paragraph at the tip.
	lazy(rest) {
		this.unmatched = null;
		if (this.tip.text.length + rest.length >= MAX_LEAF) return this.paragraph(rest, true);
		this.tip.text += "\n" + rest;
		this.touch(this.tip);
		this.leaf = this.tip;
	}

	// Whether an open block goes on with this line; "done" where the line was its end.
	continues(block) {
		switch (block.type) {
		case "list": return true;
		case "paragraph": return !this.isBlank;
		case "table": return !this.isBlank && this.indent < 4 && !this.startsBlock();
		case "quote":
			if (this.indent > 3 || this.text[this.next] !== ">") return false;
			this.takeQuoteMark();
			return true;
		case "item":
			if (this.isBlank) {
				if (!block.children.length) return false;
				this.toNext();
			} else if (this.indent >= block.width) this.skip(block.width);
			else return false;
			return true;
		case "code": return block.isFenced ? this.continuesFence(block) : this.continuesIndented();
		default: return false;
		}
	}

	takeQuoteMark() {
		this.toNext();
		this.skip(1);
		this.look();
		if (this.indent > 0) this.skip(1);
	}

	continuesFence(block) {
		const rest = this.rest();
		const isEnd = this.indent < 4 && rest.startsWith(block.fence)
			&& !rest.replace(/[ \t]+$/, "").split("").some(char => char !== block.fence[0]);
		if (isEnd) {
			while (this.tip !== block) this.closeTip();
			this.closeTip();
			return "done";
		}
		this.skip(Math.min(this.indent, block.indent));
		return true;
	}

	continuesIndented() {
		if (this.indent < 4 && !this.isBlank) return false;
		this.skip(Math.min(4, this.indent));
		return true;
	}

	// Whether a block begins here that ends a table.
	startsBlock() {
		const rest = this.rest();
		return rest[0] === ">" || HEADING.test(rest) || FENCE.test(rest) || RULE.test(rest) || MARKER.test(rest);
	}

	// Opens the blocks that begin on this line; null where nothing of the line is left.
	starts(container) {
		for (let depth = this.depth(container); ; depth += 1) {
			this.look();
			const isParagraph = container.type === "paragraph";
			if (this.isBlank) return container;
			if (this.indent > 3) {
				if (isParagraph || container.type === "table" || this.tip.type === "paragraph") return container;
				this.closeUnmatched(container);
				this.skip(4);
				return this.add("code", {parts: [], held: "", info: "", isFenced: false});
			}
			const rest = this.rest();
			if (this.startLeaf(container, rest)) return null;
			if (depth >= MAX_DEPTH) return container;
			const next = rest[0] === ">" ? this.startQuote(container) : this.startItem(container, rest);
			if (!next) return container;
			container = next;
		}
	}

	depth(container) {
		let depth = 0;
		for (let at = container; at.parent; at = at.parent) depth += 1;
		return depth;
	}

	startLeaf(container, rest) {
		const heading = HEADING.exec(rest);
		if (heading) {
			this.closeUnmatched(container);
			const text = rest.slice(heading[0].length).replace(/^[ \t]*#+[ \t]*$|[ \t]+#+[ \t]*$/, "").trim();
			this.leaf = this.add("heading", {level: heading[1].length, text});
			return this.closeTip();
		}
		const fence = FENCE.exec(rest);
		if (fence) {
			this.closeUnmatched(container);
			const mark = fence[1] ?? /^~+/.exec(rest)[0];
			this.add("code", {
				parts: [], held: "", info: rest.slice(mark.length).trim(), isFenced: true, fence: mark, indent: this.indent,
			});
			return true;
		}
		if (container.type === "paragraph" && this.endsParagraph(container, rest)) return true;
		if (!RULE.test(rest)) return false;
		this.closeUnmatched(container);
		this.add("rule", {});
		return this.closeTip();
	}

	// Makes a heading or a table of the paragraph before a line, where the line says so.
	endsParagraph(paragraph, rest) {
		const setext = SETEXT.exec(rest);
		if (setext) {
			Object.assign(paragraph, {type: "heading", level: rest[0] === "=" ? 1 : 2});
			this.touch(paragraph);
			return this.closeTip();
		}
		if (!rest.includes("|") && !rest.includes(":") || !TABLE_RULE.test(rest)) return false;
		const columns = cells(rest);
		const start = paragraph.text.lastIndexOf("\n") + 1;
		const header = paragraph.text.slice(start);
		if (cells(header).length !== columns.length || columns.length >= MAX_COLUMNS) return false;
		const align = columns.map(cell => [cell.startsWith(":") && "left", cell.endsWith(":") && "right"])
			.map(([left, right]) => left && right ? "center" : left || right || "");
		const fields = {type: "table", align, header, rows: []};
		if (start === 0) {
			Object.assign(paragraph, fields);
			this.touch(paragraph);
		} else {
			paragraph.text = paragraph.text.slice(0, start - 1);
			this.closeTip();
			this.add("table", fields);
		}
		return true;
	}

	startQuote(container) {
		this.closeUnmatched(container);
		this.takeQuoteMark();
		return this.add("quote", {});
	}

	startItem(container, rest) {
		const marker = MARKER.exec(rest);
		if (!marker) return null;
		const [mark, bullet, number, end] = marker;
		const isEmpty = !rest.slice(mark.length).trim();
		if (container.type === "paragraph" && (isEmpty || number && Number(number) !== 1)) return null;
		this.closeUnmatched(container);
		const indent = this.indent;
		this.toNext();
		this.skip(mark.length);
		this.look();
		// Five columns and more are one column and indented code.
		const padding = this.indent > 4 || this.isBlank ? 1 : this.indent;
		this.skip(Math.min(padding, this.indent));
		const kind = bullet ?? end;
		if (this.tip.type === "paragraph" || this.tip.type === "table") this.closeTip();
		if (this.tip.type !== "list" || this.tip.kind !== kind) {
			if (this.tip.type === "list") this.closeTip();
			this.add("list", {kind, isOrdered: !bullet, start: Number(number ?? 1), isLoose: false});
		}
		return this.add("item", {width: indent + mark.length + padding});
	}

	// Adds a block below the tip, which is one that can hold it or is closed.
	add(type, fields) {
		while (!holds(this.tip.type, type)) this.closeTip();
		const parent = this.tip;
		const before = parent.children.at(-1);
		const list = parent.type === "item" ? parent.parent : parent;
		if (before && list.type === "list" && this.number > before.endLine + 1) list.isLoose = true;
		const block = node(type, this.number, fields);
		block.parent = parent;
		parent.children.push(block);
		this.tip = block;
		this.touch(block);
		return block;
	}

	touch(block) {
		for (let at = block; at; at = at.parent) at.endLine = this.number;
	}

	closeTip() {
		this.tip.isOpen = false;
		this.tip = this.tip.parent;
		return true;
	}

	// Closes the blocks that did not go on, once it is known that the line is no lazy one.
	closeUnmatched(container) {
		if (!this.unmatched) return;
		const {parent} = this.unmatched;
		while (this.tip !== parent) this.closeTip();
		this.unmatched = null;
	}
}

function holds(parent, child) {
	if (parent === "list") return child === "item";
	return child !== "item" && (parent === "document" || parent === "quote" || parent === "item");
}
