// Who asks the server: of all tabs that know the admin key and are seen, one. It tells the others what the server said.
//
// The key stays in the tab where it was typed, in a variable: what crosses the channel are answers alone, and a tab
// that has no key of its own takes none of them.

const POLL = 5_000;
// After failures, one after another; the last of them from then on.
const WAITS = [5_000, 10_000, 20_000, 30_000];
const TIMEOUT = 10_000;

// Pages of two servers behind one host are told apart by their folders.
const NAME = `pinion:${new URL(".", document.baseURI).pathname}:status`;

/// What a request to the server came to: `{status}` for figures, else `{failure}`, which is `wrong`, `missing`, `lost` or
/// `other`, with `{detail}`.
export async function ask(key) {
    let reply;
    try {
        reply = await fetch("admin/status", {
            headers: {authorization: `Bearer ${key}`}, cache: "no-store", credentials: "omit", redirect: "error",
            signal: AbortSignal.timeout(TIMEOUT),
        });
        if (reply.ok) {
            const status = await reply.json();
            return status && typeof status === "object" ? {status} : {failure: "other", detail: "200"};
        }
    } catch {
        return {failure: "lost"};
    }
    if (reply.status === 401) return {failure: "wrong"};
    if (reply.status === 404) return {failure: "missing"};
    // A proxy before the server answers these when the server does not.
    if ([502, 503, 504].includes(reply.status)) return {failure: "lost"};
    return {failure: "other", detail: String(reply.status)};
}

/// Polls with a key, or listens to the tab that does, until it is stopped.
export class Poll {
    #key;
    #tell;
    #role;
    #channel = new BroadcastChannel(NAME);
    #failures = 0;
    #timer;
    #release = null;
    #waiting = null;
    #isStopped = false;
    #onVisibility = () => this.#look();

    /// - tell: told each answer, see `ask`.
    /// - role: told whether this tab `polls`, `listens`, or is `hidden`.
    constructor(key, tell, role) {
        this.#key = key;
        this.#tell = tell;
        this.#role = role;
        this.#channel.onmessage = ({data}) => this.#hear(data);
        document.addEventListener("visibilitychange", this.#onVisibility);
        addEventListener("online", this.#onVisibility);
        this.#look();
    }

    stop() {
        this.#isStopped = true;
        document.removeEventListener("visibilitychange", this.#onVisibility);
        removeEventListener("online", this.#onVisibility);
        this.#leave();
        this.#channel.close();
        this.#key = null;
    }

    /// A tab that is seen wants to be the one that asks; a hidden one lets others.
    #look() {
        if (this.#isStopped) return;
        if (document.hidden) {
            this.#leave();
            this.#role("hidden");
        } else if (this.#release) {
            this.#soon(0);
        } else if (!this.#waiting) {
            this.#stand();
        }
    }

    async #stand() {
        // Without a secure context there are no locks: each tab asks for itself.
        if (!navigator.locks) {
            this.#lead(() => {});
            return;
        }
        this.#role("listens");
        const waiting = new AbortController();
        this.#waiting = waiting;
        try {
            await navigator.locks.request(NAME, {signal: waiting.signal}, () => new Promise(resolve => {
                this.#waiting = null;
                if (this.#isStopped || document.hidden) resolve();
                else this.#lead(resolve);
            }));
        } catch (error) {
            if (error.name !== "AbortError") throw error;
        }
    }

    #lead(release) {
        this.#release = release;
        this.#role("polls");
        this.#soon(0);
    }

    #leave() {
        clearTimeout(this.#timer);
        this.#waiting?.abort();
        this.#waiting = null;
        this.#release?.();
        this.#release = null;
    }

    #soon(wait) {
        clearTimeout(this.#timer);
        this.#timer = setTimeout(() => this.#turn(), wait);
    }

    async #turn() {
        const release = this.#release;
        const answer = await ask(this.#key);
        // Hidden or stopped meanwhile: another tab asks by now.
        if (!release || this.#release !== release) return;
        this.#failures = answer.status ? 0 : this.#failures + 1;
        // What is wrong with this tab's key says nothing of others' keys.
        if (!["wrong", "missing"].includes(answer.failure)) this.#channel.postMessage(answer);
        this.#tell(answer);
        if (this.#release !== release) return;
        this.#soon(answer.status ? POLL : WAITS[Math.min(this.#failures, WAITS.length) - 1]);
    }

    #hear(answer) {
        if (this.#release || document.hidden) return;
        this.#tell(answer);
    }
}
