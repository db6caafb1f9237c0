extension Parser {
    private static let unsupportedTags: Set<TemplateName> = [
        "include", "import", "from", "extends", "block", "autoescape", "do", "trans", "debug",
    ]

    /// Statements up to a tag in `ends`, whose name is then the current token; with no `ends`, to the end.
    mutating func parseBody(endingWith ends: [TemplateName], of opening: Token?) throws(TemplateError) -> [Statement] {
        var body: [Statement] = []
        while true {
            let token = current
            switch token.kind {
            case .data(let text):
                advance()
                body.append(.text(text))
            case .variableBegin:
                advance()
                let value = try parseTuple()
                guard case .variableEnd = current.kind else { throw unexpected("end of print statement") }
                advance()
                body.append(.output(value, token.position))
            case .blockBegin:
                advance()
                if case .name(let name) = current.kind, ends.contains(name) { return body }
                let statement = try nested { parser throws(TemplateError) in try parser.parseStatement() }
                body.append(statement)
            default:
                guard let opening else { return body }
                let expected = ends.map { "'\($0)'" }.joined(separator: " or ")
                throw fail("missing \(expected) for this \(opening.description)", at: opening.position)
            }
        }
    }

    private mutating func parseStatement() throws(TemplateError) -> Statement {
        let token = current
        let tag = try expectName()
        switch tag {
        case "for": return try parseFor(token)
        case "if": return try parseIf(token)
        case "set": return try parseSet(token)
        case "macro": return try parseMacro(token)
        case "call": return try parseCallBlock(token)
        case "filter": return try parseFilterBlock(token)
        case "with": return try parseWith(token)
        case "generation":
            let body = try parseFunctionBody(end: "endgeneration", token)
            return .scoped(body)
        case "print":
            let value = try parseTuple()
            try expectBlockEnd()
            return .output(value, token.position)
        case "break", "continue":
            guard loopDepth > 0 else { throw fail("'\(tag)' outside of a loop", at: token.position) }
            try expectBlockEnd()
            return tag == "break" ? .breakLoop : .continueLoop
        default:
            if Self.unsupportedTags.contains(tag) {
                throw fail("the tag '\(tag)' is not supported in chat templates", at: token.position)
            }
            throw fail("unknown tag '\(tag)'", at: token.position)
        }
    }

    /// The block end, a body and its end tag.
    private mutating func parseBlock(end: TemplateName, _ opening: Token) throws(TemplateError) -> [Statement] {
        try expectBlockEnd()
        let body = try parseBody(endingWith: [end], of: opening)
        advance()
        try expectBlockEnd()
        return body
    }

    /// A block whose body runs as a function of its own: a `break` in it cannot reach a loop outside.
    private mutating func parseFunctionBody(end: TemplateName, _ opening: Token) throws(TemplateError) -> [Statement] {
        let outerLoops = loopDepth
        loopDepth = 0
        defer { loopDepth = outerLoops }
        return try parseBlock(end: end, opening)
    }

    private mutating func parseFor(_ token: Token) throws(TemplateError) -> Statement {
        let target = try parseTarget(endingAtIn: true)
        try expect(name: "in")
        let iterable = try parseTuple(allowsConditional: false, endingAt: "recursive")
        let condition = skip(name: "if") ? try parseExpression() : nil
        let isRecursive = skip(name: "recursive")
        try expectBlockEnd()
        let mentions = mentionCount(.loop)
        loopDepth += 1
        let body = try parseBody(endingWith: ["endfor", "else"], of: token)
        loopDepth -= 1
        let usesLoop = mentionCount(.loop) > mentions
        var otherwise: [Statement] = []
        if skip(name: "else") {
            try expectBlockEnd()
            otherwise = try parseBody(endingWith: ["endfor"], of: token)
        }
        advance()
        try expectBlockEnd()
        return .loop(
            ForStatement(
                target: target, iterable: iterable, condition: condition, body: body, otherwise: otherwise,
                isRecursive: isRecursive, usesLoop: usesLoop, position: token.position))
    }

    private mutating func parseIf(_ token: Token) throws(TemplateError) -> Statement {
        var branches: [(test: Expression, body: [Statement])] = []
        var otherwise: [Statement] = []
        repeat {
            let test = try parseTuple(allowsConditional: false)
            try expectBlockEnd()
            let body = try parseBody(endingWith: ["elif", "else", "endif"], of: token)
            branches.append((test, body))
        } while skip(name: "elif")
        if skip(name: "else") {
            try expectBlockEnd()
            otherwise = try parseBody(endingWith: ["endif"], of: token)
        }
        advance()
        try expectBlockEnd()
        return .conditional(branches, otherwise: otherwise)
    }

    private mutating func parseSet(_ token: Token) throws(TemplateError) -> Statement {
        let target = try parseTarget()
        if skip(.assign) {
            let value = try parseTuple()
            try expectBlockEnd()
            return .assign(target, value, token.position)
        }
        let filters = try parseFilters()
        let body = try parseBlock(end: "endset", token)
        return .assignBlock(target, filters: filters, body: body, token.position)
    }

    private mutating func parseMacro(_ token: Token) throws(TemplateError) -> Statement {
        let name = try expectName()
        try expect(.leftParenthesis)
        let parameters = try parseParameters()
        return .macro(try finishMacro(name: name, parameters: parameters, end: "endmacro", token))
    }

    private mutating func parseParameters() throws(TemplateError) -> [MacroDefinition.Parameter] {
        var parameters: [MacroDefinition.Parameter] = []
        var ids: Set<Int> = []
        var hasDefaults = false
        while !at(.rightParenthesis) {
            if !parameters.isEmpty { try expect(.comma) }
            if at(.rightParenthesis) { break }
            let position = current.position
            let name = try expectName()
            let id = identify(name)
            guard ids.insert(id).inserted else {
                throw fail("the parameter '\(name)' appears twice", at: position)
            }
            var standard: Expression?
            if skip(.assign) {
                standard = try parseExpression()
                hasDefaults = true
            } else if hasDefaults {
                throw fail("the parameter '\(name)' without default follows one with a default", at: position)
            }
            parameters.append(.init(id: id, name: name, standard: standard))
        }
        try expect(.rightParenthesis)
        return parameters
    }

    private mutating func finishMacro(
        name: TemplateName, parameters: [MacroDefinition.Parameter], end: TemplateName, _ token: Token
    ) throws(TemplateError) -> MacroDefinition {
        let varargs = mentionCount(.varargs)
        let kwargs = mentionCount(.kwargs)
        let caller = mentionCount(.caller)
        let body = try parseFunctionBody(end: end, token)
        let takesCaller = parameters.contains { $0.name == "caller" }
        return MacroDefinition(
            name: name, id: identify(name), parameters: parameters, body: body,
            usesVarargs: mentionCount(.varargs) > varargs, usesKwargs: mentionCount(.kwargs) > kwargs,
            usesCaller: !takesCaller && mentionCount(.caller) > caller, position: token.position)
    }

    private mutating func parseCallBlock(_ token: Token) throws(TemplateError) -> Statement {
        var parameters: [MacroDefinition.Parameter] = []
        if skip(.leftParenthesis) { parameters = try parseParameters() }
        let position = current.position
        let call = try parseExpression()
        guard case .postfix(_, let operations) = call, case .call = operations[operations.count - 1].kind else {
            throw fail("expected a call", at: position)
        }
        let caller = try finishMacro(name: "caller", parameters: parameters, end: "endcall", token)
        return .call(call, caller: caller, position)
    }

    private mutating func parseFilterBlock(_ token: Token) throws(TemplateError) -> Statement {
        let first = try parseFilter()
        let filters = [first] + (try parseFilters())
        let body = try parseBlock(end: "endfilter", token)
        return .filter(filters, body: body, token.position)
    }

    private mutating func parseWith(_ token: Token) throws(TemplateError) -> Statement {
        var bindings: [(target: AssignmentTarget, value: Expression)] = []
        while case .name = current.kind {
            let target = try parseTarget()
            try expect(.assign)
            bindings.append((target, try parseExpression()))
            guard skip(.comma) else { break }
        }
        let body = try parseBlock(end: "endwith", token)
        return .with(bindings, body: body, token.position)
    }

    // MARK: - Targets

    /// What `set`, `for` and `with` bind: a name, several names, or an attribute of a namespace.
    private mutating func parseTarget(endingAtIn: Bool = false) throws(TemplateError) -> AssignmentTarget {
        var targets: [AssignmentTarget] = []
        var isTuple = false
        repeat {
            if endingAtIn ? at(name: "in") : at(.assign), !targets.isEmpty { break }
            targets.append(try parseSingleTarget())
            if at(.comma) { isTuple = true }
        } while skip(.comma)
        return isTuple ? .tuple(targets) : targets[0]
    }

    private mutating func parseSingleTarget() throws(TemplateError) -> AssignmentTarget {
        if skip(.leftParenthesis) {
            return try nested { parser throws(TemplateError) in
                var targets: [AssignmentTarget] = []
                var isTuple = false
                while !parser.at(.rightParenthesis) {
                    targets.append(try parser.parseSingleTarget())
                    guard parser.skip(.comma) else { break }
                    isTuple = true
                }
                try parser.expect(.rightParenthesis)
                guard !targets.isEmpty else { throw parser.fail("cannot assign to nothing") }
                return isTuple ? .tuple(targets) : targets[0]
            }
        }
        let position = current.position
        let name = try expectName()
        if ["true", "false", "none", "True", "False", "None", "not", "and", "or", "in", "is", "if"].contains(name) {
            throw fail("cannot assign to '\(name)'", at: position)
        }
        if skip(.dot) {
            let attribute = try expectName()
            return .attribute(of: identify(name), AttributeName(attribute))
        }
        return .name(identify(name))
    }
}
