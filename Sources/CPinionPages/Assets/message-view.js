// One message on the page, and what can be done with it.
import {button, copyButton, element, isComposing, onEnter, visible} from "./dom.js";
import {inFrames, cancelJob} from "./frames.js";
import {number, t} from "./language.js";
import {MarkdownView} from "./markdown-view.js";
import {PlainView} from "./plain-view.js";
import {TokenList} from "./token-list.js";
import * as app from "./app.js";
import {askFirst} from "./dialogs.js";

// Characters of a text that are shown unasked: each element costs a little for as long as it is there.
const MAX_SHOWN = 1_500_000;

export class MessageView {
	constructor(message) {
		this.message = message;
		this.isUser = message.role === "user";
		this.body = element("div", {className: this.isUser ? "body plain" : "body"});
		this.thought = element("div", {className: "reasoning-text plain"});
		this.summary = element("summary");
		this.reasoning = element("details", {className: "reasoning", hidden: true}, this.summary, this.thought);
		this.more = button("more", "", () => this.showMore());
		this.calls = element("div", {className: "calls"});
		this.ending = element("p", {className: "ending"});
		this.counts = element("p", {className: "counts"});
		this.actions = element("div", {className: "actions", role: "group"});
		this.versions = element("div", {className: "versions", role: "group", hidden: true});
		this.heading = element("h2");
		this.element = element("article", {className: "message"}, this.heading, this.reasoning, this.body, this.more, this.calls,
			this.ending, element("footer", {}, this.versions, this.actions, this.counts));
		this.element.dataset.id = message.id;
		this.element.dataset.role = message.role;
		// Folded thoughts cost nothing until they are looked at.
		this.reasoning.addEventListener("toggle", () => this.showThoughts());
		this.restart();
		this.update();
	}

	// Shows the text from its beginning.
	restart() {
		if (this.view) cancelJob(this.view.work);
		this.body.replaceChildren();
		Object.assign(this, {shown: 0, limit: MAX_SHOWN});
		this.view = this.isUser ? new PlainView(this.body) : new MarkdownView(this.body);
		this.add(this.message.text);
	}

	// Shows the message as it is now, which another tab may have written.
	show(message) {
		const isOther = this.message.text !== message.text;
		this.message = message;
		if (isOther) this.restart();
		this.update();
	}

	// Adds what the text goes on with, as far as the page shows it unasked.
	add(text) {
		const part = text.slice(0, this.limit - this.shown);
		this.shown += part.length;
		this.view.append(part);
		this.more.hidden = this.shown < this.limit;
		if (!this.isRunning && this.shown === this.message.text.length) this.view.end();
		inFrames(this.view.work);
	}

	showMore() {
		this.limit += MAX_SHOWN;
		this.add(this.message.text.slice(this.shown));
	}

	showThoughts() {
		if (!this.reasoning.open || this.thoughts) return;
		this.thoughts = new PlainView(this.thought);
		this.addThought(this.message.reasoning ?? "");
	}

	addThought(text) {
		if (!this.thoughts) return;
		this.thoughts.append(text);
		inFrames(this.thoughts.work);
	}

	get isRunning() {
		return app.running()?.message === this.message;
	}

	// Brings everything but the texts in line with the message.
	update() {
		const {message, element: outer, isRunning} = this;
		this.heading.textContent = this.isUser ? t("you") : visible(message.model || t("model"));
		if (!this.isUser) {
			outer.dataset.state = message.state;
			if (message.finish) outer.dataset.finish = message.finish;
			else delete outer.dataset.finish;
		}
		this.add("");
		this.more.textContent = t("more");
		this.reasoning.hidden = !message.reasoning;
		this.summary.textContent = isRunning && !message.text ? t("thinking") : t("thoughts");
		this.showCalls();
		this.showEnding();
		this.showCounts();
		this.showVersions();
		this.showActions();
	}

	showCalls() {
		this.calls.replaceChildren(...(this.message.calls ?? []).map(call => element(
			"div", {className: "tool-call", "data-name": call.name},
			element("p", {}, t("toolCall"), " ", element("code", {}, visible(call.name))),
			element("pre", {className: "tool-arguments", tabIndex: 0, role: "region", "aria-label": t("arguments")},
				visible(call.arguments)))));
	}

	showEnding() {
		const {message} = this;
		const parts = [];
		if (app.app.elsewhere.has(message.id)) parts.push(t("runsElsewhere"));
		else if (!["streaming", "done", undefined].includes(message.state)) parts.push(t(`was_${message.state}`));
		if (message.error && message.state !== "waiting") parts.push(visible(message.error));
		if (message.state === "done" && message.finish === "length") parts.push(t("cut"));
		if (message.warnings) parts.push(`${t("warnings")} ${visible(message.warnings)}`);
		this.ending.textContent = parts.join(" ");
		this.ending.hidden = !parts.length;
	}

