// The routes of the server, as the pages call them.
import {EventParser} from "./sse.js";

// The folder that the page lies in: this file lies one below it, whatever prefix a proxy puts before both.
export const root = new URL("../", import.meta.url);

// A request that failed. `status` is 0 where no reply came, or where a reply broke off.
export class APIFailure extends Error {
	constructor(status, message, fields = {}) {
		super(message);
		Object.assign(this, {status, ...fields});
	}
}

async function send(path, {key, body, signal}) {
	try {
		const response = await fetch(new URL(path, root), {
			method: body ? "POST" : "GET", body, signal,
			headers: {...key && {authorization: `Bearer ${key}`}, ...body && {"content-type": "application/json"}},
			// A key goes to this server only, and nothing of a reply is kept by the browser.
			credentials: "omit", redirect: "error", cache: "no-store", referrerPolicy: "no-referrer",
		});
		if (!response.ok) throw await failure(response);
		return response;
	} catch (error) {
		if (error instanceof APIFailure || error.name === "AbortError") throw error;
		throw new APIFailure(0, "");
	}
}

async function failure(response) {
	let error = {};
	try {
		error = (await response.json()).error ?? {};
	} catch { /* The status says enough. */ }
	return new APIFailure(response.status, String(error.message ?? `HTTP ${response.status}`), {
		code: error.code, retryAfter: Number(response.headers.get("retry-after")),
	});
}

// The JSON of a route: `await json("v1/models", {key})`.
export async function json(path, options = {}) {
	const response = await send(path, options);
	return response.json().catch(() => { throw new APIFailure(0, ""); });
}

// Streams a chat completion, and tells each chunk.
//
// Ends when the server said that it was done; throws an ``APIFailure`` for anything else, also in the middle, and an
// `AbortError` when the signal fires.
export async function streamChat(body, {key, signal, onOpen, onChunk}) {
	const response = await send("v1/chat/completions", {key, body, signal});
	onOpen(response.headers.get("x-pinion-warnings"));
	const reader = response.body.getReader();
	const parser = new EventParser();
	try {
		for (;;) {
			const {done, value} = await reader.read();
			if (done) throw new APIFailure(0, "");
			for (const data of parser.push(value)) {
				if (data === "[DONE]") return;
				const chunk = JSON.parse(data);
				if (chunk.error) throw new APIFailure(500, String(chunk.error.message), {code: chunk.error.code});
				onChunk(chunk);
			}
		}
	} catch (error) {
		if (error instanceof APIFailure || error.name === "AbortError") throw error;
		throw new APIFailure(0, error instanceof SyntaxError ? error.message : "");
	} finally {
		// Also after an event that ended it: a connection that nobody reads is one that a browser has too few of.
		reader.cancel().catch(() => {});
	}
}
