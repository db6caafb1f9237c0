extension Parser {
    /// Levels of binding, loosest first.
    private enum Precedence: Int, Comparable {
        case or, and, not, comparison, sum, concatenation, product, power, unary

        static func < (left: Precedence, right: Precedence) -> Bool { left.rawValue < right.rawValue }

        var tighter: Precedence { Precedence(rawValue: rawValue + 1) ?? .unary }
    }

    /// One expression, or several with commas between them as a tuple.
    mutating func parseTuple(
        allowsConditional: Bool = true, endingAt end: TemplateName? = nil, isParenthesized: Bool = false
    ) throws(TemplateError) -> Expression {
        var items: [Expression] = []
        var isTuple = false
        while !isTupleEnd(end) {
            items.append(try parseExpression(allowsConditional: allowsConditional))
            guard skip(.comma) else { break }
            isTuple = true
        }
        if !isTuple {
            if let item = items.first { return item }
            guard isParenthesized else { throw unexpected("an expression") }
        }
        return .tuple(items)
    }

    private func isTupleEnd(_ end: TemplateName?) -> Bool {
        switch current.kind {
        case .variableEnd, .blockEnd, .symbol(.rightParenthesis): true
        case .name(let name): name == end
        default: false
        }
    }

    /// An expression with its inline `if`s.
    mutating func parseExpression(allowsConditional: Bool = true) throws(TemplateError) -> Expression {
        let value = try parseOperators(.or)
        return allowsConditional && at(name: "if") ? try parseConditional(value) : value
    }

    private mutating func parseConditional(_ first: Expression) throws(TemplateError) -> Expression {
        var branches: [(value: Expression, test: Expression)] = []
        var value = first
        var wrapped = 0
        while skip(name: "if") {
            let test = try parseOperators(.or)
            if skip(name: "else") {
                branches.append((value, test))
                value = try parseOperators(.or)
            } else {
                wrapped += 1
                guard depth + wrapped <= TemplateLimits.depth else { return try nested(tooDeep) }
                value = .conditional([(value, test)], otherwise: nil)
            }
        }
        return branches.isEmpty ? value : .conditional(branches, otherwise: value)
    }

    private func tooDeep(_ parser: inout Parser) throws(TemplateError) -> Expression {
        throw TemplateError(
            .limitExceeded, "the chat template is nested deeper than \(TemplateLimits.depth) levels",
            line: Int(current.position.line), column: Int(current.position.column))
    }

    // MARK: - Operators

    private mutating func parseOperators(_ minimum: Precedence) throws(TemplateError) -> Expression {
        try nested { parser throws(TemplateError) in
            var value: Expression
            if minimum <= .not, parser.at(name: "not") {
                parser.advance()
                value = .not(try parser.parseOperators(.not))
            } else {
                value = try parser.parseUnary(withFilters: true)
            }
            while let precedence = parser.operatorPrecedence(), precedence >= minimum {
                value = try parser.parseRun(of: precedence, after: value)
            }
            return value
        }
    }

    private func operatorPrecedence() -> Precedence? {
        switch current.kind {
        case .symbol(let symbol):
            switch symbol {
            case .equal, .notEqual, .less, .lessOrEqual, .greater, .greaterOrEqual: .comparison
            case .add, .subtract: .sum
            case .tilde: .concatenation
            case .multiply, .divide, .floorDivide, .modulo: .product
            case .power: .power
            default: nil
            }
        case .name(let name):
            switch name {
            case "or": .or
            case "and": .and
            case "in": .comparison
            case "not": if case .name("in") = following.kind { .comparison } else { nil }
            default: nil
            }
        default: nil
        }
    }

    /// All operators of one precedence in a row.
    private mutating func parseRun(of precedence: Precedence, after first: Expression) throws(TemplateError)
        -> Expression
    {
        var operands: [Expression] = [first]
        var terms: [BinaryTerm] = []
        var comparisons: [ComparisonTerm] = []
        while operatorPrecedence() == precedence {
            let token = current
            let isNegated = skip(name: "not")
            advance()
            let operand = try parseOperators(precedence.tighter)
            switch precedence {
            case .comparison:
                let operation = Self.comparison(token.kind, isNegated: isNegated)
                comparisons.append(.init(operation: operation, operand: operand, position: token.position))
            case .sum, .product, .power:
                terms.append(
                    .init(operation: Self.arithmetic(token.kind), operand: operand, position: token.position))
            default: operands.append(operand)
            }
        }
        return switch precedence {
        case .or: .any(operands)
        case .and: .all(operands)
        case .comparison: .comparison(first, comparisons)
        case .concatenation: .concatenation(operands)
        default: .binary(first, terms)
        }
    }

    private static func comparison(_ kind: Token.Kind, isNegated: Bool) -> ComparisonOperator {
        switch kind {
        case .symbol(.equal): .equal
        case .symbol(.notEqual): .notEqual
        case .symbol(.less): .less
        case .symbol(.lessOrEqual): .lessOrEqual
        case .symbol(.greater): .greater
        case .symbol(.greaterOrEqual): .greaterOrEqual
        default: isNegated ? .notContained : .contained
        }
    }

    private static func arithmetic(_ kind: Token.Kind) -> BinaryOperator {
        switch kind {
        case .symbol(.subtract): .subtract
        case .symbol(.multiply): .multiply
        case .symbol(.divide): .divide
        case .symbol(.floorDivide): .floorDivide
        case .symbol(.modulo): .modulo
        case .symbol(.power): .power
        default: .add
        }
    }

    /// A primary with its sign, and what is applied to it. A sign binds tighter than a filter, as in Jinja2.
    private mutating func parseUnary(withFilters: Bool) throws(TemplateError) -> Expression {
        let token = current
        var value: Expression
        if at(.subtract) || at(.add) {
            advance()
            let operand = try nested { parser throws(TemplateError) in try parser.parseUnary(withFilters: false) }
            value = .unary(token.kind == .symbol(.subtract) ? .negate : .plus, operand, token.position)
        } else {
            value = try parsePrimary()
        }
        let operations = try parsePostfix(withFilters: withFilters)
        if !operations.isEmpty { value = .postfix(value, operations) }
        return value
    }

    /// The argument of a test written without parentheses.
    mutating func parseTestArgument() throws(TemplateError) -> Expression {
        let value = try parsePrimary()
        let operations = try parsePostfix(withFilters: false)
        return operations.isEmpty ? value : .postfix(value, operations)
    }

    // MARK: - Primaries

    private mutating func parsePrimary() throws(TemplateError) -> Expression {
        let token = current
        switch token.kind {
        case .name(let name):
            advance()
            switch name {
            case "true", "True": return .literal(.bool(true))
            case "false", "False": return .literal(.bool(false))
            case "none", "None": return .literal(.null)
            case "not", "and", "or", "in", "is", "if", "else", "elif":
                throw fail("expected an expression, found '\(name)'", at: token.position)
            default: return .name(mention(name))
            }
        case .string(var text):
            advance()
            while case .string(let more) = current.kind {
                text.append(more)
                advance()
            }
            return .literal(.string(text))
        case .integer(let value):
            advance()
            return .literal(.int(value))
        case .float(let value):
            advance()
            return .literal(.double(value))
        case .symbol(.leftParenthesis):
            advance()
            let value = try parseTuple(isParenthesized: true)
            try expect(.rightParenthesis)
            return value
        case .symbol(.leftBracket):
            advance()
            return try parseList()
        case .symbol(.leftBrace):
            advance()
            return try parseDict(token.position)
        default:
            throw unexpected("an expression")
        }
    }

    private mutating func parseList() throws(TemplateError) -> Expression {
        var items: [Expression] = []
        while !at(.rightBracket) {
            if !items.isEmpty { try expect(.comma) }
            if at(.rightBracket) { break }
            items.append(try parseExpression())
        }
        try expect(.rightBracket)
        return .list(items)
    }

    private mutating func parseDict(_ position: SourcePosition) throws(TemplateError) -> Expression {
        var entries: [(key: Expression, value: Expression)] = []
        while !at(.rightBrace) {
            if !entries.isEmpty { try expect(.comma) }
            if at(.rightBrace) { break }
            let key = try parseExpression()
            try expect(.colon)
            entries.append((key, try parseExpression()))
        }
        try expect(.rightBrace)
        return .dict(entries, position)
    }
}
