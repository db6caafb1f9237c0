/// What one step computes.
package struct StepPlan: Sendable, Equatable {
    package struct Entry: Sendable, Equatable {
        package var id: SequenceID
        /// Positions whose tokens are computed.
        package var range: Range<Int>
        /// Cache blocks of the sequence from position 0 on.
        package var blocks: [Int32]
        /// Whether this brings the sequence to its last known token, so that the next one can be sampled.
        package var isSampled: Bool
        /// Guessed tokens that are computed after the range, each with a row of logits.
        package var drafts = 0

        /// Whether one token was left to compute.
        var needsOneToken: Bool { isSampled && range.count == 1 }
    }

    /// A block whose content is needed in another one, because its sequences part here.
    package struct Copy: Sendable, Equatable {
        package var source: Int32
        package var target: Int32
    }

    /// To be made in order, before anything is computed.
    package var copies: [Copy] = []
    package var entries: [Entry] = []

    package var isEmpty: Bool { entries.isEmpty }
    package var tokenCount: Int { entries.reduce(0) { $0 + $1.range.count + $1.drafts } }
    /// Rows of logits.
    package var outputCount: Int { entries.reduce(0) { $0 + ($1.isSampled ? 1 + $1.drafts : 0) } }
}
