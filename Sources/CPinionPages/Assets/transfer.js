// Conversations as files: JSON that can be read back, and Markdown for people.
import {Conversation, newID} from "./conversation.js";

const FORMAT = "pinion-conversations";
export const MAX_FILE = 64 * 1024 * 1024;
const MAX_CONVERSATIONS = 10_000;
const MAX_MESSAGES = 100_000;
const STATES = ["done", "stopped", "interrupted", "failed"];

export function toJSON(conversations) {
	return JSON.stringify({
		format: FORMAT, version: 1,
		conversations: conversations.map(conversation => ({
			...conversation.record, messages: parentsFirst(conversation).map(({conversation: _, ...rest}) => rest),
		})),
	}, null, 1);
}

function parentsFirst({children, messages}) {
	const ids = [...children.get("") ?? []];
	for (const id of ids) ids.push(...children.get(id) ?? []);
	return ids.map(id => messages.get(id));
}

// The path that is shown, under headings of the given words.
export function toMarkdown(conversation, words) {
	const parts = [`# ${conversation.title.replaceAll("\n", " ")}`];
	if (conversation.system.trim()) parts.push(`## ${words.system}`, conversation.system.trim());
	for (const message of conversation.path()) {
		parts.push(`## ${message.role === "user" ? words.you : message.model || words.model}`);
		if (message.text) parts.push(message.text.trim());
		for (const call of message.calls ?? []) {
			const fence = "`".repeat(Math.max(3, ...(call.arguments.match(/`+/g) ?? []).map(run => run.length + 1)));
			parts.push(`${fence}json ${call.name}\n${call.arguments}\n${fence}`);
		}
	}
	return parts.join("\n\n") + "\n";
}

// What is wrong with a file: where, what was found and what was expected.
export class ImportFailure extends Error {
	constructor(place, expected, found) {
		super(place);
		Object.assign(this, {place, expected, found: found === undefined ? "undefined" : JSON.stringify(found).slice(0, 80)});
	}
}

// The conversations of a file, under new ids: nothing that is there is overwritten.
export function fromJSON(text) {
	let file;
	try {
		file = JSON.parse(text);
	} catch (error) {
		throw new ImportFailure("", "JSON", String(error.message));
	}
	check(isObject(file), "", "{format, version, conversations}", file);
	check(file.format === FORMAT, "format", `"${FORMAT}"`, file.format);
	check(file.version === 1, "version", "1", file.version);
	check(isList(file.conversations, MAX_CONVERSATIONS), "conversations", `[<= ${MAX_CONVERSATIONS}]`, file.conversations);
	return file.conversations.map((one, index) => conversationOf(one, `conversations[${index}]`));
}

const isObject = value => value instanceof Object && !Array.isArray(value);
const isList = (value, most) => Array.isArray(value) && value.length <= most;
const isTime = value => Number.isFinite(value) && value >= 0;

function check(isRight, place, expected, found) {
	if (!isRight) throw new ImportFailure(place, expected, found);
}

function string(value, place, isOptional) {
	if (isOptional && (value === undefined || value === null)) return "";
	check(typeof value === "string", place, "string", value);
	return value;
}

function conversationOf(one, place) {
	check(isObject(one), place, "{...}", one);
	check(isList(one.messages, MAX_MESSAGES), `${place}.messages`, `[<= ${MAX_MESSAGES}]`, one.messages);
	const ids = new Map();
	const messages = one.messages.map((message, index) => {
		const at = `${place}.messages[${index}]`;
		check(isObject(message), at, "{...}", message);
		check(typeof message.id === "string" && !ids.has(message.id), `${at}.id`, "a string of its own", message.id);
		const parent = message.parent ?? null;
		// A parent that comes first leaves no place for a circle.
		check(parent === null || ids.has(parent), `${at}.parent`, "the id of an earlier message", message.parent);
		ids.set(message.id, newID());
		return messageOf(message, at, ids.get(message.id), parent === null ? null : ids.get(parent), index);
	});
	const parameters = {};
	for (const [name, value] of Object.entries(isObject(one.parameters) ? one.parameters : {})) {
		parameters[name] = string(value, `${place}.parameters.${name}`);
	}
	const selected = {};
	for (const [parent, child] of Object.entries(isObject(one.selected) ? one.selected : {})) {
		if (ids.has(child) && (parent === "" || ids.has(parent))) selected[ids.get(parent) ?? ""] = ids.get(child);
	}
	const conversation = new Conversation({
		title: string(one.title, `${place}.title`, true).slice(0, 1000), isNamed: true,
		created: isTime(one.created) ? one.created : Date.now(), updated: Date.now(),
		model: string(one.model, `${place}.model`, true) || null, system: string(one.system, `${place}.system`, true),
		parameters, selected,
	}, messages);
	conversation.changed = new Set(conversation.messages.keys());
	return conversation;
}

function messageOf(message, place, id, parent, order) {
	check(["user", "assistant"].includes(message.role), `${place}.role`, '"user" | "assistant"', message.role);
	const out = {
		id, parent, order, role: message.role, text: string(message.text, `${place}.text`),
		created: isTime(message.created) ? message.created : 0,
	};
	if (message.role === "user") return out;
	for (const name of ["reasoning", "model", "finish", "error"]) {
		const text = string(message[name], `${place}.${name}`, true);
		if (text) out[name] = text;
	}
	out.state = STATES.includes(message.state) ? message.state : "done";
	if (message.calls !== undefined) {
		check(isList(message.calls, MAX_MESSAGES), `${place}.calls`, "[...]", message.calls);
		out.calls = message.calls.map((call, index) => {
			const at = `${place}.calls[${index}]`;
			check(isObject(call), at, "{...}", call);
			return {
				id: string(call.id, `${at}.id`, true), name: string(call.name, `${at}.name`),
				arguments: string(call.arguments, `${at}.arguments`),
			};
		});
	}
	const {prompt, cached, completion, reasoning = 0, before = 0} = isObject(message.usage) ? message.usage : {};
	const usage = {prompt, cached, completion, reasoning, before};
	if (Object.values(usage).every(isTime)) out.usage = usage;
	for (const name of ["firstMs", "rate"]) if (isTime(message[name])) out[name] = message[name];
	return out;
}
