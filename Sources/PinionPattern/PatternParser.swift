/// Parses the text of a regular expression into a ``PatternNode``.
///
/// The language is the common core of Perl, Python, Oniguruma and ECMA-262 as tokenizer files and JSON Schemas use it, read
/// by a ``PatternDialect``. Constructs outside of it (back-references, conditions, set operations) are refused by name rather
/// than misread.
struct PatternParser {
    struct Flags {
        var ignoresCase = false
        var dotMatchesNewline = false
        var multiline = false
    }

    let scalars: [Unicode.Scalar]
    let dialect: PatternDialect
    var position = 0
    var flags = Flags()
    var depth = 0
    private var setRanges = 0

    private init(_ text: String, dialect: PatternDialect) {
        scalars = Array(text.unicodeScalars)
        self.dialect = dialect
        flags.multiline = dialect == .oniguruma
    }

    static func parse(_ text: String, dialect: PatternDialect) throws(PatternError) -> PatternNode {
        var parser = PatternParser(text, dialect: dialect)
        guard parser.scalars.count <= PatternLimits.patternScalars else {
            throw PatternError(
                .limitExceeded,
                "pattern has \(parser.scalars.count) characters; at most \(PatternLimits.patternScalars) are allowed")
        }
        let node = try parser.parseAlternation()
        if parser.position < parser.scalars.count { throw parser.failure("unmatched ')'") }
        let size = node.expandedSize
        guard size <= PatternLimits.expandedSize else {
            throw PatternError(
                .limitExceeded,
                "pattern is too large with its repetitions written out; at most \(PatternLimits.expandedSize) "
                    + "elements are allowed")
        }
        return node
    }

    func failure(_ message: String, at place: Int? = nil) -> PatternError {
        PatternError(.invalid, message, line: 1, column: (place ?? position) + 1)
    }

    func unsupported(_ message: String, at place: Int) -> PatternError {
        PatternError(dialect.comesFromRequests ? .unsupported : .invalid, message, line: 1, column: place + 1)
    }

    // MARK: - Reading

    func peek(_ offset: Int = 0) -> Unicode.Scalar? {
        position + offset < scalars.count ? scalars[position + offset] : nil
    }

    mutating func next() -> Unicode.Scalar? {
        guard position < scalars.count else { return nil }
        position += 1
        return scalars[position - 1]
    }

    /// Steps over the given text if it comes next.
    mutating func skip(_ text: String) -> Bool {
        let wanted = text.unicodeScalars
        guard scalars[position...].starts(with: wanted) else { return false }
        position += wanted.count
        return true
    }

    // MARK: - Structure

    /// Flags set inside by `(?i)` end with the group.
    private mutating func parseAlternation() throws(PatternError) -> PatternNode {
        depth += 1
        defer { depth -= 1 }
        guard depth <= PatternLimits.nesting else {
            throw PatternError(
                .limitExceeded, "groups are nested deeper than \(PatternLimits.nesting)", line: 1, column: position + 1)
        }
        let outerFlags = flags
        defer { flags = outerFlags }
        var branches = [try parseSequence()]
        while skip("|") { branches.append(try parseSequence()) }
        return branches.count == 1 ? branches[0] : .alternation(branches)
    }

    private mutating func parseSequence() throws(PatternError) -> PatternNode {
        var items: [PatternNode] = []
        while let scalar = peek(), scalar != "|", scalar != ")" {
            let start = position
            let item = try parseItem()
            let repeated = try parseQuantifiers(of: item, from: start)
            if repeated != .empty { items.append(repeated) }
        }
        switch items.count {
        case 0: return .empty
        case 1: return items[0]
        default: return .sequence(items)
        }
    }

    private mutating func parseItem() throws(PatternError) -> PatternNode {
        let start = position
        guard let scalar = next() else { return .empty }
        switch scalar {
        case "(": return try parseGroup(from: start)
        case "[": return try counted(try parseBracket(from: start))
        case ".": return .set(flags.dotMatchesNewline ? .all : dialect.lineTerminators.inverted)
        case "^": return .assertion(flags.multiline ? .lineStart : .textStart)
        case "$": return .assertion(flags.multiline ? .lineEnd : .textEnd)
        case "*", "+", "?": throw failure("nothing to repeat before '\(scalar)'", at: start)
        case "\\": return try parseEscape(from: start)
        default: return try literal(scalar.value)
        }
    }

    private mutating func parseEscape(from start: Int) throws(PatternError) -> PatternNode {
        switch peek() {
        case "b": position += 1; return .assertion(.wordBoundary)
        case "B": position += 1; return .assertion(.notWordBoundary)
        case "A": position += 1; return .assertion(.textStart)
        case "z": position += 1; return .assertion(.textEnd)
        case "Z" where dialect == .python: position += 1; return .assertion(.textEnd)
        case "Z" where dialect == .oniguruma:
            position += 1
            // The end of the text, or the place before a newline that ends it.
            return .alternation([
                .assertion(.textEnd),
                .lookahead(.sequence([.set(ScalarSet(0x0A)), .assertion(.textEnd)]), isNegative: false),
            ])
        default: break
        }
        switch try parseEscapedValue(from: start, inBracket: false) {
        case .scalar(let value): return try literal(value)
        case .set(let set): return try counted(set)
        }
    }

    private mutating func literal(_ value: UInt32) throws(PatternError) -> PatternNode {
        let set = ScalarSet(value)
        return try counted(flags.ignoresCase ? CaseFolding.closure(of: set) : set)
    }

