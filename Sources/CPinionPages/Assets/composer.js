// Where a person writes; what is not sent yet is kept with its conversation.
import {byId, onEnter} from "./dom.js";
import {app, on, running, send} from "./app.js";

const DRAFT_DELAY = 300;
let timer = 0;
let draftOf = null;

const draftKey = conversation => conversation.version || conversation.messages.size ? conversation.id : "new";

export function bindComposer() {
	const prompt = byId("prompt");
	on("open", async () => {
		keepDraft();
		const {conversation} = app;
		const isSame = draftOf?.id === conversation.id;
		draftOf = conversation;
		show();
		if (isSame) return;
		prompt.value = "";
		const text = await app.store.draft(draftKey(conversation)).catch(() => "");
		if (app.conversation === conversation && !prompt.value) prompt.value = text ?? "";
	});
	on("path", show);
	on("started", show);
	on("ended", show);
	prompt.addEventListener("input", () => {
		clearTimeout(timer);
		timer = setTimeout(keepDraft, DRAFT_DELAY);
	});
	onEnter(prompt, submit);
	byId("composer").addEventListener("submit", event => {
		event.preventDefault();
		submit();
	});
	byId("stop").onclick = () => {
		running()?.stop();
		prompt.focus();
	};
	addEventListener("pagehide", keepDraft);
}

function submit() {
	const prompt = byId("prompt");
	if (!prompt.value.trim() || running()) return;
	const {conversation} = app;
	const key = draftKey(conversation);
	if (!send(prompt.value, conversation.path().at(-1))) return;
	prompt.value = "";
	clearTimeout(timer);
	timer = 0;
	app.store.saveDraft(key, "").catch(() => {});
	prompt.focus();
}

// Writes the draft that waits to be kept.
export function keepDraft() {
	if (!timer) return;
	clearTimeout(timer);
	timer = 0;
	app.store?.saveDraft(draftKey(draftOf), byId("prompt").value).catch(() => {});
}

function show() {
	const isRunning = Boolean(running());
	const hadFocus = [byId("send"), byId("stop")].includes(document.activeElement);
	byId("send").hidden = isRunning;
	byId("stop").hidden = !isRunning;
	if (hadFocus) byId("prompt").focus();
}
