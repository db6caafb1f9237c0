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

/// One matrix, and which rows of the activations it multiplies.
package struct MatmulPart {
    /// From a multiple of ``ActivationRows/tileTokens`` on.
    package let rows: Range<Int>
    /// `[rows.count, stride]`
    package let output: MatmulOutput

    package init(rows: Range<Int>, _ output: MatmulOutput) {
        self.rows = rows
        self.output = output
    }
}

extension Kernels {
    /// Pieces per worker that a product is cut into: enough to even out, few enough to stream.
    private static let piecesPerWorker = 8
    /// The same where each matrix has rows of its own, so that pieces of equal size take unequal times.
    private static let partPiecesPerWorker = 32

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

    /// Multiplies ranges of rows each by a matrix of their own, in one pass of the team.
    package func matmul(_ parts: [MatmulPart], _ x: ActivationRows, team: WorkerTeam) {
        let total = parts.reduce(0) { $0 + $1.output.weights.groups }
        let pieces = team.workers * Self.partPiecesPerWorker
        // Where each part's groups begin, so that a piece finds its own without passing over all parts.
        var starts: [Int] = []
        starts.reserveCapacity(parts.count)
        var next = 0
        for part in parts {
            precondition(part.rows.upperBound <= x.capacity, "rows \(part.rows) of \(x.capacity)")
            starts.append(next)
            next += part.output.weights.groups
        }
        team.forEach(total, grain: (total + pieces - 1) / pieces) { [starts] range in
            var place = (starts.firstIndex { $0 > range.lowerBound } ?? starts.count) - 1
            while place < parts.count, starts[place] < range.upperBound {
                let (part, first) = (parts[place], starts[place])
                let here = range.clamped(to: first..<first + part.output.weights.groups)
                multiply(
                    part.output, x, from: part.rows.lowerBound, tokens: part.rows.count,
                    groups: here.lowerBound - first..<here.upperBound - first)
                place += 1
            }
        }
    }

    private func multiply(
        _ output: MatmulOutput, _ x: ActivationRows, from row: Int = 0, tokens: Int, groups: Range<Int>
    ) {
        let weights = output.weights
        precondition(
            weights.columns == x.columns, "a matrix of \(weights.columns) columns, activations of \(x.columns)")
        var arguments = pn_matmul(
            weights: weights.start, group_bytes: weights.groupBytes, columns: weights.columns, x: x.row(row),
            x_stride: x.columns, q: row == 0 ? x.quantised : x.quantised(from: row), tokens: tokens, out: output.out,
            out_stride: output.stride)
        kernel(for: weights.type.format)(&arguments, groups.lowerBound, groups.count)
    }

    private func kernel(for format: pn_format) -> @convention(c) (UnsafePointer<pn_matmul>?, Int, Int) -> Void {
        guard let kernel = pn_matmul_of_format(table, format) else {
            preconditionFailure("no kernel for format \(format) in \(name)")
        }
        return kernel
    }
}