	showCounts() {
		const {usage, rate, firstMs} = this.message;
		const parts = [];
		const data = {};
		if (usage) {
			const completion = usage.completion + (usage.before ?? 0);
			Object.assign(data, {prompt: usage.prompt, cached: usage.cached, completion});
			parts.push(t("promptTokens", {count: number(usage.prompt)}));
			if (usage.cached) parts.push(t("cachedTokens", {count: number(usage.cached)}));
			parts.push(t("replyTokens", {count: number(completion) + (this.message.isUncounted ? "+" : "")}));
			if (usage.reasoning) parts.push(t("thoughtTokens", {count: number(usage.reasoning)}));
		}
		if (firstMs !== undefined) {
			data.firstMs = firstMs;
			parts.push(t("firstToken", {time: number(firstMs)}));
		}
		if (rate) {
			data.rate = rate.toFixed(1);
			parts.push(t("rate", {rate: number(rate, 1)}));
		}
		Object.assign(this.counts.dataset, data);
		this.counts.textContent = parts.join(" · ");
	}

	showVersions() {
		const all = app.app.conversation.versions(this.message);
		const at = all.indexOf(this.message);
		this.versions.hidden = all.length < 2;
		if (all.length < 2) return;
		const step = (className, label, by) => {
			const other = all[at + by];
			return button(className, by < 0 ? "‹" : "›", () => app.select(other), {disabled: !other, "aria-label": label});
		};
		this.versions.setAttribute("aria-label", t("versions"));
		this.versions.replaceChildren(step("previous", t("previous"), -1),
			element("span", {className: "version"}, `${at + 1}/${all.length}`), step("next", t("next"), 1));
	}

	showActions() {
		const {message, isUser} = this;
		const isBusy = Boolean(app.running());
		const canContinue = !isUser && message.text.trim() && !message.calls?.length
			&& (message.state !== "done" || message.finish === "length") && app.app.conversation.path().at(-1) === message;
		const list = [copyButton("copy", () => message.text)];
		if (!isBusy) {
			if (canContinue) list.push(button("continue", t("continue"), () => app.continueReply(message)));
			if (isUser) list.push(button("edit", t("edit"), () => this.edit()));
			else list.push(button("regenerate", t("regenerate"), () => app.regenerate(message)));
		}
		if (message.tokens?.length && !this.isRunning) list.push(this.tokensButton());
		list.push(button("delete", t("delete"), () => this.remove()));
		this.actions.setAttribute("aria-label", t("actions"));
		const focused = this.actions.contains(document.activeElement) ? document.activeElement.className : null;
		this.actions.replaceChildren(...list);
		if (focused) (this.actions.querySelector(`button.${focused}`) ?? list[0]).focus();
	}

	tokensButton() {
		return button("tokens", t("tokens"), event => {
			if (this.tokens) {
				this.tokens.element.remove();
				this.tokens = null;
			} else {
				this.tokens = new TokenList(this.message.tokens);
				this.element.append(this.tokens.element);
			}
			event.target.setAttribute("aria-expanded", String(Boolean(this.tokens)));
		}, {"aria-expanded": String(Boolean(this.tokens))});
	}

	async remove() {
		const count = app.app.conversation.subtree(this.message).length - 1;
		if (await askFirst(count ? t("deleteMore", {count: number(count)}) : t("deleteOne"), t("delete"))) {
			app.removeMessage(this.message);
		}
	}

	// Lets a person write the message anew; the old one and its replies stay as a version.
	edit() {
		const text = element("textarea", {className: "edit-text", value: this.message.text, dir: "auto", "aria-label": t("edit")});
		const close = () => {
			box.remove();
			this.body.hidden = this.actions.hidden = false;
			this.actions.querySelector("button.edit")?.focus();
		};
		const send = () => {
			if (!text.value.trim()) return;
			const {conversation} = app.app;
			if (app.send(text.value, conversation.messages.get(this.message.parent))) close();
		};
		const box = element("div", {className: "edit-box"}, text, element("div", {className: "row"},
			button("edit-cancel", t("cancel"), close), button("edit-send primary", t("send"), send)));
		onEnter(text, send);
		text.addEventListener("keydown", event => {
			if (event.key !== "Escape" || isComposing(event)) return;
			event.preventDefault();
			close();
		});
		this.body.hidden = this.actions.hidden = true;
		this.body.after(box);
		text.focus();
	}

	drop() {
		cancelJob(this.view.work);
		if (this.thoughts) cancelJob(this.thoughts.work);
		this.element.remove();
	}
}
