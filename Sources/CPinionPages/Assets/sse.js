// Server-sent events out of bytes that are cut anywhere.

export class EventParser {
	constructor() {
		// A character may be cut, too.
		this.decoder = new TextDecoder();
		this.parts = [];
		this.data = [];
		this.endedInCarriageReturn = false;
	}

	// The data of the events that bytes bring to their end.
	push(bytes) {
		let text = this.decoder.decode(bytes, {stream: true});
		if (this.endedInCarriageReturn && text.startsWith("\n")) text = text.slice(1);
		if (text) this.endedInCarriageReturn = text.endsWith("\r");
		const events = [];
		const lines = text.split(/\r\n|\n|\r/);
		for (let index = 0; index < lines.length; index += 1) {
			this.parts.push(lines[index]);
			if (index === lines.length - 1) break;
			const event = this.line(this.parts.join(""));
			this.parts = [];
			if (event !== null) events.push(event);
		}
		return events;
	}

	line(line) {
		if (line === "") {
			const event = this.data.length ? this.data.join("\n") : null;
			this.data = [];
			return event;
		}
		const colon = line.indexOf(":");
		const name = colon < 0 ? line : line.slice(0, colon);
		if (name === "data") this.data.push(colon < 0 ? "" : line.slice(colon + 1).replace(/^ /, ""));
		return null;
	}
}
