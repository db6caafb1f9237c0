import Foundation
import PinionTemplate

/// The cases of `Fixtures/jinja/renders.json`, rendered by Python's Jinja2.
struct RenderFixtures {
    struct Case: CustomStringConvertible, Sendable {
        let name: String
        let template: String
        let context: [TemplateName: TemplateValue]
        /// What Jinja2 printed; nothing if it failed.
        let expected: String?

        var description: String { name }
    }

    let now: Date
    let cases: [Case]

    static let folder = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .appending(path: "Fixtures/jinja")

    static func template(_ name: String) throws -> String {
        try String(contentsOf: folder.appending(path: "templates/\(name).jinja"), encoding: .utf8)
    }

    static func load() throws -> RenderFixtures {
        var reader = OrderedJSON(try Data(contentsOf: folder.appending(path: "renders.json")))
        let root = try reader.read()
        let contexts = root["contexts"]?.members ?? []
        let cases = try (root["cases"]?.items ?? []).map { entry in
            let shared = entry["context_name"]?.text
            let context = shared.flatMap { name in contexts.first { $0.0 == name }?.1 } ?? entry["context"]
            let members = (context?.members ?? []).map { (TemplateName($0.0), $0.1.value) }
            return Case(
                name: entry["name"]?.text ?? "",
                template: try entry["file"]?.text.map(template) ?? entry["template"]?.text ?? "",
                context: Dictionary(uniqueKeysWithValues: members), expected: entry["expected"]?.text)
        }
        guard case .integer(let now) = root["now"] else { throw OrderedJSON.Malformed(offset: 0) }
        return RenderFixtures(now: Date(timeIntervalSince1970: Double(now)), cases: cases)
    }
}

/// A JSON reader that keeps the order of members, which printing a dict shows, and tells 1 from 1.0.
struct OrderedJSON {
    indirect enum Node {
        case null, boolean(Bool), integer(Int), real(Double), string(String), list([Node]), object([(String, Node)])

        subscript(name: String) -> Node? { members.first { $0.0 == name }?.1 }

        var text: String? { if case .string(let text) = self { text } else { nil } }
        var items: [Node] { if case .list(let items) = self { items } else { [] } }
        var members: [(String, Node)] { if case .object(let members) = self { members } else { [] } }

        var value: TemplateValue {
            switch self {
            case .null: .null
            case .boolean(let value): TemplateValue(value)
            case .integer(let value): TemplateValue(value)
            case .real(let value): TemplateValue(value)
            case .string(let value): TemplateValue(value)
            case .list(let items): TemplateValue(items.map(\.value))
            case .object(let members): TemplateValue(members.map { ($0.0, $0.1.value) })
            }
        }
    }

    struct Malformed: Error { let offset: Int }

    private let bytes: [UInt8]
    private var offset = 0

    init(_ data: Data) { bytes = Array(data) }

    mutating func read() throws -> Node {
        skipSpace()
        guard offset < bytes.count else { throw Malformed(offset: offset) }
        switch bytes[offset] {
        case UInt8(ascii: "{"):
            var members: [(String, Node)] = []
            offset += 1
            while !skip("}") {
                guard case .string(let name) = try read(), skip(":") else { throw Malformed(offset: offset) }
                members.append((name, try read()))
                _ = skip(",")
            }
            return .object(members)
        case UInt8(ascii: "["):
            var items: [Node] = []
            offset += 1
            while !skip("]") {
                items.append(try read())
                _ = skip(",")
            }
            return .list(items)
        case UInt8(ascii: "\""): return .string(try readString())
        default: return try readWord()
        }
    }

    private mutating func skipSpace() {
        while offset < bytes.count, bytes[offset] <= 0x20 { offset += 1 }
    }

    private mutating func skip(_ character: Unicode.Scalar) -> Bool {
        skipSpace()
        guard offset < bytes.count, UInt32(bytes[offset]) == character.value else { return false }
        offset += 1
        return true
    }

    private mutating func readWord() throws -> Node {
        let start = offset
        while offset < bytes.count, !",]} \n".utf8.contains(bytes[offset]) { offset += 1 }
        let word = String(decoding: bytes[start..<offset], as: UTF8.self)
        switch word {
        case "null": return .null
        case "true": return .boolean(true)
        case "false": return .boolean(false)
        default:
            if let value = Int(word) { return .integer(value) }
            guard let value = Double(word) else { throw Malformed(offset: start) }
            return .real(value)
        }
    }

    private mutating func readString() throws -> String {
        let start = offset
        offset += 1
        while offset < bytes.count, bytes[offset] != UInt8(ascii: "\"") {
            offset += bytes[offset] == UInt8(ascii: "\\") ? 2 : 1
        }
        guard offset < bytes.count else { throw Malformed(offset: start) }
        offset += 1
        return try JSONDecoder().decode(String.self, from: Data(bytes[start..<offset]))
    }
}
