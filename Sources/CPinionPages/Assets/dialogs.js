// Questions that are asked before something is done that cannot be undone, or that leaves the page.
import {byId} from "./dom.js";

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
	byId("link-cancel").onclick = () => byId("link").close();
	byId("link-open").onclick = () => byId("link").close();
	// A link of a reply says anything; where it leads is shown before it is followed.
	for (const type of ["click", "auxclick"]) byId("messages").addEventListener(type, showAddress);
}

function showAddress(event) {
	const link = event.target.closest?.("a[href]");
	if (!link || event.button > 1) return;
	event.preventDefault();
	byId("link-address").textContent = byId("link-open").href = link.href;
	byId("link").showModal();
	byId("link-cancel").focus();
}
