package import PinionTensor

/// What a model is loaded with.
package struct LoadContext {
    package let kernels: Kernels
    package let team: WorkerTeam
    package let limits: StepLimits

    package init(kernels: Kernels, team: WorkerTeam, limits: StepLimits) {
        self.kernels = kernels
        self.team = team
        self.limits = limits
    }
}

package enum ModelLoader {
    private typealias Factory = @Sendable (GGUFFile, LoadContext) throws(ModelError) -> any LanguageModel

    /// `general.architecture` to the family that runs it. A new architecture is one file and one row here.
    private static let architectures: [String: Factory] = [
        "llama": { file, context throws(ModelError) in try LlamaModel(file: file, context: context) }
    ]

    package static var supportedArchitectures: [String] { architectures.keys.sorted() }

    /// Makes the model that a file describes.
    ///
    /// - Throws: ``ModelError`` naming the file, what was found and what was expected.
    package static func load(_ file: GGUFFile, context: LoadContext) throws(ModelError) -> any LanguageModel {
        let path = file.file.path
        guard let name = file["general.architecture"]?.string else {
            throw ModelError(.invalidConfiguration, "\(path): has no general.architecture")
        }
        guard let factory = architectures[name] else {
            throw ModelError(
                .unsupportedArchitecture,
                "\(path): architecture '\(name)' is not supported, expected one of "
                    + supportedArchitectures.joined(separator: ", "))
        }
        return try factory(file, context)
    }
}
