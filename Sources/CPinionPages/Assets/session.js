// Whose page this is: the key, its models, and the space that its conversations lie in.
import {APIFailure, json} from "./api.js";
import {kept} from "./kept.js";

const KEY = "pinion.key";

const tab = kept("sessionStorage");

// The key of this tab. Session storage ends with the tab, and other tabs have their own.
export const keyStore = {get: () => tab.get(KEY), set: key => tab.set(KEY, key)};

// Takes a key and a code out of the address, which is shortened before anything else can read it.
export function takeFragment() {
	const fields = new URLSearchParams(location.hash.slice(1));
	const found = {key: fields.get("key") || null, code: fields.get("sign-in") || null};
	if (fields.has("key") || fields.has("sign-in")) {
		history.replaceState(history.state, "", location.pathname + location.search);
	}
	return found;
}

// The key for a code of a sign-in link. A code works once.
export async function exchange(code) {
	const {key} = await json("v1/sign-in", {key: code, body: "{}"});
	if (typeof key !== "string" || !key) throw new APIFailure(0, "");
	return key;
}

// Asks the server who we are with a key: `{models, space}`. A key is kept once it was accepted.
//
// Throws an ``APIFailure`` of 401 where the server wants a key, or another.
export async function enter(key) {
	const {data} = await json("v1/models", {key});
	const models = data.map(model => ({id: model.id, context: model.context_length ?? null, state: model.state}));
	const found = {models, space: await space(key)};
	keyStore.set(key);
	return found;
}

// The id of the key; servers that ask for none, or keep no accounts, know no ids.
async function space(key) {
	if (key === null) return "local";
	try {
		const usage = await json("v1/usage", {key});
		return typeof usage.key?.id === "string" ? usage.key.id : "local";
	} catch (error) {
		if (error.status === 404) return "local";
		throw error;
	}
}
