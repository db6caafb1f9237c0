// One reply on its way: what the server streams becomes the fields of a message.
import {streamChat} from "./api.js";

// Bounds for what a reply makes the page hold.
const MAX_TOKENS_KEPT = 20_000;
const MAX_CALLS = 1000;
const SAVE_EVERY = 1000;
// Seconds below which a rate says nothing.
const SHORTEST = 0.02;

// A running reply. `hooks` are told of what changes: `text(part)`, `reasoning(part)`, `changed()`, `save()` and, once,
// `ended(event, failure)` with "finished", "cut", "stopped" or "failed".
export class Reply {
	constructor(conversation, message, hooks) {
		Object.assign(this, {conversation, message, hooks, isRunning: true});
		this.abort = new AbortController();
		this.timer = setInterval(() => hooks.save(), SAVE_EVERY);
	}

	async run(body, key) {
		const {message} = this;
		this.start = performance.now();
		try {
			await streamChat(body, {
				key, signal: this.abort.signal,
				onOpen: warnings => { if (warnings) message.warnings = warnings.slice(0, 4096); },
				onChunk: chunk => { if (this.isRunning) this.take(chunk); },
			});
			this.end("done", message.finish === "length" ? "cut" : "finished");
		} catch (failure) {
			if (failure.name === "AbortError") return;
			message.error = failure.message;
			this.end(failure.status === 0 && (message.text || message.reasoning) ? "interrupted" : "failed", "failed", failure);
		}
	}

	// Stops at once: the server notices that nobody reads, and what has come stays.
	stop() {
		if (!this.isRunning) return;
		this.end("stopped", "stopped");
		this.abort.abort();
	}

	end(state, event, failure) {
		if (!this.isRunning) return;
		this.isRunning = false;
		clearInterval(this.timer);
		// A reply that was stopped has no count: of a part that nobody counted the sum says "at least".
		if (!this.isCounted) this.message.isUncounted = true;
		else this.measure();
		this.message.state = state;
		this.hooks.ended(event, failure);
	}

	take(chunk) {
		const {message, hooks} = this;
		if (chunk.usage) this.count(chunk.usage);
		const choice = chunk.choices?.[0];
		if (!choice) return;
		const delta = choice.delta ?? {};
		const thought = delta.reasoning_content ?? delta.reasoning;
		if (thought || delta.content || delta.tool_calls) this.arrived();
		if (typeof thought === "string" && thought) {
			message.reasoning = (message.reasoning ?? "") + thought;
			hooks.reasoning(thought);
		}
		if (typeof delta.content === "string" && delta.content) {
			message.text += delta.content;
			hooks.text(delta.content);
		}
		for (const call of delta.tool_calls ?? []) this.call(call);
		for (const token of choice.logprobs?.content ?? []) this.token(token);
		if (choice.finish_reason) message.finish = choice.finish_reason;
	}

	arrived() {
		this.last = performance.now();
		if (this.first !== undefined) return;
		this.first = this.last;
		this.message.firstMs = Math.round(this.first - this.start);
		this.message.state = "streaming";
		this.hooks.changed();
	}

	call({index = 0, id, function: named, custom}) {
		if (!Number.isInteger(index) || index < 0 || index >= MAX_CALLS) return;
		const calls = this.message.calls ??= [];
		while (calls.length <= index) calls.push({id: "", name: "", arguments: ""});
		const part = named ?? custom ?? {};
		if (id) calls[index].id = id;
		if (part.name) calls[index].name += part.name;
		calls[index].arguments += part.arguments ?? part.input ?? "";
		this.hooks.changed();
	}

	token({token, logprob, top_logprobs: others = []}) {
		const tokens = this.message.tokens ??= [];
		if (tokens.length >= MAX_TOKENS_KEPT) return;
		tokens.push([String(token), logprob, others.map(other => [String(other.token), other.logprob])]);
	}

	count(usage) {
		this.isCounted = true;
		this.message.usage = {
			before: this.message.usage?.before ?? 0, prompt: usage.prompt_tokens, completion: usage.completion_tokens,
			cached: usage.prompt_tokens_details?.cached_tokens ?? 0,
			reasoning: usage.completion_tokens_details?.reasoning_tokens ?? 0,
		};
	}

	// The rate over the tokens after the first; none for a reply whose tokens nobody counted.
	measure() {
		const {usage} = this.message;
		const seconds = (this.last - this.first) / 1000;
		if (usage.completion > 1 && seconds > SHORTEST) this.message.rate = (usage.completion - 1) / seconds;
	}
}
