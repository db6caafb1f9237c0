/// One reply under a grammar, token by token.
///
/// Not `Sendable`: the engine's thread has it.
///
///     let session = GrammarSession(grammar)
///     session.markAllowed(in: words)      // what may come first
///     session.advance(token)              // what came
package final class GrammarSession {
    private let grammar: CompiledGrammar
    private let vocabulary: TokenVocabulary
    private let styles: SpaceStyles
    private var generation = -1
    private var threads: [GrammarThread] = []
    /// Whether the empty text may be the whole reply; nothing was read then.
    private var isEmptyAllowed = false
    /// What was read, for tables that begin anew, and as context of forced text.
    private var text: [UInt8] = []
    /// Tokens of forced text that are to come, the next one last; nil where nobody asked yet.
    private var plan: [Int32]?
    /// Tokens that were forced so far.
    package private(set) var forcedTokens = 0

    /// - Parameter isCompact: Whether JSON has no white space, whatever the model would choose.
    package init(_ grammar: CompiledGrammar, isCompact: Bool = false) {
        self.grammar = grammar
        styles = isCompact ? .compact : .all
        vocabulary = grammar.vocabulary
    }

    /// Marks the tokens that may come next, end tokens where the reply may end; all other bits stay as they are.
    ///
    /// - Parameter words: Bit `id % 64` of word `id / 64` is the token `id`.
    package func markAllowed(in words: UnsafeMutableBufferPointer<UInt64>) {
        if let next = planned().last {
            words[Int(next) >> 6] |= 1 << UInt64(next & 63)
            return
        }
        let canEnd = grammar.withState { state in
            restore(&state)
            var canEnd = text.isEmpty && isEmptyAllowed
            for thread in threads {
                let entry = state.masks.entry(for: thread)
                for index in entry.words.indices { words[index] |= entry.words[index] }
                if entry.canEnd { canEnd = true }
                mark(entry.closingOne, isChecked: state.masks.tables.needsNames(thread), in: words, &state)
                mark(entry.closingMore, isChecked: true, in: words, &state)
            }
            return canEnd
        }
        guard canEnd else { return }
        for token in vocabulary.endTokens where Int(token) < words.count * 64 {
            words[Int(token) >> 6] |= 1 << UInt64(token & 63)
        }
    }

    /// Takes note of a token, which was allowed and is no end token.
    package func advance(_ token: Int32) {
        if let next = planned().last, next == token {
            plan?.removeLast()
            forcedTokens += 1
            if plan?.isEmpty == true { plan = nil }
        } else {
            plan = nil
        }
        guard let bytes = vocabulary.bytes(of: token) else {
            threads = []
            return
        }
        grammar.withState { state in
            restore(&state)
            for byte in bytes { threads = state.masks.tables.step(threads, byte) }
        }
        text += bytes
    }

    /// The tokens that alone are allowed from here on, as far as they are known.
    package func forced(atMost limit: Int) -> [Int32] {
        Array(planned().reversed().prefix(limit))
    }

    /// Whether the reply is whole, and nothing can be added to it.
    package var isFinished: Bool {
        grammar.withState { state in
            restore(&state)
            return mayEnd(&state) && state.masks.tables.onlyByte(after: threads) == .end
        }
    }

    /// Whether the reply may end here.
    package var mayEnd: Bool {
        grammar.withState { state in
            restore(&state)
            return mayEnd(&state)
        }
    }

    // MARK: - Reading

    private func restore(_ state: inout CompiledGrammar.State) {
        guard generation != state.generation else { return }
        generation = state.generation
        let beginning = state.masks.tables.beginning(styles)
        isEmptyAllowed = beginning.canEnd
        threads = beginning.starts
        for byte in text { threads = state.masks.tables.step(threads, byte) }
    }

    private func mayEnd(_ state: inout CompiledGrammar.State) -> Bool {
        if text.isEmpty, isEmptyAllowed { return true }
        return state.masks.tables.mayEnd(threads)
    }

    private func mark(
        _ tokens: [Int32], isChecked: Bool, in words: UnsafeMutableBufferPointer<UInt64>,
        _ state: inout CompiledGrammar.State
    ) {
        for token in tokens where words[Int(token) >> 6] >> UInt64(token & 63) & 1 == 0 {
            if isChecked {
                var reached = threads
                for byte in vocabulary.bytes(of: token) ?? [] {
                    reached = state.masks.tables.step(reached, byte)
                }
                guard !reached.isEmpty else { continue }
            }
            words[Int(token) >> 6] |= 1 << UInt64(token & 63)
        }
    }

    // MARK: - Forced text

    /// The tokens of the text that the grammar forces here, the next one last.
    ///
    /// Decided once for each place, from what was read alone, so that a reply does not depend on whether anybody asked for
    /// drafts.
    private func planned() -> [Int32] {
        if let plan { return plan }
        let made = makePlan()
        plan = made
        return made
    }

    private func makePlan() -> [Int32] {
        guard let encode = grammar.encode else { return [] }
        let (forced, isWhole) = grammar.withState { state in
            restore(&state)
            return forcedText(&state)
        }
        guard forced.count >= GrammarLimits.leastForcedBytes else { return [] }
        let context = Array(text.suffix(GrammarLimits.forcedContextBytes))
        guard let tokens = encode(context, forced) else { return [] }
        return Array(trimmed(tokens, of: forced, isWhole: isWhole).reversed())
    }

    /// The bytes that alone can come, and whether the reply has to end behind them.
    private func forcedText(_ state: inout CompiledGrammar.State) -> (bytes: [UInt8], isWhole: Bool) {
        var bytes: [UInt8] = []
        var reached = threads
        if text.isEmpty, isEmptyAllowed { return ([], false) }
        while bytes.count < GrammarLimits.forcedBytes {
            switch state.masks.tables.onlyByte(after: reached) {
            case .byte(let byte):
                bytes.append(byte)
                reached = state.masks.tables.step(reached, byte)
            case .several: return (bytes, false)
            case .end: return (bytes, true)
            }
        }
        return (bytes, false)
    }

    /// The tokens in front of the place where a longer token could reach behind the forced text.
    private func trimmed(_ tokens: [Int32], of forced: [UInt8], isWhole: Bool) -> [Int32] {
        var offset = 0
        for (index, token) in tokens.enumerated() {
            let rest = forced[offset...]
            guard let bytes = vocabulary.bytes(of: token), rest.starts(with: bytes) else {
                return Array(tokens[..<index])
            }
            if !isWhole, rest.count < vocabulary.longest, vocabulary.hasLonger(than: rest) {
                return Array(tokens[..<index])
            }
            offset += bytes.count
        }
        return tokens
    }
}
