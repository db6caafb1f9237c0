extension TemplateFilters {
    static func upper(
        _ interpreter: Interpreter, _ value: TemplateValue, _ arguments: CallArguments
    ) throws(TemplateError) -> TemplateValue {
        try arguments.requireNone("upper")
        return .string(try words(value, interpreter).uppercased())
    }

    static func lower(
        _ interpreter: Interpreter, _ value: TemplateValue, _ arguments: CallArguments
    ) throws(TemplateError) -> TemplateValue {
        try arguments.requireNone("lower")
        return .string(try words(value, interpreter).lowercased())
    }

    static func title(
        _ interpreter: Interpreter, _ value: TemplateValue, _ arguments: CallArguments
    ) throws(TemplateError) -> TemplateValue {
        try arguments.requireNone("title")
        return .string(try words(value, interpreter).titlecasedWords())
    }

    static func capitalize(
        _ interpreter: Interpreter, _ value: TemplateValue, _ arguments: CallArguments
    ) throws(TemplateError) -> TemplateValue {
        try arguments.requireNone("capitalize")
        return .string(try words(value, interpreter).capitalized())
    }

    static func trim(
        _ interpreter: Interpreter, _ value: TemplateValue, _ arguments: CallArguments
    ) throws(TemplateError) -> TemplateValue {
        let chars = try arguments.bind("trim", ["chars"]).string(0)
        return .string(try StringMethods.strip(try text(value, interpreter), chars, interpreter))
    }

    static func replace(
        _ interpreter: Interpreter, _ value: TemplateValue, _ arguments: CallArguments
    ) throws(TemplateError) -> TemplateValue {
        let bound = try arguments.bind("replace", ["old", "new", "count"], required: 2)
        let old = try text(bound[0] ?? .null, interpreter)
        let new = try text(bound[1] ?? .null, interpreter)
        let count = try bound.integer(2) ?? -1
        return .string(
            try StringMethods.replace(
                try text(value, interpreter), old, new, limit: count < 0 ? .max : count, interpreter))
    }

    static func format(
        _ interpreter: Interpreter, _ value: TemplateValue, _ arguments: CallArguments
    ) throws(TemplateError) -> TemplateValue {
        let format = try text(value, interpreter)
        guard !arguments.named.isEmpty else {
            return .string(try interpreter.formatPercent(format, arguments.positional, mapping: .null))
        }
        guard arguments.positional.isEmpty else {
            throw Interpreter.fail("format: positional and named arguments cannot be mixed")
        }
        let mapping = try interpreter.dict(arguments.named.map { (TemplateKey($0.name.text), $0.value) })
        return .string(try interpreter.formatPercent(format, [mapping], mapping: mapping))
    }

    static func center(
        _ interpreter: Interpreter, _ value: TemplateValue, _ arguments: CallArguments
    ) throws(TemplateError) -> TemplateValue {
        let width = try arguments.bind("center", ["width"]).integer(0) ?? 80
        let content = try text(value, interpreter)
        guard width > content.count else { return .string(content) }
        try interpreter.charge(text: width)
        let fill = TemplateString(" ", origin: .template)
        return .string(StringPadding.padded(content, to: width, with: fill, "center"))
    }

    static func indent(
        _ interpreter: Interpreter, _ value: TemplateValue, _ arguments: CallArguments
    ) throws(TemplateError) -> TemplateValue {
        let bound = try arguments.bind("indent", ["width", "first", "blank"])
        var indentation: TemplateString
        if case .string(let given) = bound.given(0) {
            indentation = given
        } else {
            let width = Swift.max(0, try bound.integer(0) ?? 4)
            try interpreter.charge(text: width)
            indentation = TemplateString()
            indentation.append(repeatElement(" ", count: width), origin: .template)
        }
        let indentsBlank = bound.flag(2) ?? false
        guard case .string(var content) = value else {
            throw Interpreter.fail("indent: a string is required, not \(value.typeName)")
        }
        try interpreter.charge(text: content.count)
        let newline = TemplateString("\n", origin: .template)
        content.append(newline)
        let lines = content.lines()
        try interpreter.charge(lines.count)
        var result = TemplateString()
        for (place, line) in lines.enumerated() {
            if place > 0 { result.append(newline) }
            let isIndented = place == 0 ? bound.flag(1) ?? false : indentsBlank || !line.isEmpty
            if isIndented { try interpreter.append(indentation, to: &result) }
            try interpreter.append(line, to: &result)
        }
        return .string(result)
    }

    static func truncate(
        _ interpreter: Interpreter, _ value: TemplateValue, _ arguments: CallArguments
    ) throws(TemplateError) -> TemplateValue {
        let bound = try arguments.bind("truncate", ["length", "killwords", "end", "leeway"])
        let length = try bound.integer(0) ?? 255
        let ending = try bound.string(2) ?? TemplateString("...", origin: .template)
        let leeway = try bound.integer(3) ?? 5
        guard length >= ending.count, leeway >= 0 else {
            throw Interpreter.fail("truncate: the length must be at least that of the ending, the leeway not negative")
        }
        let count = try interpreter.length(value)
        if count <= length || count - length <= leeway { return value }
        guard case .string(let content) = value else {
            throw Interpreter.fail("truncate: a string is required, not \(value.typeName)")
        }
        try interpreter.charge(text: length)
        var result = content.slice(0..<(length - ending.count))
        if !(bound.flag(1) ?? false), let space = result.scalars.lastIndex(of: " ") { result = result.slice(0..<space) }
        try interpreter.append(ending, to: &result)
        return .string(result)
    }

    static func wordcount(
        _ interpreter: Interpreter, _ value: TemplateValue, _ arguments: CallArguments
    ) throws(TemplateError) -> TemplateValue {
        try arguments.requireNone("wordcount")
        var count = 0
        var isInWord = false
        for scalar in try words(value, interpreter).scalars {
            let belongs = scalar == "_" || scalar.isPythonAlphabetic || scalar.properties.numericType != nil
            if belongs, !isInWord { count += 1 }
            isInWord = belongs
        }
        return .int(count)
    }

    /// HTML escaping. The result is plain text here: output is never escaped automatically.
    static func escape(
        _ interpreter: Interpreter, _ value: TemplateValue, _ arguments: CallArguments
    ) throws(TemplateError) -> TemplateValue {
        try arguments.requireNone("escape")
        let content = try text(value, interpreter)
        var result = TemplateString()
        for (place, scalar) in content.scalars.enumerated() {
            let origin = content.origin(at: place)
            switch scalar {
            case "&": result.append("&amp;".unicodeScalars, origin: origin)
            case "<": result.append("&lt;".unicodeScalars, origin: origin)
            case ">": result.append("&gt;".unicodeScalars, origin: origin)
            case "\"": result.append("&#34;".unicodeScalars, origin: origin)
            case "'": result.append("&#39;".unicodeScalars, origin: origin)
            default: result.append(scalar, origin: origin)
            }
        }
        try interpreter.charge(text: result.count)
        return .string(result)
    }

    static func urlencode(
        _ interpreter: Interpreter, _ value: TemplateValue, _ arguments: CallArguments
    ) throws(TemplateError) -> TemplateValue {
        try arguments.requireNone("urlencode")
        let pairs: [TemplateValue]
        switch value {
        case .mapping(let mapping): pairs = mapping.pairs
        case .sequence(let sequence): pairs = sequence.items
        default: return .string(quoted(try text(value, interpreter), isQuery: false))
        }
        var result = TemplateString()
        for (place, pair) in pairs.enumerated() {
            let parts = try interpreter.iterate(pair)
            guard parts.count == 2 else { throw Interpreter.fail("urlencode: expected pairs of name and value") }
            if place > 0 { result.append("&", origin: .template) }
            try interpreter.append(quoted(try text(parts[0], interpreter), isQuery: true), to: &result)
            result.append("=", origin: .template)
            try interpreter.append(quoted(try text(parts[1], interpreter), isQuery: true), to: &result)
        }
        return .string(result)
    }

    private static func quoted(_ content: TemplateString, isQuery: Bool) -> TemplateString {
        var bytes: [Unicode.Scalar] = []
        for byte in content.text.utf8 {
            let scalar = Unicode.Scalar(byte)
            if scalar.isASCIIDigit || scalar.isASCIILower || scalar.isASCIIUpper
                || "_.-~".unicodeScalars.contains(scalar) || !isQuery && scalar == "/"
            {
                bytes.append(scalar)
            } else if isQuery, scalar == " " {
                bytes.append("+")
            } else {
                bytes.append("%")
                bytes.append(contentsOf: scalar.hexadecimal(2).uppercased().unicodeScalars)
            }
        }
        return TemplateString(scalars: bytes, origin: content.hasRequestContent ? .request : .template)
    }
}
