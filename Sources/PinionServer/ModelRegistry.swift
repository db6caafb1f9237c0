import PinionJSON
package import PinionWire
package import TextGeneration

/// The models that are served, in the order of their registration, and which of them a client's word means.
///
/// An id has the form `model_name/model_version`, and the name may hold slashes of its own. A client names a model in
/// one of two ways:
///
/// - By its whole id.
/// - By the bare `model_name`, which means the default version. A model that is served under the bare name itself
///   (`--model a=PATH`) is the default version of `a`; without one, the only version there is. Where several versions
///   are served and none is the default, a bare name is an error that lists them. Not the version registered first:
///   the reply would change with the order of the command line, and nobody would be told.
package struct ModelRegistry: Sendable {
    private let generators: [any TextGenerator]
    private let indices: [ProtocolWord: Int]
    /// The versions of each bare name, in the order of their registration.
    private let versions: [ProtocolWord: [Int]]

    /// - Throws: ``ServerError`` when two models share an id.
    package init(_ generators: [any TextGenerator]) throws(ServerError) {
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
    }

    package var models: [ServedModel] {
        generators.map(\.model)
    }

    /// Whether every model can answer.
    package var areReady: Bool { generators.allSatisfy(\.isReady) }

    /// The model that a client's word means.
    ///
    /// - Throws: ``OpenAIAPI/APIError`` that names the models, or the versions, that there are.
    package func generator(for word: String) throws(APIError) -> any TextGenerator {
        let id = ProtocolWord(word)
        if let index = indices[id] { return generators[index] }
        let versions = versions[id] ?? []
        if versions.count == 1 { return generators[versions[0]] }
        let candidates = versions.isEmpty ? generators : versions.map { generators[$0] }
        throw .modelNotFound(word, served: candidates.map(\.model.id), isVersionMissing: !versions.isEmpty)
    }

    /// The id without its version, which is the last component; nil for an id that is a bare name.
    private static func name(ofID id: String) -> ProtocolWord? {
        id.utf8.lastIndex(of: UInt8(ascii: "/")).map { ProtocolWord(String(id[..<$0])) }
    }
}
