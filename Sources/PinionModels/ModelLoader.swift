package import PinionModelFiles
package import PinionTensor

/// What a model is loaded with.
package struct LoadContext {
    package let kernels: Kernels
    package let team: WorkerTeam
    package let limits: StepLimits
    /// Tokens that a sequence may have; nil for as many as the model was made for. Scalings of positions that depend on a
    /// length are chosen by it, once.
    package var contextLength: Int?
    /// What float weights are rounded to; nil leaves them as they are.
    package var quantisation: Quantisation?

    package init(
        kernels: Kernels, team: WorkerTeam, limits: StepLimits, contextLength: Int? = nil,
        quantisation: Quantisation? = nil
    ) {
        self.kernels = kernels
        self.team = team
        self.limits = limits
        self.contextLength = contextLength
        self.quantisation = quantisation
    }
}

/// Makes models of packages.
///
///     let package = try ModelPackage(path: path)
///     let plan = try ModelLoader.plan(package, limits: limits)
///     let model = try ModelLoader.load(package, context: context)
package enum ModelLoader {
    /// Makes the model that a package describes.
    ///
    /// - Throws: ``ModelError`` naming the file, what was found and what was expected.
    package static func load(
        _ package: ModelPackage, context: LoadContext
    ) throws(ModelError) -> any LanguageModel {
        try DecoderStack(package, package.family(), context)
    }

    /// What loading it would take, from the files' headers alone.
    ///
    /// - Throws: ``ModelError`` for metadata that describe no model of a known architecture.
    package static func plan(
        _ package: ModelPackage, limits: StepLimits, quantisation: Quantisation? = nil
    ) throws(ModelError) -> ModelPlan {
        _ = try package.family()
        return try DecoderStack.plan(package, limits: limits, quantisation: quantisation)
    }
}
