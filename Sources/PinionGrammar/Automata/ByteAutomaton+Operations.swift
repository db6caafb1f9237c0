// MARK: - Single texts and bytes

extension ByteAutomaton {
    /// The texts of one byte of a range.
    package static func bytes(_ range: ClosedRange<UInt8>) -> ByteAutomaton {
        var classes = [UInt8](repeating: 0, count: 256)
        let isFirst = range.lowerBound == 0
        let isAll = isFirst && range.upperBound == 255
        for byte in 0..<256 where range.contains(UInt8(byte)) == !isFirst { classes[byte] = isAll ? 0 : 1 }
        return ByteAutomaton(
            classes: classes, classCount: isAll ? 1 : 2,
            transitions: isAll ? [1, dead] : isFirst ? [1, dead, dead, dead] : [dead, 1, dead, dead],
            accepting: [false, true])
    }

    /// Exactly one text. A text from a request goes through ``texts(_:)``, which refuses one that is too long.
    package static func text(_ bytes: [UInt8]) -> ByteAutomaton {
        var isDistinct = [Bool](repeating: false, count: 256)
        for byte in bytes { isDistinct[Int(byte)] = true }
        let classes = ByteClasses(distinct: isDistinct)
        var transitions = [Int32](repeating: dead, count: (bytes.count + 1) * classes.count)
        for (state, byte) in bytes.enumerated() {
            transitions[state * classes.count + Int(classes.classOfByte[Int(byte)])] = Int32(state + 1)
        }
        var accepting = [Bool](repeating: false, count: bytes.count + 1)
        accepting[bytes.count] = true
        return ByteAutomaton(
            classes: classes.classOfByte, classCount: classes.count, transitions: transitions, accepting: accepting)
    }

    package static func text(_ string: String) -> ByteAutomaton { text(Array(string.utf8)) }
}

// MARK: - Union, concatenation, repetition

extension ByteAutomaton {
    /// The texts of any part. Throws `limit`; see ``GrammarLimits``.
    package static func union(_ parts: [ByteAutomaton]) throws(GrammarError) -> ByteAutomaton {
        let parts = parts.filter { !$0.isEmpty }
        guard let first = parts.first else { return .none }
        if parts.count == 1 { return first }
        var builder = AutomatonBuilder(classesOf: parts)
        let start = try builder.addState(accepting: false)
        for part in parts { builder.link(start, to: try builder.add(part)) }
        return try builder.finish(start: start)
    }

    /// The texts of the parts, one after the other; without parts the empty text. Throws `limit`.
    package static func concatenation(_ parts: [ByteAutomaton]) throws(GrammarError) -> ByteAutomaton {
        if parts.contains(where: \.isEmpty) { return .none }
        let parts = parts.filter { $0 != .empty }
        guard let last = parts.last else { return .empty }
        if parts.count == 1 { return last }
        var builder = AutomatonBuilder(classesOf: parts)
        var next = try builder.add(last)
        for part in parts.dropLast().reversed() {
            let start = try builder.add(part, accepting: false)
            for state in 0..<part.stateCount where part.accepting[state] {
                builder.link(start + Int32(state), to: next)
            }
            next = start
        }
        return try builder.finish(start: next)
    }

    /// `min` to `max` texts of the language, one after the other; `max` nil is without bound, and a `max` below `min` leaves no
    /// text. Throws `limit`.
    ///
    /// - Precondition: `min` is not negative.
    package func repeated(_ min: Int, _ max: Int? = nil) throws(GrammarError) -> ByteAutomaton {
        precondition(min >= 0, "a repetition of \(min) times")
        if let max, max < min { return .none }
        if isEmpty { return min == 0 ? .empty : .none }
        if self == .empty || max == 0 { return .empty }
        if min == 1, max == 1 { return self }
        let copies = max ?? Swift.max(min, 1)
        let (states, overflow) = copies.multipliedReportingOverflow(by: stateCount)
        guard !overflow, states <= GrammarLimits.constructionStates else { throw StateTable.tooLarge }
        var builder = AutomatonBuilder(classesOf: [self])
        // `next` is the place behind a copy, where the text may end once there were enough of them.
        var next = try builder.addState(accepting: true)
        for copy in (0..<copies).reversed() {
            let start = try builder.add(self, accepting: false)
            for state in 0..<stateCount where accepting[state] { builder.link(start + Int32(state), to: next) }
            if max == nil, copy == copies - 1 { builder.link(next, to: start) }
            next = try builder.addState(accepting: copy >= min)
            builder.link(next, to: start)
        }
        return try builder.finish(start: next)
    }
}
