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
    private struct Architecture {
        let plan: @Sendable (GGUFFile, StepLimits) throws(ModelError) -> ModelPlan
        let load: @Sendable (GGUFFile, LoadContext) throws(ModelError) -> any LanguageModel
    }

    /// `general.architecture` to the family that runs it. A new architecture is one file and one row here.
    private static let architectures: [GGUFName: Architecture] = [
        "llama": Architecture(
            plan: { file, limits throws(ModelError) in try LlamaModel.plan(file, limits: limits) },
            load: { file, context throws(ModelError) in try LlamaModel(file: file, context: context) })
    ]

    /// Scalars of an unknown architecture's name that a message shows, far above any real name's.
    private static let maximumShownName = 64

    package static var supportedArchitectures: [String] { architectures.keys.map(\.text).sorted() }

    /// Makes the model that a file describes.
    ///
    /// - Throws: ``ModelError`` naming the file, what was found and what was expected.
    package static func load(_ file: GGUFFile, context: LoadContext) throws(ModelError) -> any LanguageModel {
        try architecture(of: file).load(file, context)
    }

    /// What loading it would take, from the file's metadata alone.
    ///
    /// - Throws: ``ModelError`` for metadata that describe no model of a known architecture.
    package static func plan(_ file: GGUFFile, limits: StepLimits) throws(ModelError) -> ModelPlan {
        try architecture(of: file).plan(file, limits)
    }

    /// Refuses a file of an architecture that this build does not run, before anything else of it is looked at.
    ///
    /// - Throws: ``ModelError`` naming the file, what was found and what is supported.
    package static func checkArchitecture(of file: GGUFFile) throws(ModelError) {
        _ = try architecture(of: file)
    }

    private static func architecture(of file: GGUFFile) throws(ModelError) -> Architecture {
        let path = file.file.path
        guard let name = file["general.architecture"]?.string else {
            throw ModelError(.invalidConfiguration, "\(path): has no general.architecture")
        }
        guard let architecture = architectures[GGUFName(name)] else {
            let shown = name.unicodeScalars.prefix(maximumShownName).map { $0.escaped(asASCII: false) }.joined()
            throw ModelError(
                .unsupportedArchitecture,
                "\(path): architecture '\(shown)' is not supported, expected one of "
                    + supportedArchitectures.joined(separator: ", "))
        }
        return architecture
    }
}
