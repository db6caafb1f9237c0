// The status page: asks for the admin key, keeps it in a variable, and shows what the server tells.
import {byId, isComposing} from "./dom.js";
import {applyTheme, chooseLanguage, chooseTheme, language, onLanguage, t, theme, useWords} from "./language.js";
import {ask, Poll} from "./status-poll.js";
import {prepare, show} from "./status-view.js";
import {clock, words} from "./status-words.js";

/// A server whose beginning moves by more than this was started anew; its own clock may be set by less.
const RESTART_TOLERANCE = 5_000;

let poll = null;
/// The figures that are shown.
let shown = null;
/// Since when there are no new figures, and why; null while there are.
let lostSince = null;
let lostWhy = null;
/// When the server began, by its clock, as far as it was seen.
let began = null;
let restarted = null;
/// What is wrong with the sign-in, in words that a change of language changes.
let trouble = null;

function become(state) {
    document.body.dataset.state = state;
    byId("sign-in").hidden = state === "ready";
    byId("figures").hidden = state !== "ready";
    byId("forget").hidden = state !== "ready";
    byId("sign-in-send").disabled = state === "checking";
}

function announce(event, text) {
    byId("live").dataset.event = event;
    byId("live").textContent = text;
}

// MARK: Signing in

const TROUBLE = {
    wrong: () => t("wrong"), revoked: () => t("revoked"), missing: () => t("missing"),
    lost: () => t("unreached"), empty: () => t("enterKey"),
};

function showTrouble() {
    const error = byId("sign-in-error");
    error.dataset.kind = trouble?.kind ?? "";
    error.textContent = trouble ? (TROUBLE[trouble.kind] ?? (() => t("failed", trouble)))() : "";
    byId("admin-key").setAttribute("aria-invalid", String(["wrong", "revoked", "empty"].includes(trouble?.kind)));
}

function askForKey(kind, detail) {
    poll?.stop();
    poll = null;
    shown = lostSince = began = restarted = null;
    delete document.body.dataset.health;
    delete document.body.dataset.tab;
    byId("facts").hidden = true;
    trouble = kind ? {kind, detail} : null;
    become("sign-in");
    showTrouble();
    showHealth();
    byId("admin-key").focus();
}

async function signIn(event) {
    event.preventDefault();
    if (document.body.dataset.state === "checking") return;
    const key = byId("admin-key").value.trim();
    if (!key) return askForKey("empty");
    become("checking");
    // A header holds nothing else, so that no key has such a letter.
    const answer = /^[\x20-\x7e]+$/.test(key) ? await ask(key) : {failure: "wrong"};
    if (!answer.status) {
        byId("admin-key").select();
        return askForKey(answer.failure, answer.detail);
    }
    byId("admin-key").value = "";
    trouble = null;
    showTrouble();
    become("ready");
    announce("signed-in", t("signedIn"));
    poll = new Poll(key, hear, role => { document.body.dataset.tab = role; });
    hear(answer);
    // The field that had the focus is gone.
    byId("plots-title").tabIndex = -1;
    byId("plots-title").focus({preventScroll: true});
}

// MARK: Answers

function hear(answer) {
    if (document.body.dataset.state !== "ready") return;
    if (answer.status) {
        try {
            show(answer.status);
        } catch {
            return lose("odd");
        }
        const wasLost = lostSince !== null;
        lostSince = null;
        noteRestart(answer.status, wasLost);
        shown = answer.status;
    } else if (answer.failure === "wrong") {
        return askForKey("revoked");
    } else if (answer.failure === "missing") {
        return askForKey("missing");
    } else {
        return lose(answer.failure);
    }
    showHealth();
}

/// Says that there are no new figures, which an alert tells also those who do not see it.
function lose(why) {
    if (lostSince === null) announce("lost", "");
    lostSince ??= Date.now();
    lostWhy = why;
    showHealth();
}

function noteRestart(status, wasLost) {
    const start = status.time_ms - status.uptime_seconds * 1_000;
    const isNew = shown !== null && status.uptime_seconds < shown.uptime_seconds
        || began !== null && start - began > RESTART_TOLERANCE;
    if (isNew) {
        restarted = start;
        announce("restarted", t("restarted", {time: clock(start)}));
    } else if (wasLost) {
        announce("found", t("found"));
    }
    began = start;
}

function showHealth() {
    if (poll) document.body.dataset.health = lostSince === null ? "ok" : "lost";
    byId("alert").hidden = lostSince === null;
    byId("alert-text").textContent =
        lostSince === null ? "" : t(lostWhy === "lost" ? "lost" : "odd", {time: clock(lostSince)});
    byId("restarted").hidden = restarted === null;
    byId("restarted").textContent = restarted === null ? "" : t("restarted", {time: clock(restarted)});
}

// MARK: The page

applyTheme();
prepare();
byId("language").value = language;
byId("theme").value = theme();
byId("language").addEventListener("change", event => chooseLanguage(event.target.value));
byId("theme").addEventListener("change", event => chooseTheme(event.target.value));
byId("sign-in").addEventListener("submit", signIn);
byId("admin-key").addEventListener("keydown", event => {
    if (event.key === "Enter" && isComposing(event)) event.preventDefault();
});
byId("forget").addEventListener("click", () => askForKey());
useWords(words);
onLanguage(() => {
    document.title = `Pinion: ${t("title")}`;
    showTrouble();
    showHealth();
    if (shown) show(shown);
});
askForKey();
