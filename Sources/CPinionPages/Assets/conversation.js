// A conversation: a tree of messages of which one path is shown. Replies made again, and questions edited, are further
// children of the same parent; nothing is overwritten.

const TITLE_LENGTH = 60;

export const newID = () => {
	// `crypto.randomUUID` is missing on pages without TLS.
	const bytes = crypto.getRandomValues(new Uint8Array(12));
	return [...bytes].map(byte => byte.toString(16).padStart(2, "0")).join("");
};

// What of a conversation is kept beside its messages.
const FIELDS = ["id", "title", "isNamed", "created", "updated", "version", "model", "system", "parameters", "selected"];

export class Conversation {
	constructor(record = {}, messages = []) {
		Object.assign(this, {
			id: newID(), title: "", isNamed: false, created: Date.now(), updated: Date.now(), version: 0, model: null,
			system: "", parameters: {}, selected: {},
		}, record);
		this.messages = new Map(messages.map(message => [message.id, message]));
		this.children = new Map();
		for (const message of messages) this.adopt(message);
		// What the store does not know yet.
		this.changed = new Set();
		this.removed = new Set();
	}

	get record() {
		return Object.fromEntries(FIELDS.map(name => [name, this[name]]));
	}

	adopt(message) {
		const key = message.parent ?? "";
		if (!this.children.has(key)) this.children.set(key, []);
		this.children.get(key).push(message.id);
	}

	// The messages that are shown, in their order.
	path() {
		const path = [];
		for (let parent = ""; ;) {
			const ids = this.children.get(parent) ?? [];
			if (!ids.length) return path;
			parent = ids.includes(this.selected[parent]) ? this.selected[parent] : ids.at(-1);
			path.push(this.messages.get(parent));
		}
	}

	// The versions of a message, itself among them.
	versions(message) {
		return (this.children.get(message.parent ?? "") ?? []).map(id => this.messages.get(id));
	}

	// Adds a message after another, or at the beginning, and shows it.
	add(parent, fields) {
		// Later than its parent, whatever the clock says.
		const created = Math.max(Date.now(), (parent?.created ?? 0) + 1);
		const message = {id: newID(), parent: parent?.id ?? null, created, text: "", ...fields};
		this.messages.set(message.id, message);
		this.adopt(message);
		this.select(message);
		this.touch(message);
		if (!this.isNamed && message.role === "user" && !parent) this.title = titleOf(message.text);
		return message;
	}

	select(message) {
		this.selected[message.parent ?? ""] = message.id;
	}

	// Marks a message to be saved.
	touch(message) {
		this.changed.add(message.id);
		this.updated = Date.now();
	}

	// The message and all that follow it, in every version.
	subtree(message) {
		const ids = [message.id];
		for (const id of ids) ids.push(...this.children.get(id) ?? []);
		return ids;
	}

	// Removes a message and all that follow it.
	remove(message) {
		for (const id of this.subtree(message)) {
			this.messages.delete(id);
			this.children.delete(id);
			delete this.selected[id];
			this.changed.delete(id);
			this.removed.add(id);
		}
		const key = message.parent ?? "";
		this.children.set(key, this.children.get(key).filter(id => id !== message.id));
		delete this.selected[key];
		this.updated = Date.now();
	}

	// Makes it a conversation of its own, all of which has to be saved.
	become(title) {
		const changed = new Set(this.messages.keys());
		Object.assign(this, {id: newID(), version: 0, title, isNamed: true, changed, removed: new Set()});
	}

	// The messages of a request that asks for what follows `last`, or goes on with it.
	//
	// What a model thought is left out, as its own template would; a reply without text and calls says nothing.
	wire(last) {
		const out = this.system.trim() ? [{role: "system", content: this.system}] : [];
		for (const message of this.path()) {
			if (message.role === "user") out.push({role: "user", content: message.text});
			else if (message.text || message.calls?.length) out.push(assistant(message));
			if (message === last) break;
		}
		return out;
	}
}

function assistant(message) {
	const wire = {role: "assistant", content: message.text || null};
	if (message.calls?.length) {
		wire.tool_calls = message.calls.map((call, index) => ({
			id: call.id || `call_${index}`, type: "function", function: {name: call.name, arguments: call.arguments},
		}));
	}
	return wire;
}

function titleOf(text) {
	const line = text.trim().split("\n", 1)[0];
	const characters = [...line.slice(0, 4 * TITLE_LENGTH)];
	return characters.length > TITLE_LENGTH ? characters.slice(0, TITLE_LENGTH).join("") + "\u2026" : line;
}
