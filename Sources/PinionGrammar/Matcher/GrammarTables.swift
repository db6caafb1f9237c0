/// Everything that reading texts of one grammar finds out, kept for the next text.
///
/// Not `Sendable`: its owner guards it.
struct GrammarTables {
    /// What can follow the end of a lexeme.
    struct Continuation {
        /// Threads at the beginning of their lexemes.
        var starts: [GrammarThread]
        /// Whether the whole text may end.
        var canEnd: Bool
    }

    private struct ContinuationKey: Hashable {
        var stack: Int32
        var name: Int32
        var styles: SpaceStyles
    }

    let grammar: Grammar
    var stacks = StackSets()
    var names = MemberNames()
    private var continuations: [ContinuationKey: Continuation] = [:]
    private var nameSupplies: [Int32: NameSupply] = [:]
    private var closures = EdgeClosures()

    init(_ grammar: Grammar) {
        self.grammar = grammar
    }

    /// Entries of all tables, by which their memory is bounded.
    var count: Int { stacks.count + names.count + continuations.count }

    /// Where a text begins.
    mutating func beginning(_ styles: SpaceStyles = .all) -> Continuation {
        var walk = Walk()
        visit(grammar.starts[Int(grammar.start)], StackSets.end, styles, &walk)
        return finish(walk)
    }

    // MARK: - Lexemes

    func next(_ thread: GrammarThread, _ byte: UInt8) -> GrammarThread? {
        var thread = thread
        if thread.lexeme < 0 {
            return Self.nextSpace(thread, byte)
        }
        let lexeme = grammar.lexemes[Int(thread.lexeme)]
        if case .counted(_, let max) = lexeme.kind {
            guard thread.count < max else { return nil }
            let state = lexeme.automaton.next(thread.state, byte)
            guard state != ByteAutomaton.dead else { return nil }
            if lexeme.automaton.accepting[Int(state)] {
                thread.state = 0
                // Behind a minimum without a maximum all counts are alike.
                if thread.count < Int32.max - 1 { thread.count += 1 }
            } else {
                thread.state = state
            }
            return thread
        }
        let state = lexeme.automaton.next(thread.state, byte)
        guard state != ByteAutomaton.dead else { return nil }
        if case .bounded(let characters, let max) = lexeme.kind {
            thread.count += characters.begun(at: thread.state, by: byte)
            guard thread.count + characters.least[Int(state)] <= max else { return nil }
        }
        thread.state = state
        return thread
    }

    static func nextSpace(_ thread: GrammarThread, _ byte: UInt8) -> GrammarThread? {
        var thread = thread
        switch (thread.lexeme, thread.state, byte) {
        case (GrammarThread.blank, 0, 0x20): thread.state = 2
        case (GrammarThread.indentation, 0, 0x0A): thread.state = thread.count > 0 ? 1 : 2
        case (GrammarThread.indentation, 1, thread.styles.indent):
            thread.count -= 1
            if thread.count == 0 { thread.state = 2 }
        default: return nil
        }
        return thread
    }

    /// Whether the thread's lexeme may end here.
    func isAtEnd(_ thread: GrammarThread) -> Bool {
        guard thread.lexeme >= 0 else { return thread.state == 2 }
        let lexeme = grammar.lexemes[Int(thread.lexeme)]
        if case .counted(let min, _) = lexeme.kind { return thread.state == 0 && thread.count >= min }
        return lexeme.automaton.accepting[Int(thread.state)]
    }

    // MARK: - Steps

    /// The threads after a byte; none if it cannot stand there.
    mutating func step(_ threads: [GrammarThread], _ byte: UInt8) -> [GrammarThread] {
        var result: [GrammarThread] = []
        for thread in threads {
            take(thread, byte, into: &result)
            guard isAtEnd(thread) else { continue }
            for start in continuation(of: thread).starts { take(start, byte, into: &result) }
        }
        return result.count > 1 ? stacks.merged(result) : result
    }

    private mutating func take(_ thread: GrammarThread, _ byte: UInt8, into result: inout [GrammarThread]) {
        guard var moved = next(thread, byte) else { return }
        if isMemberName(thread.lexeme) {
            moved.name = names.append(byte, to: thread.name)
            guard isNameLeft(moved) else { return }
        }
        result.append(moved)
    }

    func isMemberName(_ lexeme: Int32) -> Bool {
        lexeme >= 0 && grammar.lexemes[Int(lexeme)].kind == .memberName
    }

    /// Whether the name that a thread is in can become one that the object does not have.
    private mutating func isNameLeft(_ thread: GrammarThread) -> Bool {
        guard stacks.hasNames(thread.stack) else { return true }
        let supply = nameSupply(thread.lexeme)
        return stacks.entries[Int(thread.stack)].frames.contains { frame in
            stacks.entries[Int(frame.below)].frames.contains { container in
                supply.isEndless(thread.state)
                    || supply.isLeft(thread.state, taken: names.endings(of: container.names, behind: thread.name))
            }
        }
    }

    /// Whether tokens in which one name ends have to be read with the names that the object has: they need not where the
    /// beginning of the name is no beginning of any of these.
    func needsNames(_ thread: GrammarThread) -> Bool {
        guard stacks.hasNames(thread.stack) else { return false }
        guard isMemberName(thread.lexeme) else { return true }
        return stacks.entries[Int(thread.stack)].frames.contains { frame in
            stacks.entries[Int(frame.below)].frames.contains { names.hasPrefix(thread.name, in: $0.names) }
        }
    }

    mutating func nameSupply(_ lexeme: Int32) -> NameSupply {
        if let known = nameSupplies[lexeme] { return known }
        let supply = NameSupply(grammar.lexemes[Int(lexeme)].automaton)
        nameSupplies[lexeme] = supply
        return supply
    }

