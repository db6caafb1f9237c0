// The language and the theme of both pages: the browser's own unless the reader chose another.
import {kept} from "./kept.js";

const LANGUAGE = "pinion.language";
const THEME = "pinion.theme";
const listeners = new Set();

const chosen = kept("localStorage");
export let language = /^zh/i.test(chosen.get(LANGUAGE) ?? navigator.language) ? "zh" : "en";
let tables = {en: {}, zh: {}};

// Gives the page its words, and fills them in: `useWords({en: english, zh: chinese})`.
export function useWords(words) {
	tables = words;
	translatePage();
}

// A sentence of the page: `t("tokens", {count: 5})` puts 5 in the place of `{count}`.
export function t(key, values = {}) {
	// A word of the server's that has no translation is shown as it is.
	const text = Object.hasOwn(tables[language], key) ? tables[language][key] : String(key);
	return text.replace(/\{(\w+)\}/g, (all, name) => values[name] ?? all);
}

// A number as the language writes it.
export function number(value, digits = 0) {
	return value.toLocaleString(language, {maximumFractionDigits: digits});
}

// Calls a function now, and again when another language is chosen.
export function onLanguage(call) {
	listeners.add(call);
	call();
}

export function chooseLanguage(name) {
	language = name === "zh" ? "zh" : "en";
	chosen.set(LANGUAGE, language);
	translatePage();
	for (const call of listeners) call();
}

export function theme() {
	return chosen.get(THEME) ?? "system";
}

export function chooseTheme(name) {
	chosen.set(THEME, name);
	applyTheme();
}

export function applyTheme() {
	const name = theme();
	if (name === "light" || name === "dark") document.documentElement.dataset.theme = name;
	else delete document.documentElement.dataset.theme;
}

// Fills in the page's own words: `data-t` names an element's text, `data-t-label` its label, and so on.
function translatePage() {
	document.documentElement.lang = language === "zh" ? "zh-CN" : "en";
	for (const node of document.querySelectorAll("[data-t]")) node.textContent = t(node.dataset.t);
	for (const [name, attribute] of [["label", "aria-label"], ["title", "title"], ["placeholder", "placeholder"]]) {
		for (const node of document.querySelectorAll(`[data-t-${name}]`)) {
			node.setAttribute(attribute, t(node.getAttribute(`data-t-${name}`)));
		}
	}
}
