import PinionPattern

/// Parses a grammar in Lark's language into a ``GrammarTree``, in which imported terminals are definitions like others.
struct LarkParser {
    var scanner: GrammarScanner
    var tree: GrammarTree
    /// Indices of the names of ignored terminals.
    var ignored: [Int] = []
    private var depth = 0

    private init(_ text: GrammarText) {
        scanner = GrammarScanner(text)
        tree = GrammarTree(text)
    }

    static func parse(_ text: String) throws(GrammarError) -> (tree: GrammarTree, ignored: [Int]) {
        var parser = LarkParser(try GrammarText(text))
        parser.skipSpace()
        guard !parser.scanner.isAtEnd else { throw GrammarError(.invalid, "the grammar is empty") }
        while !parser.scanner.isAtEnd {
            if parser.scanner.peek() == "%" { try parser.parseDirective() } else { try parser.parseDefinition() }
            parser.skipSpace()
            guard parser.scanner.isAtEnd || parser.atDefinition() else {
                throw parser.scanner.unexpected("an expression or the next definition")
            }
        }
        return (parser.tree, parser.ignored)
    }

    // MARK: - Definitions

    private mutating func parseDefinition() throws(GrammarError) {
        _ = scanner.take(while: Self.isModifier)
        let place = scanner.position
        let name = try parseName("the name of a rule or terminal")
        if scanner.peek() == "{" { throw unsupportedTemplate(at: scanner.position) }
        _ = scanner.take(while: Self.isBlank)
        if scanner.skip(".") {
            _ = scanner.skip("-") || scanner.skip("+")
            guard scanner.takeNumber() != nil else { throw scanner.unexpected("the number of a priority") }
            _ = scanner.take(while: Self.isBlank)
        }
        guard scanner.skip(":") else { throw scanner.unexpected("':' behind the name of a rule or terminal") }
        let root = try parseAlternatives()
        try tree.define(tree.name(name, at: place), as: root, at: place)
    }

    /// An expression with its alternatives, also of a directive.
    mutating func parseAlternatives() throws(GrammarError) -> Int {
        let place = scanner.position
        var branches = [try parseAlternative()]
        while scanner.skip("|") { branches.append(try parseAlternative()) }
        return try tree.add(choice: branches, at: place)
    }

    private mutating func parseAlternative() throws(GrammarError) -> Int {
        skipSpace()
        let place = scanner.position
        var items: [Int] = []
        while !atDefinition(), let item = try parseItem() {
            skipSpace()
            items.append(try parseOperator(on: item))
            skipSpace()
        }
        if scanner.skip("->") {
            skipSpace()
            _ = try parseName("the name of an alias")
            skipSpace()
        }
        return try tree.add(sequence: items, at: place)
    }

    /// Nil where the alternative ends.
    private mutating func parseItem() throws(GrammarError) -> Int? {
        let place = scanner.position
        switch scanner.peek() {
        case "\"": return try parseStringOrRange()
        case "/": return try tree.add(.pattern(try parseRegularExpression()), at: place)
        case "(": return try parseGroup(closing: ")")
        case "[":
            let inner = try parseGroup(closing: "]")
            return try tree.add(.repetition(inner, min: 0, max: 1), at: place)
        case "*", "+", "?", "~":
            throw scanner.text.failure("nothing to repeat before \(scanner.text.found(at: place))", at: place)
        case "<": throw scanner.text.failure(.unsupported, "tokens ('<…>') are not supported", at: place)
        case "@":
            throw scanner.text.failure(.unsupported, "grammars within a grammar ('@') are not supported", at: place)
        case "%":
            scanner.position += 1
            let name = scanner.take(while: Self.isNameScalar)
            throw scanner.text.failure(.unsupported, "'%\(name)' is not supported in an expression", at: place)
        case let scalar? where Self.isNameScalar(scalar):
            let name = try parseName("a name")
            if scanner.peek() == "{" { throw unsupportedTemplate(at: scanner.position) }
            return try tree.add(.name(tree.name(name, at: place)), at: place)
        default: return nil
        }
    }

    private mutating func parseGroup(closing: Unicode.Scalar) throws(GrammarError) -> Int {
        let place = scanner.position
        scanner.position += 1
        depth += 1
        defer { depth -= 1 }
        guard depth < GrammarLimits.expressionNesting else {
            throw scanner.text.failure(
                .limit, "groups are nested deeper than \(GrammarLimits.expressionNesting)", at: place)
        }
        let inner = try parseAlternatives()
        guard scanner.skip(closing) else {
            if scanner.isAtEnd || atDefinition() {
                throw scanner.text.failure("the group is not closed", at: place)
            }
            throw scanner.unexpected("an expression or '\(closing)'")
        }
        return inner
    }

