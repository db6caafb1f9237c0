/// `tojson`, with the options of Python's `json.dumps`.
struct JSONStyle {
    var escapesNonASCII = false
    /// One level of indentation, or none for a single line.
    var indent: String?
    var itemSeparator = ", "
    var keySeparator = ": "
    var sortsKeys = false

    /// Spaces of indentation a template may ask for.
    static let maximumIndent = 64
}

extension Interpreter {
    func json(_ value: TemplateValue, _ style: JSONStyle) throws(TemplateError) -> TemplateString {
        var buffer = Buffer()
        try writeJSON(value, style, level: 0, into: &buffer)
        return buffer.string
    }

    private func writeJSON(
        _ value: TemplateValue, _ style: JSONStyle, level: Int, into buffer: inout Buffer
    ) throws(TemplateError) {
        try charge()
        if buffer.scalars.count > TemplateLimits.stringLength { try charge(text: buffer.scalars.count) }
        switch value {
        case .null: buffer.append("null")
        case .bool(let value): buffer.append(value ? "true" : "false")
        case .int(let value):
            buffer.append("\(value)")
            buffer.isTainted = true
        case .bigInteger(let digits): try write(digits: digits, into: &buffer)
        case .double(let value):
            buffer.append(
                value.isNaN
                    ? "NaN" : value.isInfinite ? (value < 0 ? "-Infinity" : "Infinity") : PythonFloat.repr(value))
            buffer.isTainted = true
        case .string(let text): try writeJSON(text, style, into: &buffer)
        case .sequence(let sequence) where sequence.kind == .list || sequence.kind == .tuple || sequence.kind == .group:
            try writeJSON(sequence, style, level: level, into: &buffer)
        case .mapping(let mapping): try writeJSON(mapping, style, level: level, into: &buffer)
        case .undefined, .sequence, .function, .object:
            throw Self.fail("object of type \(value.typeName) is not JSON serializable")
        }
    }

    @inline(never)
    private func writeJSON(
        _ sequence: TemplateSequence, _ style: JSONStyle, level: Int, into buffer: inout Buffer
    ) throws(TemplateError) {
        guard !sequence.items.isEmpty else { return buffer.append("[]") }
        try enter()
        defer { leave() }
        buffer.append("[")
        for (place, item) in sequence.items.enumerated() {
            if place > 0 { buffer.append(style.itemSeparator) }
            try writeLineBreak(style, level: level + 1, into: &buffer)
            try writeJSON(item, style, level: level + 1, into: &buffer)
        }
        try writeLineBreak(style, level: level, into: &buffer)
        buffer.append("]")
    }

    @inline(never)
    private func writeJSON(
        _ mapping: TemplateMapping, _ style: JSONStyle, level: Int, into buffer: inout Buffer
    ) throws(TemplateError) {
        guard !mapping.keys.isEmpty else { return buffer.append("{}") }
        try enter()
        defer { leave() }
        var places = Array(mapping.keys.indices)
        if style.sortsKeys { places = try order(of: mapping.keys) }
        buffer.append("{")
        for (number, place) in places.enumerated() {
            if number > 0 { buffer.append(style.itemSeparator) }
            try writeLineBreak(style, level: level + 1, into: &buffer)
            try writeJSON(mapping.keys[place], style, into: &buffer)
            buffer.append(style.keySeparator)
            try writeJSON(mapping.values[place], style, level: level + 1, into: &buffer)
        }
        try writeLineBreak(style, level: level, into: &buffer)
        buffer.append("}")
    }

    /// The order of keys by their values; keys of several kinds have none, as in Python.
    private func order(of keys: [TemplateKey]) throws(TemplateError) -> [Int] {
        var texts: [TemplateString] = []
        for case .text(let text) in keys { texts.append(text) }
        guard texts.count == keys.count else {
            return try TemplateFilters.order(self, keys.map(\.value), descending: false)
        }
        try charge(keys.count * (Int.bitWidth - keys.count.leadingZeroBitCount))
        return keys.indices.sorted { texts[$0] < texts[$1] }
    }

    /// A key as a string, which JSON wants: numbers in their JSON spelling.
    private func writeJSON(
        _ key: TemplateKey, _ style: JSONStyle, into buffer: inout Buffer
    ) throws(TemplateError) {
        if case .text(let text) = key { return try writeJSON(text, style, into: &buffer) }
        buffer.append("\"")
        try writeJSON(key.value, style, level: 0, into: &buffer)
        buffer.append("\"")
    }

    private func writeLineBreak(_ style: JSONStyle, level: Int, into buffer: inout Buffer) throws(TemplateError) {
        guard let indent = style.indent else { return }
        try charge(1 + level * indent.utf8.count / TemplateLimits.scalarsPerStep)
        buffer.append("\n")
        for _ in 0..<level { buffer.append(indent) }
    }

    @inline(never)
    private func writeJSON(
        _ text: TemplateString, _ style: JSONStyle, into buffer: inout Buffer
    ) throws(TemplateError) {
        try charge(text: text.count)
        if text.hasRequestContent { buffer.isTainted = true }
        buffer.scalars.append("\"")
        for scalar in text.scalars {
            switch scalar {
            case "\"", "\\":
                buffer.scalars.append("\\")
                buffer.scalars.append(scalar)
            case "\n": buffer.append("\\n")
            case "\r": buffer.append("\\r")
            case "\t": buffer.append("\\t")
            case "\u{08}": buffer.append("\\b")
            case "\u{0C}": buffer.append("\\f")
            default:
                if scalar.value < 0x20 {
                    buffer.append("\\u" + scalar.hexadecimal(4))
                } else if style.escapesNonASCII, scalar.value >= 0x7F {
                    writeUTF16(scalar, into: &buffer)
                } else {
                    buffer.scalars.append(scalar)
                }
            }
        }
        buffer.scalars.append("\"")
    }

    private func writeUTF16(_ scalar: Unicode.Scalar, into buffer: inout Buffer) {
        for unit in UTF16.encode(scalar) ?? UTF16.encodedReplacementCharacter {
            if let scalar = Unicode.Scalar(UInt32(unit)) {
                buffer.append("\\u" + scalar.hexadecimal(4))
            } else {
                buffer.append("\\u" + String(unit, radix: 16))
            }
        }
    }
}
