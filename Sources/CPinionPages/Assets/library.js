// The conversations that are kept, here and by other tabs.
import {root} from "./api.js";
import {app, emit, running} from "./app.js";
import {Conversation} from "./conversation.js";
import {kept} from "./kept.js";
import {t} from "./language.js";
import {keyStore} from "./session.js";
import {Conflict, openStore} from "./store.js";

const OPEN = "pinion.open";
const tab = kept("sessionStorage");
// Milliseconds in which another tab says that a reply is its own, and in which its writes settle.
const ANSWER_TIME = 250;
const SETTLE_TIME = 400;
let channel = null;
let claims = new Set();
let opening = 0;

// Opens the space of a key. The same space again, with another key, leaves everything as it is.
export async function openSpace({models, space}) {
	app.models = models;
	const name = `pinion:${root.pathname}:${space}`;
	if (app.name !== name) {
		app.name = name;
		app.store = await openStore(name);
		channel?.close();
		channel = new BroadcastChannel(name);
		channel.onmessage = ({data}) => hear(data);
		if (!app.store.isLasting) emit("notice", "storage", t("storageMissing"));
		await refreshList();
		if (!await openConversation(tab.get(OPEN))) newConversation();
	}
	emit("models");
}

function hear(data) {
	switch (data.type) {
	case "asks":
		if ([...app.replies.values()].some(({message}) => message.id === data.id)) {
			channel.postMessage({type: "claims", id: data.id});
		}
		break;
	case "claims": claims.add(data.id); break;
	case "forgotten":
		stopAll();
		refreshList().then(newConversation);
		break;
	case "removed": case "saved":
		app.stale = app.stale || data.id === app.conversation?.id && data.version !== app.conversation.version;
		clearTimeout(app.settling);
		app.settling = setTimeout(catchUp, SETTLE_TIME);
	}
}

// Stops all replies, which will not be kept.
function stopAll() {
	app.conversation.isGone = true;
	for (const reply of app.replies.values()) {
		reply.conversation.isGone = true;
		reply.stop();
	}
}

const isOpen = ({state}) => state === "waiting" || state === "streaming";

// Shows what another tab wrote, once its reply is whole; what is being written here stays as it is here.
export async function catchUp() {
	await refreshList();
	const {conversation} = app;
	if (!app.stale || !conversation || document.hidden) return;
	app.stale = false;
	if (running() || conversation.changed.size || conversation.isSaving) {
		emit("notice", "tab", t("otherTabWrites"));
		return;
	}
	const turn = opening;
	const loaded = await app.store.load(conversation.id);
	if (!loaded) return emit("notice", "tab", t("otherTabRemoved"));
	if (app.conversation !== conversation || loaded.record.version === conversation.version) return;
	app.stale = loaded.messages.some(isOpen);
	emit("notice", "tab", t("otherTabWrote"));
	if (!app.stale) await show(loaded, turn);
}

async function refreshList() {
	try {
		app.records = (await app.store.list()).sort((one, other) => other.updated - one.updated);
	} catch {
		emit("notice", "storage", t("storageFails"));
	}
	emit("list");
}

// The conversation of an id that is open or has a reply that runs.
const held = id => id === app.conversation?.id ? app.conversation : app.replies.get(id)?.conversation;

export async function openConversation(id) {
	const ongoing = app.replies.get(id)?.conversation;
	if (ongoing) setOpen(ongoing);
	else {
		const turn = ++opening;
		let loaded = null;
		try { loaded = id && await app.store.load(id); } catch { emit("notice", "storage", t("storageFails")); }
		if (!loaded) return false;
		await show(loaded, turn);
	}
	return true;
}

// Shows a conversation, unless a person has opened another one since the turn.
async function show({record, messages}, turn) {
	const conversation = new Conversation(record, messages);
	const open = messages.filter(isOpen);
	if (open.length) {
		// Another tab may be at it; otherwise the page was left in the middle.
		claims = new Set();
		for (const {id} of open) channel.postMessage({type: "asks", id});
		await new Promise(resolve => setTimeout(resolve, ANSWER_TIME));
	}
	if (turn !== opening) return;
	app.elsewhere = new Set(claims);
	const lost = open.filter(message => !claims.has(message.id));
	for (const message of lost) {
		message.state = "interrupted";
		conversation.touch(message);
	}
	setOpen(conversation);
	if (lost.length) save(conversation);
}

