import PinionEngine
package import TextGeneration

/// Serves a model that runs in this process.
package struct LocalGenerator: TextGenerator {
    package let model: ServedModel
    private let textModel: TextModel

    /// - Parameters:
    ///   - id: `model_name/model_version`.
    ///   - created: Unix seconds.
    ///   - build: Version of this program, which is part of the fingerprint.
    package init(_ textModel: TextModel, id: String, created: Int, owner: String, build: String) {
        self.textModel = textModel
        let engine = textModel.engine.description
        model = ServedModel(
            id: id, created: created, owner: owner,
            fingerprint: SystemFingerprint.of(
                build: build, modelDigest: engine.digest, numerics: engine.numerics, text: textModel.settingsText),
            contextLength: engine.contextLength)
    }

    package var isReady: Bool { textModel.engine.isReady }

    package func generate(_ request: GenerationRequest, for tenant: Tenant, into queue: GenerationQueue) async {
        do {
            try await textModel.generate(request, for: tenant, into: queue)
        } catch {
            queue.finish(.unstarted(.failed(error.code)), throwing: error)
        }
    }

    package func promptTokens(
        of request: GenerationRequest, for tenant: Tenant
    ) async throws(GenerationError) -> Int {
        try await textModel.promptTokens(of: request, for: tenant)
    }
}
