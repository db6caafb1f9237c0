// The figures of the status page: what the server answered becomes tiles, plots and tables.
import {byId, element, visible} from "./dom.js";
import {language, t} from "./language.js";
import {Plot, shape} from "./status-plot.js";
import {bytes, clock, count, duration, milliseconds, money, percent} from "./status-words.js";

const MINUTES = 60;
/// Seconds of the minute that runs from which on its rate says something.
const FEWEST_SECONDS = 10;

const plots = {
    rate: new Plot("plot-rate", "lines"), sequences: new Plot("plot-sequences", "lines"),
    first: new Plot("plot-first", "times"), gap: new Plot("plot-gap", "times"),
    requests: new Plot("plot-requests", "bars"), hits: new Plot("plot-hits", "lines"),
};

const STATES = ["ready", "loading", "stopping"];

/// Puts the plots into the page; the figures come with `show`.
export function prepare() {
    byId("plots").replaceChildren(...Object.values(plots).map(plot => plot.node));
}

/// Throws for an answer that is not what the server of this page would say.
export function show(status) {
    showFacts(status);
    showTiles(status);
    showPlots(status);
    showModels(status.models);
    showKeys(status);
    showSlow(status.slow_requests);
    showErrors(status.errors);
    showLedger(status);
}

const sum = values => values.reduce((total, value) => total + value, 0);
const share = (part, whole) => whole > 0 ? Math.min(1, part / whole) : null;
const orDash = (value, format) => value === null || value === undefined ? "–" : format(value);

function showFacts(status) {
    byId("facts").hidden = false;
    const isLoading = status.models.some(({state}) => state !== "ready");
    const state = status.state === "ready" && isLoading ? "loading" : status.state;
    byId("server-state").dataset.state = state;
    byId("server-state").textContent = STATES.includes(state) ? t(state) : visible(state);
    byId("version").textContent = t("version", {version: visible(status.version)});
    byId("uptime").textContent = t("uptime", {time: duration(status.uptime_seconds)});
    byId("updated").dataset.time = status.time_ms;
    byId("updated").textContent = t("updated", {time: clock(status.time_ms)});
}

function tile(id, title, value, text, detail) {
    return element(
        "div", {className: "tile", id}, element("h3", {}, title),
        element("p", {className: "value", "data-value": value ?? ""}, text),
        element("p", {className: "detail"}, detail));
}

/// The latest minute in which a time was measured.
function latest(minutes, name) {
    for (let ago = 0; ago < MINUTES; ago++) {
        const value = minutes[`${name}_p50_ms`][MINUTES - 1 - ago];
        if (value === null) continue;
        const p95 = minutes[`${name}_p95_ms`][MINUTES - 1 - ago];
        const when = ago === 0 ? t("lastMinute") : t("minutesAgo", {count: count(ago)});
        return {value, detail: t("percentiles", {p95: milliseconds(p95), when})};
    }
    return {value: null, detail: t("noneYet")};
}

function showTiles({models, minutes, resident_bytes: resident}) {
    const total = name => sum(models.map(model => model[name]));
    const [running, waiting, rate] = ["running", "waiting", "tokens_per_second"].map(total);
    const [first, gap] = [latest(minutes, "first_token"), latest(minutes, "gap")];
    const [prompt, cached] = [total("prompt_tokens"), total("cached_tokens")];
    const hits = share(cached, prompt);
    const requests = sum(minutes.requests);
    byId("tiles").replaceChildren(
        tile("tile-running", t("running"), running, count(running), t("ofRunning")),
        tile("tile-waiting", t("waiting"), waiting, count(waiting), t("ofWaiting")),
        tile("tile-rate", t("rate"), rate, count(rate), t("ofRate", {tokens: count(total("generated_tokens"))})),
        tile("tile-first", t("first"), first.value, orDash(first.value, milliseconds), first.detail),
        tile("tile-gap", t("gap"), gap.value, orDash(gap.value, milliseconds), gap.detail),
        tile(
            "tile-hits", t("hits"), hits, orDash(hits, percent),
            t("ofHits", {cached: count(cached), prompt: count(prompt)})),
        tile(
            "tile-requests", t("requests"), requests, count(requests),
            t("ofRequests", {refused: count(sum(minutes.refusals)), failed: count(sum(minutes.errors))})),
        tile("tile-memory", t("memoryTile"), resident, orDash(resident, bytes), t("ofMemory")));
}

// MARK: Plots

