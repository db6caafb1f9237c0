// The inlines of a Markdown block: text to nodes, in linear time but for the bounds named below. A node is one of
// {type: "text", text} {type: "code", text} {type: "break"} {type: "emphasis" | "strong", children}
// {type: "link" | "image", address, title, children}.

// An address or a title that is longer is text: because each bracket may look that far ahead.
const MAX_ADDRESS = 2048;
// Emphasis and links within each other; what is deeper stays text, because each level is a level of the page.
const MAX_DEPTH = 24;
const MAX_TAG = 1000;
const ENTITIES = {
	amp: "&", lt: "<", gt: ">", quot: '"', apos: "'", nbsp: "\u00a0", copy: "©", reg: "®", trade: "™", hellip: "…", mdash: "—",
	ndash: "–", lsquo: "‘", rsquo: "’", ldquo: "“", rdquo: "”", times: "×", divide: "÷", deg: "°",
	plusmn: "±", middot: "·", bull: "•", larr: "←", rarr: "→", uarr: "↑", darr: "↓", le: "≤", ge: "≥", ne: "≠", euro: "€",
	pound: "£", yen: "¥",
};
const PUNCTUATION = /[!-/:-@[-`{-~]/;
const ENTITY = /&(?:#[xX]([0-9a-fA-F]{1,6})|#([0-9]{1,7})|([A-Za-z][A-Za-z0-9]{1,31}));/y;
const AUTOLINK = /<([A-Za-z][A-Za-z0-9+.-]{1,31}:[^\s<>\x00-\x20]{0,2048})>/y;
const MAIL = /<([\w.!#$%&'*+/=?^`{|}~-]{1,64}@[A-Za-z0-9.-]{1,255})>/y;
const NAME = "[A-Za-z][A-Za-z0-9-]{0,60}";
const VALUE = `(?:[^\\s"'=<>\`]{1,${MAX_TAG}}|'[^']{0,${MAX_TAG}}'|"[^"]{0,${MAX_TAG}}")`;
const ATTRIBUTE = `\\s{1,20}[A-Za-z_:][\\w.:-]{0,60}(?:\\s{0,20}=\\s{0,20}${VALUE})?`;
const TAG = new RegExp(`<(?:${NAME}(?:${ATTRIBUTE}){0,30}\\s{0,20}/?|/${NAME}\\s{0,20}|!--[^>]{0,${MAX_TAG}}--)>`, "y");
const PLAIN = /[^\\`*_[\]!<&\n]+/y;
const WIDE_SPACE = /\s/;
const WIDE_PUNCTUATION = /[\p{P}\p{S}]/u;

// Text with escapes and entities resolved, for addresses, titles and words after a fence.
export function unescape(text) {
	if (!/[\\&]/.test(text)) return text;
	return text.replace(/\\([!-/:-@[-`{-~])|&(?:#[xX][0-9a-fA-F]{1,6}|#[0-9]{1,7}|[A-Za-z][A-Za-z0-9]{1,31});/g,
		(all, escaped) => escaped ?? entity(all, 0)?.text ?? all);
}

function entity(text, at) {
	ENTITY.lastIndex = at;
	const match = ENTITY.exec(text);
	if (!match) return null;
	if (match[3]) return Object.hasOwn(ENTITIES, match[3]) ? {text: ENTITIES[match[3]], end: ENTITY.lastIndex} : null;
	const code = match[1] ? parseInt(match[1], 16) : parseInt(match[2], 10);
	const bad = code === 0 || code > 0x10ffff || (code >= 0xd800 && code < 0xe000);
	return {text: bad ? "\ufffd" : String.fromCodePoint(code), end: ENTITY.lastIndex};
}

// The nodes of a block's text, whose lines are separated by "\n".
export function parseInlines(source) {
	return new InlineParser(source).parse();
}

class InlineParser {
	constructor(source) {
		let end = source.length;
		while (source[end - 1] === " " || source[end - 1] === "\t") end -= 1;
		this.source = source.slice(0, end);
		this.at = 0;
		this.out = [];
		this.brackets = [];
		// Run length of backticks -> where no closing run of that length follows any more.
		this.unclosed = new Map();
	}

	parse() {
		const {source} = this;
		while (this.at < source.length) {
			PLAIN.lastIndex = this.at;
			const plain = PLAIN.exec(source);
			if (plain) {
				this.text(plain[0]);
				this.at = PLAIN.lastIndex;
			} else {
				this.special(source[this.at]);
			}
		}
		return emphasize(this.out);
	}

	text(text) {
		this.out.push({type: "text", text, depth: 0});
	}

