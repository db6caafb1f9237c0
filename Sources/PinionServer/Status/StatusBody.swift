import PinionJSON
import TextGeneration

/// The body of `GET /admin/status`; docs/how-to/status.md says what its members mean.
struct StatusBody {
    let report: ActivityReport
    let told: AdministrationStatus
    let models: [ModelRegistry.Listed]
    let readiness: Readiness.State
    let residentBytes: Int?

    var bytes: [UInt8] {
        let now = ServerActivity.milliseconds()
        var writer = JSONWriter(capacity: 1 << 14)
        writer.raw(#"{"object":"status","version":"#)
        writer.string(told.version)
        writer.member("state", readiness.rawValue)
        writer.raw(#","time_ms":"#)
        writer.integer(now)
        writer.raw(#","uptime_seconds":"#)
        writer.integer(report.uptime.components.seconds)
        writer.raw(#","resident_bytes":"#)
        writer.integerOrNull(residentBytes)
        writer.raw(#","models":["#)
        writer.list(models) { write($1, to: &$0) }
        writer.raw(#"],"minutes":"#)
        writeMinutes(to: &writer)
        writer.member("day", told.day)
        writer.raw(#","keys":["#)
        writer.list(told.keys) { write($1, to: &$0) }
        writer.raw(#"],"keys_left_off":"#)
        writer.integer(told.keysLeftOff)
        writer.raw(#","slow_requests":["#)
        writer.list(report.slow) { write($1, to: &$0) }
        writer.raw(#"],"errors":["#)
        writer.list(Array(report.errors.reversed())) { Self.write($1, to: &$0) }
        writer.raw(#"],"ledger":"#)
        Self.write(told.ledger, to: &writer)
        writer.raw("}")
        return writer.take()
    }

    private func write(_ listed: ModelRegistry.Listed, to writer: inout JSONWriter) {
        let model = report.models.first { $0.id.utf8.elementsEqual(listed.model.id.utf8) }
        let occupancy = model?.occupancy ?? .init()
        writer.raw(#"{"id":"#)
        writer.string(listed.model.id)
        writer.member("state", listed.isReady ? "ready" : "loading")
        writer.raw(#","context_length":"#)
        writer.integer(listed.model.contextLength)
        writer.member("running", occupancy.running)
        writer.member("waiting", occupancy.waiting)
        writer.raw(#","tokens_per_second":"#)
        writer.decimal(model?.tokensPerSecond ?? 0)
        writer.member("weight_bytes", model?.memory?.weights)
        writer.member("cache_bytes", model?.memory?.cache)
        writer.member("other_bytes", model?.memory?.other)
        writer.member("cache_tokens_used", occupancy.usedTokens)
        writer.member("cache_tokens_kept", occupancy.keptTokens)
        writer.member("cache_tokens_free", occupancy.freeTokens)
        writer.member("prompt_tokens", model?.promptTokens ?? 0)
        writer.member("cached_tokens", model?.cachedTokens ?? 0)
        writer.member("generated_tokens", model?.generatedTokens ?? 0)
        writer.raw("}")
    }

    /// Column by column: sixty objects would say each name sixty times.
    private func writeMinutes(to writer: inout JSONWriter) {
        let minutes = report.minutes
        writer.raw(#"{"newest_seconds":"#)
        writer.integer(report.minuteElapsed.components.seconds)
        let counts: [(name: String, column: KeyPath<ActivityReport.Minute, Int>)] = [
            ("requests", \.requests), ("refusals", \.refusals), ("errors", \.errors),
            ("prompt_tokens", \.promptTokens), ("cached_tokens", \.cachedTokens),
            ("generated_tokens", \.generatedTokens), ("running", \.mostRunning), ("waiting", \.mostWaiting),
        ]
        for (name, column) in counts {
            writer.begin(name)
            writer.list(minutes) { $0.integer($1[keyPath: column]) }
            writer.raw("]")
        }
        let times: [(name: String, column: KeyPath<ActivityReport.Minute, Double?>)] = [
            ("first_token_p50_ms", \.firstTokenP50), ("first_token_p95_ms", \.firstTokenP95),
            ("gap_p50_ms", \.gapP50), ("gap_p95_ms", \.gapP95),
        ]
        for (name, column) in times {
            writer.begin(name)
            writer.list(minutes) { $0.thousandthsOrNull($1[keyPath: column]) }
            writer.raw("]")
        }
        writer.raw("}")
    }

    private func write(_ use: AdministrationStatus.KeyUse, to writer: inout JSONWriter) {
        writer.raw(#"{"id":"#)
        writer.string(use.key)
        writer.member("name", told.keyNames[use.key])
        writer.member("owner", use.owner.isEmpty ? nil : use.owner)
        writer.member("requests", use.requests)
        writer.member("input_tokens", use.inputTokens)
        writer.member("cached_tokens", use.cachedTokens)
        writer.member("output_tokens", use.outputTokens)
        writer.raw(#","cost":"#)
        // Digits of a number already: money stays exact, which a `Double` would not keep.
        writer.raw(Array(use.cost.utf8))
        writer.raw("}")
    }

    private func write(_ entry: SlowRequests.Entry, to writer: inout JSONWriter) {
        writer.raw(#"{"request_id":"#)
        writer.string(entry.requestID)
        writer.member("key", entry.key)
        writer.member("key_name", told.keyNames[entry.key])
        writer.member("model", entry.model)
        writer.member("route", entry.route)
        writer.member("queued_ms", entry.queued.map(Self.milliseconds))
        writer.member("first_token_ms", entry.firstToken.map(Self.milliseconds))
        writer.member("total_ms", Self.milliseconds(entry.total))
        writer.member("prompt_tokens", entry.promptTokens)
        writer.member("generated_tokens", entry.generatedTokens)
        writer.member("outcome", entry.outcome)
        writer.member("time_ms", entry.time)
        writer.raw("}")
    }

    private static func write(_ entry: RecentErrors.Entry, to writer: inout JSONWriter) {
        writer.raw(#"{"route":"#)
        writer.string(entry.route)
        writer.member("status", entry.status)
        writer.member("code", entry.code)
        writer.member("field", entry.field)
        writer.member("message", entry.message)
        writer.member("count", entry.count)
        writer.member("request_id", entry.requestID)
        writer.member("time_ms", entry.time)
        writer.raw("}")
    }

    private static func write(_ ledger: AdministrationStatus.Ledger, to writer: inout JSONWriter) {
        writer.raw(#"{"running":"#)
        writer.integer(ledger.running)
        writer.member("reserved_tokens", ledger.reservedTokens)
        writer.member("journal_bytes", ledger.journalBytes)
        writer.member("journal_free_bytes", ledger.journalFreeBytes)
        writer.member("last_fold_ms", milliseconds(ledger.lastFold))
        writer.member("failure", ledger.failure)
        writer.raw("}")
    }

    private static func milliseconds(_ time: Duration) -> Int { Int((time / .milliseconds(1)).rounded()) }
}

extension JSONWriter {
    fileprivate mutating func integerOrNull(_ value: Int?) {
        if let value { integer(value) } else { raw("null") }
    }

    /// A member after another.
    fileprivate mutating func member(_ name: String, _ value: Int?) {
        raw(",")
        string(name)
        raw(":")
        integerOrNull(value)
    }

    fileprivate mutating func member(_ name: String, _ value: String?) {
        raw(",")
        string(name)
        raw(":")
        stringOrNull(value)
    }

    /// The beginning of a list after another member.
    fileprivate mutating func begin(_ name: String) {
        raw(",")
        string(name)
        raw(":[")
    }

    /// A number with at most three decimals: more would say more than was measured.
    fileprivate mutating func thousandthsOrNull(_ value: Double?) {
        if let value { decimal((value * 1_000).rounded() / 1_000) } else { raw("null") }
    }
}
