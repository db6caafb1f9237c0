/// Reads whole texts by a grammar, without a vocabulary.
///
///     GrammarMatcher(grammar).read(Array(#"{"a":1}"#.utf8))   // .accepted
package struct GrammarMatcher {
    package enum Result: Sendable, Equatable {
        case accepted
        /// The byte at this offset cannot stand there.
        case refused(at: Int)
        /// The text is a beginning of what the grammar accepts.
        case incomplete
    }

    private var tables: GrammarTables

    package init(_ grammar: Grammar) {
        tables = GrammarTables(grammar)
    }

    package mutating func read(_ text: [UInt8]) -> Result {
        let beginning = tables.beginning()
        guard !text.isEmpty else { return beginning.canEnd ? .accepted : .incomplete }
        return read(text, from: beginning.starts).result
    }

    /// Reads texts that have one beginning, which is read once.
    ///
    /// - Parameter endings: None is empty.
    /// - Returns: One result an ending, with offsets into the ending; empty if the beginning itself is refused.
    package mutating func read(_ endings: [[UInt8]], behind beginning: [UInt8]) -> [Result] {
        let (result, threads) = read(beginning, from: tables.beginning().starts)
        if case .refused = result { return [] }
        return endings.map { read($0, from: threads).result }
    }

    private mutating func read(_ text: [UInt8], from start: [GrammarThread]) -> (
        result: Result, threads: [GrammarThread]
    ) {
        var threads = start
        for (offset, byte) in text.enumerated() {
            threads = tables.step(threads, byte)
            if threads.isEmpty { return (.refused(at: offset), []) }
        }
        return (tables.mayEnd(threads) ? .accepted : .incomplete, threads)
    }
}
