// The figures of the status page: what the server answered becomes tiles, plots and tables.
import {byId, element, visible} from "./dom.js";
import {t} from "./language.js";
import {Plot} from "./status-plot.js";
import {bytes, clock, count, duration, milliseconds, percent} from "./status-words.js";

const MINUTES = 60;
/// Seconds of the minute that runs from which on its rate says something.
const FEWEST_SECONDS = 10;

const plots = {
    rate: new Plot("plot-rate", "lines"), sequences: new Plot("plot-sequences", "lines"),
    first: new Plot("plot-first", "times"), gap: new Plot("plot-gap", "times"),
    requests: new Plot("plot-requests", "bars"), hits: new Plot("plot-hits", "lines"),
};

/// Puts the plots into the page; the figures come with `show`.
export function prepare() {
    byId("plots").replaceChildren(...Object.values(plots).map(plot => plot.node));
}

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
    byId("server-state").textContent = t(state);
    byId("version").textContent = t("version", {version: status.version});
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

/// A table's columns are `[className, title]`; its rows `{attributes, cells}`. The first cell of a row names it.
function fill(id, columns, rows) {
    byId(`${id}-scroll`).hidden = rows.length === 0;
    const none = byId(`${id}-none`);
    if (none) none.hidden = rows.length > 0;
    const cell = (content, index) => element(
        index === 0 ? "th" : "td", {className: columns[index][0], ...(index === 0 ? {scope: "row"} : {})},
        ...(Array.isArray(content) ? content : [content]));
    byId(id).replaceChildren(
        element("thead", {}, element(
            "tr", {}, ...columns.map(([className, title]) => element("th", {scope: "col", className}, title)))),
        element("tbody", {}, ...rows.map(
            ({attributes, cells}) => element("tr", attributes, ...cells.map(cell)))));
}

function showModels(models) {
    fill("models", [
        ["name", t("model")], ["state", t("state")], ["running number", t("running")],
        ["waiting number", t("waiting")], ["rate number", t("rateColumn")], ["hits number", t("hitsColumn")],
        ["context number", t("context")],
    ], models.map(model => ({
        attributes: {"data-model": model.id},
        cells: [
            visible(model.id), t(model.state === "ready" ? "ready" : "loading"), count(model.running),
            count(model.waiting), count(model.tokens_per_second),
            orDash(share(model.cached_tokens, model.prompt_tokens), percent), count(model.context_length),
        ],
    })));
    const known = models.filter(model => model.weight_bytes !== null);
    const largest = Math.max(1, ...known.map(model => model.weight_bytes + model.cache_bytes + model.other_bytes));
    fill("memory", [
        ["name", t("model")], ["number", t("weights")], ["number", t("cache")], ["number", t("other")],
        ["bar", t("division")], ["bar", t("cacheUse")],
    ], known.map(model => {
        const parts = [model.weight_bytes, model.cache_bytes, model.other_bytes];
        const tokens = [model.cache_tokens_used, model.cache_tokens_kept, model.cache_tokens_free];
        const [weights, cache, other] = parts.map(bytes);
        const [used, kept, free] = tokens.map(count);
        return {
            attributes: {"data-model": model.id},
            cells: [
                visible(model.id), weights, cache, other,
                divided(parts, largest, "memory", t("divisionText", {weights, cache, other})),
                [
                    divided(tokens, sum(tokens), "tokens", t("cacheUse")),
                    element("span", {className: "note"}, t("cacheTokens", {used, kept, free})),
                ],
            ],
        };
    }));
}

const BAR_WIDTH = 160;
const BAR_HEIGHT = 12;