	special(char) {
		switch (char) {
		case "\n": return this.lineEnd();
		case "\\": return this.escape();
		case "`": return this.codeSpan();
		case "*": case "_": return this.delimiters(char);
		case "<": return this.angle();
		case "&": return this.entity();
		case "[": return this.open(1);
		case "!": return this.source[this.at + 1] === "[" ? this.open(2) : this.literal(1);
		case "]": return this.close();
		}
	}

	literal(length) {
		this.text(this.source.slice(this.at, this.at + length));
		this.at += length;
	}

	lineEnd() {
		const last = this.out.at(-1);
		let isHard = false;
		if (last?.type === "text") {
			isHard = last.text.endsWith("  ");
			last.text = last.text.replace(/ +$/, "");
		}
		if (isHard) this.out.push({type: "break", depth: 0});
		else this.text("\n");
		this.at += 1;
		while (this.source[this.at] === " " || this.source[this.at] === "\t") this.at += 1;
	}

	escape() {
		const next = this.source[this.at + 1];
		if (next === "\n") {
			this.out.push({type: "break", depth: 0});
			this.at += 2;
			while (this.source[this.at] === " " || this.source[this.at] === "\t") this.at += 1;
		} else if (next && PUNCTUATION.test(next)) {
			this.text(next);
			this.at += 2;
		} else {
			this.literal(1);
		}
	}

	codeSpan() {
		const {source} = this;
		let end = this.at;
		while (source[end] === "`") end += 1;
		const length = end - this.at;
		if (this.unclosed.get(length) > this.at) return this.literal(length);
		for (let at = source.indexOf("`", end); at >= 0; at = source.indexOf("`", at)) {
			const start = at;
			while (source[at] === "`") at += 1;
			if (at - start !== length) continue;
			let text = source.slice(end, start).replaceAll("\n", " ");
			if (text.length > 2 && text.startsWith(" ") && text.endsWith(" ") && text.trim()) text = text.slice(1, -1);
			this.out.push({type: "code", text, depth: 0});
			this.at = at;
			return;
		}
		this.unclosed.set(length, source.length);
		this.literal(length);
	}

	delimiters(char) {
		const {source} = this;
		let end = this.at;
		while (source[end] === char) end += 1;
		const before = this.at ? characterBefore(source, this.at) : "\n";
		const after = end < source.length ? String.fromCodePoint(source.codePointAt(end)) : "\n";
		const [spaceBefore, spaceAfter] = [WIDE_SPACE.test(before), WIDE_SPACE.test(after)];
		const [markBefore, markAfter] = [WIDE_PUNCTUATION.test(before), WIDE_PUNCTUATION.test(after)];
		const left = !spaceAfter && (!markAfter || spaceBefore || markBefore);
		const right = !spaceBefore && (!markBefore || spaceAfter || markAfter);
		const isWord = char === "_";
		const count = end - this.at;
		this.out.push({
			type: "delimiter", char, count, original: count, depth: 0,
			opens: left && (!isWord || !right || markBefore), closes: right && (!isWord || !left || markAfter),
		});
		this.at = end;
	}

	angle() {
		for (const [pattern, prefix] of [[AUTOLINK, ""], [MAIL, "mailto:"]]) {
			pattern.lastIndex = this.at;
			const match = pattern.exec(this.source);
			if (!match) continue;
			const children = [{type: "text", text: match[1]}];
			this.out.push({type: "link", address: prefix + match[1], title: "", children, depth: 1});
			this.at = pattern.lastIndex;
			return;
		}
		// Raw HTML is text. It is taken as one piece, so that nothing within an attribute counts as Markdown.
		TAG.lastIndex = this.at;
		const tag = TAG.exec(this.source);
		this.literal(tag ? tag[0].length : 1);
	}

	entity() {
		const found = entity(this.source, this.at);
		if (!found) return this.literal(1);
		this.text(found.text);
		this.at = found.end;
	}

	open(length) {
		if (this.brackets.length < MAX_DEPTH) this.brackets.push({index: this.out.length, isImage: length === 2, isActive: true});
		this.literal(length);
	}

	close() {
		const opener = this.brackets.pop();
		const target = opener?.isActive ? this.target(this.at + 1) : null;
		if (!target) return this.literal(1);
		const inner = emphasize(this.out.splice(opener.index).slice(1));
		this.at = target.end;
		const depth = depthOf(inner);
		const type = opener.isImage ? "image" : "link";
		this.out.push({type, address: target.address, title: target.title, children: inner, depth});
		// A link holds no link.
		if (opener.isImage) return;
		const {brackets} = this;
		for (let at = brackets.length - 1; at >= 0 && (brackets[at].isImage || brackets[at].isActive); at -= 1) {
			if (!brackets[at].isImage) brackets[at].isActive = false;
		}
	}

