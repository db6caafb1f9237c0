extension Parser {
    /// Attributes, subscripts, calls and, if asked for, filters and tests, in the order written.
    mutating func parsePostfix(withFilters: Bool) throws(TemplateError) -> [PostfixOperation] {
        var operations: [PostfixOperation] = []
        var hasFilter = false
        while true {
            let token = current
            switch token.kind {
            case .symbol(.dot) where !hasFilter: operations.append(try parseAttribute())
            case .symbol(.leftBracket) where !hasFilter: operations.append(try parseSubscript())
            case .symbol(.leftParenthesis):
                let arguments = try parseArguments()
                operations.append(PostfixOperation(kind: .call(arguments), position: token.position))
            case .symbol(.pipe) where withFilters:
                advance()
                operations.append(try parseFilter())
                hasFilter = true
            case .name("is") where withFilters:
                advance()
                operations.append(try parseTest())
                hasFilter = true
            default: return operations
            }
        }
    }

    private mutating func parseAttribute() throws(TemplateError) -> PostfixOperation {
        advance()
        let token = current
        advance()
        switch token.kind {
        case .name(let name):
            return PostfixOperation(kind: .attribute(AttributeName(name)), position: token.position)
        case .integer(let index):
            return PostfixOperation(kind: .item(.literal(.int(index))), position: token.position)
        default:
            throw fail("expected a name or number after '.', found \(token.description)", at: token.position)
        }
    }

    private mutating func parseSubscript() throws(TemplateError) -> PostfixOperation {
        let token = current
        advance()
        var items: [Expression] = []
        var isTuple = false
        while !at(.rightBracket) {
            if !items.isEmpty {
                try expect(.comma)
                isTuple = true
                if at(.rightBracket) { break }
            }
            let start = at(.colon) ? nil : try parseExpression()
            guard at(.colon) else {
                if let start { items.append(start) }
                continue
            }
            guard items.isEmpty else { throw fail("a slice cannot be part of a tuple") }
            let slice = try parseSlice(from: start)
            try expect(.rightBracket)
            return PostfixOperation(kind: slice, position: token.position)
        }
        try expect(.rightBracket)
        guard let first = items.first else { throw fail("expected a subscript", at: token.position) }
        return PostfixOperation(kind: .item(isTuple ? .tuple(items) : first), position: token.position)
    }

    private mutating func parseSlice(from start: Expression?) throws(TemplateError) -> PostfixOperation.Kind {
        advance()
        var stop: Expression?
        var step: Expression?
        if !at(.colon), !at(.rightBracket) { stop = try parseExpression() }
        if skip(.colon), !at(.rightBracket) { step = try parseExpression() }
        return .slice(start, stop, step)
    }

    /// A filter after its `|`.
    mutating func parseFilter() throws(TemplateError) -> PostfixOperation {
        let position = current.position
        let name = try parseDottedName()
        let arguments = at(.leftParenthesis) ? try parseArguments() : ArgumentList()
        return PostfixOperation(
            kind: .filter(name: name, TemplateFilters.table[name], arguments), position: position)
    }

    /// Any number of filters, each with its `|`.
    mutating func parseFilters() throws(TemplateError) -> [PostfixOperation] {
        var filters: [PostfixOperation] = []
        while skip(.pipe) { filters.append(try parseFilter()) }
        return filters
    }

    private mutating func parseTest() throws(TemplateError) -> PostfixOperation {
        let isNegated = skip(name: "not")
        let position = current.position
        let name = try parseDottedName()
        var arguments = ArgumentList()
        if at(.leftParenthesis) {
            arguments = try parseArguments()
        } else if startsTestArgument {
            if at(name: "is") { throw fail("tests cannot be chained with 'is'") }
            let argument = try nested { parser throws(TemplateError) in try parser.parseTestArgument() }
            arguments.positional = [argument]
        }
        return PostfixOperation(
            kind: .test(name: name, TemplateTests.table[name], arguments, isNegated: isNegated), position: position)
    }

    private var startsTestArgument: Bool {
        switch current.kind {
        case .name(let name): !["else", "or", "and"].contains(name)
        case .string, .integer, .float, .symbol(.leftBracket), .symbol(.leftBrace): true
        default: false
        }
    }

    private mutating func parseDottedName() throws(TemplateError) -> TemplateName {
        var text = try expectName().text
        while skip(.dot) { text += "." + (try expectName()).text }
        return TemplateName(text)
    }

    mutating func parseArguments() throws(TemplateError) -> ArgumentList {
        var list = ArgumentList()
        try expect(.leftParenthesis)
        var names: Set<TemplateName> = []
        var isFirst = true
        while !at(.rightParenthesis) {
            if !isFirst { try expect(.comma) }
            if at(.rightParenthesis) { break }
            isFirst = false
            let position = current.position
            if skip(.power) {
                guard list.unpackedNamed == nil else { throw fail("only one '**' is allowed", at: position) }
                list.unpackedNamed = try parseExpression()
            } else if skip(.multiply) {
                guard list.unpacked == nil, list.unpackedNamed == nil else {
                    throw fail("'*' must come once and before '**'", at: position)
                }
                list.unpacked = try parseExpression()
            } else if case .name(let name) = current.kind, case .symbol(.assign) = following.kind {
                guard list.unpackedNamed == nil, names.insert(name).inserted else {
                    throw fail("the argument '\(name)' is repeated or follows '**'", at: position)
                }
                advance()
                advance()
                list.named.append((name, try parseExpression()))
            } else {
                guard list.named.isEmpty, list.unpacked == nil, list.unpackedNamed == nil else {
                    throw fail("a positional argument follows a named one", at: position)
                }
                list.positional.append(try parseExpression())
            }
        }
        try expect(.rightParenthesis)
        return list
    }
}
