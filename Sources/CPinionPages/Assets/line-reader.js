// Where the parser is in a line: columns of blanks, with tabs to every fourth of them.
export class LineReader {
	begin(text) {
		Object.assign(this, {text, at: 0, column: 0});
	}

	// Finds the next character that is no blank, and how many columns away it is.
	look() {
		let at = this.at;
		let column = this.column;
		for (; ; at += 1) {
			if (this.text[at] === " ") column += 1;
			else if (this.text[at] === "\t") column += 4 - (column % 4);
			else break;
		}
		this.next = at;
		this.indent = column - this.column;
		this.isBlank = at >= this.text.length;
	}

	// Takes columns of blanks; a tab may be taken in part.
	skip(columns) {
		while (columns > 0 && this.at < this.text.length) {
			if (this.text[this.at] === "\t") {
				const width = 4 - (this.column % 4);
				if (width > columns) {
					// The tab becomes the blanks that are left of it.
					this.text = this.text.slice(0, this.at) + " ".repeat(width) + this.text.slice(this.at + 1);
					continue;
				}
				this.column += width;
				columns -= width;
			} else {
				this.column += 1;
				columns -= 1;
			}
			this.at += 1;
		}
	}

	toNext() {
		this.skip(this.indent);
		this.look();
	}

	rest() {
		return this.text.slice(this.next);
	}

	raw() {
		return this.text.slice(this.at);
	}
}
