// The chat page: puts its parts together, lets a person in, and tells what happens.
import {byId, isComposing} from "./dom.js";
import * as app from "./app.js";
import {bindComposer, keepDraft} from "./composer.js";
import {bindDialogs} from "./dialogs.js";
import {bindSettings} from "./settings.js";
import {bindSidebar} from "./sidebar.js";
import {bindTranscript} from "./transcript.js";
import {enter, exchange, keyStore, takeFragment} from "./session.js";
import {applyTheme, chooseLanguage, chooseTheme, language, number, t, theme, useWords} from "./language.js";
import {english} from "./words-en.js";
import {chinese} from "./words-zh.js";

const drawers = ["sidebar", "settings"];

// The address is shortened before anything else happens.
const address = takeFragment();
addEventListener("hashchange", () => {
	const found = takeFragment();
	if (found.key || found.code) begin(found);
});
applyTheme();
useWords({en: english, zh: chinese});
for (const bind of [
	bindDialogs, bindTranscript, bindComposer, bindSettings, bindSidebar, bindChoices, bindDrawers, bindKeys, bindMessages,
]) bind();
begin(address);

async function begin(address) {
	let key = address.key ?? keyStore.get();
	try {
		if (address.code) key = await exchange(address.code);
	} catch (failure) {
		return askForKey(t(failure.status === 0 ? "noConnection" : "codeFails"));
	}
	await comeIn(key);
}

// Asks the server who we are, and opens what is ours.
async function comeIn(key) {
	let found;
	try {
		found = await enter(key);
	} catch (failure) {
		if (failure.status === 401) return askForKey(key ? t("wrongKey") : "");
		document.body.dataset.state = "failed";
		return tellError(reason(failure), () => comeIn(key));
	}
	byId("sign-in").hidden = true;
	byId("sign-out").hidden = key === null;
	byId("chat").hidden = false;
	await app.openSpace(found);
	document.body.dataset.state = "ready";
	byId("prompt").focus();
}

// Asks for a key, and forgets the one that was refused.
function askForKey(problem) {
	keyStore.set(null);
	document.body.dataset.state = "sign-in";
	byId("sign-in").hidden = false;
	byId("sign-in-error").textContent = problem;
	byId("key").focus();
}

function bindMessages() {
	byId("sign-in").addEventListener("submit", async event => {
		event.preventDefault();
		const key = byId("key").value.trim();
		if (!key) return;
		byId("key").value = "";
		hideError();
		await comeIn(key);
	});
	byId("sign-out").onclick = () => {
		app.saveAll(true);
		keyStore.set(null);
		location.reload();
	};
	byId("dismiss").onclick = hideError;
	byId("notice-dismiss").onclick = () => { byId("notice").hidden = true; };
	app.on("notice", (kind, text) => {
		byId("notice").dataset.kind = kind;
		byId("notice-text").textContent = text;
		byId("notice").hidden = false;
	});
	app.on("started", () => {
		hideError();
		live("started");
	});
	app.on("invalid", names => {
		setDrawer("settings", true);
		tellError(t("invalid", {names: names.map(name => t(`p_${name}`)).join(", ")}));
	});
	app.on("ended", ended);
	addEventListener("pagehide", () => app.saveAll(true));
	document.addEventListener("visibilitychange", () => {
		if (document.hidden) {
			keepDraft();
			app.saveAll(false);
		} else if (app.app.store) app.catchUp();
	});
}

function ended(conversation, message, event, failure) {
	live(event);
	if (!failure) return;
	if (failure.status === 401) return askForKey(t("keyRevoked"));
	tellError(reason(failure), () => { if (conversation === app.app.conversation) app.regenerate(message); });
}

function reason(failure) {
	if (failure.status === 0) return [t("noConnection"), failure.message].filter(Boolean).join(" ");
	const parts = [failure.message];
	if (failure.code === "context_length_exceeded") parts.push(t("contextEnd"));
	if (failure.retryAfter) parts.push(t("retryAfter", {seconds: number(failure.retryAfter)}));
	return parts.join(" ");
}

function live(event) {
	byId("live").dataset.event = event;
	byId("live").textContent = t(`said_${event}`);
}

function tellError(text, retry) {
	byId("error-text").textContent = text;
	byId("retry").hidden = !retry;
	byId("retry").onclick = () => {
		hideError();
		retry();
	};
	byId("error").hidden = false;
}

function hideError() {
	byId("error").hidden = true;
}

function bindChoices() {
	byId("language").value = language;
	byId("language").onchange = event => chooseLanguage(event.target.value);
	byId("theme").value = theme();
	byId("theme").onchange = event => chooseTheme(event.target.value);
}

function setDrawer(name, isOpen) {
	document.body.classList.toggle(`${name}-open`, isOpen);
	byId(`open-${name}`).setAttribute("aria-expanded", String(isOpen));
}

function bindDrawers() {
	for (const name of drawers) {
		byId(`open-${name}`).onclick = () => {
			const isOpen = !document.body.classList.contains(`${name}-open`);
			for (const other of drawers) setDrawer(other, other === name && isOpen);
			if (isOpen) byId(name).querySelector("button, input, textarea").focus();
		};
	}
	app.on("open", () => setDrawer("sidebar", false));
}

function bindKeys() {
	document.addEventListener("keydown", event => {
		if (isComposing(event) || event.defaultPrevented) return;
		if (event.key === "Escape") escape();
		else if (event.altKey && event.code === "KeyN") {
			event.preventDefault();
			byId("new").click();
		} else if (event.key === "/" && !event.target.closest("input, textarea, select, dialog")) {
			event.preventDefault();
			byId("prompt").focus();
		}
	});
}

// A dialog closes itself. Otherwise a running reply stops, or else a drawer closes.
function escape() {
	if (document.querySelector("dialog[open]")) return;
	const reply = app.running();
	if (reply) return reply.stop();
	const open = drawers.find(name => document.body.classList.contains(`${name}-open`));
	if (!open) return;
	setDrawer(open, false);
	byId(`open-${open}`).focus();
}
