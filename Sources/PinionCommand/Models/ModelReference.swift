import Foundation
import PinionCatalog
import PinionModelFiles

/// What `--model` asked for: a file, or a model of the catalog, perhaps under a name of the user's.
struct ModelReference: Equatable {
    enum Source: Equatable {
        case file(String)
        case catalog(CatalogModel)
    }

    /// Characters of a given id.
    static let maximumIDLength = 128

    /// The id to serve it under; nil leaves it to the catalog or the file's own metadata.
    let id: String?
    let source: Source

    /// The id that is known before the model is loaded; nil for a file without one.
    var servedID: String? {
        if let id { return id }
        if case .catalog(let model) = source { return model.id }
        return nil
    }

    static let `default` = ModelReference(id: nil, source: .catalog(ModelCatalog.defaultModel))

    private init(id: String?, source: Source) {
        self.id = id
        self.source = source
    }

    /// Reads `PATH`, `ID` or `ID=PATH`. An existing file wins over every other reading.
    init(_ text: String) throws {
        guard let equals = text.firstIndex(of: "="), !FileManager.default.fileExists(atPath: text) else {
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

    private static func source(_ text: String) throws -> Source {
        if FileManager.default.fileExists(atPath: text) { return .file(text) }
        let looksLikePath =
            text.hasPrefix("/") || text.hasPrefix(".") || text.hasPrefix("~")
            || ModelPackage.fileEndings.contains { text.lowercased().hasSuffix($0) }
        guard !looksLikePath, !text.isEmpty else { throw CommandFailure("there is no model file '\(text)'") }
        do {
            return .catalog(try ModelCatalog.find(text))
        } catch {
            throw CommandFailure("there is no model file '\(text)', and as a name: \(error)")
        }
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

/// A model whose file is on this machine.
struct ResolvedModel: Equatable, Sendable {
    /// The id to serve it under; nil means the one the file's metadata gives.
    let id: String?
    let path: String

    /// Fetches what is not here yet.
    init(_ reference: ModelReference, fetcher: ModelFetcher) async throws {
        switch reference.source {
        case .file(let path):
            self.init(id: reference.id, path: path)
        case .catalog(let model):
            self.init(id: reference.id ?? model.id, path: try await fetcher.fetch(model))
        }
    }

    private init(id: String?, path: String) {
        self.id = id
        self.path = path
    }
}
