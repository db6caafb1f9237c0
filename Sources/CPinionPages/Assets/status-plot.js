// Plots of the last hour, as SVG of our own: lines or bars over sixty minutes, with the same figures as a table.
import {element} from "./dom.js";

const SVG = "http://www.w3.org/2000/svg";
const HEIGHT = 170;
const MARGIN = {top: 10, right: 12, bottom: 24, left: 52};
const SMALLEST_WIDTH = 200;
const MINUTES = 60;

/// An element of SVG with attributes.
export function shape(tag, attributes = {}, ...children) {
    const node = document.createElementNS(SVG, tag);
    for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
    node.append(...children);
    return node;
}

/// A number not below another, of the form 1, 2 or 5 times a power of ten.
function roundUp(value) {
    const power = 10 ** Math.floor(Math.log10(value));
    return power * ([1, 2, 5].find(step => step * power >= value * (1 - 1e-9)) ?? 10);
}

function roundDown(value) {
    const power = 10 ** Math.floor(Math.log10(value));
    return power * [5, 2, 1].find(step => step * power <= value * (1 + 1e-9));
}

/// The values that lines of the grid stand for, on a scale from nothing.
function linearTicks(most, isWhole) {
    if (!(most > 0)) most = 1;
    const step = Math.max(roundUp(most / 4), isWhole ? 1 : 0);
    const count = Math.max(1, Math.ceil(most / step - 1e-9));
    return Array.from({length: count + 1}, (_, index) => index * step);
}

/// On a scale whose steps are factors: times differ by orders of magnitude.
function factorTicks(values) {
    let [low, high] = values.length ? [roundDown(Math.min(...values)), roundUp(Math.max(...values))] : [1, 100];
    if (low === high) [low, high] = [roundDown(low * 0.99), roundUp(high * 1.01)];
    const isWide = high / low > 101;
    const ticks = [];
    for (let power = 10 ** Math.floor(Math.log10(low)); power <= high * 1.001; power *= 10) {
        for (const step of isWide ? [1] : [1, 2, 5]) {
            const tick = step * power;
            if (tick >= low * 0.999 && tick <= high * 1.001) ticks.push(tick);
        }
    }
    if (ticks[0] > low * 1.001) ticks.unshift(low);
    if (ticks.at(-1) < high * 0.999) ticks.push(high);
    return ticks;
}

/// A figure with a title, a legend, the plot, and on request its table.
///
/// `series` is a list of `{name, values}` with sixty values, null where nothing was measured; the first series is the
/// most important one. Texts come by `words`: `{title, format, minute, summary, asTable, time}`.
export class Plot {
    #figure;
    #title = element("span", {className: "plot-title"});
    #legend = element("span", {className: "legend"});
    #space = element("div", {className: "plot-space"});
    #tip = element("div", {className: "plot-tip", hidden: true});
    #summary = element("summary");
    #details = element("details", {className: "as-table"});
    #table = element("table");
    #kind;
    #data = null;
    #width = 0;
    #cursor = null;

