/// Builds the syntax tree of a template.
struct Parser {
    var tokens: [Token]
    var index = 0
    var depth = 0
    /// Loops around the current statement within the current macro; `break` needs one.
    var loopDepth = 0
    private(set) var names: [TemplateName] = []
    private var nameIDs: [TemplateName: Int] = [:]
    /// How often each of ``WellKnownName`` has been mentioned so far.
    private var mentions = [Int](repeating: 0, count: WellKnownName.allCases.count)

    /// Names with a meaning to the interpreter; their raw values are their numbers in every template.
    enum WellKnownName: Int, CaseIterable {
        case loop, varargs, kwargs, caller
    }

    static func parse(_ source: String) throws(TemplateError) -> SyntaxTree {
        guard source.utf8.count <= TemplateLimits.sourceLength else {
            throw TemplateError(
                .limitExceeded,
                "the chat template is \(source.utf8.count) bytes long; the limit is \(TemplateLimits.sourceLength)"
            )
        }
        var parser = Parser(tokens: try Lexer.tokenize(source))
        for name in WellKnownName.allCases { _ = parser.identify(TemplateName("\(name)")) }
        let body = try parser.parseBody(endingWith: [], of: nil)
        return SyntaxTree(body: body, names: parser.names)
    }

    private init(tokens: [Token]) { self.tokens = tokens }

    // MARK: - Names

    mutating func identify(_ name: TemplateName) -> Int {
        if let id = nameIDs[name] { return id }
        nameIDs[name] = names.count
        names.append(name)
        return names.count - 1
    }

    mutating func mention(_ name: TemplateName) -> Int {
        let id = identify(name)
        if id < mentions.count { mentions[id] += 1 }
        return id
    }

    func mentionCount(_ name: WellKnownName) -> Int { mentions[name.rawValue] }

    // MARK: - Tokens

    var current: Token { tokens[index] }

    /// The token after the current one.
    var following: Token { tokens[min(index + 1, tokens.count - 1)] }

    mutating func advance() {
        if index < tokens.count - 1 { index += 1 }
    }

    func at(_ symbol: Token.Symbol) -> Bool {
        if case .symbol(let found) = current.kind { found == symbol } else { false }
    }

    func at(name: TemplateName) -> Bool {
        if case .name(let found) = current.kind { found == name } else { false }
    }

    mutating func skip(_ symbol: Token.Symbol) -> Bool {
        guard at(symbol) else { return false }
        advance()
        return true
    }

    mutating func skip(name: TemplateName) -> Bool {
        guard at(name: name) else { return false }
        advance()
        return true
    }

    mutating func expect(_ symbol: Token.Symbol) throws(TemplateError) {
        guard skip(symbol) else { throw unexpected("'\(symbol.rawValue)'") }
    }

    mutating func expect(name: TemplateName) throws(TemplateError) {
        guard skip(name: name) else { throw unexpected("'\(name)'") }
    }

    mutating func expectName() throws(TemplateError) -> TemplateName {
        guard case .name(let name) = current.kind else { throw unexpected("a name") }
        advance()
        return name
    }

    mutating func expectBlockEnd() throws(TemplateError) {
        guard case .blockEnd = current.kind else { throw unexpected("end of statement block") }
        advance()
    }

    // MARK: - Errors

    func fail(_ message: String, at position: SourcePosition? = nil) -> TemplateError {
        let position = position ?? current.position
        return TemplateError(.syntax, message, line: Int(position.line), column: Int(position.column))
    }

    func unexpected(_ expected: String) -> TemplateError {
        fail("expected \(expected), found \(current.description)")
    }

    /// Counts one level of nesting for the time of `body`.
    mutating func nested<Result>(_ body: (inout Parser) throws(TemplateError) -> Result) throws(TemplateError) -> Result
    {
        guard depth < TemplateLimits.depth else {
            let position = current.position
            throw TemplateError(
                .limitExceeded, "the chat template is nested deeper than \(TemplateLimits.depth) levels",
                line: Int(position.line), column: Int(position.column))
        }
        depth += 1
        defer { depth -= 1 }
        return try body(&self)
    }
}