	// The `(address "title")` at a place; null where none is.
	target(at) {
		const {source} = this;
		if (source[at] !== "(") return null;
		at = skipSpace(source, at + 1);
		let address = "";
		if (source[at] === "<") {
			const end = closing(source, at + 1, ">", "<\n");
			if (end < 0) return null;
			address = source.slice(at + 1, end);
			at = end + 1;
		} else {
			const end = addressEnd(source, at);
			if (end < 0) return null;
			address = source.slice(at, end);
			at = end;
		}
		let next = skipSpace(source, at);
		let title = "";
		const quote = {'"': '"', "'": "'", "(": ")"}[source[next]];
		if (quote && next > at) {
			const end = closing(source, next + 1, quote, quote === ")" ? "(" : "");
			if (end < 0) return null;
			title = source.slice(next + 1, end);
			next = skipSpace(source, end + 1);
		}
		if (source[next] !== ")") return null;
		return {address: unescape(address), title: unescape(title), end: next + 1};
	}
}

function characterBefore(source, at) {
	const unit = source.charCodeAt(at - 1);
	const isLow = unit >= 0xdc00 && unit < 0xe000 && at > 1;
	return isLow ? String.fromCodePoint(source.codePointAt(at - 2)) : source[at - 1];
}

function skipSpace(source, at) {
	const limit = at + MAX_ADDRESS;
	while (at < limit && (source[at] === " " || source[at] === "\t" || source[at] === "\n")) at += 1;
	return at;
}

// Where an unescaped character closes what began; -1 where it does not within the limit.
function closing(source, at, char, forbidden) {
	const limit = Math.min(source.length, at + MAX_ADDRESS);
	for (; at < limit; at += 1) {
		if (source[at] === "\\" && PUNCTUATION.test(source[at + 1] ?? "")) at += 1;
		else if (source[at] === char) return at;
		else if (forbidden.includes(source[at])) return -1;
	}
	return -1;
}

function addressEnd(source, at) {
	const limit = Math.min(source.length, at + MAX_ADDRESS);
	let depth = 0;
	for (; at < limit; at += 1) {
		const char = source[at];
		if (char === "\\" && PUNCTUATION.test(source[at + 1] ?? "")) at += 1;
		else if (char <= " ") break;
		else if (char === "(") depth += 1;
		else if (char === ")" && depth-- === 0) return at;
	}
	return depth === 0 && at < limit ? at : -1;
}

// Turns runs of delimiters into emphasis, by the rules of CommonMark; what is left of them becomes text.
function emphasize(nodes) {
	const out = [];
	const openers = [];
	// Kind of closer -> the number of openers below which none matches it.
	const bottoms = new Map();
	for (const node of nodes) {
		if (node.type !== "delimiter") {
			out.push(node);
			continue;
		}
		while (node.closes && node.count > 0) {
			const key = `${node.char}${node.opens}${node.original % 3}`;
			const bottom = Math.min(bottoms.get(key) ?? 0, openers.length);
			let found = openers.length - 1;
			while (found >= bottom && !matches(openers[found], node)) found -= 1;
			if (found < bottom) {
				bottoms.set(key, openers.length);
				break;
			}
			const opener = openers[found];
			openers.length = found + 1;
			const used = opener.node.count > 1 && node.count > 1 ? 2 : 1;
			const children = plain(out.splice(opener.index + 1));
			const depth = depthOf(children);
			if (depth > MAX_DEPTH) {
				for (const child of children) out.push(child);
				break;
			}
			opener.node.count -= used;
			node.count -= used;
			out.push({type: used === 2 ? "strong" : "emphasis", children, depth});
			if (opener.node.count === 0) openers.pop();
		}
		if (node.count === 0) continue;
		if (node.opens) openers.push({index: out.length, node});
		out.push(node);
	}
	return plain(out);
}

const depthOf = children => 1 + children.reduce((most, child) => Math.max(most, child.depth), 0);

function matches({node: opener}, closer) {
	if (opener.char !== closer.char) return false;
	const isBoth = opener.closes || closer.opens;
	if (!isBoth || (opener.original + closer.original) % 3 !== 0) return true;
	return opener.original % 3 === 0 && closer.original % 3 === 0;
}

// The nodes with delimiters as text, neighbouring texts joined.
function plain(nodes) {
	const out = [];
	let texts = [];
	const flush = () => {
		if (texts.length) out.push({type: "text", text: texts.join(""), depth: 0});
		texts = [];
	};
	for (const node of nodes) {
		if (node.type === "delimiter") texts.push(node.char.repeat(node.count));
		else if (node.type === "text") texts.push(node.text);
		else {
			flush();
			out.push(node);
		}
	}
	flush();
	return out;
}