function setOpen(conversation) {
	opening += 1;
	conversation.store ??= app.store;
	app.conversation = conversation;
	app.stale = false;
	tab.set(OPEN, conversation.id);
	emit("open");
	emit("list");
}

export function newConversation() {
	setOpen(new Conversation({model: app.conversation?.model ?? null}));
}

export async function rename(id, title) {
	const conversation = held(id);
	if (conversation) {
		Object.assign(conversation, {title, isNamed: true});
		return save(conversation);
	}
	const loaded = await app.store.load(id);
	if (loaded) await save(new Conversation({...loaded.record, title, isNamed: true}, loaded.messages));
}

export async function removeConversation(id) {
	const conversation = held(id);
	if (conversation) conversation.isGone = true;
	app.replies.get(id)?.stop();
	await attempt(() => app.store.remove(id));
	channel.postMessage({type: "removed", id});
	if (id === app.conversation.id) newConversation();
	await refreshList();
}

export async function forget() {
	const saving = [app.conversation, ...Array.from(app.replies.values(), reply => reply.conversation)].map(one => one.isSaving);
	stopAll();
	await Promise.all(saving);
	await attempt(() => app.store.clear());
	channel.postMessage({type: "forgotten"});
	tab.set(OPEN, null);
	keyStore.set(null);
	for (const name of ["pinion.language", "pinion.theme"]) kept("localStorage").set(name, null);
	location.reload();
}

async function attempt(write) {
	try {
		await write();
		return true;
	} catch (error) {
		// Told once, until a write succeeds.
		if (!app.isFailing) emit("notice", "storage", t(error.name === "QuotaExceededError" ? "storageFull" : "storageFails"));
		app.isFailing = true;
		return false;
	}
}

// Writes what changed. One write at a time; what changes meanwhile is written by the next.
export function save(conversation) {
	conversation.wantsSaving = true;
	conversation.isSaving ??= (async () => {
		while (conversation.wantsSaving) {
			conversation.wantsSaving = false;
			if (!await write(conversation)) break;
		}
		conversation.isSaving = null;
		await refreshList();
	})();
	return conversation.isSaving;
}

async function write(conversation) {
	if (conversation.isGone || !conversation.messages.size && !conversation.version) return true;
	const {changed, removed, version} = conversation;
	Object.assign(conversation, {changed: new Set(), removed: new Set()});
	const record = {...conversation.record, version: version + 1};
	const messages = [...changed].map(id => conversation.messages.get(id)).filter(Boolean);
	try {
		await (conversation.store ?? app.store).save(record, messages, [...removed], version);
		conversation.version = version + 1;
		app.isFailing = false;
		channel.postMessage({type: "saved", id: conversation.id, version: version + 1});
		return true;
	} catch (error) {
		for (const id of changed) conversation.changed.add(id);
		for (const id of removed) conversation.removed.add(id);
		if (!(error instanceof Conflict)) return attempt(() => { throw error; });
		fork(conversation);
		return true;
	}
}

// Another tab wrote first: what is here goes on as a conversation of its own.
function fork(conversation) {
	const reply = app.replies.get(conversation.id);
	app.replies.delete(conversation.id);
	conversation.become(t("copyOf", {title: conversation.title}));
	conversation.wantsSaving = true;
	if (reply) app.replies.set(conversation.id, reply);
	if (conversation === app.conversation) tab.set(OPEN, conversation.id);
	emit("notice", "tab", t("otherTabCopy", {title: conversation.title}));
}

export async function addImported(conversations) {
	for (const conversation of conversations) {
		await save(conversation);
		if (!conversation.version) return false;
	}
	if (conversations.length) await openConversation(conversations[0].id);
	return true;
}

// Leaves nothing unsaved when the page is hidden, or left.
export function saveAll(isLeft) {
	const open = new Set([app.conversation]);
	for (const {conversation, message} of app.replies.values()) {
		conversation.touch(message);
		if (!isLeft) save(conversation);
		open.add(conversation);
	}
	for (const conversation of isLeft ? open : []) {
		if (!conversation?.changed.size || conversation.isGone) continue;
		const messages = [...conversation.changed].map(id => conversation.messages.get(id)).filter(Boolean);
		try { conversation.store.saveNow(conversation.record, messages); } catch { /* Nobody could be told. */ }
	}
}
