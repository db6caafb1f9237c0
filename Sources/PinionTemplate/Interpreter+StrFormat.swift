/// `str.format`.
extension Interpreter {
    func formatBraces(_ format: TemplateString, _ arguments: CallArguments) throws(TemplateError) -> TemplateString {
        try charge(text: format.count)
        var buffer = Buffer()
        buffer.isTainted = format.hasRequestContent
        var reader = FormatReader(format.scalars)
        var automatic = 0
        while let scalar = reader.next() {
            switch scalar {
            case "{":
                if reader.skip("{") {
                    buffer.scalars.append("{")
                } else {
                    try writeField(&reader, arguments, &automatic, into: &buffer)
                }
            case "}":
                guard reader.skip("}") else { throw Self.fail("single '}' in format string") }
                buffer.scalars.append("}")
            default: buffer.scalars.append(scalar)
            }
        }
        return buffer.string
    }

    private func writeField(
        _ reader: inout FormatReader, _ arguments: CallArguments, _ automatic: inout Int, into buffer: inout Buffer
    ) throws(TemplateError) {
        var value = try readArgument(&reader, arguments, &automatic)
        if reader.skip("!") {
            guard let conversion = reader.next(), "sr".unicodeScalars.contains(conversion) else {
                throw Self.fail("format conversion must be !s or !r")
            }
            value = .string(conversion == "s" ? try string(value) : try repr(value))
        }
        let layout = reader.skip(":") ? try readLayout(&reader) : Layout()
        guard reader.skip("}") else { throw Self.fail("expected '}' in format string") }
        switch value {
        case .int, .double: try write(value, layout, into: &buffer)
        case .bool where layout.kind != nil && layout.kind != "s": try write(value, layout, into: &buffer)
        default:
            guard layout.kind == nil || layout.kind == "s" else {
                throw Self.fail("unknown format code for an object of type \(value.typeName)")
            }
            try write(try string(value), layout, into: &buffer)
        }
    }

    /// `name`, `0`, or nothing, followed by any attributes and subscripts.
    private func readArgument(
        _ reader: inout FormatReader, _ arguments: CallArguments, _ automatic: inout Int
    ) throws(TemplateError) -> TemplateValue {
        let name = TemplateName(TemplateString(scalars: readWord(&reader), origin: .template))
        var value: TemplateValue
        if name.text.isEmpty || Int(name.text) != nil {
            let place = Int(name.text) ?? automatic
            if name.text.isEmpty { automatic += 1 }
            guard arguments.positional.indices.contains(place) else {
                throw Self.fail("format: there is no argument \(place)")
            }
            value = arguments.positional[place]
        } else {
            try charge(arguments.named.count / TemplateLimits.scalarsPerStep)
            guard let found = arguments.named.first(where: { $0.name == name }) else {
                throw Self.fail("format: there is no argument '\(name)'")
            }
            value = found.value
        }
        while true {
            try charge()
            if reader.skip(".") {
                let name = AttributeName(TemplateString(scalars: readWord(&reader), origin: .template))
                value = try attribute(name, of: value)
            } else if reader.skip("[") {
                let key = TemplateString(scalars: try reader.read(until: "]"), origin: .template)
                value = try item(Int(key.text).map { .int($0) } ?? .string(key), of: value)
            } else {
                return value
            }
        }
    }

    private func readWord(_ reader: inout FormatReader) -> [Unicode.Scalar] {
        var word: [Unicode.Scalar] = []
        while let scalar = reader.peek, !"{}[]!:.".unicodeScalars.contains(scalar) {
            word.append(scalar)
            _ = reader.next()
        }
        return word
    }

    /// `[[fill]align][sign][#][0][width][,][.precision][kind]`.
    private func readLayout(_ reader: inout FormatReader) throws(TemplateError) -> Layout {
        var layout = Layout()
        let alignments = "<>^=".unicodeScalars
        var lookahead = reader
        if let fill = lookahead.next(), let alignment = lookahead.next(), alignments.contains(alignment) {
            layout.fill = fill
            layout.alignment = alignment
            reader = lookahead
        } else if let alignment = reader.peek, alignments.contains(alignment) {
            layout.alignment = alignment
            _ = reader.next()
        }
        if let sign = reader.peek, "+- ".unicodeScalars.contains(sign) {
            layout.sign = sign
            _ = reader.next()
        }
        layout.isAlternate = reader.skip("#")
        if reader.skip("0"), layout.alignment == nil {
            layout.fill = "0"
            layout.alignment = "="
        }
        layout.width = try reader.number() ?? 0
        layout.groups = reader.skip(",")
        if reader.skip(".") { layout.precision = try reader.number() ?? 0 }
        if let kind = reader.peek, kind != "}" {
            layout.kind = kind
            _ = reader.next()
        }
        return layout
    }
}
