import Synchronization

/// What the tokens of a vocabulary do from one place of a lexeme on, whatever follows the lexeme.
struct LexemeMask: Sendable {
    /// Bit `id % 64` of word `id / 64`: the whole token stays inside the lexeme.
    var words: [UInt64]
    /// Bit `node % 64` of word `node / 64`: the lexeme may end at this node of the vocabulary's tree, and tokens go on behind
    /// it. Empty where there is no such node.
    var exits: [UInt64] = []
    /// Only for names of members: tokens at whose end the name may end, or only so many names are left, because all of these
    /// may be taken.
    var closing: [Int32] = []

    var byteCount: Int { (words.count + exits.count) * 8 + closing.count * 4 }

    /// Calls `body` with each exit from which one of the bytes leads on.
    func forEachExit(in vocabulary: TokenVocabulary, by bytes: ByteMask, _ body: (Int32) -> Void) {
        guard !exits.isEmpty else { return }
        let list = bytes.few
        guard let list else {
            for (index, word) in exits.enumerated() where word != 0 {
                for bit in 0..<64 where word >> UInt64(bit) & 1 == 1 {
                    let node = index * 64 + bit
                    if vocabulary.hasChild(of: node, in: bytes) { body(Int32(node)) }
                }
            }
            return
        }
        // A counted text may end at almost every node, and few of them go on with what comes next.
        for (index, byte) in list.enumerated() {
            var earlier = ByteMask()
            for other in list[..<index] { earlier.insert(other) }
            for node in vocabulary.parents[Int(byte)] where exits[Int(node) >> 6] >> UInt64(node & 63) & 1 == 1 {
                if index == 0 || !vocabulary.hasChild(of: Int(node), in: earlier) { body(node) }
            }
        }
    }
}

/// The masks of one lexeme, place by place.
final class AutomatonMasks: Sendable {
    /// A place in a lexeme.
    struct Place: Hashable {
        var state: Int32
        /// Of a counted lexeme: texts that it may and that it has to have yet, as far as a token reaches; of a bounded one:
        /// characters that it may have yet.
        var remaining: Int32 = Lexeme.unbounded
        var needed: Int32 = 0
    }

    private let automaton: ByteAutomaton
    private let kind: Lexeme.Kind
    /// Of a member's name.
    private let supply: NameSupply?
    private let masks = Mutex<[Place: LexemeMask]>([:])

    init(_ lexeme: Lexeme) {
        automaton = lexeme.automaton
        kind = lexeme.kind
        supply = lexeme.kind == .memberName ? NameSupply(automaton) : nil
    }

    func mask(at place: Place, in vocabulary: TokenVocabulary) -> LexemeMask {
        if let known = masks.withLock({ $0[place] }) { return known }
        // Outside of the lock: two requests may compute one mask, which is rarer than one waiting for another's.
        let mask =
            switch kind {
            case .text, .memberName: corrected(place.state, vocabulary) ?? plain(place.state, vocabulary)
            case .counted: counted(place, vocabulary)
            case .bounded(let characters, _): bounded(place, characters, vocabulary)
            }
        masks.withLock { masks in
            // Not the one used last: a lexeme has a few places that matter, and thousands only in hostile patterns.
            if masks.count >= Self.capacity { masks.removeAll() }
            masks[place] = mask
        }
        return mask
    }

    /// Places of one lexeme whose masks are kept.
    private static let capacity = 256

    /// The mask of a place from which most bytes lead to one other place and stay there: that place's mask, but for what
    /// reads otherwise. Behind `"provider_` a name that is none of those declared is almost any text, and a walk through
    /// the whole vocabulary for each such place takes longer than all other masks of a schema.
    private func corrected(_ state: Int32, _ vocabulary: TokenVocabulary) -> LexemeMask? {
        guard let other = automaton.commonTarget(of: state), other != state,
            automaton.commonTarget(of: other) == other
        else { return nil }
        var mask = mask(at: Place(state: other), in: vocabulary)
        if mask.exits.isEmpty {
            mask.exits = [UInt64](repeating: 0, count: TokenWords.count(vocabulary.nodeCount))
        }
        let accepting = automaton.accepting
        var reread: Set<Int32> = []
        var closing: [Int32] = []
        vocabulary.walkDifference(automaton, from: state, insteadOf: other) { node, state in
            let isEnd = state != ByteAutomaton.dead && accepting[Int(state)]
            vocabulary.forEachToken(at: node) { token in
                reread.insert(token)
                TokenWords.clear(token, in: &mask.words)
                guard state != ByteAutomaton.dead else { return }
                if let supply, isEnd || !supply.isEndless(state) {
                    closing.append(token)
                } else {
                    TokenWords.set(token, in: &mask.words)
                }
            }
            TokenWords.clear(Int32(node), in: &mask.exits)
            if isEnd, vocabulary.hasChildren(node) { TokenWords.set(Int32(node), in: &mask.exits) }
        }
        mask.closing = mask.closing.filter { !reread.contains($0) } + closing
        return mask
    }