function showPlots({minutes, time_ms: now, uptime_seconds: uptime}) {
    // Before the server began there was nothing, which is not the same as none.
    const known = Math.min(MINUTES, Math.floor(uptime / 60) + 1);
    const column = name => minutes[name].map((value, index) => index < MINUTES - known ? null : value);
    const newest = minutes.newest_seconds;
    const rate = name => column(name).map((value, index) => {
        if (value === null || index < MINUTES - 1) return value === null ? null : value / 60;
        return newest < FEWEST_SECONDS ? null : value / newest;
    });
    const [requests, refusals, errors] = ["requests", "refusals", "errors"].map(column);
    const answered = requests.map((value, index) => value === null ? null : value - refusals[index] - errors[index]);
    const hits = column("prompt_tokens").map((value, index) =>
        value === null ? null : share(minutes.cached_tokens[index], value));
    const times = name => [
        {name: t("median"), values: minutes[`${name}_p50_ms`]},
        {name: t("p95"), values: minutes[`${name}_p95_ms`]},
    ];
    const show = (plot, title, series, format, more = {}) => plots[plot].show({
        series, ...more, words: {
            title, format, minute: tick, asTable: t("asTable"), timeColumn: t("timeColumn"),
            time: ago => clock(now - newest * 1_000 - ago * 60_000, {}), summary: summary(title, series, format),
        },
    });
    show("rate", t("plotRate"), [
        {name: t("generated"), values: rate("generated_tokens")},
        {name: t("prompt"), values: rate("prompt_tokens")}], count);
    show("sequences", t("plotSequences"), [
        {name: t("running"), values: column("running")}, {name: t("waiting"), values: column("waiting")},
    ], count, {isWhole: true});
    show("first", t("plotFirst"), times("first_token"), milliseconds);
    show("gap", t("plotGap"), times("gap"), milliseconds);
    show("requests", t("plotRequests"), [
        {name: t("answered"), values: answered}, {name: t("refused"), values: refusals},
        {name: t("failedSeries"), values: errors}], count, {isWhole: true});
    show("hits", t("plotHits"), [{name: t("hits"), values: hits}], percent, {most: 1});
}

const tick = ago => ago === 0 ? t("nowTick") : t("ago", {count: ago});

/// What a plot shows, in a sentence.
function summary(title, series, format) {
    const parts = series.map(({name, values}) => {
        const known = values.filter(value => value !== null);
        if (known.length === 0) return t("nothing", {name});
        const [least, most] = [Math.min(...known), Math.max(...known)];
        return t("part", {name, last: format(known.at(-1)), least: format(least), most: format(most)});
    });
    return t("summary", {title, parts: parts.join("; ")});
}

// MARK: Tables

const code = text => element("code", {}, visible(text));

/// What tables show, by their ids.
const filled = {};

/// Fills a table. A column is `[title, className, cell]`; the first cell of a row names the row.
///
/// Rows that stay the same stay in the page, as do those that a reader selects, who may want to copy an id.
function fill(id, list, attributes, columns) {
    const content = JSON.stringify([language, list]);
    const selection = getSelection();
    if (content === filled[id] || !selection.isCollapsed && selection.containsNode(byId(id), true)) return;
    filled[id] = content;
    byId(`${id}-scroll`).hidden = list.length === 0;
    const none = byId(`${id}-none`);
    if (none) none.hidden = list.length > 0;
    const row = item => element("tr", attributes(item), ...columns.map(([, className, cell], index) => element(
        index ? "td" : "th", {className, scope: index ? null : "row"}, ...[cell(item)].flat())));
    byId(id).replaceChildren(
        element("thead", {}, element("tr", {}, ...columns.map(
            ([title, className]) => element("th", {scope: "col", className}, t(title))))),
        element("tbody", {}, ...list.map(row)));
}

/// A column of numbers, which may be missing.
const numbers = (title, name, format = count, className = "") =>
    [title, `${className} number`, item => orDash(item[name], format)];

