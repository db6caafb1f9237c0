// The conversations that are kept, and what can be done with all of them.
import {button, byId, element, isComposing, visible} from "./dom.js";
import * as app from "./app.js";
import {askFirst} from "./dialogs.js";
import {number, onLanguage, t} from "./language.js";
import {Conversation} from "./conversation.js";
import {fromJSON, ImportFailure, MAX_FILE, toJSON, toMarkdown} from "./transfer.js";

// Conversations that the list shows at once; the search finds the others.
const MOST = 300;
let shown = "";

export function bindSidebar() {
	byId("new").onclick = () => {
		app.newConversation();
		byId("prompt").focus();
	};
	byId("search").addEventListener("input", () => show(true));
	byId("export-json").onclick = () => download(toJSON([app.app.conversation]), "application/json", "json");
	byId("export-markdown").onclick = () => download(toMarkdown(app.app.conversation,
		{system: t("system"), you: t("you"), model: t("model")}), "text/markdown", "md");
	byId("export-all").onclick = exportAll;
	byId("import").onclick = () => byId("import-file").click();
	byId("import-file").addEventListener("change", importFile);
	byId("forget").onclick = async () => { if (await askFirst(t("forgetAsk"), t("forget"))) await app.forget(); };
	app.on("list", () => show(false));
	for (const event of ["started", "ended"]) app.on(event, () => show(true));
	onLanguage(() => show(true));
}

function show(isForced) {
	const list = byId("conversations");
	// A list in which somebody writes stays as it is.
	if (list.querySelector("input.title")) return;
	const word = byId("search").value.trim().toLowerCase();
	const open = app.app.conversation?.id;
	const records = app.app.records.filter(record => !word || record.title.toLowerCase().includes(word)).slice(0, MOST);
	const key = JSON.stringify([open, records.map(({id, title}) => [id, title, app.app.replies.has(id)])]);
	if (key === shown && !isForced) return;
	shown = key;
	const focused = document.activeElement?.closest?.("#conversations li")?.dataset.id;
	const part = document.activeElement?.className;
	list.replaceChildren(...records.map(record => row(record, record.id === open)));
	if (focused) list.querySelector(`li[data-id="${focused}"] button.${part}`)?.focus();
}

function row({id, title}, isOpen) {
	const name = visible(title) || t("untitled");
	const open = button("open", name, () => app.openConversation(id), {"aria-current": isOpen ? "true" : null, dir: "auto"});
	if (app.app.replies.has(id)) open.append(` ${t("running")}`);
	const outer = element("li", {}, open,
		button("rename", "✎", () => rename(outer, id, title), {"aria-label": t("renameOf", {title: name})}),
		button("delete", "✕", () => remove(id, name), {"aria-label": t("deleteOf", {title: name})}));
	outer.dataset.id = id;
	return outer;
}

async function remove(id, title) {
	if (await askFirst(t("deleteConversation", {title}), t("delete"))) await app.removeConversation(id);
}

function rename(outer, id, title) {
	const input = element("input", {className: "title", value: title, maxLength: 200, "aria-label": t("renameOf", {title})});
	let isEnded = false;
	const end = isKept => {
		// Without the field its focus is lost, which would end it again.
		if (isEnded) return;
		isEnded = true;
		const text = input.value.trim();
		input.remove();
		show(true);
		byId("conversations").querySelector(`li[data-id="${id}"] .rename`)?.focus();
		if (isKept && text) app.rename(id, text);
	};
	input.addEventListener("keydown", event => {
		if (isComposing(event) || !["Enter", "Escape"].includes(event.key)) return;
		// The key would go on to the button that gets the focus, or to the reply that runs.
		event.preventDefault();
		end(event.key === "Enter");
	});
	input.addEventListener("blur", () => end(true));
	outer.replaceChildren(input);
	input.focus();
	input.select();
}

function download(text, type, ending) {
	const day = new Date().toISOString().slice(0, 10);
	const href = URL.createObjectURL(new Blob([text], {type}));
	const link = element("a", {href, download: `pinion-${day}.${ending}`});
	document.body.append(link);
	link.click();
	link.remove();
	// The browser reads the file after this task.
	setTimeout(() => URL.revokeObjectURL(href), 60_000);
}

async function exportAll() {
	const {store, records} = app.app;
	const all = [];
	for (const {id} of records) {
		const loaded = await store.load(id);
		if (loaded) all.push(new Conversation(loaded.record, loaded.messages));
	}
	download(toJSON(all), "application/json", "json");
}

async function importFile(event) {
	const input = event.target;
	const [file] = input.files;
	input.value = "";
	if (!file) return;
	try {
		if (file.size > MAX_FILE) throw new ImportFailure("", `<= ${MAX_FILE} bytes`, file.size);
		const conversations = fromJSON(await file.text().catch(error => error.message));
		if (!await app.addImported(conversations)) return;
		app.emit("notice", "import", t("imported", {count: number(conversations.length)}));
	} catch (error) {
		if (!(error instanceof ImportFailure)) throw error;
		const {place, expected, found} = error;
		app.emit("notice", "import", t("importFails", {place: place || file.name, expected, found}));
	}
}