    /// - kind: `lines`, `times` (lines on a scale of factors) or `bars` (on top of each other).
    constructor(id, kind) {
        this.#kind = kind;
        this.#details.append(this.#summary, this.#table);
        this.#figure = element(
            "figure", {className: `plot ${kind}`, id},
            element("figcaption", {}, this.#title, this.#legend), this.#space, this.#details);
        this.#details.addEventListener("toggle", () => this.#fillTable());
        this.#space.addEventListener("pointermove", event => this.#point(event));
        this.#space.addEventListener("pointerleave", () => this.#unpoint());
        new ResizeObserver(([{contentRect}]) => {
            const width = Math.max(SMALLEST_WIDTH, Math.floor(contentRect.width));
            if (width === this.#width) return;
            this.#width = width;
            this.#draw();
        }).observe(this.#space);
    }

    get node() { return this.#figure; }

    show(data) {
        this.#data = data;
        const {words, series} = data;
        this.#title.textContent = words.title;
        this.#legend.replaceChildren(...(series.length > 1 ? series.map(({name}, index) => this.#key(index, name)) : []));
        this.#summary.textContent = words.asTable;
        this.#draw();
        this.#fillTable();
    }

    /// A series in the legend.
    #key(number, text) {
        return element("span", {className: `key s${number}`}, element("span", {className: "swatch"}), text);
    }

    #ticks() {
        const {series, isWhole} = this.#data;
        if (this.#kind === "times") {
            return factorTicks(series.flatMap(({values}) => values.filter(value => value !== null && value > 0)));
        }
        const heights = Array.from({length: MINUTES}, (_, index) => {
            const all = series.map(({values}) => values[index] ?? 0);
            return this.#kind === "bars" ? all.reduce((sum, value) => sum + value, 0) : Math.max(...all);
        });
        return this.#data.most ? linearTicks(this.#data.most) : linearTicks(Math.max(...heights), isWhole);
    }

    #draw() {
        if (!this.#data || !this.#width) return;
        const {words, series} = this.#data;
        const ticks = this.#ticks();
        const [low, high] = [ticks[0], ticks.at(-1)];
        const [width, height] = [this.#width - MARGIN.left - MARGIN.right, HEIGHT - MARGIN.top - MARGIN.bottom];
        const x = index => MARGIN.left + width * (index + 0.5) / MINUTES;
        const share = value => this.#kind === "times"
            ? Math.log(Math.max(value, low) / low) / Math.log(high / low) : value / high;
        const y = value => MARGIN.top + height * (1 - Math.min(1, share(value)));
        const picture = shape("svg", {
            viewBox: `0 0 ${this.#width} ${HEIGHT}`, width: this.#width, height: HEIGHT, role: "img",
            "aria-label": words.summary,
        });
        for (const tick of ticks) {
            picture.append(
                shape("line", {
                    class: "grid", x1: MARGIN.left, x2: MARGIN.left + width, y1: y(tick), y2: y(tick)}),
                shape("text", {class: "tick end", x: MARGIN.left - 8, y: y(tick) + 4}, words.format(tick)));
        }
        for (const ago of width < 330 ? [60, 30, 0] : [60, 45, 30, 15, 0]) {
            const place = MARGIN.left + width * (MINUTES - ago) / MINUTES;
            picture.append(shape(
                "text", {class: ago === 0 ? "tick end" : ago === 60 ? "tick" : "tick middle", x: place,
                y: HEIGHT - 6}, words.minute(ago)));
        }
        if (this.#kind === "bars") picture.append(...bars(series, x, y, width / MINUTES));
        // The first series lies above the others.
        else for (let index = series.length - 1; index >= 0; index--) {
            picture.append(...lines(series[index].values, x, y, index, this.#kind === "lines", y(low)));
        }
        this.#cursor = shape("line", {
            class: "cursor", y1: MARGIN.top, y2: MARGIN.top + height, x1: 0, x2: 0, visibility: "hidden"});
        picture.append(this.#cursor);
        this.#tip.hidden = true;
        this.#space.replaceChildren(picture, this.#tip);
    }

    #point(event) {
        if (!this.#data || !this.#cursor) return;
        const left = event.clientX - this.#space.getBoundingClientRect().left;
        const width = this.#width - MARGIN.left - MARGIN.right;
        const index = Math.floor((left - MARGIN.left) / width * MINUTES);
        if (index < 0 || index >= MINUTES) return this.#unpoint();
        const {words, series} = this.#data;
        const text = value => value === null ? "–" : words.format(value);
        const place = MARGIN.left + width * (index + 0.5) / MINUTES;
        for (const name of ["x1", "x2"]) this.#cursor.setAttribute(name, place);
        this.#cursor.setAttribute("visibility", "visible");
        this.#tip.replaceChildren(
            element("span", {className: "when"}, words.time(MINUTES - 1 - index)),
            ...series.map(({name, values}, number) => this.#key(number, `${name} ${text(values[index])}`)));
        this.#tip.hidden = false;
        const half = this.#tip.offsetWidth / 2;
        this.#tip.style.left = `${Math.max(half, Math.min(this.#width - half, place))}px`;
    }

    #unpoint() {
        this.#tip.hidden = true;
        this.#cursor?.setAttribute("visibility", "hidden");
    }

    /// Filled only while it is open: six tables of sixty lines would be made at each poll.
    #fillTable() {
        if (!this.#data || !this.#details.open) return;
        const {words, series} = this.#data;
        const rows = [];
        for (let index = MINUTES - 1; index >= 0; index--) {
            if (series.every(({values}) => values[index] === null)) continue;
            rows.push(element(
                "tr", {}, element("th", {scope: "row"}, words.time(MINUTES - 1 - index)),
                ...series.map(({values}) => element(
                    "td", {className: "number"}, values[index] === null ? "–" : words.format(values[index])))));
        }
        this.#table.replaceChildren(
            element("caption", {className: "off-screen"}, words.title),
            element("thead", {}, element(
                "tr", {}, element("th", {scope: "col"}, words.timeColumn),
                ...series.map(({name}) => element("th", {scope: "col", className: "number"}, name)))),
            element("tbody", {}, ...rows));
    }
}

/// A line with gaps where nothing was measured; a value between two gaps is a dot.
function lines(values, x, y, number, isFilled, floor) {
    const runs = [];
    values.forEach((value, index) => {
        if (value === null) return;
        if (index > 0 && values[index - 1] !== null) runs.at(-1).push(index);
        else runs.push([index]);
    });
    const point = index => `${x(index).toFixed(1)},${y(values[index]).toFixed(1)}`;
    return runs.flatMap(run => {
        if (run.length === 1) {
            return [shape("circle", {class: `dot s${number}`, cx: x(run[0]), cy: y(values[run[0]]), r: 3})];
        }
        const points = run.map(point).join(" ");
        const line = shape("polyline", {class: `line s${number}`, points});
        if (!isFilled || number > 0) return [line];
        const [first, last] = [x(run[0]).toFixed(1), x(run.at(-1)).toFixed(1)];
        return [shape("polygon", {class: `area s${number}`, points: `${first},${floor} ${points} ${last},${floor}`}), line];
    });
}

function bars(series, x, y, width) {
    const wide = Math.max(1.5, width * 0.72);
    const marks = [];
    for (let index = 0; index < MINUTES; index++) {
        let below = 0;
        series.forEach(({values}, number) => {
            const value = values[index] ?? 0;
            if (value <= 0) return;
            const [top, bottom] = [y(below + value), y(below)];
            below += value;
            marks.push(shape("rect", {
                class: `bar s${number}`, x: (x(index) - wide / 2).toFixed(1), width: wide.toFixed(1),
                y: top.toFixed(1), height: Math.max(1, bottom - top).toFixed(1)}));
        });
    }
    return marks;
}
