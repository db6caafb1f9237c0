import PinionPattern

extension LarkParser {
    // MARK: - Strings

    /// `"text"`, `"text"i`, or `"a".."z"`.
    mutating func parseStringOrRange() throws(GrammarError) -> Int {
        let place = scanner.position
        let scalars = try parseString()
        if scanner.peek() == "i", !(scanner.peek(1).map(Self.isNameScalar) ?? false) {
            scanner.position += 1
            return try tree.add(.pattern(try ignoringCase(scalars, at: place)), at: place)
        }
        let end = scanner.position
        skipSpace()
        guard scanner.skip("..") else {
            scanner.position = end
            return try tree.add(.text(scalars.flatMap { Array(String($0).utf8) }), at: place)
        }
        skipSpace()
        guard scanner.peek() == "\"" else {
            throw scanner.unexpected("the last character of a range, in quotation marks")
        }
        let last = try parseString()
        guard scalars.count == 1, last.count == 1 else {
            throw scanner.text.failure("a range is between two single characters", at: place)
        }
        guard scalars[0] <= last[0] else { throw scanner.text.failure("a range is out of order", at: place) }
        return try tree.add(.pattern(.set(ScalarSet([scalars[0].value...last[0].value]))), at: place)
    }

    private mutating func parseString() throws(GrammarError) -> [Unicode.Scalar] {
        let place = scanner.position
        scanner.position += 1
        var scalars: [Unicode.Scalar] = []
        while true {
            let start = scanner.position
            switch scanner.next() {
            case "\"": return scalars
            case "\\": scalars.append(try parseEscape(from: start, in: place))
            case nil, "\n", "\r": throw scanner.text.failure("the string is not closed in its line", at: place)
            case let scalar?: scalars.append(scalar)
            }
        }
    }

    /// Lark leaves the backslash in front of what it does not know, other engines drop it: an error says so instead.
    private mutating func parseEscape(from start: Int, in string: Int) throws(GrammarError) -> Unicode.Scalar {
        let value: UInt32
        switch scanner.next() {
        case "n": return "\n"
        case "r": return "\r"
        case "t": return "\t"
        case "f": return "\u{C}"
        case "\\": return "\\"
        case "\"": return "\""
        case "x": value = try scanner.takeHexadecimal(2, of: start)
        case "u": value = try scanner.takeHexadecimal(4, of: start)
        case "U": value = try scanner.takeHexadecimal(8, of: start)
        case nil: throw scanner.text.failure("the string is not closed in its line", at: string)
        default:
            throw scanner.text.failure(
                "unknown escape '\\' before \(scanner.text.found(at: start + 1)); known are "
                    + #"\n \r \t \f \\ \" \xHH \uHHHH \UHHHHHHHH"#, at: start)
        }
        guard let scalar = Unicode.Scalar(value) else {
            throw scanner.text.failure("a surrogate is no character; write '\\U' with its whole code", at: start)
        }
        return scalar
    }

    private func ignoringCase(_ scalars: [Unicode.Scalar], at place: Int) throws(GrammarError) -> PatternNode {
        var pattern = "(?i)"
        for scalar in scalars {
            if Self.isNameScalar(scalar) {
                pattern.unicodeScalars.append(scalar)
            } else {
                pattern += "\\x{\(String(scalar.value, radix: 16))}"
            }
        }
        do {
            return try Pattern.tree(of: pattern, dialect: .python)
        } catch {
            throw scanner.text.failure(error, at: place)
        }
    }

    // MARK: - Regular expressions

    /// `/expression/` and its flags. A slash inside has a backslash before it, also in a class.
    mutating func parseRegularExpression() throws(GrammarError) -> PatternNode {
        let place = scanner.position
        scanner.position += 1
        var expression = LarkRegularExpression()
        while true {
            let start = scanner.position
            switch scanner.next() {
            case "/":
                let flags = scanner.take { ("a"..."z").contains($0) }
                return try expression.node(flags: flags, in: scanner.text, at: place)
            case "\\":
                switch scanner.next() {
                case "/": expression.append("/", from: start)
                case "U":
                    let value = try scanner.takeHexadecimal(8, of: start)
                    expression.append("\\x{\(String(value, radix: 16))}", from: start)
                case nil, "\n", "\r": throw unclosedExpression(at: place)
                case let scalar?: expression.append("\\\(scalar)", from: start)
                }
            case nil, "\n", "\r": throw unclosedExpression(at: place)
            case let scalar?: expression.append(String(scalar), from: start)
            }
        }
    }

    private func unclosedExpression(at place: Int) -> GrammarError {
        scanner.text.failure("the regular expression is not closed in its line", at: place)
    }
}

/// A regular expression in our pattern language, and where in the grammar each scalar of it came from.
private struct LarkRegularExpression {
    private var scalars = String.UnicodeScalarView()
    private var origins: [Int] = []

    mutating func append(_ text: String, from origin: Int) {
        for scalar in text.unicodeScalars {
            scalars.append(scalar)
            origins.append(origin)
        }
    }

    /// - Parameters:
    ///   - flags: Of Python's, `i`, `m`, `s`, and `u`, which is what Python does anyway.
    ///   - place: Where the expression begins in the text.
    func node(flags: String, in text: GrammarText, at place: Int) throws(GrammarError) -> PatternNode {
        var prefix = ""
        for flag in flags.unicodeScalars {
            switch flag {
            case "i", "m", "s": prefix.unicodeScalars.append(flag)
            case "u": break
            default:
                throw text.failure(
                    .unsupported, "the flag '\(flag)' of a regular expression is not supported", at: place)
            }
        }
        if !prefix.isEmpty { prefix = "(?\(prefix))" }
        do {
            return try Pattern.tree(of: prefix + String(scalars), dialect: .python)
        } catch {
            let index = (error.column ?? 1) - 1 - prefix.unicodeScalars.count
            let origin = origins.indices.contains(index) ? origins[index] : place
            throw text.failure(error, at: origin)
        }
    }
}

extension GrammarText {
    /// A pattern's error, at a place of the grammar instead of one in the pattern.
    fileprivate func failure(_ error: PatternError, at place: Int) -> GrammarError {
        let code: GrammarError.Code =
            switch error.code {
            case .invalid: .invalid
            case .unsupported: .unsupported
            case .limitExceeded: .limit
            }
        return failure(code, error.message, at: place)
    }
}
