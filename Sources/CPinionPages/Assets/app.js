// What the parts of the page share. They listen to what changes, and change nothing but through the functions here.
import {root} from "./api.js";
import {Conversation} from "./conversation.js";
import {Conflict, openStore} from "./store.js";
import {Reply} from "./reply.js";
import {fieldsOf} from "./parameters.js";
import {keyStore} from "./session.js";
import {kept} from "./kept.js";
import {t} from "./language.js";

const OPEN = "pinion.open";
const tab = kept("sessionStorage");
// Milliseconds in which another tab says that a reply is its own.
const ANSWER_TIME = 250;
const SETTLE_TIME = 400;
const LEAVING_TIME = 200;
const listeners = new Map();

export const app = {
	models: [], store: null, records: [], conversation: null, replies: new Map(), elsewhere: new Set(),
};

export function on(event, call) {
	listeners.set(event, [...(listeners.get(event) ?? []), call]);
}

export function emit(event, ...values) {
	for (const call of listeners.get(event) ?? []) call(...values);
}

export const model = () => app.models.find(one => one.id === app.conversation?.model) ?? app.models[0];
export const running = (conversation = app.conversation) => app.replies.get(conversation?.id);
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
		for (const reply of app.replies.values()) {
			if (reply.message.id === data.id) channel.postMessage({type: "claims", id: data.id});
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

// Stops all replies of conversations that will not be kept.
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
	const loaded = await app.store.load(conversation.id);
	if (!loaded || app.conversation !== conversation) {
		if (!loaded) emit("notice", "tab", t("otherTabRemoved"));
		return;
	}
	if (loaded.record.version === conversation.version) return;
	app.stale = loaded.messages.some(isOpen);
	emit("notice", "tab", t("otherTabWrote"));
	if (!app.stale) await show(loaded);
}

async function refreshList() {
	try {
		app.records = (await app.store.list()).sort((one, other) => other.updated - one.updated);
	} catch {
		emit("notice", "storage", t("storageFails"));
	}
	emit("list");
}
// The conversation of an id that is in memory: open, or with a reply that runs.
const held = id => id === app.conversation?.id ? app.conversation : app.replies.get(id)?.conversation;

export async function openConversation(id) {
	const ongoing = app.replies.get(id)?.conversation;
	if (ongoing) setOpen(ongoing);
	else {
		let loaded = null;
		try { loaded = id && await app.store.load(id); } catch { emit("notice", "storage", t("storageFails")); }
		if (!loaded) return false;
		await show(loaded);
	}
	return true;
}

async function show({record, messages}) {
	const conversation = new Conversation(record, messages);
	const open = messages.filter(isOpen);
	const turn = ++opening;
	if (open.length) {
		// Another tab may be at it; otherwise the page was left in the middle.
		claims = new Set();
		for (const {id} of open) channel.postMessage({type: "asks", id});
		await new Promise(resolve => setTimeout(resolve, ANSWER_TIME));
	}
	// A person may have opened another one meanwhile.
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
	if (!loaded) return;
	await save(new Conversation({...loaded.record, title, isNamed: true}, loaded.messages));
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
	const saving = [app.conversation, ...[...app.replies.values()].map(reply => reply.conversation)].map(one => one.isSaving);
	stopAll();
	await Promise.all(saving);
	await attempt(() => app.store.clear());
	channel.postMessage({type: "forgotten"});
	for (const name of ["pinion.open", "pinion.key"]) tab.set(name, null);
	for (const name of ["pinion.language", "pinion.theme"]) kept("localStorage").set(name, null);
	location.reload();
}

async function attempt(write) {
	try {
		await write();
		return true;
	} catch (error) {
		emit("notice", "storage", error.name === "QuotaExceededError" ? t("storageFull") : t("storageFails"));
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
	for (const conversation of conversations) if (!await saved(conversation)) return false;
	if (conversations.length) await openConversation(conversations[0].id);
	return true;
}

async function saved(conversation) {
	await save(conversation);
	return conversation.version > 0;
}
// Adds what a person wrote after a message (nil: at the beginning), and asks for the reply.
export function send(text, parent) {
	const {conversation} = app;
	if (!canAsk()) return false;
	ask(conversation, conversation.add(parent, {role: "user", text}));
	return true;
}

// Another reply beside one; one that failed before its first word makes room for it.
export function regenerate(message) {
	const {conversation} = app;
	if (!conversation.messages.has(message.id) || !canAsk()) return;
	const asked = conversation.messages.get(message.parent);
	const isEmpty = !message.text && !message.reasoning && !message.calls;
	if (isEmpty && conversation.subtree(message).length === 1) conversation.remove(message);
	ask(conversation, asked);
}

// Goes on with a reply where it stopped, without white space at its end: tokenizers go on badly after that.
export function continueReply(message) {
	if (!canAsk()) return;
	message.text = message.text.trimEnd();
	const {usage} = message;
	if (usage) Object.assign(usage, {before: usage.before + usage.completion, completion: 0});
	for (const name of ["finish", "error", "rate", "firstMs"]) delete message[name];
	run(app.conversation, message, {continue_final_message: true});
}

function canAsk() {
	if (running()) return false;
	if (!model()) {
		emit("notice", "models", t("noModels"));
		return false;
	}
	const {errors} = fieldsOf(app.conversation.parameters);
	if (errors.length) emit("invalid", errors);
	return !errors.length;
}

function ask(conversation, asked) {
	run(conversation, conversation.add(asked, {role: "assistant", model: model().id}), {});
}

function run(conversation, message, extra) {
	const {fields} = fieldsOf(conversation.parameters);
	// A reply that goes on is past its thinking.
	if (extra.continue_final_message) delete fields.reasoning_effort;
	conversation.model ??= model().id;
	const body = {
		model: model().id, messages: conversation.wire(message), stream: true, stream_options: {include_usage: true},
		...fields, ...extra,
	};
	message.state = "waiting";
	conversation.touch(message);
	const isShown = () => conversation === app.conversation;
	const reply = new Reply(conversation, message, {
		text: part => isShown() && emit("text", message, part),
		reasoning: part => isShown() && emit("reasoning", message, part),
		changed: () => isShown() && emit("message", message),
		save: () => saveMessage(conversation, message),
		ended(event, failure) {
			app.replies.delete(conversation.id);
			conversation.touch(message);
			// A page that is left loses its connections first. A write that began now would be in the way of its last one.
			setTimeout(() => saveMessage(conversation, message), failure ? LEAVING_TIME : 0);
			emit("message", message);
			emit("ended", conversation, message, event, failure);
		},
	});
	app.replies.set(conversation.id, reply);
	emit("started", conversation, message);
	if (isShown() && extra.continue_final_message) emit("restart", message);
	if (isShown()) emit("path");
	save(conversation);
	reply.run(JSON.stringify(body), keyStore.get());
}

function saveMessage(conversation, message) {
	if (!conversation.messages.has(message.id)) return;
	conversation.touch(message);
	save(conversation);
}

export function select(message) {
	app.conversation.select(message);
	emit("path");
	save(app.conversation);
}

export function removeMessage(message) {
	const reply = running();
	if (reply && app.conversation.subtree(message).includes(reply.message.id)) reply.stop();
	app.conversation.remove(message);
	emit("path");
	save(app.conversation);
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
