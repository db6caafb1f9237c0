typealias TemplateTest = @Sendable (Interpreter, TemplateValue, CallArguments) throws(TemplateError) -> Bool

/// The tests of `is`.
enum TemplateTests {
    static let table: [TemplateName: TemplateTest] = simple.merging(comparing) { first, _ in first }

    private static func plain(_ condition: @escaping @Sendable (TemplateValue) -> Bool) -> TemplateTest {
        { (_, value, arguments) throws(TemplateError) in
            try arguments.requireNone("this test")
            return condition(value)
        }
    }

    private static let simple: [TemplateName: TemplateTest] = [
        "defined": plain { !$0.isUndefined },
        "undefined": plain(\.isUndefined),
        "none": plain(\.isNull),
        "string": plain { if case .string = $0 { true } else { false } },
        "number": plain { $0.number != nil },
        "integer": plain { $0.typeName == "int" },
        "float": plain { if case .double = $0 { true } else { false } },
        "boolean": plain { if case .bool = $0 { true } else { false } },
        "true": plain { if case .bool(true) = $0 { true } else { false } },
        "false": plain { if case .bool(false) = $0 { true } else { false } },
        "mapping": plain { if case .mapping = $0 { true } else { false } },
        "iterable": plain(isIterable),
        "sequence": plain(isSequence),
        "callable": plain(isCallable),
        "escaped": plain { _ in false },
        "lower": { (interpreter, value, arguments) throws(TemplateError) in
            try arguments.requireNone("lower")
            let text = try interpreter.string(value)
            try interpreter.charge(properties: text)
            return text.isAll(upper: false)
        },
        "upper": { (interpreter, value, arguments) throws(TemplateError) in
            try arguments.requireNone("upper")
            let text = try interpreter.string(value)
            try interpreter.charge(properties: text)
            return text.isAll(upper: true)
        },
        "odd": { (interpreter, value, arguments) throws(TemplateError) in
            try arguments.requireNone("odd")
            return try remainder(interpreter, value, .int(2)) == 1
        },
        "even": { (interpreter, value, arguments) throws(TemplateError) in
            try arguments.requireNone("even")
            return try remainder(interpreter, value, .int(2)) == 0
        },
        "divisibleby": { (interpreter, value, arguments) throws(TemplateError) in
            let bound = try arguments.bind("divisibleby", ["num"], required: 1)
            return try remainder(interpreter, value, bound[0] ?? .null) == 0
        },
        "filter": { (_, value, _) throws(TemplateError) in
            guard case .string(let name) = value else { return false }
            return TemplateFilters.table[TemplateName(name)] != nil
        },
        "test": { (_, value, _) throws(TemplateError) in
            guard case .string(let name) = value else { return false }
            return TemplateTests.table[TemplateName(name)] != nil
        },
    ]

    private static let comparing: [TemplateName: TemplateTest] = [
        "==": comparison(.equal), "eq": comparison(.equal), "equalto": comparison(.equal),
        "!=": comparison(.notEqual), "ne": comparison(.notEqual),
        "<": comparison(.less), "lt": comparison(.less), "lessthan": comparison(.less),
        "<=": comparison(.lessOrEqual), "le": comparison(.lessOrEqual),
        ">": comparison(.greater), "gt": comparison(.greater), "greaterthan": comparison(.greater),
        ">=": comparison(.greaterOrEqual), "ge": comparison(.greaterOrEqual),
        "in": comparison(.contained),
        "sameas": { (interpreter, value, arguments) throws(TemplateError) in
            let other = try arguments.bind("sameas", ["other"], required: 1)[0] ?? .null
            guard value.typeName == other.typeName else { return false }
            switch (value, other) {
            case (.sequence(let left), .sequence(let right)): return left === right
            case (.mapping(let left), .mapping(let right)): return left === right
            default: return try interpreter.equal(value, other)
            }
        },
    ]

    private static func comparison(_ operation: ComparisonOperator) -> TemplateTest {
        { (interpreter, value, arguments) throws(TemplateError) in
            let bound = try arguments.bind("this test", ["other"], required: 1)
            return try interpreter.compare(value, operation, bound[0] ?? .null)
        }
    }

    private static func remainder(
        _ interpreter: Interpreter, _ value: TemplateValue, _ divisor: TemplateValue
    ) throws(TemplateError) -> Double? {
        if case .string = value { throw Interpreter.fail("a number is required, not str") }
        return try interpreter.apply(.modulo, value, divisor).number
    }

    private static func isIterable(_ value: TemplateValue) -> Bool {
        switch value {
        case .undefined, .string, .sequence, .mapping: true
        case .object(let object): object is IteratorObject || object is LoopObject
        default: false
        }
    }

    private static func isSequence(_ value: TemplateValue) -> Bool {
        switch value {
        case .undefined, .string, .mapping: true
        case .sequence(let sequence): sequence.isIndexable
        default: false
        }
    }

    private static func isCallable(_ value: TemplateValue) -> Bool {
        switch value {
        // Jinja2's undefined value has a call operator, which fails.
        case .function, .undefined: true
        case .object(let object):
            object is MacroObject || object is MethodObject || object is LoopObject || object is JoinerObject
        default: false
        }
    }
}
