import Crypto
import Foundation

/// What somebody calls a key by: its identifier, some first letters of that, the prefix of its secret, or the secret.
struct KeyReference {
    static let identifierMarker = "key_"
    /// Letters after the marker from which on a part of an identifier is taken for the whole: git's bound for its own.
    private static let fewestLetters = 4
    /// Identifiers that an error lists.
    private static let shownKeys = 8

    let text: String
    let digest: Data
    /// Whether the text may be the first letters of an identifier.
    let mayBeginIdentifier: Bool

    init(_ text: String) {
        // SQLite ends a text at its first zero byte; no identifier, prefix or secret has one.
        self.text = text.utf8.contains(0) ? "" : text
        digest = Data(KeySecret.digest(of: text))
        mayBeginIdentifier =
            text.utf8.starts(with: Self.identifierMarker.utf8)
            && text.utf8.count >= Self.identifierMarker.utf8.count + Self.fewestLetters
    }

    /// The one key that is meant.
    ///
    /// - Throws: `notFound` or `ambiguous`, with what helps to find the key.
    func choose(from found: [KeyRecord], path: String) throws(StoreError) -> KeyRecord {
        if let exact = found.first(where: { $0.id.utf8.elementsEqual(text.utf8) }) { return exact }
        guard let match = found.first else {
            throw StoreError(.notFound, "\(nothingFound) in \(path); `pinion keys list` shows the identifiers")
        }
        guard found.count == 1 else {
            let more = found.count > Self.shownKeys ? " and \(found.count - Self.shownKeys) more" : ""
            let ids = found.prefix(Self.shownKeys).map(\.id).joined(separator: ", ") + more
            throw StoreError(.ambiguous, "several keys begin with \(shown); give one identifier of: \(ids)")
        }
        return match
    }

    private var nothingFound: String {
        let isSecret =
            text.utf8.starts(with: KeySecret.marker.utf8) && text.utf8.count > KeySecret.prefixLength
        if isSecret { return "no key has this secret" }
        if text.utf8.starts(with: Self.identifierMarker.utf8), !mayBeginIdentifier {
            return "'\(shown)' is too short to name a key (\(Self.fewestLetters) letters or more after "
                + "'\(Self.identifierMarker)'), and no key is called so"
        }
        return "no key is called '\(shown)'"
    }

    private var shown: String { ShownText.short(text) }
}
