// Questions that are asked before what cannot be undone, or leaves the page.
import {byId} from "./dom.js";
import {t} from "./language.js";

// Asks once; resolves with whether the answer was yes.
export function askFirst(text, yes) {
	const dialog = byId("ask");
	byId("ask-text").textContent = text;
	byId("ask-yes").textContent = yes;
	return new Promise(resolve => {
		dialog.returnValue = "";
		dialog.onclose = () => resolve(dialog.returnValue === "yes");
		dialog.showModal();
		byId("ask-no").focus();
	});
}

export function bindDialogs() {
	byId("ask-yes").onclick = () => byId("ask").close("yes");
	byId("ask-no").onclick = () => byId("ask").close();
	for (const type of ["click", "auxclick"]) byId("messages").addEventListener(type, follow);
}

// A link of a reply says anything; where it leads is shown before it is followed.
async function follow(event) {
	const link = event.target.closest?.("a[href]");
	if (!link || event.button > 1) return;
	event.preventDefault();
	if (await askFirst(`${t("leave")}\n${link.href}`, t("leaveNow"))) open(link.href, "_blank", "noopener,noreferrer");
}
