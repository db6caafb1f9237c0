// Elements of the page. Text of models, users and the server becomes text nodes here, never markup.
import {t} from "./language.js";

// An element with properties and children: `element("p", {className: "note", role: "status"}, "text", other)`.
//
// What the element knows is set as a property, the rest as attributes; false and null are left out.
export function element(tag, properties = {}, ...children) {
	const node = document.createElement(tag);
	for (const [name, value] of Object.entries(properties)) {
		if (value === false || value === null || value === undefined) continue;
		if (name in node && name !== "role") node[name] = value;
		else node.setAttribute(name, value);
	}
	node.append(...children.filter(child => (child ?? false) !== false));
	return node;
}

export const byId = id => document.getElementById(id);

export function button(className, label, action, properties = {}) {
	const node = element("button", {type: "button", className, ...properties}, label);
	node.addEventListener("click", action);
	return node;
}

// Characters that turn the direction of others, or that nobody sees, are shown by their names: a text could otherwise look
// like another one. Joiners are left alone, because scripts and emoji need them.
const HIDDEN = /[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]/;
const HIDDEN_ALL = new RegExp(HIDDEN, "g");
const NAMES = {
	"\u061c": "ALM", "\u200e": "LRM", "\u200f": "RLM", "\u202a": "LRE", "\u202b": "RLE", "\u202c": "PDF",
	"\u202d": "LRO", "\u202e": "RLO", "\u2066": "LRI", "\u2067": "RLI", "\u2068": "FSI", "\u2069": "PDI",
	"\ufeff": "BOM", "\x7f": "DEL",
};

// Appends text, with characters that nobody sees as marks.
export function appendText(parent, text) {
	if (!HIDDEN.test(text)) {
		parent.append(text);
		return;
	}
	let from = 0;
	for (const {0: char, index} of text.matchAll(HIDDEN_ALL)) {
		if (index > from) parent.append(text.slice(from, index));
		parent.append(element("span", {className: "mark"}, hiddenName(char)));
		from = index + 1;
	}
	if (from < text.length) parent.append(text.slice(from));
}

// Text for places that hold text only, such as titles and options.
export function visible(text) {
	return text.replace(HIDDEN_ALL, hiddenName);
}

function hiddenName(char) {
	const code = char.charCodeAt(0);
	if (code < 0x20) return String.fromCharCode(0x2400 + code);
	return NAMES[char] ?? "U+" + code.toString(16).toUpperCase().padStart(4, "0");
}

// Whether a key belongs to an input method that composes: it then neither sends nor closes anything.
//
// Safari ends the composition before the key that ended it, whose code is 229.
export function isComposing(event) {
	return event.isComposing || event.keyCode === 229;
}

// Enter sends; Shift+Enter breaks the line, and an input method keeps its own Enter.
export function onEnter(area, send) {
	area.addEventListener("keydown", event => {
		if (event.key !== "Enter" || event.shiftKey || isComposing(event)) return;
		event.preventDefault();
		send();
	});
}

// A button that copies what `text()` gives, and says whether the browser let it.
export function copyButton(className, text) {
	const copy = button(className, t("copy"), async () => {
		let isCopied = true;
		try {
			await navigator.clipboard.writeText(text());
		} catch {
			// Pages that came without TLS from another machine have no clipboard but this one.
			const area = element("textarea", {value: text(), className: "off-screen"});
			document.body.append(area);
			area.select();
			isCopied = document.execCommand("copy");
			area.remove();
		}
		copy.textContent = t(isCopied ? "copied" : "copyFailed");
	});
	return copy;
}
