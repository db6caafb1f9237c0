/// What stands between the products of a feed-forward block.
package enum ActivationKind: Sendable, Equatable {
    /// x times its logistic function.
    case silu
    /// x times the normal distribution's cumulative function at x.
    case gelu
    /// Its approximation by a hyperbolic tangent.
    case geluTanh
    /// x, up to a limit, times the logistic function of `slope` * x; what it multiplies is kept within the limit on both
    /// sides, and 1 more. Gated blocks only.
    ///
    /// Source: the model of gpt-oss in transformers.
    case clampedSwiGLU(slope: Float, limit: Float)
}
