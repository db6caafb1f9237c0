import PinionGrammar

/// Compiled formats by their content; those that were used last are kept, within a bound of memory.
///
/// A format that was let go lives on in the replies that use it, and counts for as long: 256 requests that wait, each with
/// a large schema of its own, would take gigabytes otherwise.
package struct GrammarShelf: Sendable {
    package struct Limits: Sendable {
        /// Bytes of formats that are kept for later requests.
        package var kept = GrammarShelf.keptBytes
        /// Bytes of all formats, those in use alone among them, beyond which no further one is taken.
        package var live = GrammarShelf.liveBytes

        package init() {}
    }

    package static let keptBytes = 32 << 20
    package static let liveBytes = 256 << 20
    /// Formats that are kept, because each is looked at when one is added.
    private static let maximumEntries = 4_096
    /// Of a format in memory, beside its text and its grammar: an estimate.
    private static let entryBytes = 512

    private struct Entry {
        let result: Result<FormatGrammar, GrammarError>
        var used: Int
    }

    private struct Retired: Sendable {
        weak var grammar: CompiledGrammar?
    }

    private let limits: Limits
    private var entries: [FormatKey: Entry] = [:]
    /// Grammars that were let go and were in use then.
    private var retired: [Retired] = []
    private var tick = 0

    package init(_ limits: Limits) {
        self.limits = limits
    }

    /// Memory of all formats that are kept or in use.
    package var byteCount: Int {
        entries.reduce(0) { $0 + Self.bytes($1.key, $1.value.result) }
            + retired.reduce(0) { $0 + ($1.grammar?.byteCount ?? 0) }
    }

    private static func bytes(_ key: FormatKey, _ result: Result<FormatGrammar, GrammarError>) -> Int {
        entryBytes + key.bytes.count + ((try? result.get())?.grammar.byteCount ?? 0)
    }

    /// What is known of a format: also that it cannot be enforced.
    mutating func find(_ key: FormatKey) -> Result<FormatGrammar, GrammarError>? {
        guard let known = entries[key]?.result else { return nil }
        tick += 1
        entries[key]?.used = tick
        return known
    }

    /// Keeps a result, and lets go of what was used longest ago.
    ///
    /// - Returns: Whether there is room for it; without room it is not kept.
    mutating func put(_ result: Result<FormatGrammar, GrammarError>, under key: FormatKey) -> Bool {
        retired.removeAll { $0.grammar == nil }
        tick += 1
        entries[key] = Entry(result: result, used: tick)
        var sizes = entries.map { (key: $0.key, used: $0.value.used, bytes: Self.bytes($0.key, $0.value.result)) }
        var total = sizes.reduce(0) { $0 + $1.bytes }
        if total > limits.kept || sizes.count > Self.maximumEntries {
            sizes.sort { $0.used < $1.used }
            // All but the newest, whose reply is about to begin.
            for entry in sizes.dropLast() where total > limits.kept || entries.count > Self.maximumEntries {
                total -= entry.bytes
                retire(entry.key)
            }
        }
        let used = retired.reduce(0) { $0 + ($1.grammar?.byteCount ?? 0) }
        guard total + used <= limits.live else {
            entries[key] = nil
            return false
        }
        return true
    }

    private mutating func retire(_ key: FormatKey) {
        if let grammar = try? entries.removeValue(forKey: key)?.result.get().grammar {
            retired.append(Retired(grammar: grammar))
        }
    }
}
