// The words of the status page, in the languages of the pages.
import {language} from "./language.js";

const english = {
    title: "status", toChat: "Pinion: to the chat", language: "Language", theme: "Theme", themeSystem: "System",
    themeLight: "Light", themeDark: "Dark", forget: "Forget key",
    signIn: "Admin key", signInWhy: "The server was started with it: PINION_ADMIN_KEY or --admin-key. API keys do not open this page.",
    adminKey: "Admin key", show: "Show the status",
    signInKept: "The key stays in this tab's memory. It is gone when you reload or close the tab.",
    wrong: "The server does not accept this key.",
    revoked: "The server does not accept the key any more. It was started with another one.",
    missing: "This server has no status to show: it was started without an admin key (PINION_ADMIN_KEY, --admin-key), or with --no-auth.",
    unreached: "The server does not answer. Is it running?", failed: "The server answered with status {detail}.",
    enterKey: "Enter the admin key.",
    lost: "The server has not answered since {time}. The figures are those of then; this page keeps asking.",
    odd: "The server has said nothing that this page understands since {time}. The figures are those of then; reload the page if the server is a new version.",
    found: "The server answers again.", restarted: "The server was started anew at {time}. Its figures began again.",
    signedIn: "Signed in. The figures are shown.",
    ready: "Ready", loading: "Loading", stopping: "Stopping", version: "Version {version}", uptime: "Up {time}",
    updated: "As of {time}",
    now: "Now", running: "Running", waiting: "Waiting", ofWaiting: "Requests waiting for a place",
    ofRunning: "Replies being written", rate: "Tokens per second", ofRate: "{tokens} in the last hour",
    first: "First token", percentiles: "p95 {p95} · {when}", gap: "Between tokens", lastMinute: "this minute",
    minutesAgo: "{count} min ago", noneYet: "none in the last hour", hits: "Found in the cache",
    ofHits: "{cached} of {prompt} prompt tokens, last hour", requests: "Requests, last hour",
    ofRequests: "{refused} refused, {failed} failed", memoryTile: "Memory", ofMemory: "of the process",
    lastHour: "The last hour", plotRate: "Tokens per second", generated: "Generated", prompt: "Prompt",
    plotSequences: "Running and waiting", plotFirst: "Time to the first token", plotGap: "Time between tokens",
    plotRequests: "Requests per minute", answered: "Answered", refused: "Refused", failedSeries: "Failed",
    plotHits: "Prompt tokens found in the cache", median: "Half below (p50)", p95: "95 % below (p95)",
    asTable: "As a table", ago: "−{count} min", nowTick: "now", timeColumn: "Minute",
    summary: "{title}: {parts} over the last hour.", part: "{name} now {last}, at least {least}, at most {most}",
    nothing: "{name} nothing", models: "Models", memoryBy: "Memory and cache", model: "Model", state: "State",
    context: "Context", rateColumn: "Tokens/s", hitsColumn: "Cache hits", weights: "Weights", cache: "Cache",
    other: "Other", division: "Division", cacheUse: "Cache in use", cacheTokens: "{used} used, {kept} kept, {free} free",
    divisionText: "weights {weights}, cache {cache}, other {other}",
    keysToday: "Keys today", keysNone: "No key was used today.", key: "Key", owner: "Owner", requestsColumn: "Requests",
    input: "Input", cached: "Cached", output: "Output", cost: "Cost", keysMore: "{count} more keys were used.",
    slow: "Slow requests of the last hour", slowNone: "No request in the last hour.", when: "When", request: "Request",
    route: "Route", queued: "Queued", total: "Total", tokens: "Tokens", outcome: "Ended",
    errors: "Recent errors", errorsNone: "No errors.", status: "Status", code: "Code", what: "What", times: "Times",
    field: "field {field}", ledger: "Ledger and versions", reserved: "Requests with a reservation",
    reservedTokens: "Tokens reserved", journal: "Journal, not yet in the database", journalFree: "Journal, free",
    fold: "Last write into the database", ledgerState: "State", ledgerFine: "In order", pinion: "Pinion",
    resident: "Memory of the process", day: "Day of the ledger",
};

