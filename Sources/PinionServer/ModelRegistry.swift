import PinionJSON
package import PinionWire
package import TextGeneration

/// The models that are served, in the order of their registration, and which of them a client's word means.
///
/// An id has the form `model_name/model_version`, and the name may hold slashes of its own. A client names a model in
/// one of three ways:
///
/// - By its whole id.
/// - By the bare `model_name`, which means the default version. A model that is served under the bare name itself
///   (`--model a=PATH`) is the default version of `a`; without one, the only version there is. Where several versions
///   are served and none is the default, a bare name is an error that lists them. Not the version registered first:
///   the reply would change with the order of the command line, and nobody would be told.
/// - By an alias that the operator gave it, for clients that know some names only.
package struct ModelRegistry: Sendable {
    private let generators: [any TextGenerator]
    private var indices: [ProtocolWord: Int]
    /// The versions of each bare name, in the order of their registration.
    private let versions: [ProtocolWord: [Int]]

    /// The aliases of each model, by the model's place.
    private var aliases: [Int: [String]] = [:]

    /// - Parameter aliases: Further names, and the models' words that they stand for.
    /// - Throws: ``ServerError`` when two models share an id, or an alias is a name already or stands for none.
    package init(
        _ generators: [any TextGenerator], aliases: [(name: String, model: String)] = []
    ) throws(ServerError) {
        var indices: [ProtocolWord: Int] = [:]
        var versions: [ProtocolWord: [Int]] = [:]
        for (index, generator) in generators.enumerated() {
            let id = generator.model.id
            guard indices.updateValue(index, forKey: ProtocolWord(id)) == nil else {
                throw ServerError(.duplicateModel, "two models are named \(id); each needs an id of its own")
            }
            if let name = Self.name(ofID: id) { versions[name, default: []].append(index) }
        }
        self.generators = generators
        self.indices = indices
        self.versions = versions
        for alias in aliases { try add(alias.name, for: alias.model) }
    }

    private mutating func add(_ alias: String, for model: String) throws(ServerError) {
        guard let index = index(of: model) else {
            throw ServerError(.unknownModel, "the alias '\(alias)' stands for '\(model)', which is not served")
        }
        guard indices.updateValue(index, forKey: ProtocolWord(alias)) == nil else {
            throw ServerError(.duplicateModel, "the alias '\(alias)' is the name of a model, or another alias, already")
        }
        self.aliases[index, default: []].append(alias)
    }

    package var models: [ServedModel] {
        generators.map(\.model)
    }

    /// A model, what a client may call it beside its id, and whether it can answer now.
    struct Listed {
        let model: ServedModel
        let aliases: [String]
        let isReady: Bool
    }

    var listed: [Listed] { generators.indices.map { listed($0) } }

    /// - Throws: ``PinionWire/APIError`` that names the models, or the versions, that there are.
    func listed(for word: String) throws(APIError) -> Listed {
        listed(try place(of: word))
    }

    private func listed(_ index: Int) -> Listed {
        Listed(model: generators[index].model, aliases: aliases[index] ?? [], isReady: generators[index].isReady)
    }

    /// Whether every model can answer.
    package var areReady: Bool { generators.allSatisfy(\.isReady) }

    /// The model that a client's word means.
    ///
    /// - Throws: ``PinionWire/APIError`` that names the models, or the versions, that there are.
    package func generator(for word: String) throws(APIError) -> any TextGenerator {
        generators[try place(of: word)]
    }

    /// - Throws: ``PinionWire/APIError`` that names the models, or the versions, that there are.
    private func place(of word: String) throws(APIError) -> Int {
        if let index = index(of: word) { return index }
        let versions = versions[ProtocolWord(word)] ?? []
        let candidates = versions.isEmpty ? generators : versions.map { generators[$0] }
        throw .modelNotFound(word, served: candidates.map(\.model.id), isVersionMissing: !versions.isEmpty)
    }

    /// The place of the model that a word means; nil where it means none, or several.
    private func index(of word: String) -> Int? {
        let id = ProtocolWord(word)
        if let index = indices[id] { return index }
        guard let versions = versions[id], versions.count == 1 else { return nil }
        return versions[0]
    }

    /// The id without its version, which is the last component; nil for an id that is a bare name.
    private static func name(ofID id: String) -> ProtocolWord? {
        id.utf8.lastIndex(of: UInt8(ascii: "/")).map { ProtocolWord(String(id[..<$0])) }
    }
}
