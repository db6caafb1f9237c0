// The system prompt and the parameters of the open conversation.
import {byId, element} from "./dom.js";
import {app, model, on, running, save} from "./app.js";
import {number, onLanguage, t} from "./language.js";
import {PARAMETERS, range, read} from "./parameters.js";

const SAVE_DELAY = 500;
const NEARLY_FULL = 0.9;
let timer = 0;

export function bindSettings() {
	byId("parameters").append(...PARAMETERS.map(field));
	byId("system").addEventListener("input", () => change({system: byId("system").value}));
	byId("model").addEventListener("change", () => change({model: byId("model").value}));
	byId("p-reset").onclick = () => {
		change({parameters: {}});
		show();
	};
	on("open", show);
	on("models", show);
	for (const event of ["path", "message", "ended"]) on(event, showMeter);
	on("invalid", names => byId(`p-${names[0]}`).focus());
	onLanguage(() => {
		for (const parameter of PARAMETERS) label(parameter);
		if (app.conversation) show();
	});
}

function change(fields) {
	const {conversation} = app;
	Object.assign(conversation, fields);
	showMeter();
	clearTimeout(timer);
	timer = setTimeout(() => { if (conversation.messages.size) save(conversation); }, SAVE_DELAY);
}

function field(parameter) {
	const {name, kind} = parameter;
	const id = `p-${name}`;
	const common = {id, "aria-describedby": `${id}-hint ${id}-error`};
	let input;
	if (kind === "choice") {
		input = element("select", common, ...parameter.choices.map(value => element("option", {value}, value)));
	} else if (kind === "switch") {
		input = element("input", {...common, type: "checkbox"});
	} else if (kind === "integer" || kind === "decimal") {
		input = element("input", {...common, type: "text", inputMode: kind === "decimal" ? "decimal" : "numeric",
			autocomplete: "off", placeholder: parameter.standard ?? ""});
	} else {
		input = element("textarea", {...common, rows: kind === "lines" ? 1 : 2, spellcheck: false, dir: "ltr"});
	}
	input.addEventListener("input", () => {
		const text = kind === "switch" ? (input.checked ? "on" : "") : input.value;
		change({parameters: {...app.conversation.parameters, [name]: text}});
		check(parameter);
	});
	return element("div", {className: `field ${kind}`}, element("label", {htmlFor: id, id: `${id}-label`}), input,
		element("p", {className: "hint", id: `${id}-hint`}), element("p", {className: "problem", id: `${id}-error`}));
}

function label(parameter) {
	const id = `p-${parameter.name}`;
	byId(`${id}-label`).textContent = t(`p_${parameter.name}`);
	const hint = {stop: "p_stop_hint", tools: "p_tools_hint"}[parameter.name];
	byId(`${id}-hint`).textContent = hint ? t(hint) : parameter.most === undefined ? "" : range(parameter);
	if (parameter.kind === "choice") byId(id).options[0].textContent = t("modelsOwn");
}

function check(parameter) {
	const input = byId(`p-${parameter.name}`);
	const {error, values} = read(parameter, app.conversation.parameters[parameter.name] ?? "");
	byId(`p-${parameter.name}-error`).textContent = error ? t(error, values) : "";
	input.setAttribute("aria-invalid", String(Boolean(error)));
}

function show() {
	const {conversation} = app;
	if (!conversation) return;
	byId("system").value = conversation.system;
	for (const parameter of PARAMETERS) {
		const text = conversation.parameters[parameter.name] ?? "";
		const input = byId(`p-${parameter.name}`);
		if (parameter.kind === "switch") input.checked = text === "on";
		else input.value = text;
		check(parameter);
	}
	const select = byId("model");
	select.replaceChildren(...app.models.map(({id, state}) => element("option", {value: id},
		state && state !== "ready" ? `${id} (${t("notReady")})` : id)));
	select.value = model()?.id ?? "";
	showMeter();
}

// What of the context the last reply left, and what happens at its end.
function showMeter() {
	const context = model()?.context;
	const usage = app.conversation?.path().findLast(message => message.usage)?.usage;
	const used = usage ? usage.prompt + usage.completion : 0;
	const meter = byId("meter");
	meter.hidden = !context;
	if (!context) return;
	Object.assign(meter, {max: context, high: context * NEARLY_FULL, value: Math.min(used, context)});
	const text = t("contextUsed", {used: number(used), context: number(context)});
	byId("meter-text").textContent = text;
	meter.title = `${text}. ${t("contextEnd")}`;
	byId("meter-warning").textContent = used >= context * NEARLY_FULL && !running() ? t("contextEnd") : "";
}
