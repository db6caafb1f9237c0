typealias TemplateFilter =
    @Sendable (Interpreter, TemplateValue, CallArguments) throws(TemplateError) -> TemplateValue

/// The filters of `|`.
enum TemplateFilters {
    static let table: [TemplateName: TemplateFilter] = [
        "abs": abs, "attr": attr, "batch": batch, "capitalize": capitalize, "center": center, "count": length,
        "d": standard, "default": standard, "dictsort": dictsort, "e": escape, "escape": escape, "first": first,
        "float": float, "forceescape": escape, "format": format, "groupby": groupby, "indent": indent, "int": int,
        "items": items, "join": join, "last": last, "length": length, "list": list, "lower": lower, "map": map,
        "max": max, "min": min, "reject": reject, "rejectattr": rejectattr, "replace": replace,
        "reverse": reverse, "round": round, "safe": string, "select": select, "selectattr": selectattr,
        "slice": slice, "sort": sort, "string": string, "sum": sum, "title": title, "tojson": tojson, "trim": trim,
        "truncate": truncate, "unique": unique, "upper": upper, "urlencode": urlencode, "wordcount": wordcount,
    ]

    /// The value as text, charged for one reading of it.
    static func text(_ value: TemplateValue, _ interpreter: Interpreter) throws(TemplateError) -> TemplateString {
        let text = try interpreter.string(value)
        try interpreter.charge(text: text.count)
        return text
    }

    /// The value as text, charged for a reading that looks at Unicode properties.
    static func words(_ value: TemplateValue, _ interpreter: Interpreter) throws(TemplateError) -> TemplateString {
        let text = try interpreter.string(value)
        try interpreter.charge(properties: text)
        return text
    }

    // MARK: - Any value

    static func standard(
        _ interpreter: Interpreter, _ value: TemplateValue, _ arguments: CallArguments
    ) throws(TemplateError) -> TemplateValue {
        let bound = try arguments.bind("default", ["default_value", "boolean"])
        let isReplaced = value.isUndefined || (bound.flag(1) ?? false) && !value.isTrue
        return isReplaced ? bound[0] ?? .string(TemplateString()) : value
    }

    static func string(
        _ interpreter: Interpreter, _ value: TemplateValue, _ arguments: CallArguments
    ) throws(TemplateError) -> TemplateValue {
        try arguments.requireNone("string")
        return .string(try interpreter.string(value))
    }

    static func attr(
        _ interpreter: Interpreter, _ value: TemplateValue, _ arguments: CallArguments
    ) throws(TemplateError) -> TemplateValue {
        guard let name = try arguments.bind("attr", ["name"], required: 1).string(0) else {
            throw Interpreter.fail("attr: the name must be a string")
        }
        try interpreter.charge(text: name.count)
        let attribute = AttributeName(name)
        if case .undefined(let reason) = value { throw Interpreter.fail(reason.description) }
        return try interpreter.ownAttribute(attribute, of: value)
            ?? .undefined(.attribute(attribute.name, of: value.ownerName))
    }

    static func tojson(
        _ interpreter: Interpreter, _ value: TemplateValue, _ arguments: CallArguments
    ) throws(TemplateError) -> TemplateValue {
        let bound = try arguments.bind("tojson", ["ensure_ascii", "indent", "separators", "sort_keys"])
        var style = JSONStyle()
        style.escapesNonASCII = bound.flag(0) ?? false
        style.sortsKeys = bound.flag(3) ?? false
        var isTainted = false
        if let indent = bound.given(1) {
            style.itemSeparator = ","
            if case .string(let text) = indent, text.count <= JSONStyle.maximumIndent {
                style.indent = text.text
                isTainted = text.hasRequestContent
            } else if let width = indent.integer, width <= JSONStyle.maximumIndent {
                style.indent = String(repeating: " ", count: Swift.max(0, width))
            } else {
                throw bound.mismatch(1, "an integer or string up to \(JSONStyle.maximumIndent)", indent)
            }
        }
        if let separators = bound.given(2) {
            guard case .sequence(let pair) = separators, pair.items.count == 2,
                case .string(let item) = pair.items[0], case .string(let key) = pair.items[1],
                item.count <= JSONStyle.maximumIndent, key.count <= JSONStyle.maximumIndent
            else { throw bound.mismatch(2, "a pair of short strings", separators) }
            style.itemSeparator = item.text
            style.keySeparator = key.text
            isTainted = isTainted || item.hasRequestContent || key.hasRequestContent
        }
        return .string(try interpreter.json(value, style).tainted(if: isTainted))
    }

