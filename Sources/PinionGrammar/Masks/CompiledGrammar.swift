import Synchronization

/// A grammar over a model's vocabulary, shared by all requests that name it.
///
///     let grammar = CompiledGrammar(schema.grammar, vocabulary: vocabulary, encode: nil)
///     let session = GrammarSession(grammar)
package final class CompiledGrammar: Sendable {
    /// What the masks of one grammar cost and saved.
    package struct Statistics: Sendable, Equatable {
        /// Masks that were computed, and masks that were known.
        package var computed = 0
        package var known = 0
    }

    /// The tokens that a text would have been given behind another; nil where the border between the two is inside of a
    /// token.
    package typealias Encoder = @Sendable (_ context: [UInt8], _ text: [UInt8]) -> [Int32]?

    let grammar: Grammar
    let vocabulary: TokenVocabulary
    let encode: Encoder?
    private let state: Mutex<State>

    /// The tables, and how often they were begun anew because they had grown too large.
    ///
    /// - Note: `@unchecked Sendable` is sound because the state never leaves the lock; the masks that it hands out are read
    ///   under the lock too. Region checking cannot see that through a closure that its caller gives.
    struct State: @unchecked Sendable {
        var masks: MaskTables
        var generation = 0
    }

    /// - Parameter encode: For text that the grammar forces; nil to force none.
    package init(_ grammar: Grammar, vocabulary: TokenVocabulary, encode: Encoder?) {
        self.grammar = grammar
        self.vocabulary = vocabulary
        self.encode = encode
        state = Mutex(State(masks: MaskTables(grammar, vocabulary)))
    }

    /// Memory, roughly: the grammar's own, and what its tables have grown to.
    package var byteCount: Int {
        grammar.stateCount * GrammarLimits.bytesPerState + state.withLock { $0.masks.byteCount }
    }

    package var statistics: Statistics {
        state.withLock { Statistics(computed: $0.masks.misses, known: $0.masks.hits) }
    }

    /// Gives the tables to a session, after emptying them if they have grown too large: a session that finds another
    /// generation reads its text again.
    func withState<Result>(_ body: (inout State) -> Result) -> Result {
        state.withLock { state in
            if state.masks.tables.count > GrammarLimits.tableEntries {
                state.masks = MaskTables(grammar, vocabulary)
                state.generation += 1
            }
            return body(&state)
        }
    }
}
