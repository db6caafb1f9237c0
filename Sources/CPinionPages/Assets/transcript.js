// The messages of the open conversation, and where the reader is among them.
import {byId} from "./dom.js";
import {MessageView} from "./message-view.js";
import {app, on, running} from "./app.js";
import {onLanguage} from "./language.js";

// Pixels from the end at which a reader counts as being there.
const NEAR = 32;
const views = new Map();
// Whether the end is followed: only while the reader is there.
let isFollowing = true;
let isSettling = true;
let lastTop = 0;
let shown = null;

export function bindTranscript() {
	const [scroller, list] = [byId("transcript"), byId("messages")];
	on("open", () => {
		if (shown !== app.conversation.id) {
			for (const view of views.values()) view.drop();
			views.clear();
			isSettling = true;
			follow();
		}
		shown = app.conversation.id;
		show();
	});
	on("path", show);
	on("started", (conversation) => { if (conversation === app.conversation) follow(); });
	on("text", (message, part) => views.get(message.id)?.add(part));
	on("reasoning", (message, part) => {
		const view = views.get(message.id);
		view?.addThought(part);
		if (view?.reasoning.hidden) view.update();
	});
	on("message", message => views.get(message.id)?.update());
	on("restart", message => views.get(message.id)?.restart());
	on("ended", () => { for (const view of views.values()) view.showActions(); });
	onLanguage(() => {
		for (const view of views.values()) {
			view.restart();
			view.update();
		}
	});

	scroller.addEventListener("scroll", () => {
		const top = scroller.scrollTop;
		// The page's own step to the end tells nothing of the reader.
		if (Math.abs(top - lastTop) < 1) return;
		const left = scroller.scrollHeight - top - scroller.clientHeight;
		if (left < 1 || top > lastTop && left < NEAR) setFollowing(true);
		else if (top < lastTop) setFollowing(false);
		lastTop = top;
	});
	// What a reader unfolds is where the reader is.
	list.addEventListener("toggle", () => { if (!isSettling) setFollowing(false); }, true);
	for (const type of ["wheel", "pointerdown", "keydown", "touchstart"]) {
		scroller.addEventListener(type, event => {
			isSettling = false;
			// Smooth scrolling begins frames later: a step to the end would call it off.
			if (goesUp(event, scroller) && running() && scroller.scrollTop) setFollowing(false);
		}, {passive: true});
	}
	// Told between layout and paint, so that nothing is laid out twice.
	const observer = new ResizeObserver(() => { if (isFollowing && (running() || isSettling)) toEnd(); });
	observer.observe(list);
	observer.observe(scroller);
	byId("to-end").onclick = () => {
		follow();
		scroller.focus();
	};
}

// Whether the wheel or a key takes the reader up: not where it zooms, where others took it, or something within moves.
function goesUp(event, scroller) {
	let node = event.target;
	while (node !== scroller && !node.scrollTop) node = node.parentElement;
	return node === scroller && !event.ctrlKey && !event.defaultPrevented
		&& (event.deltaY < 0 || /Up$|Home/.test(event.key) || event.key === " " && event.shiftKey);
}

function toEnd() {
	const scroller = byId("transcript");
	scroller.scrollTop = scroller.scrollHeight;
	lastTop = scroller.scrollTop;
}

function follow() {
	setFollowing(true);
	toEnd();
}

function setFollowing(value) {
	isFollowing = value;
	byId("to-end").hidden = value;
}

// Brings the views in line with the path; those of messages that stay are kept.
function show() {
	const list = byId("messages");
	const focused = document.activeElement;
	const place = [...list.children].findIndex(article => article.contains(focused));
	const path = app.conversation.path();
	const ids = new Set(path.map(message => message.id));
	for (const [id, view] of views) {
		if (ids.has(id)) continue;
		view.drop();
		views.delete(id);
	}
	// From the last on: it is what the reader looks at, and its text is shown first.
	let after = null;
	for (const message of path.toReversed()) {
		let view = views.get(message.id);
		if (view) view.show(message);
		else {
			view = new MessageView(message);
			views.set(message.id, view);
			list.insertBefore(view.element, after);
		}
		after = view.element;
	}
	byId("empty").hidden = path.length > 0;
	if (place < 0 || list.contains(document.activeElement)) return;
	// A button that went with its message leaves the focus to the one in its place.
	const next = list.children[place]?.querySelector(`button.${focused.classList[0]}:enabled`);
	(next ?? byId("transcript")).focus({preventScroll: true});
}
