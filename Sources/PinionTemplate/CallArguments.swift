/// The evaluated arguments of a call.
struct CallArguments {
    var positional: [TemplateValue] = []
    var named: [(name: TemplateName, value: TemplateValue)] = []

    /// The arguments in the order of `parameters`, the first `required` of which must be there.
    func bind(
        _ callee: String, _ parameters: [TemplateName], required: Int = 0
    ) throws(TemplateError) -> BoundArguments {
        guard positional.count <= parameters.count else {
            throw Interpreter.fail(
                "\(callee) takes at most \(parameters.count) arguments, \(positional.count) were given")
        }
        var values: [TemplateValue?] = positional
        values += Array(repeating: nil, count: parameters.count - positional.count)
        for (name, value) in named {
            guard let place = parameters.firstIndex(of: name) else {
                throw Interpreter.fail("\(callee) takes no argument named '\(name)'")
            }
            guard values[place] == nil else {
                throw Interpreter.fail("\(callee) got multiple values for argument '\(name)'")
            }
            values[place] = value
        }
        for place in 0..<required where values[place] == nil {
            throw Interpreter.fail("\(callee) needs the argument '\(parameters[place])'")
        }
        return BoundArguments(callee: callee, parameters: parameters, values: values)
    }

    /// Refuses any argument.
    func requireNone(_ callee: String) throws(TemplateError) { _ = try bind(callee, []) }

    /// Whether any argument contains text of the request.
    var hasRequestContent: Bool {
        positional.contains(where: \.hasRequestContent) || named.contains { $0.value.hasRequestContent }
    }
}

/// Arguments by parameter, with the conversions callees ask for.
struct BoundArguments {
    let callee: String
    let parameters: [TemplateName]
    let values: [TemplateValue?]

    subscript(place: Int) -> TemplateValue? { values[place] }

    /// The argument unless it is absent or `none`.
    func given(_ place: Int) -> TemplateValue? {
        guard let value = values[place], !value.isNull else { return nil }
        return value
    }

    func string(_ place: Int) throws(TemplateError) -> TemplateString? {
        guard let value = given(place) else { return nil }
        guard case .string(let text) = value else { throw mismatch(place, "a string", value) }
        return text
    }

    func integer(_ place: Int) throws(TemplateError) -> Int? {
        guard let value = given(place) else { return nil }
        guard let number = value.integer else { throw mismatch(place, "an integer", value) }
        return number
    }

    func flag(_ place: Int) -> Bool? { values[place]?.isTrue }

    func mismatch(_ place: Int, _ expected: String, _ found: TemplateValue) -> TemplateError {
        if case .undefined(let reason) = found { return Interpreter.fail(reason.description) }
        return Interpreter.fail(
            "\(callee): argument '\(parameters[place])' must be \(expected), not \(found.typeName)")
    }
}
