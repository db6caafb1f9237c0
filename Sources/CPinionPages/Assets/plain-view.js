// Text as it is, in blocks that the browser lays out apart: what people wrote, and what models thought.
import {appendText, element} from "./dom.js";

const CHUNK = 4096;

// A view of a plain text that may grow.
export class PlainView {
	constructor(parent) {
		Object.assign(this, {parent, chunk: null, size: 0, queue: [], at: 0});
		this.work = deadline => this.slice(deadline);
	}

	append(text) {
		this.queue.push(text);
	}

	end() {}

	slice(deadline) {
		while (this.queue.length) {
			const text = this.queue.length > 1 && this.at === 0 ? this.queue.join("") : this.queue[0];
			this.queue = [text];
			const room = CHUNK - this.size;
			const end = this.cut(text, this.at + room);
			this.put(text.slice(this.at, end));
			this.at = end;
			if (end >= text.length) [this.queue, this.at] = [[], 0];
			else if (performance.now() >= deadline) return false;
		}
		return true;
	}

	// Where a block ends: after a line if there is one to end, else anywhere but within a character.
	cut(text, limit) {
		if (limit >= text.length) return text.length;
		const line = text.lastIndexOf("\n", limit - 1) + 1;
		if (line > this.at) return line;
		return (text.charCodeAt(limit - 1) & 0xfc00) === 0xd800 ? limit + 1 : limit;
	}

	put(text) {
		if (!this.chunk) {
			this.chunk = element("div", {className: "chunk"});
			this.parent.append(this.chunk);
		}
		appendText(this.chunk, text);
		this.size += text.length;
		if (this.size >= CHUNK || this.size >= CHUNK / 2 && text.endsWith("\n")) [this.chunk, this.size] = [null, 0];
	}
}
