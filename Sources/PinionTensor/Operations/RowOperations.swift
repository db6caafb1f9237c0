import CPinionKernels

extension Kernels {
    /// `out = x / sqrt(mean(x^2) + epsilon) * weight` over `count` floats; source: Zhang and Sennrich (2019).
    package func rmsNorm(
        _ x: UnsafePointer<Float>, weight: UnsafePointer<Float>, count: Int, epsilon: Float,
        out: UnsafeMutablePointer<Float>
    ) {
        table.pointee.rms_norm(x, weight, count, epsilon, out)
    }

    /// `out = (x - mean(x)) / sqrt(mean((x - mean(x))^2) + epsilon) * weight + bias`; source: Ba et al. (2016).
    package func layerNorm(
        _ x: UnsafePointer<Float>, weight: UnsafePointer<Float>, bias: UnsafePointer<Float>, count: Int, epsilon: Float,
        out: UnsafeMutablePointer<Float>
    ) {
        table.pointee.layer_norm(x, weight, bias, count, epsilon, out)
    }

    /// `out = activation(gate) * up`, or `activation(gate)` without `up`; `out` may be `gate`.
    package func activate(
        _ kind: ActivationKind, gate: UnsafePointer<Float>, up: UnsafePointer<Float>?, count: Int,
        out: UnsafeMutablePointer<Float>
    ) {
        switch kind {
        case .silu: table.pointee.activate(PN_SILU, gate, up, count, out)
        case .gelu: table.pointee.activate(PN_GELU, gate, up, count, out)
        case .geluTanh: table.pointee.activate(PN_GELU_TANH, gate, up, count, out)
        case .clampedSwiGLU(let slope, let limit):
            guard let up else { preconditionFailure("a clamped gate has something to multiply") }
            table.pointee.clamped_swiglu(gate, up, count, slope, limit, out)
        }
    }

    /// `x = cap * tanh(x / cap)`
    package func softCap(_ x: UnsafeMutablePointer<Float>, count: Int, cap: Float) {
        table.pointee.soft_cap(x, count, cap)
    }

    /// `x *= factor`
    package func scale(_ x: UnsafeMutablePointer<Float>, count: Int, by factor: Float) {
        // One operation an element: every compiler's vectors give the same bits.
        for index in 0..<count { x[index] *= factor }
    }

    /// `out = gate * sigmoid(gate) * up`; source: Shazeer, "GLU Variants Improve Transformer" (2020).
    package func siluMultiply(
        gate: UnsafePointer<Float>, up: UnsafePointer<Float>, count: Int, out: UnsafeMutablePointer<Float>
    ) {
        table.pointee.silu_multiply(gate, up, count, out)
    }

    /// `x += y`
    package func add(_ y: UnsafePointer<Float>, to x: UnsafeMutablePointer<Float>, count: Int) {
        table.pointee.add(x, y, count)
    }

    /// The largest number; -infinity where there is none.
    package func maximum(_ x: UnsafePointer<Float>, count: Int) -> Float {
        table.pointee.maximum(x, count)
    }

    /// Writes `exp((x - shift) * factor)` and returns its sum; `out` may be `x` itself.
    package func expSum(
        _ x: UnsafePointer<Float>, count: Int, shift: Float, factor: Float = 1, out: UnsafeMutablePointer<Float>
    ) -> Float {
        table.pointee.exp_sum(x, count, shift, factor, out)
    }

    /// `1 / (1 + exp(-x))` of one number, which is overwritten.
    package func logistic(_ x: UnsafeMutablePointer<Float>) -> Float {
        1 / (1 + expSum(x, count: 1, shift: 0, factor: -1, out: x))
    }
}