    /// Wraps a set and charges its ranges to the pattern's allowance.
    private mutating func counted(_ set: ScalarSet) throws(PatternError) -> PatternNode {
        setRanges += set.ranges.count
        guard setRanges <= PatternLimits.setRanges else {
            throw PatternError(
                .limitExceeded, "character classes hold more than \(PatternLimits.setRanges) ranges", line: 1,
                column: position + 1)
        }
        return .set(set)
    }

    // MARK: - Groups

    private mutating func parseGroup(from start: Int) throws(PatternError) -> PatternNode {
        guard skip("?") else { return try finishGroup(from: start) }
        if skip(":") { return try finishGroup(from: start) }
        if skip("=") { return .lookahead(try finishGroup(from: start), isNegative: false) }
        if skip("!") { return .lookahead(try finishGroup(from: start), isNegative: true) }
        if skip(">") { return .atomic(try finishGroup(from: start)) }
        if skip("<=") { return try parseLookbehind(isNegative: false, from: start) }
        if skip("<!") { return try parseLookbehind(isNegative: true, from: start) }
        if skip("P<") || skip("<") {
            var length = 0
            while let scalar = next(), scalar != ">" {
                guard
                    scalar == "_" || scalar == "$" || scalar.properties.isAlphabetic
                        || scalar.properties.numericType != nil
                else {
                    throw failure("bad character in a group name")
                }
                length += 1
            }
            guard length > 0, scalars[position - 1] == ">" else { throw failure("bad group name", at: start) }
            return try finishGroup(from: start)
        }
        return try parseFlagGroup(from: start)
    }

    private mutating func parseLookbehind(
        isNegative: Bool, from start: Int
    ) throws(PatternError) -> PatternNode {
        guard dialect.comesFromRequests else { throw failure("look-behind is not supported", at: start) }
        return .lookbehind(try finishGroup(from: start), isNegative: isNegative)
    }

    private mutating func finishGroup(from start: Int) throws(PatternError) -> PatternNode {
        let inner = try parseAlternation()
        guard skip(")") else { throw failure("group is not closed", at: start) }
        return inner
    }

    /// `(?i)` for the rest of the enclosing group, `(?i:…)` and `(?-i:…)` for the group itself.
    private mutating func parseFlagGroup(from start: Int) throws(PatternError) -> PatternNode {
        var changed = flags
        var isOn = true
        while let scalar = next() {
            switch scalar {
            case "i": changed.ignoresCase = isOn
            case "s": changed.dotMatchesNewline = isOn
            case "m": changed.multiline = isOn
            case "-" where isOn: isOn = false
            case ")":
                flags = changed
                return .empty
            case ":":
                let outer = flags
                flags = changed
                defer { flags = outer }
                return try finishGroup(from: start)
            default: throw failure("unsupported group '(?\(scalar)'", at: start)
            }
        }
        throw failure("group is not closed", at: start)
    }

    // MARK: - Quantifiers

    private mutating func parseQuantifiers(of item: PatternNode, from start: Int) throws(PatternError) -> PatternNode {
        guard var count = try parseCount() else { return item }
        if isBareAssertion(item, from: start) { throw failure("an assertion cannot be repeated", at: start) }
        let isCounted = scalars[position - 1] == "}"
        if dialect == .oniguruma, isCounted, peek() == "+" {
            position += 1
            return item == .empty
                ? .empty : .repetition(.repetition(item, count), PatternRepetition(minimum: 1, maximum: nil))
        }
        if skip("?") { count.mode = .lazy } else if skip("+") { count.mode = .possessive }
        let afterCount = position
        if try parseCount() != nil { throw failure("a repetition is repeated", at: afterCount) }
        return item == .empty ? .empty : .repetition(item, count)
    }

    /// An assertion may repeat only as part of a group of its own.
    private func isBareAssertion(_ item: PatternNode, from start: Int) -> Bool {
        switch item {
        case .assertion: scalars[start] != "("
        case .lookahead, .lookbehind:
            ["(?=", "(?!", "(?<=", "(?<!"].contains { scalars[start...].starts(with: $0.unicodeScalars) }
        default: false
        }
    }

    /// Reads `*`, `+`, `?` or `{m,n}`; a brace that opens no count is left to be a literal.
    private mutating func parseCount() throws(PatternError) -> PatternRepetition? {
        if skip("*") { return PatternRepetition(minimum: 0, maximum: nil) }
        if skip("+") { return PatternRepetition(minimum: 1, maximum: nil) }
        if skip("?") { return PatternRepetition(minimum: 0, maximum: 1) }
        let start = position
        guard skip("{") else { return nil }
        let lower = parseNumber()
        var upper = lower
        if skip(",") {
            upper = parseNumber()
        }
        guard skip("}"), lower != nil || upper != nil else {
            position = start
            return nil
        }
        // ECMA refuses it too, and where it does not it reads it as text, while others read a count.
        if dialect == .ecma, lower == nil { throw failure("a count has no lower bound", at: start) }
        let minimum = lower ?? 0
        guard minimum <= PatternLimits.repeatCount, upper ?? 0 <= PatternLimits.repeatCount else {
            throw PatternError(
                .limitExceeded, "repetition count is above \(PatternLimits.repeatCount)", line: 1, column: start + 1)
        }
        if let upper, upper < minimum { throw failure("repetition counts are out of order", at: start) }
        return PatternRepetition(minimum: minimum, maximum: upper)
    }

    private mutating func parseNumber() -> Int? {
        var value: Int?
        while let digit = peek(), (0x30...0x39).contains(digit.value) {
            position += 1
            value = min((value ?? 0) * 10 + Int(digit.value - 0x30), PatternLimits.repeatCount + 1)
        }
        return value
    }
}
