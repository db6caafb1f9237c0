import PinionPattern

/// Parses GBNF into a ``GrammarTree``.
struct GBNFParser {
    private var scanner: GrammarScanner
    private var tree: GrammarTree
    private var depth = 0

    private init(_ text: GrammarText) {
        scanner = GrammarScanner(text)
        tree = GrammarTree(text)
    }

    static func parse(_ text: String) throws(GrammarError) -> GrammarTree {
        var parser = GBNFParser(try GrammarText(text))
        parser.skipSpace()
        guard !parser.scanner.isAtEnd else { throw GrammarError(.invalid, "the grammar is empty") }
        while !parser.scanner.isAtEnd { try parser.parseRule() }
        return parser.tree
    }

    // MARK: - Rules

    private mutating func parseRule() throws(GrammarError) {
        let place = scanner.position
        let name = scanner.take(while: Self.isNameScalar)
        guard !name.isEmpty else { throw scanner.unexpected("the name of a rule") }
        _ = scanner.take(while: Self.isBlank)
        guard scanner.skip("::=") else { throw scanner.unexpected("'::=' behind the name of a rule") }
        let root = try parseAlternatives()
        if let scalar = scanner.peek(), !atDefinition() {
            if scalar == ":" {
                throw scanner.text.failure("a rule begins on a line of its own", at: scanner.position)
            }
            throw scanner.unexpected("an expression or the next rule")
        }
        try tree.define(tree.name(name, at: place), as: root, at: place)
    }

    private mutating func parseAlternatives() throws(GrammarError) -> Int {
        let place = scanner.position
        var branches = [try parseSequence()]
        while scanner.skip("|") { branches.append(try parseSequence()) }
        return try tree.add(choice: branches, at: place)
    }

    private mutating func parseSequence() throws(GrammarError) -> Int {
        skipSpace()
        let place = scanner.position
        var items: [Int] = []
        while !atDefinition(), let item = try parseItem() {
            skipSpace()
            items.append(try parseOperators(on: item))
        }
        return try tree.add(sequence: items, at: place)
    }

    /// Nil where the sequence ends. The position behind the item is not yet behind the white space that follows it.
    private mutating func parseItem() throws(GrammarError) -> Int? {
        let place = scanner.position
        switch scanner.peek() {
        case "\"": return try tree.add(.text(try parseString()), at: place)
        case "[": return try tree.add(.pattern(.set(try parseClass())), at: place)
        case ".":
            scanner.position += 1
            return try tree.add(.pattern(.set(.all)), at: place)
        case "(":
            scanner.position += 1
            return try parseGroup(from: place)
        case "<", "!": throw scanner.text.failure(.unsupported, "tokens ('<…>') are not supported", at: place)
        case "*", "+", "?", "{":
            throw scanner.text.failure("nothing to repeat before \(scanner.text.found(at: place))", at: place)
        case let scalar? where Self.isNameScalar(scalar):
            let name = scanner.take(while: Self.isNameScalar)
            return try tree.add(.name(tree.name(name, at: place)), at: place)
        default: return nil
        }
    }

    private mutating func parseGroup(from place: Int) throws(GrammarError) -> Int {
        depth += 1
        defer { depth -= 1 }
        guard depth < GrammarLimits.expressionNesting else {
            throw scanner.text.failure(
                .limit, "groups are nested deeper than \(GrammarLimits.expressionNesting)", at: place)
        }
        let inner = try parseAlternatives()
        guard scanner.skip(")") else {
            if scanner.isAtEnd || atDefinition() {
                throw scanner.text.failure("the group is not closed", at: place)
            }
            throw scanner.unexpected("an expression or ')'")
        }
        return inner
    }

    // MARK: - Repetition

    private mutating func parseOperators(on item: Int) throws(GrammarError) -> Int {
        var item = item
        while true {
            let place = scanner.position
            if scanner.skip("*") {
                item = try tree.add(.repetition(item, min: 0, max: nil), at: place)
            } else if scanner.skip("+") {
                item = try tree.add(.repetition(item, min: 1, max: nil), at: place)
            } else if scanner.skip("?") {
                item = try tree.add(.repetition(item, min: 0, max: 1), at: place)
            } else if scanner.skip("{") {
                let (min, max) = try parseCounts(from: place)
                item = try tree.add(.repetition(item, min: min, max: max), at: place)
            } else {
                return item
            }
            skipSpace()
        }
    }

