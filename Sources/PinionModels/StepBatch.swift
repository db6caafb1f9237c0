/// The tokens of one step: any mix of prompts, next tokens and drafts.
///
/// Reused from step to step, so that filling it allocates nothing once it has grown.
package struct StepBatch {
    package var tokens: [Int32] = []
    /// Position of each token in its sequence.
    package var positions: [Int32] = []
    /// Where each token's block table starts in ``tables``.
    package var tableStarts: [Int32] = []
    /// Cache blocks of the sequences, one table after the other.
    package var tables: [Int32] = []
    /// Indexes into ``tokens`` whose logits are wanted, ascending: the result's rows.
    package var outputs: [Int32] = []
    /// Consecutive tokens of one sequence that attention takes in one piece, which reads keys and values once for all.
    package private(set) var spans: [Span] = []

    package struct Span: Sendable {
        /// Index into ``StepBatch/tokens``.
        package var token: Int
        /// Where its query stands among those that are computed.
        package var row: Int
        package var count: Int
    }

    /// Consecutive tokens among those whose logits are wanted.
    package var outputSpans: [Span] {
        var spans: [Span] = []
        for (row, token) in outputs.enumerated() {
            if let last = spans.last, Int(token) == last.token + last.count, last.count < Self.spanTokens,
                tableStarts[Int(token)] == tableStarts[last.token]
            {
                spans[spans.count - 1].count += 1
            } else {
                spans.append(Span(token: Int(token), row: row, count: 1))
            }
        }
        return spans
    }

    /// Longest span: long enough to fill the kernels' tiles, short enough to share out.
    private static let spanTokens = 16

    package init() {}

    package mutating func removeAll() {
        tokens.removeAll(keepingCapacity: true)
        positions.removeAll(keepingCapacity: true)
        tableStarts.removeAll(keepingCapacity: true)
        tables.removeAll(keepingCapacity: true)
        outputs.removeAll(keepingCapacity: true)
        spans.removeAll(keepingCapacity: true)
    }

    /// Adds consecutive tokens of one sequence.
    ///
    /// - Parameters:
    ///   - tokens: Token ids from position `start` on.
    ///   - table: Cache blocks of the sequence, covering at least `start + tokens.count` positions.
    ///   - wantsOutput: Whether the logits after the last token are wanted.
    package mutating func append(
        _ newTokens: some Collection<Int32>, start: Int, table: [Int32], wantsOutput: Bool
    ) {
        let tableStart = Int32(tables.count)
        tables.append(contentsOf: table)
        spans.append(Span(token: tokens.count, row: tokens.count, count: 0))
        add(newTokens, start: Int32(start), tableStart: tableStart)
        if wantsOutput { outputs.append(Int32(tokens.count - 1)) }
    }

    /// Adds the tokens that follow in the sequence that was added last, all of whose logits are wanted.
    ///
    /// The table that came with it must cover these positions too.
    package mutating func extend(_ newTokens: some Collection<Int32>) {
        guard let last = positions.last, let tableStart = tableStarts.last else {
            preconditionFailure("a batch without a sequence is extended")
        }
        let first = tokens.count
        add(newTokens, start: last + 1, tableStart: tableStart)
        outputs.append(contentsOf: Int32(first)..<Int32(tokens.count))
    }

    /// Adds tokens of the sequence that the last span belongs to.
    private mutating func add(_ newTokens: some Collection<Int32>, start: Int32, tableStart: Int32) {
        for (offset, token) in newTokens.enumerated() {
            if spans[spans.count - 1].count == Self.spanTokens {
                spans.append(Span(token: tokens.count, row: tokens.count, count: 0))
            }
            spans[spans.count - 1].count += 1
            tokens.append(token)
            positions.append(start + Int32(offset))
            tableStarts.append(tableStart)
        }
    }
}
