extension GrammarTables {
    /// What can come next.
    enum Possible: Equatable {
        case byte(UInt8)
        case several
        /// Nothing: the text has to end.
        case end
    }

    /// The only byte that may follow.
    mutating func onlyByte(after threads: [GrammarThread]) -> Possible {
        var only: UInt8?
        for thread in threads {
            guard add(thread, to: &only) else { return .several }
            guard isAtEnd(thread) else { continue }
            let after = continuation(of: thread)
            if after.canEnd, !(after.starts.isEmpty && !goesOn(thread)) { return .several }
            for start in after.starts where !add(start, to: &only) { return .several }
        }
        return only.map { .byte($0) } ?? .end
    }

    private func goesOn(_ thread: GrammarThread) -> Bool {
        var only: UInt8?
        return !add(thread, to: &only) || only != nil
    }

    /// - Returns: Whether no two bytes are possible so far.
    private func add(_ thread: GrammarThread, to only: inout UInt8?) -> Bool {
        guard thread.lexeme >= 0 else {
            switch (thread.lexeme, thread.state) {
            case (GrammarThread.blank, 0): return Self.add(0x20, to: &only)
            case (GrammarThread.indentation, 0): return Self.add(0x0A, to: &only)
            case (GrammarThread.indentation, 1): return Self.add(thread.styles.indent, to: &only)
            default: return true
            }
        }
        let lexeme = grammar.lexemes[Int(thread.lexeme)]
        if case .counted(_, let max) = lexeme.kind, thread.count >= max { return true }
        if case .bounded = lexeme.kind {
            for byte in 0...255 as ClosedRange<UInt8> where next(thread, byte) != nil {
                if !Self.add(byte, to: &only) { return false }
            }
            return true
        }
        let row = Int(thread.state) * lexeme.automaton.classCount
        for byte in 0...255 as ClosedRange<UInt8> {
            let column = Int(lexeme.automaton.classes[Int(byte)])
            guard lexeme.automaton.transitions[row + column] != ByteAutomaton.dead else { continue }
            if !Self.add(byte, to: &only) { return false }
        }
        return true
    }

    /// The bytes that a thread's lexeme can go on with.
    func firstBytes(of thread: GrammarThread) -> ByteMask {
        var bytes = ByteMask()
        guard thread.lexeme >= 0 else {
            for byte in [0x09, 0x0A, 0x20] as [UInt8] where next(thread, byte) != nil { bytes.insert(byte) }
            return bytes
        }
        let automaton = grammar.lexemes[Int(thread.lexeme)].automaton
        for byte in 0...255 as ClosedRange<UInt8> where automaton.next(thread.state, byte) != ByteAutomaton.dead {
            bytes.insert(byte)
        }
        return bytes
    }

    private static func add(_ byte: UInt8, to only: inout UInt8?) -> Bool {
        if let known = only { return known == byte }
        only = byte
        return true
    }
}
