import PinionJSON
import TextGeneration

/// Calls as text, as a model writes them that was trained on a format, for templates that show none.
///
///     CallText(lfm2, custom: []).text(of: [call])  // <|tool_call_start|>[weather(city="Bern")]<|tool_call_end|>
struct CallText {
    private enum Body {
        case object(name: String, arguments: String)
        case literal(LiteralCall)
    }

    private let format: CallFormat
    private let body: Body
    /// Names of tools that take a text.
    private let custom: Set<ProtocolWord>

    /// - Returns: nil for a format whose calls have no marks, or are neither JSON nor Python: no template is known that
    ///   was written for such a format and shows no calls.
    init?(_ format: CallFormat, custom: Set<ProtocolWord>) {
        guard !format.isUnmarked else { return nil }
        switch format.body {
        case .object(let names, let arguments, _):
            guard let name = names.first, let key = arguments.first else { return nil }
            body = .object(name: name, arguments: key)
        case .literal(let form) where form.quote == nil: body = .literal(form)
        case .literal, .keyed, .named, .tagged: return nil
        }
        self.format = format
        self.custom = custom
    }

    func text(of calls: [ToolCall]) -> String {
        let bodies = calls.map { format.open + text(of: $0) + format.close }
        let separator = format.separator == "," ? ", " : format.separator.isEmpty ? "\n" : format.separator
        // A block of lines has its marks on lines of their own.
        let edge = format.isInLines ? separator : ""
        return format.sectionOpen.joined() + edge + bodies.joined(separator: separator) + edge
            + format.sectionClose.joined()
    }

    private func text(of call: ToolCall) -> String {
        let arguments = call.argumentsObject(isCustom: custom.contains(ProtocolWord(call.name)))
        switch body {
        case .object(let name, let key):
            var writer = JSONWriter()
            writer.raw("{")
            writer.string(name)
            writer.raw(": ")
            writer.string(call.name)
            writer.raw(", ")
            writer.string(key)
            writer.raw(": ")
            writer.raw(arguments.text)
            writer.raw("}")
            return String(decoding: writer.bytes, as: UTF8.self)
        case .literal(let form):
            let members = arguments.object.members.map { $0.name + form.assignment + Self.literal($0.value) }
            return form.prefix + call.name + form.open + members.joined(separator: ", ") + form.close
        }
    }

    /// Writes a value as Python does; texts stand between the quotation marks of JSON.
    private static func literal(_ value: JSONValue) -> String {
        switch value {
        case .null: return "None"
        case .bool(let value): return value ? "True" : "False"
        case .array(let items): return "[" + items.map(literal).joined(separator: ", ") + "]"
        case .object(let object):
            let members = object.members.map { literal(.string($0.name)) + ": " + literal($0.value) }
            return "{" + members.joined(separator: ", ") + "}"
        case .integer, .bigInteger, .decimal, .string:
            var writer = JSONWriter()
            writer.value(value)
            return String(decoding: writer.bytes, as: UTF8.self)
        }
    }
}

extension CallFormat {
    /// Whether the calls of a reply are the lines of one block.
    var isInLines: Bool { separator.utf8.elementsEqual("\n".utf8) }
}

extension ToolCall {
    /// The arguments as an object, and its text byte for byte as the model wrote it.
    ///
    /// What is no object, such as the input of a custom tool, becomes the one argument ``Tool/textArgument``.
    func argumentsObject(isCustom: Bool) -> (object: JSONObject, text: [UInt8]) {
        if !isCustom {
            let text = arguments.isEmpty ? Array("{}".utf8) : Array(arguments.utf8)
            if case .object(let object)? = try? JSONValue.parse(text, limits: ToolTypes.valueLimits) {
                return (object, text)
            }
        }
        let object = JSONObject([.init(name: Tool.textArgument, value: .string(arguments))])
        var writer = JSONWriter()
        writer.value(.object(object))
        return (object, writer.bytes)
    }
}
