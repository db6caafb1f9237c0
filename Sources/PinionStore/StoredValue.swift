import Foundation
import PinionLedger

/// Limits, patterns and metadata as they lie in a column.
///
/// A text that is not what this type writes is an error. It is never taken for "no limits": a budget that cannot be read
/// would otherwise be a budget without an end.
enum StoredValue {
    static func text(_ limits: Limits) -> String {
        let members = Limit.allCases.compactMap { limit in limits[limit].map { (limit.rawValue, $0) } }
        // The names are plain ASCII, which needs no escapes.
        return "{" + members.map { "\"\($0)\":\($1)" }.joined(separator: ",") + "}"
    }

    /// Takes exactly what ``text(_:)`` writes. Not `JSONDecoder`: it would take a quarter of the time that reading an
    /// account does, and more texts than are ever written.
    static func limits(_ text: String, of subject: @autoclosure () -> String) throws -> Limits {
        let bytes = text.utf8
        guard bytes.first == UInt8(ascii: "{"), bytes.last == UInt8(ascii: "}"), bytes.count >= 2 else {
            throw DamagedValue("the limits of", subject(), text, expected: "a JSON object")
        }
        var limits = Limits()
        if bytes.count == 2 { return limits }
        let members = text.dropFirst().dropLast().utf8
        for member in members.split(separator: UInt8(ascii: ","), omittingEmptySubsequences: false) {
            guard let (limit, value) = Self.limit(member), limits[limit] == nil else {
                throw DamagedValue(
                    "the limits of", subject(), text,
                    expected: "each limit once with a whole number from 0 to \(Limits.maximum)")
            }
            limits[limit] = value
        }
        return limits
    }

    /// Reads `"daily_tokens":5`.
    private static func limit(_ member: Substring.UTF8View.SubSequence) -> (Limit, Int)? {
        guard member.first == UInt8(ascii: "\""), let end = member.dropFirst().firstIndex(of: UInt8(ascii: "\"")),
            let limit = Limit(rawValue: String(Substring(member[..<end].dropFirst())))
        else { return nil }
        let digits = member[end...].dropFirst(2)
        guard member[end...].dropFirst().first == UInt8(ascii: ":"),
            digits.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }),
            let value = Int(Substring(digits)), value <= Limits.maximum
        else { return nil }
        return (limit, value)
    }

    /// Patterns have no spaces, which divide them here.
    static func text(_ models: [ModelPattern]?) -> String? {
        models.map { $0.map(\.text).joined(separator: " ") }
    }

    static func models(_ text: String?, of subject: @autoclosure () -> String) throws -> [ModelPattern]? {
        try text?.utf8.split(separator: UInt8(ascii: " ")).map { part in
            guard let pattern = ModelPattern(String(Substring(part))) else {
                throw DamagedValue("the models of", subject(), text ?? "", expected: "patterns of models")
            }
            return pattern
        }
    }

    static func text(_ metadata: [String: String]) -> String {
        text(encoding: metadata)
    }

    static func metadata(_ text: String, of subject: @autoclosure () -> String) throws -> [String: String] {
        if text == "{}" { return [:] }
        guard let metadata = try? JSONDecoder().decode([String: String].self, from: Data(text.utf8)) else {
            throw DamagedValue("the metadata of", subject(), text, expected: "texts by their name")
        }
        return metadata
    }

    /// Members in the order of their names, so that equal values are equal texts.
    static func text(encoding value: some Encodable) -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        guard let data = try? encoder.encode(value) else { preconditionFailure("texts and numbers are always JSON") }
        return String(decoding: data, as: UTF8.self)
    }
}

/// A value of the database that this program did not write.
struct DamagedValue: Error, CustomStringConvertible {
    let description: String

    init(_ what: String, _ subject: String, _ found: String, expected: String) {
        description = "\(what) \(ShownText.short(subject)) are '\(ShownText.short(found))', expected \(expected)"
    }

    init(_ description: String) {
        self.description = description
    }
}
