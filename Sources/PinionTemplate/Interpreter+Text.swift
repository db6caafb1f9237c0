/// `str`, `repr` and JSON.
extension Interpreter {
    /// Text under construction, and whether any of it may be the request's. Numbers count as such: the digits may have
    /// been chosen by the request, and numbers carry no origin.
    struct Buffer {
        var scalars: [Unicode.Scalar] = []
        var isTainted = false

        mutating func append(_ text: String) { scalars.append(contentsOf: text.unicodeScalars) }

        var string: TemplateString { TemplateString(scalars: scalars, origin: isTainted ? .request : .template) }
    }

    /// `str(value)`, as printing does it.
    func string(_ value: TemplateValue) throws(TemplateError) -> TemplateString {
        switch value {
        case .string(let text): return text
        case .undefined: return TemplateString()
        case .object(let object):
            if let macro = object as? MacroObject {
                return TemplateString("<Macro '\(macro.definition.name.text)'>", origin: .template)
            }
        default: break
        }
        var buffer = Buffer()
        try writeRepr(value, into: &buffer)
        return buffer.string
    }

    func repr(_ value: TemplateValue) throws(TemplateError) -> TemplateString {
        var buffer = Buffer()
        try writeRepr(value, into: &buffer)
        return buffer.string
    }

    private func writeRepr(_ value: TemplateValue, into buffer: inout Buffer) throws(TemplateError) {
        try charge()
        if buffer.scalars.count > TemplateLimits.stringLength { try charge(text: buffer.scalars.count) }
        switch value {
        case .undefined: buffer.append("Undefined")
        case .null: buffer.append("None")
        case .bool(let value): buffer.append(value ? "True" : "False")
        case .int(let value):
            buffer.append("\(value)")
            buffer.isTainted = true
        case .bigInteger(let digits): try write(digits: digits, into: &buffer)
        case .double(let value):
            buffer.append(PythonFloat.repr(value))
            buffer.isTainted = true
        case .string(let text): try writeRepr(text, into: &buffer)
        case .sequence(let sequence): try writeRepr(sequence, into: &buffer)
        case .mapping(let mapping): try writeRepr(mapping.keys, mapping.values, into: &buffer)
        case .function(let function): buffer.append("<function \(function.rawValue)>")
        case .object(let object):
            guard let namespace = object as? NamespaceObject else {
                buffer.append("<\(object.typeName) object>")
                return
            }
            buffer.append("<Namespace ")
            try writeRepr(namespace.keys, namespace.values, into: &buffer)
            buffer.append(">")
        }
    }

    func write(digits: String, into buffer: inout Buffer) throws(TemplateError) {
        try charge(text: digits.utf8.count)
        buffer.append(digits)
        buffer.isTainted = true
    }

    @inline(never)
    private func writeRepr(_ sequence: TemplateSequence, into buffer: inout Buffer) throws(TemplateError) {
        let opening: String
        let closing: String
        switch sequence.kind {
        case .list: (opening, closing) = ("[", "]")
        case .tuple, .group: (opening, closing) = ("(", sequence.items.count == 1 ? ",)" : ")")
        case .view(let name): (opening, closing) = ("\(name)([", "])")
        case .range(let start, let stop, let step):
            buffer.append(step == 1 ? "range(\(start), \(stop))" : "range(\(start), \(stop), \(step))")
            buffer.isTainted = true
            return
        }
        try enter()
        defer { leave() }
        buffer.append(opening)
        for (place, item) in sequence.items.enumerated() {
            if place > 0 { buffer.append(", ") }
            try writeRepr(item, into: &buffer)
        }
        buffer.append(closing)
    }

    @inline(never)
    private func writeRepr(
        _ keys: [TemplateKey], _ values: [TemplateValue], into buffer: inout Buffer
    ) throws(TemplateError) {
        try enter()
        defer { leave() }
        buffer.append("{")
        for (place, (key, value)) in zip(keys, values).enumerated() {
            if place > 0 { buffer.append(", ") }
            try writeRepr(key.value, into: &buffer)
            buffer.append(": ")
            try writeRepr(value, into: &buffer)
        }
        buffer.append("}")
    }

    @inline(never)
    private func writeRepr(_ text: TemplateString, into buffer: inout Buffer) throws(TemplateError) {
        try charge(properties: text)
        if text.hasRequestContent { buffer.isTainted = true }
        let hasSingle = text.scalars.contains("'")
        let quote: Unicode.Scalar = hasSingle && !text.scalars.contains("\"") ? "\"" : "'"
        buffer.scalars.append(quote)
        for scalar in text.scalars {
            switch scalar {
            case quote, "\\":
                buffer.scalars.append("\\")
                buffer.scalars.append(scalar)
            case "\n": buffer.append("\\n")
            case "\r": buffer.append("\\r")
            case "\t": buffer.append("\\t")
            default:
                if scalar.isPythonPrintable {
                    buffer.scalars.append(scalar)
                } else if scalar.value <= 0xFF {
                    buffer.append("\\x" + scalar.hexadecimal(2))
                } else {
                    buffer.append(
                        scalar.value <= 0xFFFF ? "\\u" + scalar.hexadecimal(4) : "\\U" + scalar.hexadecimal(8))
                }
            }
        }
        buffer.scalars.append(quote)
    }
}

extension Unicode.Scalar {
    /// Whether Python's `repr` shows the scalar as itself.
    var isPythonPrintable: Bool {
        if isASCII { return value >= 0x20 && value < 0x7F }
        switch properties.generalCategory {
        case .control, .format, .surrogate, .privateUse, .unassigned, .lineSeparator, .paragraphSeparator,
            .spaceSeparator:
            return false
        default: return true
        }
    }

    func hexadecimal(_ width: Int) -> String {
        let digits = String(value, radix: 16)
        return String(repeating: "0", count: max(0, width - digits.utf8.count)) + digits
    }
}