    // MARK: - Repetition

    private mutating func parseOperator(on item: Int) throws(GrammarError) -> Int {
        guard !atDefinition(), let repeated = try parseOneOperator(on: item) else { return item }
        skipSpace()
        if !atDefinition(), let scalar = scanner.peek(), ["*", "+", "?", "~"].contains(scalar) {
            throw scanner.text.failure("a repetition is repeated; put it into a group", at: scanner.position)
        }
        return repeated
    }

    private mutating func parseOneOperator(on item: Int) throws(GrammarError) -> Int? {
        let place = scanner.position
        if scanner.skip("*") { return try tree.add(.repetition(item, min: 0, max: nil), at: place) }
        if scanner.skip("+") { return try tree.add(.repetition(item, min: 1, max: nil), at: place) }
        if scanner.skip("?") { return try tree.add(.repetition(item, min: 0, max: 1), at: place) }
        guard scanner.skip("~") else { return nil }
        skipSpace()
        guard let min = scanner.takeNumber() else { throw scanner.unexpected("a number behind '~'") }
        var max = min
        skipSpace()
        if scanner.skip("..") {
            skipSpace()
            guard let upper = scanner.takeNumber() else { throw scanner.unexpected("a number behind '..'") }
            max = upper
        }
        guard min <= max else { throw scanner.text.failure("the counts of a repetition are out of order", at: place) }
        return try tree.add(.repetition(item, min: min, max: max), at: place)
    }

    // MARK: - Names

    /// A name in one case, which tells rules from terminals.
    mutating func parseName(_ expected: String) throws(GrammarError) -> String {
        let place = scanner.position
        let name = scanner.take(while: Self.isNameScalar)
        let letters = name.unicodeScalars.drop { $0 == "_" }
        guard let first = letters.first, !("0"..."9").contains(first) else {
            scanner.position = place
            throw scanner.unexpected(expected)
        }
        let isTerminal = Self.isTerminal(name)
        if letters.contains(where: { isTerminal ? ("a"..."z").contains($0) : ("A"..."Z").contains($0) }) {
            throw scanner.text.failure("a name is all lower case (a rule) or all upper case (a terminal)", at: place)
        }
        return name
    }

    /// Whether a name is a terminal's: its first letter is upper case.
    static func isTerminal(_ name: String) -> Bool {
        name.unicodeScalars.first { $0 != "_" }.map { ("A"..."Z").contains($0) } ?? false
    }

    private func unsupportedTemplate(at place: Int) -> GrammarError {
        scanner.text.failure(
            .unsupported, "templates ('name{…}') are not supported; a repetition is written '~ 2..3'", at: place)
    }

    static func isNameScalar(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar {
        case "a"..."z", "A"..."Z", "0"..."9", "_": true
        default: false
        }
    }

    private static func isModifier(_ scalar: Unicode.Scalar) -> Bool { scalar == "?" || scalar == "!" }

    static func isBlank(_ scalar: Unicode.Scalar) -> Bool { scalar == " " || scalar == "\t" }

    // MARK: - Space

    /// Steps over white space, comments, and a backslash at the end of a line.
    mutating func skipSpace() {
        while let scalar = scanner.peek() {
            switch scalar {
            case " ", "\t", "\r", "\n": scanner.position += 1
            case "#": skipLine()
            case "/" where scanner.peek(1) == "/": skipLine()
            case "\\":
                var ahead = scanner
                ahead.position += 1
                _ = ahead.take { Self.isBlank($0) || $0 == "\r" }
                guard ahead.skip("\n") else { return }
                scanner = ahead
            default: return
            }
        }
    }

    private mutating func skipLine() {
        _ = scanner.take { $0 != "\n" && $0 != "\r" }
    }

    /// Whether a definition or directive begins at the position, as the first thing in its line.
    func atDefinition() -> Bool {
        guard let first = scanner.peek(), first == "%" || Self.isModifier(first) || Self.isNameScalar(first),
            scanner.isFirstInLine
        else { return false }
        if first == "%" { return true }
        var ahead = scanner
        _ = ahead.take(while: Self.isModifier)
        guard !ahead.take(while: Self.isNameScalar).isEmpty else { return false }
        if ahead.peek() == "{" { return true }
        _ = ahead.take(while: Self.isBlank)
        if ahead.skip(".") {
            _ = ahead.skip("-") || ahead.skip("+")
            guard ahead.takeNumber() != nil else { return false }
            _ = ahead.take(while: Self.isBlank)
        }
        return ahead.peek() == ":"
    }
}