    // MARK: - Numbers

    static func abs(
        _ interpreter: Interpreter, _ value: TemplateValue, _ arguments: CallArguments
    ) throws(TemplateError) -> TemplateValue {
        try arguments.requireNone("abs")
        if case .double(let number) = value { return .double(number.magnitude) }
        if case .bigInteger(let digits) = value { return .bigInteger(String(digits.drop { $0 == "-" })) }
        guard let number = value.integer else {
            throw Interpreter.fail("abs: a number is required, not \(value.typeName)")
        }
        return number < 0 ? try interpreter.apply(.negate, to: .int(number)) : .int(number)
    }

    static func int(
        _ interpreter: Interpreter, _ value: TemplateValue, _ arguments: CallArguments
    ) throws(TemplateError) -> TemplateValue {
        let bound = try arguments.bind("int", ["default", "base"])
        let standard = bound[0] ?? .int(0)
        switch value {
        case .undefined(let reason): throw Interpreter.fail(reason.description)
        case .string(let text):
            try interpreter.charge(text: text.count)
            if let number = PythonNumber.integer(text, base: try bound.integer(1) ?? 10) { return .int(number) }
            guard let number = PythonNumber.real(text) else { return standard }
            return Int(exactly: number.rounded(.towardZero)).map { .int($0) } ?? standard
        case .double(let number):
            guard let whole = Int(exactly: number.rounded(.towardZero)) else {
                throw Interpreter.fail("int: \(PythonFloat.repr(number)) does not fit in 64 bits")
            }
            return .int(whole)
        case .bigInteger: return value
        default: return value.integer.map { .int($0) } ?? standard
        }
    }

    static func float(
        _ interpreter: Interpreter, _ value: TemplateValue, _ arguments: CallArguments
    ) throws(TemplateError) -> TemplateValue {
        let standard = try arguments.bind("float", ["default"])[0] ?? .double(0)
        switch value {
        case .undefined(let reason): throw Interpreter.fail(reason.description)
        case .string(let text):
            try interpreter.charge(text: text.count)
            return PythonNumber.real(text).map { .double($0) } ?? standard
        default: return value.number.map { .double($0) } ?? standard
        }
    }

    static func round(
        _ interpreter: Interpreter, _ value: TemplateValue, _ arguments: CallArguments
    ) throws(TemplateError) -> TemplateValue {
        let bound = try arguments.bind("round", ["precision", "method"])
        let precision = try bound.integer(0) ?? 0
        let method = try bound.string(1).map { TemplateName($0) } ?? "common"
        guard (-TemplateLimits.formatWidth...TemplateLimits.formatWidth).contains(precision) else {
            throw Interpreter.fail("round: precision \(precision) is out of range")
        }
        guard let number = value.number else {
            throw Interpreter.fail("round: a number is required, not \(value.typeName)")
        }
        switch method {
        case "common":
            if let whole = value.integer, precision >= 0 { return .int(whole) }
            let rounded = PythonFloat.round(number, digits: precision)
            if value.integer != nil { return Int(exactly: rounded).map { .int($0) } ?? .double(rounded) }
            return .double(rounded)
        case "ceil", "floor":
            guard let scale = try interpreter.apply(.power, .double(10), .int(precision)).number else { return value }
            let rule: FloatingPointRoundingRule = method == "ceil" ? .up : .down
            return .double((number * scale).rounded(rule) / scale)
        default: throw Interpreter.fail("round: the method must be common, ceil or floor")
        }
    }
}
