// MARK: - Texts and their spellings in JSON strings

extension ByteAutomaton {
    /// The texts whose spellings between the quotes of a JSON string the language holds; see ``jsonSpelling(of:)``.
    func unescaped() throws(GrammarError) -> ByteAutomaton {
        if isEmpty { return self }
        if self == .anyText(.jsonString) { return .anyText(.utf8) }
        let classes = escapedClasses
        var table = StateTable(symbolCount: classes.count)
        for state in 0..<stateCount {
            try table.addState(accepting: accepting[state])
            for (symbol, byte) in classes.firstBytes.enumerated() {
                var target = Int32(state)
                for part in Self.jsonSpelling(of: byte) where target != Self.dead { target = next(target, part) }
                table.transitions[state * classes.count + symbol] = target
            }
        }
        return try ByteAutomaton(minimising: table, classes: classes).checked()
    }

    /// The same without the quotes that all texts stand between.
    func unquoted() throws(GrammarError) -> ByteAutomaton {
        guard !isEmpty else { return self }
        var builder = AutomatonBuilder(classesOf: [self, .text([ScalarEncoding.quote])])
        let start = try builder.add(self, accepting: false)
        for state in 0..<Int32(stateCount) {
            let target = next(state, ScalarEncoding.quote)
            guard target != Self.dead, accepting[Int(target)], state != 0 else { continue }
            builder.setAccepting(start + state, true)
        }
        let inside = next(0, ScalarEncoding.quote)
        guard inside != Self.dead else { return .none }
        // The transition of the closing quote leads to a state that accepts nothing any more.
        return try builder.finish(start: start + inside)
    }

    /// The spellings, between the quotes of a JSON string, of the language's texts.
    func escaped() throws(GrammarError) -> ByteAutomaton {
        if isEmpty { return self }
        if self == .anyText(.utf8) { return .anyText(.jsonString) }
        var classes = escapedClasses
        classes.refine(by: Self.anyText(.jsonString).classes, count: Self.anyText(.jsonString).classCount)
        var table = StateTable(symbolCount: classes.count)
        for state in 0..<stateCount { try table.addState(accepting: accepting[state]) }
        for state in 0..<Int32(stateCount) {
            for byte in UInt8.min...UInt8.max {
                let target = next(state, byte)
                guard target != Self.dead else { continue }
                let spelling = Self.jsonSpelling(of: byte)
                var place = state
                for part in spelling.dropLast() {
                    let cell = Int(place) * classes.count + Int(classes.classOfByte[Int(part)])
                    if table.transitions[cell] == Self.dead {
                        let added = try table.addState(accepting: false)
                        table.transitions[cell] = added
                    }
                    place = table.transitions[cell]
                }
                let last = classes.classOfByte[Int(spelling[spelling.count - 1])]
                table.transitions[Int(place) * classes.count + Int(last)] = target
            }
        }
        return try ByteAutomaton(minimising: table, classes: classes).checked()
    }

    /// The texts of the language that do not hold a text.
    package func subtracting(textsWith part: [UInt8]) throws(GrammarError) -> ByteAutomaton {
        try subtracting(.concatenation([.anyText(.utf8), .text(part), .anyText(.utf8)]))
    }

    /// The classes of bytes that a conversion needs: each byte that has an escape, and each that an escape is made of, is a
    /// class of its own.
    private var escapedClasses: ByteClasses {
        var isDistinct = [Bool](repeating: false, count: 256)
        for byte in 0..<ScalarEncoding.firstLiteral { isDistinct[Int(byte)] = true }
        let letters = ScalarEncoding.shortEscapes.map(\.letter) + ScalarEncoding.hexDigits + [UInt8(ascii: "u")]
        for byte in [ScalarEncoding.quote, ScalarEncoding.backslash] + letters { isDistinct[Int(byte)] = true }
        var classes = ByteClasses(distinct: isDistinct)
        classes.refine(by: self.classes, count: classCount)
        return classes
    }

    /// How a byte of a text is spelled in a JSON string.
    private static func jsonSpelling(of byte: UInt8) -> [UInt8] {
        byte < 0x80 ? jsonSpelling(of: String(UnicodeScalar(byte))) : [byte]
    }
}
