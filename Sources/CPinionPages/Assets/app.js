// What the parts of the page share; they change it only through functions, and listen to what changes.
export * from "./library.js";
export * from "./talk.js";

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