    private func plain(_ state: Int32, _ vocabulary: TokenVocabulary) -> LexemeMask {
        var mask = LexemeMask(words: Array(repeating: 0, count: TokenWords.count(vocabulary.count)))
        var exits = [UInt64](repeating: 0, count: TokenWords.count(vocabulary.nodeCount))
        var hasExits = false
        let accepting = automaton.accepting
        vocabulary.walkAutomaton(automaton, from: state, below: 0) { node, state in
            let isEnd = accepting[Int(state)]
            vocabulary.forEachToken(at: node) { token in
                if let supply, isEnd || !supply.isEndless(state) {
                    mask.closing.append(token)
                } else {
                    TokenWords.set(token, in: &mask.words)
                }
            }
            if isEnd, vocabulary.hasChildren(node) {
                TokenWords.set(Int32(node), in: &exits)
                hasExits = true
            }
        }
        if hasExits { mask.exits = exits }
        return mask
    }

    private func counted(_ place: Place, _ vocabulary: TokenVocabulary) -> LexemeMask {
        var mask = LexemeMask(words: Array(repeating: 0, count: TokenWords.count(vocabulary.count)))
        var exits = [UInt64](repeating: 0, count: TokenWords.count(vocabulary.nodeCount))
        vocabulary.walkCounted(automaton, max: place.remaining, from: place.state, count: 0, below: 0) {
            node, state, count in
            vocabulary.forEachToken(at: node) { TokenWords.set($0, in: &mask.words) }
            if state == 0, count >= place.needed, vocabulary.hasChildren(node) {
                TokenWords.set(Int32(node), in: &exits)
            }
        }
        mask.exits = exits
        return mask
    }

    private func bounded(_ place: Place, _ characters: CharacterCount, _ vocabulary: TokenVocabulary) -> LexemeMask {
        var mask = LexemeMask(words: Array(repeating: 0, count: TokenWords.count(vocabulary.count)))
        var exits = [UInt64](repeating: 0, count: TokenWords.count(vocabulary.nodeCount))
        var hasExits = false
        let accepting = automaton.accepting
        vocabulary.walkBounded(automaton, characters, max: place.remaining, from: place.state, count: 0, below: 0) {
            node, state in
            vocabulary.forEachToken(at: node) { TokenWords.set($0, in: &mask.words) }
            if accepting[Int(state)], vocabulary.hasChildren(node) {
                TokenWords.set(Int32(node), in: &exits)
                hasExits = true
            }
        }
        if hasExits { mask.exits = exits }
        return mask
    }
}

/// The masks of automata that grammars have in common, such as those of JSON's strings; those used last are kept.
final class AutomatonMaskCache: Sendable {
    /// Automata whose masks are kept.
    private static let capacity = 512
    private let entries = Mutex<(tick: Int, masks: [Lexeme: (masks: AutomatonMasks, used: Int)])>((0, [:]))

    func masks(of lexeme: Lexeme) -> AutomatonMasks {
        entries.withLock { state in
            state.tick += 1
            // Counts are part of the place, so that strings of all lengths share their masks.
            var key = lexeme
            switch lexeme.kind {
            case .text, .memberName: break
            case .counted: key.kind = .counted(min: 0, max: 0)
            case .bounded(let characters, _): key.kind = .bounded(characters, max: 0)
            }
            if let known = state.masks[key]?.masks {
                state.masks[key]?.used = state.tick
                return known
            }
            if state.masks.count >= Self.capacity {
                let middle = state.masks.values.map(\.used).sorted()[Self.capacity / 2]
                state.masks = state.masks.filter { $0.value.used > middle }
            }
            let masks = AutomatonMasks(lexeme)
            state.masks[key] = (masks, state.tick)
            return masks
        }
    }
}

/// One bit a token.
enum TokenWords {
    static func count(_ tokens: Int) -> Int { (tokens + 63) / 64 }

    @inline(__always)
    static func set(_ token: Int32, in words: inout [UInt64]) {
        words[Int(token) >> 6] |= 1 << UInt64(token & 63)
    }

    @inline(__always)
    static func clear(_ token: Int32, in words: inout [UInt64]) {
        words[Int(token) >> 6] &= ~(1 << UInt64(token & 63))
    }
}
