import Foundation
import PinionLedger

/// What names and metadata of keys, owners and policies may be.
package enum StoredText {
    /// Unicode scalars of a name, so that it has 256 bytes at most; one letter may have any number of marks.
    package static let maximumNameLength = 64
    /// Bytes of a Unicode scalar at most. Texts are measured in bytes first: of a text of any length, to trim it or to count
    /// its scalars may take seconds.
    private static let bytesPerScalar = 4
    /// Pairs of metadata, and Unicode scalars of a value: the bounds of the OpenAI API for its own.
    package static let maximumPairs = 16
    package static let maximumValueLength = 512
    /// Patterns of models that one key or policy has.
    package static let maximumPatterns = 64
    /// Stands for "no owner" and "no policy" in commands, so that nothing may be called so.
    package static let reservedName = "none"

    /// - Parameter subject: Whose name it is, such as `a key's`.
    static func name(_ text: String, of subject: String) throws(StoreError) -> String {
        if fits(text, maximumNameLength) {
            let name = text.trimmingCharacters(in: .whitespaces)
            if !name.isEmpty, name.unicodeScalars.count <= maximumNameLength, isPrintable(name) { return name }
        }
        throw StoreError(.invalidValue, "\(subject) name must have 1 to \(maximumNameLength) printable characters")
    }

    /// A name by which others refer to the thing.
    static func referredName(_ text: String, of subject: String) throws(StoreError) -> String {
        let name = try name(text, of: subject)
        guard name != reservedName else {
            throw StoreError(.invalidValue, "\(subject) name cannot be '\(reservedName)', which stands for having none")
        }
        return name
    }

    static func metadata(_ metadata: [String: String]) throws(StoreError) -> [String: String] {
        guard metadata.count <= maximumPairs else {
            throw StoreError(
                .invalidValue, "there are \(metadata.count) pairs of metadata; at most \(maximumPairs) are kept")
        }
        for (name, value) in metadata {
            guard !name.isEmpty, fits(name, maximumNameLength), name.unicodeScalars.count <= maximumNameLength,
                isPrintable(name)
            else {
                throw StoreError(
                    .invalidValue,
                    "the name '\(ShownText.short(name))' of metadata must have 1 to \(maximumNameLength) printable "
                        + "characters")
            }
            guard fits(value, maximumValueLength), value.unicodeScalars.count <= maximumValueLength, isPrintable(value)
            else {
                throw StoreError(
                    .invalidValue,
                    "the value of '\(name)' in metadata must have at most \(maximumValueLength) printable characters")
            }
        }
        return metadata
    }

    /// The metadata after a change, in which nil takes a pair away.
    static func metadata(
        _ metadata: [String: String], changedBy changes: [String: String?]
    ) throws(StoreError) -> [String: String] {
        var changed = metadata
        for (name, value) in changes { changed[name] = value }
        return try Self.metadata(changed)
    }

    static func models(_ models: [ModelPattern]?) throws(StoreError) -> [ModelPattern]? {
        guard let models else { return nil }
        guard models.count <= maximumPatterns else {
            throw StoreError(.invalidValue, "there are \(models.count) models; at most \(maximumPatterns) are kept")
        }
        for model in models { _ = try pattern(model) }
        return models
    }

    static func pattern(_ pattern: ModelPattern) throws(StoreError) -> ModelPattern {
        let isPlain = pattern.text.unicodeScalars.allSatisfy { !CharacterSet.whitespacesAndNewlines.contains($0) }
        guard isPlain, isPrintable(pattern.text) else {
            throw StoreError(
                .invalidValue,
                "the model '\(ShownText.short(pattern.text))' must have printable characters without spaces")
        }
        return pattern
    }

    static func limits(_ values: [Limit: Int]) throws(StoreError) -> Limits {
        for limit in Limit.allCases {
            guard let value = values[limit], !(0...Limits.maximum).contains(value) else { continue }
            throw StoreError(
                .invalidValue, "\(limit.rawValue) is \(value), expected a number from 0 to \(Limits.maximum)")
        }
        return Limits(values)
    }

    /// The limits after a change, in which nil takes a limit away.
    static func limits(_ limits: Limits, changedBy changes: [Limit: Int?]) throws(StoreError) -> Limits {
        let set = try Self.limits(changes.compactMapValues { $0 })
        var changed = limits
        for limit in changes.keys { changed[limit] = set[limit] }
        return changed
    }

    /// Whether a text has bytes for no more than so many Unicode scalars.
    private static func fits(_ text: String, _ scalars: Int) -> Bool { text.utf8.count <= scalars * bytesPerScalar }

    /// Control characters and the marks that turn the direction of writing could make a terminal show something else.
    private static func isPrintable(_ text: String) -> Bool {
        text.unicodeScalars.allSatisfy {
            !CharacterSet.controlCharacters.contains($0) && !CharacterSet.newlines.contains($0)
        }
    }
}