function showModels(models) {
    const ofModel = model => ({"data-model": model.id});
    const name = ["model", "name", model => visible(model.id)];
    fill("models", models, ofModel, [
        name, ["state", "state", model => t(model.state === "ready" ? "ready" : "loading")],
        numbers("running", "running", count, "running"), numbers("waiting", "waiting", count, "waiting"),
        numbers("rateColumn", "tokens_per_second", count, "rate"),
        ["hitsColumn", "hits number", model => orDash(share(model.cached_tokens, model.prompt_tokens), percent)],
        numbers("context", "context_length", count, "context"),
    ]);
    const known = models.filter(model => model.weight_bytes !== null);
    const parts = model => [model.weight_bytes, model.cache_bytes, model.other_bytes];
    const tokens = model => [model.cache_tokens_used, model.cache_tokens_kept, model.cache_tokens_free];
    const largest = Math.max(...known.map(model => sum(parts(model))));
    fill("memory", known, ofModel, [
        name, numbers("weights", "weight_bytes", bytes), numbers("cache", "cache_bytes", bytes),
        numbers("other", "other_bytes", bytes),
        ["division", "", model => {
            const [weights, cache, other] = parts(model).map(bytes);
            return divided(parts(model), largest, t("divisionText", {weights, cache, other}));
        }],
        ["cacheUse", "", model => {
            const [used, kept, free] = tokens(model).map(count);
            const text = t("cacheTokens", {used, kept, free});
            return [divided(tokens(model), sum(tokens(model)), text), element("span", {className: "note"}, text)];
        }],
    ]);
}

const BAR_WIDTH = 160;
const BAR_HEIGHT = 12;

/// A bar whose parts are to each other as numbers are.
function divided(parts, whole, label) {
    let x = 0;
    return shape("svg", {
        class: "division", viewBox: `0 0 ${BAR_WIDTH} ${BAR_HEIGHT}`, width: BAR_WIDTH, height: BAR_HEIGHT, role: "img",
        "aria-label": label,
    }, ...parts.map((part, index) => {
        const width = whole > 0 ? part / whole * BAR_WIDTH : 0;
        x += width;
        return shape("rect", {class: `s${index}`, x: x - width, y: 0, width, height: BAR_HEIGHT});
    }));
}

/// A key by its name, and by its identifier, which is what logs and commands know.
const keyCell = (id, name) => name ? [visible(name), element("code", {className: "note"}, visible(id))] : code(id);

function showKeys({keys, keys_left_off: more}) {
    fill("keys", keys, key => ({"data-key": key.id}), [
        ["key", "name", key => keyCell(key.id, key.name)], ["owner", "", key => orDash(key.owner, visible)],
        numbers("requestsColumn", "requests"), numbers("input", "input_tokens"), numbers("cached", "cached_tokens"),
        numbers("output", "output_tokens"), numbers("cost", "cost", money),
    ]);
    byId("keys-more").hidden = more === 0;
    byId("keys-more").textContent = t("keysMore", {count: count(more)});
}

const ofRequest = item => ({"data-request": item.request_id, "data-status": item.status});
const when = ["when", "", item => clock(item.time_ms)];
const place = [["route", "", item => code(item.route)], ["request", "", item => code(item.request_id)]];

function showSlow(requests) {
    fill("slow", requests, ofRequest, [
        when, numbers("total", "total_ms", milliseconds), numbers("first", "first_token_ms", milliseconds),
        numbers("queued", "queued_ms", milliseconds),
        ["tokens", "number", item => `${orDash(item.prompt_tokens, count)} + ${orDash(item.generated_tokens, count)}`],
        ["outcome", "", item => visible(item.outcome)], ["key", "name", item => keyCell(item.key, item.key_name)],
        ["model", "name", item => visible(item.model)], ...place,
    ]);
}

function showErrors(errors) {
    fill("errors", errors, ofRequest, [
        when, numbers("status", "status", String), ["code", "", item => orDash(item.code, code)],
        ["what", "what", item => item.message === null
            ? orDash(item.field, field => t("field", {field: visible(field)})) : visible(item.message)],
        numbers("times", "count"), ...place,
    ]);
}

function showLedger({ledger, version, day, resident_bytes: resident}) {
    const rows = [
        ["pinion", visible(version)], ["resident", orDash(resident, bytes)], ["day", visible(day)],
        ["ledgerState", ledger.failure === null ? t("ledgerFine") : visible(ledger.failure)],
        ["reserved", count(ledger.running)], ["reservedTokens", count(ledger.reserved_tokens)],
        ["journal", bytes(ledger.journal_bytes)], ["journalFree", bytes(ledger.journal_free_bytes)],
        ["fold", milliseconds(ledger.last_fold_ms)],
    ];
    byId("ledger").replaceChildren(...rows.map(([name, text]) => element(
        "div", {className: name === "ledgerState" && ledger.failure !== null ? "bad" : ""},
        element("dt", {}, t(name)), element("dd", {}, text))));
}