    /// `m}`, `m,}` or `m,n}`.
    private mutating func parseCounts(from place: Int) throws(GrammarError) -> (min: Int, max: Int?) {
        skipSpace()
        guard let min = scanner.takeNumber() else { throw scanner.unexpected("a number in '{m,n}'") }
        var max: Int? = min
        skipSpace()
        if scanner.skip(",") {
            skipSpace()
            max = scanner.takeNumber()
            skipSpace()
        }
        guard scanner.skip("}") else { throw scanner.unexpected("'}' behind the counts of a repetition") }
        if let max, max < min { throw scanner.text.failure("the counts of a repetition are out of order", at: place) }
        return (min, max)
    }

    // MARK: - Literals

    private mutating func parseString() throws(GrammarError) -> [UInt8] {
        let place = scanner.position
        scanner.position += 1
        var bytes: [UInt8] = []
        while !scanner.skip("\"") {
            let start = scanner.position
            let value = try parseCharacter(of: "the string", from: place)
            guard let scalar = Unicode.Scalar(value) else {
                throw scanner.text.failure("a surrogate is no character; write '\\U' with its whole code", at: start)
            }
            bytes.append(contentsOf: String(scalar).utf8)
        }
        return bytes
    }

    /// Surrogates may end a range and are no members.
    private mutating func parseClass() throws(GrammarError) -> ScalarSet {
        let place = scanner.position
        scanner.position += 1
        let isNegated = scanner.skip("^")
        var ranges: [ClosedRange<UInt32>] = []
        while !scanner.skip("]") {
            let start = scanner.position
            let lower = try parseCharacter(of: "the character class", from: place)
            var upper = lower
            if scanner.peek() == "-", let end = scanner.peek(1), end != "]" {
                scanner.position += 1
                upper = try parseCharacter(of: "the character class", from: place)
            }
            guard lower <= upper else { throw scanner.text.failure("a range is out of order", at: start) }
            ranges.append(lower...upper)
        }
        let set = isNegated ? ScalarSet(ranges).inverted : ScalarSet(ranges)
        guard !ranges.isEmpty, !set.isEmpty else {
            throw scanner.text.failure("the character class is empty", at: place)
        }
        return set
    }

    /// One scalar's value, or an escape's.
    private mutating func parseCharacter(of literal: String, from place: Int) throws(GrammarError) -> UInt32 {
        let start = scanner.position
        guard let scalar = scanner.next() else { throw scanner.text.failure("\(literal) is not closed", at: place) }
        guard scalar == "\\" else { return scalar.value }
        switch scanner.next() {
        case "x": return try scanner.takeHexadecimal(2, of: start)
        case "u": return try scanner.takeHexadecimal(4, of: start)
        case "U": return try scanner.takeHexadecimal(8, of: start)
        case "n": return 0x0A
        case "r": return 0x0D
        case "t": return 0x09
        case let escaped? where Self.escapedAsThemselves.contains(escaped): return escaped.value
        case nil: throw scanner.text.failure("\(literal) is not closed", at: place)
        default:
            throw scanner.text.failure(
                "unknown escape '\\' before \(scanner.text.found(at: start + 1)); known are "
                    + #"\n \r \t \\ \" \[ \] \- \^ \xHH \uHHHH \UHHHHHHHH"#, at: start)
        }
    }

    private static let escapedAsThemselves: Set<Unicode.Scalar> = ["\\", "\"", "[", "]", "-", "^"]

    // MARK: - Space and names

    private mutating func skipSpace() {
        while let scalar = scanner.peek() {
            switch scalar {
            case " ", "\t", "\r", "\n": scanner.position += 1
            case "#": _ = scanner.take { $0 != "\n" && $0 != "\r" }
            default: return
            }
        }
    }

    /// Whether a rule begins at the position: a name that is the first thing in its line, and `::=`.
    private func atDefinition() -> Bool {
        guard let first = scanner.peek(), Self.isNameScalar(first), scanner.isFirstInLine else { return false }
        var ahead = scanner
        _ = ahead.take(while: Self.isNameScalar)
        _ = ahead.take(while: Self.isBlank)
        return ahead.skip("::=")
    }

    private static func isBlank(_ scalar: Unicode.Scalar) -> Bool { scalar == " " || scalar == "\t" }

    private static func isNameScalar(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar {
        case "a"..."z", "A"..."Z", "0"..."9", "-", "_": true
        default: false
        }
    }
}
