// The tokens of a reply, and what else the model could have said at each of them.
import {button, element, visible} from "./dom.js";
import {number, t} from "./language.js";

const PAGE = 1000;

// A list of tokens of which one has the focus; arrows move it.
export class TokenList {
	constructor(tokens) {
		this.tokens = tokens;
		this.list = element("div", {className: "token-list", role: "group", "aria-label": t("tokens")});
		this.panel = element("div", {className: "alternatives", role: "status"}, t("chooseToken"));
		this.more = button("more", t("more"), () => this.showMore());
		this.element = element("div", {className: "tokens-box"}, this.list, this.more, this.panel);
		this.showMore();
		this.list.firstChild.tabIndex = 0;
		this.list.addEventListener("keydown", event => this.move(event));
		for (const type of ["focusin", "click"]) this.list.addEventListener(type, event => this.choose(event.target));
	}

	showMore() {
		const from = this.list.childNodes.length;
		const next = this.tokens.slice(from, from + PAGE);
		this.list.append(...next.map(([text]) => element("button", {className: "token", tabIndex: -1}, written(text))));
		this.more.hidden = this.list.childNodes.length >= this.tokens.length;
	}

	move(event) {
		const steps = {ArrowRight: 1, ArrowLeft: -1, ArrowDown: 10, ArrowUp: -10};
		if (!(event.key in steps)) return;
		event.preventDefault();
		const all = [...this.list.children];
		const at = all.indexOf(document.activeElement) + steps[event.key];
		all[Math.max(0, Math.min(all.length - 1, at))].focus();
	}

	choose(node) {
		if (!node.matches?.(".token")) return;
		for (const other of this.list.querySelectorAll("[tabindex='0'], [aria-pressed]")) {
			other.tabIndex = -1;
			other.removeAttribute("aria-pressed");
		}
		node.tabIndex = 0;
		node.setAttribute("aria-pressed", "true");
		const [text, logprob, others] = this.tokens[[...this.list.children].indexOf(node)];
		const all = others.some(([other]) => other === text) ? others : [...others, [text, logprob]];
		this.panel.replaceChildren(element("ol", {}, ...all.map(([other, chance]) => {
			const percent = 100 * Math.exp(chance);
			const item = element("li", {className: other === text ? "chosen" : ""}, element("code", {}, written(other)),
				element("span", {}, `${number(percent, percent < 1 ? 3 : 1)} %`));
			item.dataset.probability = Math.exp(chance).toFixed(6);
			return item;
		})));
	}
}

// A token with its blanks and line ends visible.
function written(text) {
	return visible(text).replaceAll("\n", "⏎").replaceAll("\t", "⇥").replaceAll(" ", "␣") || "∅";
}
