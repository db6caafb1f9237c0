import Foundation
import PinionCatalog
import PinionModelFiles

/// What `--model` asked for: a file, a model known by name, or one of a hub, perhaps under a name of the user's.
struct ModelReference: Equatable {
    enum Source: Equatable {
        case file(String)
        case catalog(CatalogModel)
        case remote(ModelSource)
        /// A name that the catalog does not have: the id of a pulled model, if there is one.
        case pulled(String)
    }

    /// Characters of a given id.
    static let maximumIDLength = 128

    /// The id to serve it under; nil leaves it to the catalog, the hub or the file's own metadata.
    let id: String?
    let source: Source

    /// The id that is known before the model is loaded; nil for a file without one.
    var servedID: String? {
        if let id { return id }
        return switch source {
        case .file: nil
        case .catalog(let model): model.id
        case .remote(let source): source.id
        case .pulled(let id): id
        }
    }

    static let `default` = ModelReference(id: nil, source: .catalog(ModelCatalog.defaultModel))

    private init(id: String?, source: Source) {
        self.id = id
        self.source = source
    }

    /// Reads `PATH`, `ID`, `hf:OWNER/REPO` and its like, or `ID=` and one of these. An existing file wins over every
    /// other reading.
    init(_ text: String) throws {
        // An address may hold the sign itself.
        guard let equals = text.firstIndex(of: "="), !FileManager.default.fileExists(atPath: text),
            !Self.isRemote(text)
        else {
            self.init(id: nil, source: try Self.source(text))
            return
        }
        let id = String(text[..<equals])
        let rest = String(text[text.index(after: equals)...])
        if Self.isServable(id) {
            self.init(id: id, source: try Self.source(rest))
        } else if (try? Self.source(rest)) != nil {
            // What is right of the sign is a model, so that an id was meant.
            throw CommandFailure(
                "'\(id)' cannot be a model's id: expected 1 to \(Self.maximumIDLength) letters, digits and ._:-/ "
                    + "with no empty part")
        } else {
            self.init(id: nil, source: try Self.source(text))
        }
    }

    private static let filePrefix = "file:"

    private static func isRemote(_ text: String) -> Bool {
        (ModelSource.prefixes + [filePrefix]).contains { text.utf8.starts(with: $0.utf8) }
    }

    private static func source(_ text: String) throws -> Source {
        if FileManager.default.fileExists(atPath: text) { return .file(text) }
        if let source = try ModelSource(text) { return .remote(source) }
        if text.utf8.starts(with: filePrefix.utf8) { return .file(try path(ofFileAddress: text)) }
        let looksLikePath =
            text.hasPrefix("/") || text.hasPrefix(".") || text.hasPrefix("~")
            || ModelPackage.fileEndings.contains { text.lowercased().hasSuffix($0) }
        guard !looksLikePath, !text.isEmpty else { throw CommandFailure("there is no model file '\(text)'") }
        do {
            return .catalog(try ModelCatalog.find(text))
        } catch {
            guard isServable(text) else {
                throw CommandFailure("there is no model file '\(text)', and as a name: \(error)")
            }
            return .pulled(text)
        }
    }

    /// The path of `file:///PATH`; RFC 8089 also has `file:/PATH`.
    private static func path(ofFileAddress text: String) throws -> String {
        guard let url = URL(string: text), url.isFileURL, url.host() ?? "" == "" || url.host() == "localhost",
            url.path(percentEncoded: false).hasPrefix("/")
        else { throw CommandFailure("'\(text)' is no address of a file: expected file:///PATH") }
        let path = url.path(percentEncoded: false)
        guard FileManager.default.fileExists(atPath: path) else {
            throw CommandFailure("there is no model file '\(path)'")
        }
        return path
    }

    private static func isServable(_ id: String) -> Bool {
        let parts = id.split(separator: "/", omittingEmptySubsequences: false)
        return id.utf8.count <= maximumIDLength && parts.allSatisfy { !$0.isEmpty }
            && id.unicodeScalars.allSatisfy { scalar in
                scalar.isASCII && (scalar.properties.isAlphabetic || ("0"..."9").contains(scalar))
                    || "._:-/".unicodeScalars.contains(scalar)
            }
    }
}