/// A bar whose parts are to each other as numbers are.
function divided(parts, whole, className, label) {
    const SVG = "http://www.w3.org/2000/svg";
    const picture = document.createElementNS(SVG, "svg");
    const attributes = {
        class: `division ${className}`, viewBox: `0 0 ${BAR_WIDTH} ${BAR_HEIGHT}`, width: BAR_WIDTH,
        height: BAR_HEIGHT, role: "img", "aria-label": label,
    };
    for (const [name, value] of Object.entries(attributes)) picture.setAttribute(name, value);
    let x = 0;
    parts.forEach((part, index) => {
        const width = whole > 0 ? part / whole * BAR_WIDTH : 0;
        const mark = document.createElementNS(SVG, "rect");
        const places = {class: `s${index}`, x: x.toFixed(1), y: 0, width: width.toFixed(1), height: BAR_HEIGHT};
        for (const [name, value] of Object.entries(places)) mark.setAttribute(name, value);
        picture.append(mark);
        x += width;
    });
    return picture;
}

/// A key by its name, and by its identifier, which is what logs and commands know.
function keyCell(id, name) {
    return name ? [visible(name), element("code", {className: "note"}, visible(id))]
        : [element("code", {}, visible(id))];
}

function showKeys({keys, keys_left_off: more}) {
    fill("keys", [
        ["name", t("key")], ["", t("owner")], ["number", t("requestsColumn")], ["number", t("input")],
        ["number", t("cached")], ["number", t("output")], ["number", t("cost")],
    ], keys.map(key => ({
        attributes: {"data-key": key.id},
        cells: [
            keyCell(key.id, key.name), orDash(key.owner, visible), count(key.requests), count(key.input_tokens),
            count(key.cached_tokens), count(key.output_tokens), key.cost === 0 ? "0" : String(key.cost),
        ],
    })));
    byId("keys-more").hidden = more === 0;
    byId("keys-more").textContent = t("keysMore", {count: count(more)});
}

function showSlow(requests) {
    fill("slow", [
        ["", t("when")], ["number", t("total")], ["number", t("first")], ["number", t("queued")],
        ["number", t("tokens")], ["", t("outcome")], ["name", t("key")], ["name", t("model")],
        ["", t("route")], ["", t("request")],
    ], requests.map(request => ({
        attributes: {"data-request": request.request_id},
        cells: [
            clock(request.time_ms), milliseconds(request.total_ms), orDash(request.first_token_ms, milliseconds),
            orDash(request.queued_ms, milliseconds),
            `${orDash(request.prompt_tokens, count)} + ${orDash(request.generated_tokens, count)}`, request.outcome,
            keyCell(request.key, request.key_name), visible(request.model), element("code", {}, request.route),
            element("code", {}, request.request_id),
        ],
    })));
}

function showErrors(errors) {
    fill("errors", [
        ["", t("when")], ["number", t("status")], ["", t("code")], ["what", t("what")],
        ["number", t("times")], ["", t("route")], ["", t("request")],
    ], errors.map(error => ({
        attributes: {"data-request": error.request_id, "data-status": error.status},
        cells: [
            clock(error.time_ms), String(error.status), orDash(error.code, code => element("code", {}, code)),
            error.message !== null ? visible(error.message)
                : orDash(error.field, field => t("field", {field: visible(field)})),
            count(error.count), element("code", {}, error.route), element("code", {}, error.request_id),
        ],
    })));
}

function showLedger({ledger, version, day, resident_bytes: resident}) {
    const rows = [
        ["pinion", version], ["resident", orDash(resident, bytes)], ["day", day],
        ["ledgerState", ledger.failure === null ? t("ledgerFine") : visible(ledger.failure)],
        ["reserved", count(ledger.running)], ["reservedTokens", count(ledger.reserved_tokens)],
        ["journal", bytes(ledger.journal_bytes)], ["journalFree", bytes(ledger.journal_free_bytes)],
        ["fold", milliseconds(ledger.last_fold_ms)],
    ];
    byId("ledger").replaceChildren(...rows.map(([name, text]) => element(
        "div", {className: name === "ledgerState" && ledger.failure !== null ? "bad" : ""},
        element("dt", {}, t(name)), element("dd", {}, text))));
}
