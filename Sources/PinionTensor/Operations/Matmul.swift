import CPinionKernels

/// One matrix and where its products go.
package struct MatmulOutput {
    package let weights: PackedMatrix
    /// [tokens, stride]
    package let out: UnsafeMutablePointer<Float>
    /// At least ``PackedMatrix/paddedRows``: whole groups are written, the padding as zeros.
    package let stride: Int

    package init(_ weights: PackedMatrix, out: UnsafeMutablePointer<Float>, stride: Int) {
        precondition(stride >= weights.paddedRows, "rows of \(stride) floats for \(weights.paddedRows) outputs")
        self.weights = weights
        self.out = out
        self.stride = stride
    }
}

extension Kernels {
    /// Pieces per worker that a product is cut into: enough to even out, few enough to stream.
    private static let piecesPerWorker = 8

    /// Multiplies the same activations by several matrices in one pass of the team: `out[t, r] = weights[r, :] . x[t, :]`.
    ///
    /// Work is split over output rows only, never over the columns that are summed, so a product does not depend on
    /// the number of workers or tokens.
    package func matmul(_ outputs: [MatmulOutput], _ x: ActivationRows, tokens: Int, team: WorkerTeam) {
        guard tokens > 0 else { return }
        precondition(tokens <= x.capacity, "\(tokens) tokens in rows for \(x.capacity)")
        let total = outputs.reduce(0) { $0 + $1.weights.groups }
        let grain = (total + team.workers * Self.piecesPerWorker - 1) / (team.workers * Self.piecesPerWorker)
        team.forEach(total, grain: grain) { range in
            var first = 0
            for output in outputs {
                let groups = output.weights.groups
                let part = range.clamped(to: first..<first + groups)
                if !part.isEmpty {
                    multiply(output, x, tokens: tokens, groups: part.lowerBound - first..<part.upperBound - first)
                }
                first += groups
            }
        }
    }

    private func multiply(_ output: MatmulOutput, _ x: ActivationRows, tokens: Int, groups: Range<Int>) {
        let weights = output.weights
        precondition(
            weights.columns == x.columns, "a matrix of \(weights.columns) columns, activations of \(x.columns)")
        var arguments = pn_matmul(
            weights: weights.storage.pointer, group_bytes: weights.groupBytes, columns: weights.columns, x: x.floats,
            x_stride: x.columns, q: x.quantised, tokens: tokens, out: output.out, out_stride: output.stride)
        kernel(for: weights.type.format)(&arguments, groups.lowerBound, groups.count)
    }

    private func kernel(for format: pn_format) -> @convention(c) (UnsafePointer<pn_matmul>?, Int, Int) -> Void {
        guard let kernel = pn_matmul_of_format(table, format) else {
            preconditionFailure("no kernel for format \(format) in \(name)")
        }
        return kernel
    }
}
