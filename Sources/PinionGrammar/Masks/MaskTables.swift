/// The masks of one grammar over one vocabulary, beside the tables of its reader.
///
/// Not `Sendable`: its owner guards it.
struct MaskTables {
    /// What the tokens may do after one thread, its members' names left out of account.
    final class Entry {
        /// Bit `id % 64` of word `id / 64`: the token may come next, whatever names there are.
        var words: [UInt64]
        /// Tokens in which one name of a member ends, and tokens in which several do: whether they may come next depends on
        /// the names that the object has.
        var closingOne: [Int32] = []
        var closingMore: [Int32] = []
        /// Whether the whole text may end here.
        var canEnd = false
        var used = 0

        init(words: [UInt64]) {
            self.words = words
        }

        var byteCount: Int { words.count * 8 + (closingOne.count + closingMore.count) * 4 + 64 }
    }

    let vocabulary: TokenVocabulary
    var tables: GrammarTables
    /// `[lexemes]`: nil where no thread was in the lexeme yet; a reply comes to few lexemes of a large grammar.
    private var lexemeMasks: [AutomatonMasks?]
    private var entries: [Key: Entry] = [:]
    private var entryBytes = 0
    private var tick = 0
    private(set) var hits = 0
    private(set) var misses = 0

    init(_ grammar: Grammar, _ vocabulary: TokenVocabulary) {
        self.vocabulary = vocabulary
        tables = GrammarTables(grammar)
        lexemeMasks = Array(repeating: nil, count: grammar.lexemes.count)
    }

    var byteCount: Int { entryBytes + tables.count * GrammarLimits.bytesPerTableEntry }

    /// - Parameter thread: As it is; what masks do not depend on is left out here.
    mutating func entry(for thread: GrammarThread) -> Entry {
        let key = key(of: thread)
        tick += 1
        if let known = entries[key] {
            known.used = tick
            hits += 1
            return known
        }
        misses += 1
        var shape = key.thread
        shape.count = thread.count
        let entry = compute(shape, key.place)
        entry.used = tick
        entries[key] = entry
        entryBytes += entry.byteCount
        if entryBytes > GrammarLimits.maskBytes { evict() }
        return entry
    }

    private mutating func evict() {
        let middle = entries.values.map(\.used).sorted()[entries.count / 2]
        entries = entries.filter { $0.value.used > middle }
        entryBytes = entries.values.reduce(0) { $0 + $1.byteCount }
    }

    /// What a mask depends on: names of members are left out of account, and counts that are far from their bounds.
    private struct Key: Hashable {
        var thread: GrammarThread
        var place: AutomatonMasks.Place
    }

    private func key(of thread: GrammarThread) -> Key {
        var shape = thread
        shape.name = MemberNames.none
        shape.stack = tables.stacks.shapes[Int(thread.stack)]
        var place = AutomatonMasks.Place(state: thread.state)
        guard thread.lexeme >= 0 else { return Key(thread: shape, place: place) }
        // No token has more texts or characters than bytes.
        let reach = Int32(clamping: vocabulary.longest)
        switch tables.grammar.lexemes[Int(thread.lexeme)].kind {
        case .text, .memberName: break
        case .bounded(let characters, let max):
            // From any state that a token leads to, the text can end within ``CharacterCount/most`` characters.
            place.remaining = Swift.min(max - thread.count, reach + characters.most)
            shape.count = 0
        case .counted(let min, let max):
            place.remaining = max == Lexeme.unbounded ? reach : Swift.min(max - thread.count, reach)
            place.needed = Swift.min(Swift.max(min - thread.count, 0), reach)
            // Only the end of the lexeme depends on more than that, and the place tells whether it may end.
            shape.count = 0
        }
        return Key(thread: shape, place: place)
    }

    // MARK: - Computing

    /// A place in the vocabulary's tree from which a thread reads on.
    private struct Visit: Hashable {
        var node: Int32
        var thread: GrammarThread
        /// Names of members that ended on the way: none, one, more.
        var closed: Int8
    }

    private mutating func compute(_ thread: GrammarThread, _ place: AutomatonMasks.Place) -> Entry {
        let inside = lexemeMask(thread, place)
        let entry = Entry(words: inside.words)
        entry.closingOne = inside.closing
        var visits: [Visit] = []
        let closed: Int8 = tables.isMemberName(thread.lexeme) ? 1 : 0
        let isAtEnd = tables.isAtEnd(thread)
        if isAtEnd || !inside.exits.isEmpty {
            let after = tables.continuation(after: thread.stack, name: MemberNames.none, styles: thread.styles)
            for start in after.starts {
                if isAtEnd { visits.append(Visit(node: 0, thread: start, closed: closed)) }
                inside.forEachExit(in: vocabulary, by: tables.firstBytes(of: start)) { node in
                    visits.append(Visit(node: node, thread: start, closed: closed))
                }
            }
            entry.canEnd = isAtEnd && after.canEnd
        }
        var seen: Set<Visit> = []
        while let visit = visits.popLast() { read(visit, into: entry, &visits, &seen) }
        return entry
    }

