// Where conversations are kept: a database of the browser for each key and page, or memory where there is none.

const VERSION = 1;
const BOTH = ["conversations", "messages"];
const ALL = [...BOTH, "drafts"];

// Another tab has written a conversation since it was read here.
export class Conflict extends Error {}

// Opens the store of a name, or memory in its place; `isLasting` tells which it is.
export async function openStore(name) {
	try {
		return new IndexedStore(await open(name));
	} catch {
		return new MemoryStore();
	}
}

function open(name) {
	return new Promise((resolve, reject) => {
		const request = indexedDB.open(name, VERSION);
		request.onupgradeneeded = () => {
			const database = request.result;
			database.createObjectStore("conversations", {keyPath: "id"});
			database.createObjectStore("messages", {keyPath: ["conversation", "id"]});
			database.createObjectStore("drafts");
		};
		request.onsuccess = () => {
			// Another tab with a newer page has to be able to change the tables.
			request.result.onversionchange = () => request.result.close();
			resolve(request.result);
		};
		request.onerror = () => reject(request.error);
		request.onblocked = () => reject(new Error("blocked"));
	});
}

const answer = request => new Promise((resolve, reject) => {
	request.onsuccess = () => resolve(request.result);
	request.onerror = () => reject(request.error);
});

const within = id => IDBKeyRange.bound([id], [id, []]);

class IndexedStore {
	isLasting = true;

	constructor(database) {
		this.database = database;
	}

	// Runs a transaction; resolves with what `work` returned once all of it is written.
	transaction(names, mode, work) {
		return new Promise((resolve, reject) => {
			const transaction = this.database.transaction(names, mode);
			let result;
			let failure = null;
			transaction.oncomplete = () => resolve(result);
			transaction.onabort = () => reject(failure ?? transaction.error ?? new Error("aborted"));
			const store = name => transaction.objectStore(name);
			work(store).then(value => { result = value; }, error => {
				failure = error;
				try { transaction.abort(); } catch { /* It is over already. */ }
			});
		});
	}

	list() {
		return this.transaction(["conversations"], "readonly", store => answer(store("conversations").getAll()));
	}

	// A conversation's record and messages; null where there is none.
	load(id) {
		return this.transaction(BOTH, "readonly", async store => {
			const [record, messages] = await Promise.all([
				answer(store("conversations").get(id)), answer(store("messages").getAll(within(id))),
			]);
			return record ? {record, messages: inOrder(messages)} : null;
		});
	}

	// Writes a record and messages, and takes removed ones away.
	//
	// Throws ``Conflict`` where the record in the store is not of the version that this one was made from.
	save(record, messages, removed, base) {
		return this.transaction(BOTH, "readwrite", async store => {
			const known = await answer(store("conversations").get(record.id));
			if ((known?.version ?? 0) !== base) throw new Conflict();
			store("conversations").put(record);
			for (const message of messages) store("messages").put({...message, conversation: record.id});
			for (const id of removed) store("messages").delete([record.id, id]);
		});
	}

	// Writes messages without asking for anything first: a page that is left gets no answers any more.
	saveNow(record, messages) {
		const transaction = this.database.transaction(ALL, "readwrite");
		if (!record.version) transaction.objectStore("conversations").put({...record, version: 1});
		for (const message of messages) transaction.objectStore("messages").put({...message, conversation: record.id});
		transaction.commit();
	}

	remove(id) {
		return this.transaction(ALL, "readwrite", async store => {
			store("conversations").delete(id);
			store("messages").delete(within(id));
			store("drafts").delete(id);
		});
	}

	draft(id) {
		return this.transaction(["drafts"], "readonly", store => answer(store("drafts").get(id)));
	}

	saveDraft(id, text) {
		return this.transaction(["drafts"], "readwrite", async store => {
			if (text) store("drafts").put(text, id);
			else store("drafts").delete(id);
			store("drafts").transaction.commit();
		});
	}

	clear() {
		return this.transaction(ALL, "readwrite", async store => {
			for (const name of ALL) store(name).clear();
		});
	}
}

// The same, for as long as the page is open. No other tab writes here.
class MemoryStore {
	isLasting = false;
	conversations = new Map();
	drafts = new Map();

	async list() {
		return [...this.conversations.values()].map(({record}) => record);
	}

	async load(id) {
		return this.conversations.get(id) ?? null;
	}

	async save(record, messages, removed) {
		const kept = new Map((this.conversations.get(record.id)?.messages ?? []).map(message => [message.id, message]));
		for (const message of messages) kept.set(message.id, message);
		for (const id of removed) kept.delete(id);
		this.conversations.set(record.id, {record, messages: [...kept.values()]});
	}

	saveNow() {}

	async remove(id) {
		this.conversations.delete(id);
		this.drafts.delete(id);
	}

	async draft(id) {
		return this.drafts.get(id);
	}

	async saveDraft(id, text) {
		this.drafts.set(id, text);
	}

	async clear() {
		this.conversations.clear();
		this.drafts.clear();
	}
}

// Versions of a message stand in the order in which they were made.
function inOrder(messages) {
	return messages.sort((one, other) => one.created - other.created || (one.order ?? 0) - (other.order ?? 0));
}
