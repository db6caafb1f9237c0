import Foundation
import PinionLedger

/// A value of what `--json` prints.
indirect enum PrintedJSON: Codable {
    case null
    case bool(Bool)
    case text(String)
    case number(Int)
    case list([PrintedJSON])
    case members([String: PrintedJSON])

    init(_ text: String?) { self = text.map { .text($0) } ?? .null }

    init(_ date: Date?) { self = date.map { .text(TimeArgument.text($0)) } ?? .null }

    /// Money in nano-units, so that a program needs no decimals.
    init(_ limits: Limits) {
        self = .members(
            Limit.allCases.reduce(into: [:]) { members, limit in
                members[limit.rawValue] = limits[limit].map { .number($0) }
            })
    }

    init(_ models: [ModelPattern]?) { self = models.map { .list($0.map { .text($0.text) }) } ?? .null }

    init(_ metadata: [String: String]) { self = .members(metadata.mapValues { .text($0) }) }

    /// The members and others.
    func with(_ others: [String: PrintedJSON]) -> PrintedJSON {
        guard case .members(let members) = self else { return self }
        return .members(members.merging(others) { $1 })
    }

    func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        switch self {
        case .null: try container.encodeNil()
        case .bool(let value): try container.encode(value)
        case .text(let text): try container.encode(text)
        case .number(let number): try container.encode(number)
        case .list(let values): try container.encode(values)
        case .members(let members): try container.encode(members)
        }
    }

    /// Reads what the store wrote: no fractions.
    init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if container.decodeNil() {
            self = .null
        } else if let text = try? container.decode(String.self) {
            self = .text(text)
        } else if let number = try? container.decode(Int.self) {
            self = .number(number)
        } else if let values = try? container.decode([PrintedJSON].self) {
            self = .list(values)
        } else {
            self = .members(try container.decode([String: PrintedJSON].self))
        }
    }

    /// The text as `--json` and the admin routes have it.
    func bytes() throws -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        return Array(try encoder.encode(self))
    }

    func print() throws {
        Console.line(String(decoding: try bytes(), as: UTF8.self))
    }
}