    /// Reads every token beneath a node for as long as the thread's lexeme goes on.
    private mutating func read(_ visit: Visit, into entry: Entry, _ visits: inout [Visit], _ seen: inout Set<Visit>) {
        let isName = tables.isMemberName(visit.thread.lexeme)
        var exits: [(node: Int32, closed: Int8)] = []
        let vocabulary = vocabulary
        let supply = isName ? tables.nameSupply(visit.thread.lexeme) : nil
        let mark = { (node: Int, state: Int32, isAtEnd: Bool) in
            let closed = isName && isAtEnd ? min(visit.closed + 1, 2) : visit.closed
            let isScarce = supply.map { !$0.isEndless(state) } ?? false
            vocabulary.forEachToken(at: node) { token in
                switch isScarce ? max(closed, 1) : closed {
                case 0: TokenWords.set(token, in: &entry.words)
                case 1: entry.closingOne.append(token)
                default: entry.closingMore.append(token)
                }
            }
            if isAtEnd, vocabulary.hasChildren(node) { exits.append((Int32(node), closed)) }
        }
        tables.walk(visit.thread, below: Int(visit.node), in: vocabulary, mark)
        guard !exits.isEmpty else { return }
        let after = tables.continuation(
            after: visit.thread.stack, name: MemberNames.none, styles: visit.thread.styles)
        for start in after.starts {
            let first = tables.firstBytes(of: start)
            for exit in exits where vocabulary.hasChild(of: Int(exit.node), in: first) {
                let next = Visit(node: exit.node, thread: start, closed: exit.closed)
                if seen.insert(next).inserted { visits.append(next) }
            }
        }
    }

    private mutating func masks(ofLexeme index: Int) -> AutomatonMasks {
        if let known = lexemeMasks[index] { return known }
        let masks = vocabulary.masks.masks(of: tables.grammar.lexemes[index])
        lexemeMasks[index] = masks
        return masks
    }

    private mutating func lexemeMask(_ thread: GrammarThread, _ place: AutomatonMasks.Place) -> LexemeMask {
        if thread.lexeme >= 0 { return masks(ofLexeme: Int(thread.lexeme)).mask(at: place, in: vocabulary) }
        var mask = LexemeMask(words: Array(repeating: 0, count: TokenWords.count(vocabulary.count)))
        var exits = [UInt64](repeating: 0, count: TokenWords.count(vocabulary.nodeCount))
        let vocabulary = vocabulary
        tables.walk(thread, below: 0, in: vocabulary) { node, _, isAtEnd in
            vocabulary.forEachToken(at: node) { TokenWords.set($0, in: &mask.words) }
            if isAtEnd, vocabulary.hasChildren(node) { TokenWords.set(Int32(node), in: &exits) }
        }
        mask.exits = exits
        return mask
    }
}

extension GrammarTables {
    /// Walks the vocabulary's tree beneath a node for as long as a thread's lexeme goes on.
    ///
    /// - Parameter body: Called with each node that was reached, the automaton's state there, and whether the lexeme may
    ///   end.
    func walk(
        _ thread: GrammarThread, below node: Int, in vocabulary: TokenVocabulary, _ body: (Int, Int32, Bool) -> Void
    ) {
        guard thread.lexeme >= 0 else { return walkSpace(thread, below: node, in: vocabulary) { body($0, 0, $1) } }
        let lexeme = grammar.lexemes[Int(thread.lexeme)]
        let accepting = lexeme.automaton.accepting
        switch lexeme.kind {
        case .counted(let min, let max):
            vocabulary.walkCounted(lexeme.automaton, max: max, from: thread.state, count: thread.count, below: node) {
                body($0, $1, $1 == 0 && $2 >= min)
            }
        case .bounded(let characters, let max):
            vocabulary.walkBounded(
                lexeme.automaton, characters, max: max, from: thread.state, count: thread.count, below: node
            ) {
                body($0, $1, accepting[Int($1)])
            }
        case .text, .memberName:
            vocabulary.walkAutomaton(lexeme.automaton, from: thread.state, below: node) {
                body($0, $1, accepting[Int($1)])
            }
        }
    }

    private func walkSpace(
        _ thread: GrammarThread, below node: Int, in vocabulary: TokenVocabulary, _ body: (Int, Bool) -> Void
    ) {
        var place = node
        var thread = thread
        // White space is one text, so that there is one way down the tree.
        while let moved = child(of: place, thread, vocabulary) {
            (place, thread) = moved
            body(place, isAtEnd(thread))
        }
    }

    private func child(
        of node: Int, _ thread: GrammarThread, _ vocabulary: TokenVocabulary
    ) -> (Int, GrammarThread)? {
        var child = node + 1
        while child < Int(vocabulary.nodeEnds[node]) {
            if let moved = next(thread, vocabulary.nodeBytes[child]) { return (child, moved) }
            child = Int(vocabulary.nodeEnds[child])
        }
        return nil
    }
}