    /// What can follow a thread whose lexeme ends.
    mutating func continuation(of thread: GrammarThread) -> Continuation {
        let name = isMemberName(thread.lexeme) ? thread.name : MemberNames.none
        return continuation(after: thread.stack, name: name, styles: thread.styles)
    }

    /// Whether the whole text may end here.
    mutating func mayEnd(_ threads: [GrammarThread]) -> Bool {
        threads.contains { isAtEnd($0) && continuation(of: $0).canEnd }
    }

    /// - Parameter name: The member's name that ended; ``MemberNames/none`` to leave names out of account.
    mutating func continuation(after stack: Int32, name: Int32, styles: SpaceStyles) -> Continuation {
        let key = ContinuationKey(stack: stack, name: name, styles: styles)
        if let known = continuations[key] { return known }
        var walk = Walk()
        leave(stack, name: name, styles, &walk)
        let result = finish(walk)
        continuations[key] = result
        return result
    }

    // MARK: - Between lexemes

    /// A walk through what reads nothing.
    private struct Walk {
        struct Place: Hashable {
            var state: Int32
            var stack: Int32
            var styles: SpaceStyles
        }

        var seen: Set<Place> = []
        var pending: [Place] = []
        var starts: [GrammarThread] = []
        var canEnd = false
    }

    private mutating func visit(_ state: Int32, _ stack: Int32, _ styles: SpaceStyles, _ walk: inout Walk) {
        let place = Walk.Place(state: state, stack: stack, styles: styles)
        if walk.seen.insert(place).inserted { walk.pending.append(place) }
    }

    private mutating func finish(_ walk: consuming Walk) -> Continuation {
        var walk = walk
        while let place = walk.pending.popLast() {
            guard walk.seen.count <= GrammarLimits.walkPlaces else {
                // A grammar with so many readings of nothing is given up: no token can follow.
                return Continuation(starts: [], canEnd: false)
            }
            let closure = closures.closure(of: place.state, in: grammar)
            for edge in closure.edges { follow(edge, place, &walk) }
            if closure.isFinal { leave(place.stack, name: MemberNames.none, place.styles, &walk) }
        }
        let starts = walk.starts.count > 1 ? stacks.merged(walk.starts) : walk.starts
        return Continuation(starts: starts, canEnd: walk.canEnd)
    }

    /// Goes on behind the frames on top of a stack.
    private mutating func leave(_ stack: Int32, name: Int32, _ styles: SpaceStyles, _ walk: inout Walk) {
        let entry = stacks.entries[Int(stack)]
        if entry.isEnd { walk.canEnd = true }
        for frame in entry.frames {
            if frame.role == .memberName, name != MemberNames.none {
                let below = stacks.replacingNames(in: frame.below) { names.insert(name, into: $0) }
                if let below { visit(frame.state, below, styles, &walk) }
            } else {
                visit(frame.state, frame.below, styles, &walk)
            }
        }
    }

    private mutating func follow(_ edge: Grammar.Edge, _ place: Walk.Place, _ walk: inout Walk) {
        switch edge.label {
        case .empty: break
        case .lexeme(let lexeme):
            let isName = grammar.lexemes[Int(lexeme)].kind == .memberName
            let stack = push(edge.target, isName ? .memberName : .call, on: place.stack)
            let start = GrammarThread(
                lexeme: lexeme, state: 0, count: 0, name: 0, stack: stack, styles: place.styles)
            if !isName || isNameLeft(start) { walk.starts.append(start) }
        case .call(let rule, let isContainer):
            let stack = push(edge.target, isContainer ? .container : .call, on: place.stack)
            visit(grammar.starts[Int(rule)], stack, place.styles, &walk)
        case .space(let space): follow(space, to: edge.target, place, &walk)
        }
    }

    private mutating func follow(
        _ space: Production.Space, to target: Int32, _ place: Walk.Place, _ walk: inout Walk
    ) {
        // The styles that write nothing here, and those that write a blank; the others begin a line, but behind colons.
        let (closed, blank): (SpaceStyles, SpaceStyles) =
            switch space {
            case .afterColon: (.compact, SpaceStyles.all.subtracting(.compact))
            case .afterComma: (.compact, [.spaced, .padded])
            case .opening, .closing: ([.compact, .spaced], .padded)
            case .openingArray, .closingArray: ([.compact, .spaced, .padded], [])
            }
        let tight = place.styles.intersection(closed)
        if !tight.isEmpty { visit(target, place.stack, tight, &walk) }
        let spaced = place.styles.intersection(blank)
        let stack = push(target, .call, on: place.stack)
        if !spaced.isEmpty {
            walk.starts.append(
                GrammarThread(lexeme: GrammarThread.blank, state: 0, count: 0, name: 0, stack: stack, styles: spaced))
        }
        guard space != .afterColon else { return }
        for style in SpaceStyles.indented where place.styles.contains(style) {
            let depth = stacks.depths[Int(place.stack)]
            walk.starts.append(
                GrammarThread(
                    lexeme: GrammarThread.indentation, state: 0, count: depth * style.width, name: 0, stack: stack,
                    styles: style))
        }
    }

    /// Pushes unless there would be nothing to do but to leave again: a list that calls itself at its end needs no stack.
    private mutating func push(_ state: Int32, _ role: StackFrame.Role, on below: Int32) -> Int32 {
        if role == .call {
            let closure = closures.closure(of: state, in: grammar)
            if closure.edges.isEmpty, closure.isFinal { return below }
        }
        return stacks.push(state, role, on: below)
    }
}
