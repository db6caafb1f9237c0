/// A regular part of the language of ECMA-262's patterns, for the format `regex`.
///
/// Patterns nest, so no automaton has them all. These have groups (capturing or `(?:`) nested at most ``nesting`` deep,
/// look-ahead outside of groups, alternatives, sets whose ranges are in order, counts whose bounds are in order, assertions and the escapes
/// that mean the same with and without the flag `u`. Names, references, properties and look-behind are left out. Every member
/// is a valid pattern, with the flag `u` and without.
enum RegexFormat {
    static let nesting = 4

    static func language() throws(GrammarError) -> ByteAutomaton {
        let counts = try StringFormat.pattern("(?:\(count))?")
        let atoms = try ByteAutomaton.concatenation([
            StringFormat.pattern("\(literal)|\\.|\(escape)|\(set)"), counts,
        ])
        let plain = try ByteAutomaton.union([atoms, StringFormat.pattern("\\^|\\$|\\\\[bB]")])
        var terms = plain
        var inner = terms
        for _ in 0..<nesting {
            inner = try alternatives(of: terms)
            terms = try .union([
                plain, .concatenation([StringFormat.pattern("\\((?:\\?:)?"), inner, .text(")"), counts]),
            ])
        }
        let lookahead = try ByteAutomaton.concatenation([StringFormat.pattern("\\(\\?[=!]"), inner, .text(")")])
        return try alternatives(of: .union([terms, lookahead]))
    }

    private static func alternatives(of terms: ByteAutomaton) throws(GrammarError) -> ByteAutomaton {
        try ByteAutomaton.union([terms, .text("|")]).repeated(0)
    }

    /// A character without a meaning of its own.
    private static let literal = "[^\\\\^$.*+?()\\[\\]{}|\(controls)]"
    private static let escape = "\\\\[dDsSwWtnrvf\\\\^$.*+?()\\[\\]{}|/]"
    private static let controls = "\\u0000-\\u001F\\u007F-\\u009F\\u2028\\u2029"

    /// A set whose hyphens stand in ranges only.
    private static let set =
        "\\[\\^?(?:\(ranges)|\(escape)|[ !#%&,.:;<=>@_0-9A-Za-z]|[^\\u0000-\\u007F\(controls)])+\\]"

    /// Ranges of digits and letters in order.
    private static let ranges: String = {
        let groups: [ClosedRange<UInt8>] = [0x30...0x39, 0x41...0x5A, 0x61...0x7A]
        func character(_ byte: UInt8) -> String { String(UnicodeScalar(byte)) }
        return groups.flatMap { group in
            group.map { "\(character($0))-[\(character($0))-\(character(group.upperBound))]" }
        }.joined(separator: "|")
    }()

    /// `*`, `+`, `?` and counts below a hundred, greedy or lazy.
    private static let count: String = {
        var pairs = ["[0-9],[1-9][0-9]"]
        for digit in 0...9 {
            pairs.append("\(digit),[\(digit)-9]")
            guard digit > 0 else { continue }
            if digit < 9 { pairs.append("\(digit)[0-9],[\(digit + 1)-9][0-9]") }
            for unit in 0...9 { pairs.append("\(digit)\(unit),\(digit)[\(unit)-9]") }
        }
        let number = "(?:[0-9]|[1-9][0-9])"
        return "(?:[*+?]|\\{(?:\(number),?|\(pairs.joined(separator: "|")))\\})\\??"
    }()
}
