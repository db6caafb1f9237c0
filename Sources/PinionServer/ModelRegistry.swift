/// The models that are served, in the order of their registration.
package struct ModelRegistry: Sendable {
    private let generators: [any TextGenerator]
    /// Ids, and bare names of which the first registration is the default version.
    private let indices: [String: Int]

    /// - Throws: ``ServerError`` when two models share an id.
    package init(_ generators: [any TextGenerator]) throws(ServerError) {
        var indices: [String: Int] = [:]
        for (index, generator) in generators.enumerated() {
            let id = generator.model.id
            guard indices.updateValue(index, forKey: id) == nil else {
                throw ServerError(.duplicateModel, "two models are named \(id); each needs an id of its own")
            }
        }
        // An id wins over a bare name that is spelled the same, so the names come second.
        for (index, generator) in generators.enumerated() {
            let name = Self.name(ofID: generator.model.id)
            if indices[name] == nil { indices[name] = index }
        }
        self.generators = generators
        self.indices = indices
    }

    package var models: [ServedModel] {
        generators.map(\.model)
    }

    /// Whether every model can answer.
    package var areReady: Bool { generators.allSatisfy(\.isReady) }

    /// The model of an id `model_name/model_version`, or the default version of a bare `model_name`.
    package subscript(id: String) -> (any TextGenerator)? {
        indices[id].map { generators[$0] }
    }

    /// The id without its version, which is the last component.
    private static func name(ofID id: String) -> String {
        id.lastIndex(of: "/").map { String(id[..<$0]) } ?? id
    }
}