const chinese = {
    title: "状态", toChat: "Pinion：前往聊天", language: "语言", theme: "外观", themeSystem: "跟随系统",
    themeLight: "浅色", themeDark: "深色", forget: "忘记密钥",
    signIn: "管理密钥", signInWhy: "即启动服务器时设置的密钥：PINION_ADMIN_KEY 或 --admin-key。普通 API 密钥不能打开此页面。",
    adminKey: "管理密钥", show: "显示状态",
    signInKept: "密钥只保存在此标签页的内存中，刷新或关闭后即消失。",
    wrong: "服务器不接受此密钥。",
    revoked: "服务器不再接受此密钥：它以另一个密钥重新启动了。",
    missing: "此服务器没有状态可显示：启动时未设置管理密钥（PINION_ADMIN_KEY 或 --admin-key），或使用了 --no-auth。",
    unreached: "服务器没有响应。它在运行吗？", failed: "服务器返回了状态码 {detail}。",
    enterKey: "请输入管理密钥。",
    lost: "服务器自 {time} 起没有响应。显示的是当时的数据；页面会继续重试。",
    odd: "自 {time} 起，页面无法理解服务器的回复。显示的是当时的数据；如果服务器已更新，请刷新页面。",
    found: "服务器恢复响应。", restarted: "服务器已于 {time} 重新启动，数据重新开始统计。",
    signedIn: "已登录，正在显示数据。",
    ready: "就绪", loading: "加载中", stopping: "正在停止", version: "版本 {version}", uptime: "已运行 {time}",
    updated: "截至 {time}",
    now: "当前", running: "运行中", waiting: "等待中", ofWaiting: "等待空位的请求",
    ofRunning: "正在生成的回复", rate: "每秒词元", ofRate: "最近一小时 {tokens} 个",
    first: "首个词元", percentiles: "p95 {p95} · {when}", gap: "词元间隔", lastMinute: "本分钟",
    minutesAgo: "{count} 分钟前", noneYet: "最近一小时没有", hits: "缓存命中",
    ofHits: "最近一小时 {prompt} 个提示词元中的 {cached} 个", requests: "最近一小时请求",
    ofRequests: "拒绝 {refused}，失败 {failed}", memoryTile: "内存", ofMemory: "进程占用",
    lastHour: "最近一小时", plotRate: "每秒词元", generated: "生成", prompt: "提示",
    plotSequences: "运行与等待", plotFirst: "首个词元时间", plotGap: "词元间隔时间",
    plotRequests: "每分钟请求", answered: "已回复", refused: "已拒绝", failedSeries: "失败",
    plotHits: "提示词元缓存命中率", median: "中位数（p50）", p95: "95% 低于（p95）",
    asTable: "以表格显示", ago: "−{count} 分", nowTick: "现在", timeColumn: "分钟",
    summary: "{title}：最近一小时，{parts}。", part: "{name}现在 {last}，最低 {least}，最高 {most}",
    nothing: "{name}无数据", models: "模型", memoryBy: "内存与缓存", model: "模型", state: "状态",
    context: "上下文", rateColumn: "词元/秒", hitsColumn: "缓存命中", weights: "权重", cache: "缓存",
    other: "其他", division: "分配", cacheUse: "缓存使用", cacheTokens: "使用 {used}，保留 {kept}，空闲 {free}",
    divisionText: "权重 {weights}，缓存 {cache}，其他 {other}",
    keysToday: "今日密钥用量", keysNone: "今天没有使用任何密钥。", key: "密钥", owner: "所有者", requestsColumn: "请求",
    input: "输入", cached: "缓存", output: "输出", cost: "费用", keysMore: "另有 {count} 个密钥被使用。",
    slow: "最近一小时的慢请求", slowNone: "最近一小时没有请求。", when: "时间", request: "请求",
    route: "路由", queued: "排队", total: "总计", tokens: "词元", outcome: "结束方式",
    errors: "最近错误", errorsNone: "没有错误。", status: "状态码", code: "代码", what: "说明", times: "次数",
    field: "字段 {field}", ledger: "账本与版本", reserved: "持有预留的请求",
    reservedTokens: "预留词元", journal: "日志中尚未入库", journalFree: "日志剩余空间",
    fold: "最近一次入库耗时", ledgerState: "状态", ledgerFine: "正常", pinion: "Pinion",
    resident: "进程内存", day: "账本日期",
};

export const words = {en: english, zh: chinese};

const locale = () => language === "zh" ? "zh-CN" : "en";

/// A number, with as many digits as say something.
export function count(value) {
    const digits = Math.abs(value) >= 100 ? 0 : Math.abs(value) >= 10 ? 1 : 2;
    return value.toLocaleString(locale(), {maximumFractionDigits: digits});
}

/// An amount of the ledger's currency, which counts in nano-units.
export function money(value) {
    return value.toLocaleString(locale(), {maximumFractionDigits: 9});
}

export function percent(share) {
    return share.toLocaleString(locale(), {style: "percent", maximumFractionDigits: share < 0.1 ? 1 : 0});
}

export function bytes(value) {
    for (const [unit, size] of [["GiB", 2 ** 30], ["MiB", 2 ** 20], ["KiB", 2 ** 10]]) {
        if (value >= size) return `${count(value / size)} ${unit}`;
    }
    return `${value} B`;
}

export function milliseconds(value) {
    if (value < 1_000) return `${count(value < 1 ? value : Number(value.toPrecision(3)))} ms`;
    if (value < 60_000) return `${count(value / 1_000)} s`;
    return duration(value / 1_000);
}

/// A long time, in its two largest units.
export function duration(seconds) {
    const units = [["d", 86_400], ["h", 3_600], ["min", 60], ["s", 1]];
    const first = units.findIndex(([, size]) => seconds >= size);
    if (first < 0) return "0 s";
    let rest = Math.floor(seconds);
    const parts = [];
    for (const [unit, size] of units.slice(first, first + 2)) {
        if (rest >= size) parts.push(`${Math.floor(rest / size)} ${unit}`);
        rest %= size;
    }
    return parts.join(" ");
}

/// Milliseconds after which a time of day may be taken for another day's.
const FAR = 20 * 3_600_000;

/// A time of day; with the date where it is not of the last hours.
export function clock(time, options = {second: "2-digit"}) {
    const isFar = Math.abs(Date.now() - time) > FAR;
    return new Date(time).toLocaleString(locale(), {
        ...(isFar ? {month: "short", day: "numeric"} : {}), hour: "2-digit", minute: "2-digit", hourCycle: "h23", ...options,
    });
}
