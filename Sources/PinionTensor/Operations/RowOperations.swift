import CPinionKernels

extension Kernels {
    /// `out = x / sqrt(mean(x^2) + epsilon) * weight` over `count` floats; source: Zhang and Sennrich (2019).
    package func rmsNorm(
        _ x: UnsafePointer<Float>, weight: UnsafePointer<Float>, count: Int, epsilon: Float,
        out: UnsafeMutablePointer<Float>
    ) {
        table.pointee.rms_norm(x, weight, count, epsilon, out)
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
}
