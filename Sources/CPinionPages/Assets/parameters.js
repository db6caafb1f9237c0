// The parameters of a request, with the ranges of the server's route.

const INTEGER = /^[+-]?\d{1,15}$/;
const DECIMAL = /^[+-]?(?:\d{1,15}(?:\.\d{0,15})?|\.\d{1,15})$/;
const MAX_TOKENS = 2 ** 31 - 1;
const MAX_STOPS = 4;

// An empty field is not sent, and the server's default holds. Seeds are numbers that JavaScript writes exactly.
export const PARAMETERS = [
	{name: "temperature", kind: "decimal", least: 0, most: 2, standard: "1"},
	{name: "top_p", kind: "decimal", above: 0, most: 1, standard: "1"},
	{name: "top_k", kind: "integer", least: -1, most: MAX_TOKENS},
	{name: "min_p", kind: "decimal", least: 0, most: 1},
	{name: "max_tokens", kind: "integer", least: 1, most: MAX_TOKENS},
	{name: "presence_penalty", kind: "decimal", least: -2, most: 2, standard: "0"},
	{name: "frequency_penalty", kind: "decimal", least: -2, most: 2, standard: "0"},
	{name: "repetition_penalty", kind: "decimal", least: 0.01, most: 10},
	{name: "seed", kind: "integer", least: Number.MIN_SAFE_INTEGER, most: Number.MAX_SAFE_INTEGER},
	{name: "stop", kind: "lines"},
	{name: "reasoning_effort", kind: "choice", choices: ["", "none", "minimal", "low", "medium", "high", "xhigh", "max"]},
	{name: "schema", kind: "schema"},
	{name: "tools", kind: "tools"},
	{name: "alternatives", kind: "switch"},
];

// Alternatives that are asked for with each token.
const ALTERNATIVES = 5;

// The range of a number: `0 … 2`, `> 0 … 1`, `≥ 1`.
export function range({least, above, most, name}) {
	if (name === "seed") return "";
	if (most === MAX_TOKENS) return `≥ ${least}`;
	return above === undefined ? `${least} … ${most}` : `> ${above} … ${most}`;
}

// What a text means for a parameter: `{value}`, nothing for an empty one, or `{error, values}` with the key of words.
export function read(parameter, text) {
	const trimmed = text.trim();
	if (!trimmed) return {};
	switch (parameter.kind) {
	case "integer": case "decimal": return readNumber(parameter, trimmed);
	case "lines": return readLines(text);
	case "choice": return parameter.choices.includes(trimmed) ? {value: trimmed} : {error: "badChoice"};
	case "switch": return {value: trimmed === "on"};
	default: return readJSON(parameter, trimmed);
	}
}

function readNumber(parameter, text) {
	const isWhole = parameter.kind === "integer";
	if (!(isWhole ? INTEGER : DECIMAL).test(text)) return {error: isWhole ? "badInteger" : "badDecimal"};
	const value = Number(text);
	const {least = parameter.above, above, most} = parameter;
	if (value < least || value > most || value === above) {
		return {error: "badRange", values: {range: range(parameter) || `${least} … ${most}`}};
	}
	return {value};
}

function readLines(text) {
	const lines = text.split("\n").filter(line => line !== "");
	return lines.length > MAX_STOPS ? {error: "badLines", values: {most: MAX_STOPS}} : {value: lines};
}

function readJSON(parameter, text) {
	let value;
	try {
		value = JSON.parse(text);
	} catch (error) {
		return {error: "badJSON", values: {reason: error.message}};
	}
	const isList = Array.isArray(value);
	if (parameter.kind === "tools") return isList ? {value} : {error: "badTools"};
	return value instanceof Object && !isList ? {value} : {error: "badSchema"};
}

// The fields of a request for what a person wrote; `errors` names the parameters that are wrong.
export function fieldsOf(texts) {
	const fields = {};
	const errors = [];
	for (const parameter of PARAMETERS) {
		const {value, error} = read(parameter, texts[parameter.name] ?? "");
		if (error) errors.push(parameter.name);
		else if (value !== undefined) Object.assign(fields, wire(parameter.name, value));
	}
	return {fields, errors};
}

function wire(name, value) {
	switch (name) {
	case "schema": return {response_format: {type: "json_schema", json_schema: {name: "reply", schema: value, strict: true}}};
	case "alternatives": return value ? {logprobs: true, top_logprobs: ALTERNATIVES} : {};
	case "stop": case "tools": return value.length ? {[name]: value} : {};
	default: return {[name]: value};
	}
}
