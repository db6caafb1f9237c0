// What a person says and a model answers in the open conversation.
import {app, emit, model, running, save} from "./app.js";
import {t} from "./language.js";
import {fieldsOf} from "./parameters.js";
import {Reply} from "./reply.js";
import {keyStore} from "./session.js";

// Milliseconds after which a page that lost its connection has not been left.
const LEAVING_TIME = 200;

// Adds what a person wrote after a message (none: at the beginning), and asks for the reply.
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
