/// What may stand between the terminals of a text and is no part of it: white space, comments.
///
/// An ignored text goes as far as it can, as a lexer would take it: behind `// note` nothing but the end of the line or of
/// the text can follow. A text that could go on with the next byte goes on; whether it would also come to its end is not
/// looked at, so that a reply may be held to a little less than a lexer would let pass, never to more.
struct IgnoredText: Sendable {
    private let terminals: [ByteAutomaton]

    init(_ terminals: [ByteAutomaton]) {
        self.terminals = terminals
    }

    /// The texts of a lexeme, each with any number of ignored texts in front of it.
    func before(_ lexeme: ByteAutomaton) throws(GrammarError) -> ByteAutomaton {
        let parts = PartStates([lexeme] + terminals)
        var table = StateTable(symbolCount: parts.classes.count)
        var sets = SequenceTable<Int32>()
        var targets: [Int32] = []
        _ = sets.number(of: parts.starts)
        while table.stateCount < sets.count {
            let members = Array(sets[table.stateCount])
            let state = try table.addState(
                accepting: members.contains { parts.accepts($0) && (lexeme.acceptsEmpty || parts.isLexeme($0)) })
            try checkCancellation(step: Int(state))
            for symbol in 0..<parts.classes.count {
                targets.removeAll(keepingCapacity: true)
                parts.step(members, symbol, into: &targets)
                guard !targets.isEmpty else { continue }
                table.transitions[Int(state) * parts.classes.count + symbol] = Int32(sets.number(of: targets))
            }
            guard sets.totalLength <= GrammarLimits.constructionMembers else { throw StateTable.tooLarge }
        }
        return try ByteAutomaton(minimising: table, classes: parts.classes).checked()
    }
}

/// The states of several automata, numbered together: first those of a lexeme, then those of what is ignored.
private struct PartStates {
    let classes: ByteClasses
    /// The starts of all parts, in order.
    private(set) var starts: [Int32] = []
    private let lexemeStates: Int
    /// `[states, classes]`, ``ByteAutomaton/dead`` for none.
    private var transitions: [Int32] = []
    private var accepting: [Bool] = []

    init(_ parts: [ByteAutomaton]) {
        var classes = ByteClasses()
        for part in parts { classes.refine(by: part.classes, count: part.classCount) }
        self.classes = classes
        lexemeStates = parts[0].stateCount
        for part in parts where !part.isEmpty {
            let start = Int32(accepting.count)
            let columns = classes.map(to: part.classes)
            starts.append(start)
            accepting += part.accepting
            for row in stride(from: 0, to: part.transitions.count, by: part.classCount) {
                for column in columns {
                    let target = part.transitions[row + column]
                    transitions.append(target < 0 ? ByteAutomaton.dead : target + start)
                }
            }
        }
    }

    func isLexeme(_ state: Int32) -> Bool { Int(state) < lexemeStates }

    func accepts(_ state: Int32) -> Bool { accepting[Int(state)] }

    /// The states, in order, that one more byte of a class leads to.
    func step(_ members: [Int32], _ symbol: Int, into targets: inout [Int32]) {
        var isBehindIgnored = false
        for member in members {
            if let target = next(member, symbol) {
                targets.append(target)
            } else if !isLexeme(member), accepts(member) {
                isBehindIgnored = true
            }
        }
        // Where an ignored text is complete and cannot go on, everything begins anew.
        if isBehindIgnored { targets += starts.compactMap { next($0, symbol) } }
        guard targets.count > 1 else { return }
        targets.sort()
        var last = 0
        for index in 1..<targets.count where targets[index] != targets[last] {
            last += 1
            targets[last] = targets[index]
        }
        targets.removeLast(targets.count - last - 1)
    }

    private func next(_ state: Int32, _ symbol: Int) -> Int32? {
        let target = transitions[Int(state) * classes.count + symbol]
        return target < 0 ? nil : target
    }
}
