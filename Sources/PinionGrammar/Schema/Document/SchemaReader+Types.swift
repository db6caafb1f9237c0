import PinionJSON

/// The keywords that look at values of one type.
extension SchemaReader {
    // MARK: - Numbers

    mutating func readNumber() throws(GrammarError) {
        var assertions = node.number ?? NumberAssertions()
        if case .bool(let isExclusive) = value, node.draft.hasBooleanBounds {
            if keyword == .exclusiveMinimum { exclusiveBounds.minimum = isExclusive }
            if keyword == .exclusiveMaximum { exclusiveBounds.maximum = isExclusive }
            guard keyword != .exclusiveMinimum, keyword != .exclusiveMaximum else { return }
        }
        let number = try decimal()
        switch keyword {
        case .minimum: assertions.bounds.append((keyword, NumberRange(minimum: number)))
        case .maximum: assertions.bounds.append((keyword, NumberRange(maximum: number)))
        case .exclusiveMinimum:
            assertions.bounds.append((keyword, NumberRange(minimum: number, isMinimumExclusive: true)))
        case .exclusiveMaximum:
            assertions.bounds.append((keyword, NumberRange(maximum: number, isMaximumExclusive: true)))
        default:
            guard number > .zero else {
                throw GrammarError(
                    .invalid, "'multipleOf' takes a number above 0", pointer: node.pointer(to: keyword))
            }
            guard number.isDivisor else {
                throw GrammarError(
                    .limit, "a divisor with more than \(DecimalNumber.divisorDigits) digits",
                    pointer: node.pointer(to: keyword))
            }
            assertions.multipleOf = number
        }
        node.number = assertions
    }

    /// Makes a bound exclusive, as draft 4 does by a boolean beside it.
    func sharpen(_ bound: SchemaKeyword) {
        guard let index = node.number?.bounds.firstIndex(where: { $0.keyword == bound }) else { return }
        node.number?.bounds[index].range.isMinimumExclusive = bound == .minimum
        node.number?.bounds[index].range.isMaximumExclusive = bound == .maximum
    }

    private func decimal() throws(GrammarError) -> DecimalNumber {
        do {
            if let number = try DecimalNumber(value) { return number }
        } catch {
            throw GrammarError(error.code, error.message, pointer: node.pointer(to: keyword))
        }
        throw wrongType("a number")
    }

    // MARK: - Strings

    mutating func readString() throws(GrammarError) {
        var assertions = node.string ?? StringAssertions()
        switch keyword {
        case .minLength: assertions.minimumLength = try count()
        case .maxLength: assertions.maximumLength = try count()
        case .pattern: assertions.pattern = try string()
        default: assertions.format = try string()
        }
        node.string = assertions
    }

    // MARK: - Arrays

    mutating func readArray() throws(GrammarError) {
        var assertions = node.array ?? ArrayAssertions()
        defer { node.array = assertions }
        switch keyword {
        case .prefixItems: assertions.prefix = try schemaList()
        case .items: try readItems(&assertions)
        case .additionalItems:
            // Means something behind a list in `items` alone, which may stand after it in the text.
            guard case .object(let object) = node.value, case .array? = object["items"] else { return }
            assertions.rest = try schema()
            assertions.restKeyword = .additionalItems
        case .unevaluatedItems: assertions.unevaluated = try schema()
        case .contains: assertions.contained = try schema()
        case .minContains: assertions.minimumContained = try count()
        case .maxContains: assertions.maximumContained = try count()
        case .minItems: assertions.minimum = try count()
        case .maxItems: assertions.maximum = try count()
        default: assertions.isUnique = try boolean()
        }
    }

    private func readItems(_ assertions: inout ArrayAssertions) throws(GrammarError) {
        if case .array = value, node.draft.hasItemLists {
            assertions.prefix = try schemaList()
            assertions.prefixKeyword = .items
        } else {
            assertions.rest = try schema()
        }
    }

    // MARK: - Objects

    mutating func readObject() throws(GrammarError) {
        var assertions = node.object ?? ObjectAssertions()
        defer { node.object = assertions }
        switch keyword {
        case .properties:
            assertions.properties = try schemas()
            node.steps.append(.assertions)
        case .patternProperties: assertions.patterns = try schemas().map { ($0.name.text, $0.schema) }
        case .additionalProperties: assertions.additional = try schema()
        case .unevaluatedProperties: assertions.unevaluated = try schema()
        case .propertyNames: assertions.names = try schema()
        case .required: assertions.required = try names(in: value)
        case .minProperties: assertions.minimum = try count()
        case .maxProperties: assertions.maximum = try count()
        case .dependentRequired:
            for member in try members() {
                let names = try names(in: member.value, at: "/" + SchemaNode.escaped(member.name))
                assertions.dependents.append((ProtocolWord(member.name), names, keyword))
            }
        case .dependentSchemas: dependents += try schemas()
        default: try readDependencies(&assertions)
        }
    }

    private func members() throws(GrammarError) -> [JSONObject.Member] {
        guard case .object(let object) = value else { throw wrongType("an object") }
        return object.members
    }

    /// `dependencies` of draft 7: names or a schema, each member for itself.
    private mutating func readDependencies(_ assertions: inout ObjectAssertions) throws(GrammarError) {
        for member in try members() {
            let name = ProtocolWord(member.name)
            if case .array = member.value {
                let names = try names(in: member.value, at: "/" + SchemaNode.escaped(member.name))
                assertions.dependents.append((name, names, keyword))
            } else {
                let schema = try document.add(member.value, parent: node, path: [keyword.rawValue, member.name])
                dependencies.append((name, schema))
            }
        }
    }
}
