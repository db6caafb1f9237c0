// What the browser keeps for a page beside conversations: `kept("localStorage").set("pinion.theme", "dark")`.
//
// A browser may forbid it; the page then remembers by itself, until it is left.
export function kept(kind) {
	const memory = new Map();
	const attempt = (work, name) => {
		try { return work(window[kind]); } catch { return memory.get(name) ?? null; }
	};
	return {
		get: name => attempt(storage => storage.getItem(name), name),
		set(name, value) {
			memory.set(name, value);
			attempt(storage => value === null ? storage.removeItem(name) : storage.setItem(name, value));
		},
	};
}
