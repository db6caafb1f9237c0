import Foundation
import PinionLedger

/// Limits, patterns and metadata as they lie in a column: a JSON object or array.
///
/// A text that is not what this type writes is an error. It is never taken for "no limits": a budget that cannot be read
/// would otherwise be a budget without an end.
enum StoredJSON {
    static func text(_ limits: Limits) -> String {
        let members = Limit.allCases.compactMap { limit in limits[limit].map { (limit.rawValue, $0) } }
        // The names are plain ASCII, which needs no escapes.
        return "{" + members.map { "\"\($0)\":\($1)" }.joined(separator: ",") + "}"
    }

    static func limits(_ text: String, of subject: @autoclosure () -> String) throws -> Limits {
        if text == "{}" { return Limits() }
        guard let members = try? JSONDecoder().decode([String: Int].self, from: Data(text.utf8)) else {
            throw DamagedValue("the limits of", subject(), text, expected: "whole numbers by their limit")
        }
        var values: [Limit: Int] = [:]
        for (name, value) in members {
            guard let limit = Limit(rawValue: name), (0...Limits.maximum).contains(value) else {
                throw DamagedValue(
                    "the limits of", subject(), "\(name): \(value)",
                    expected: "a known limit with a number from 0 to \(Limits.maximum)")
            }
            values[limit] = value
        }
        return Limits(values)
    }

    static func text(_ models: [ModelPattern]?) -> String? {
        models.map { text(encoding: $0.map(\.text)) }
    }

    static func models(_ text: String?, of subject: @autoclosure () -> String) throws -> [ModelPattern]? {
        guard let text else { return nil }
        let texts = try? JSONDecoder().decode([String].self, from: Data(text.utf8))
        let patterns = texts?.compactMap(ModelPattern.init)
        guard let patterns, patterns.count == texts?.count else {
            throw DamagedValue("the models of", subject(), text, expected: "a list of patterns")
        }
        return patterns
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
