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
    /// Of the matrix.
    fileprivate let groups: Int
    /// Of the rows.
    fileprivate let tiles: Int

    package init(rows: Range<Int>, _ output: MatmulOutput) {
        self.rows = rows
        self.output = output
        groups = output.weights.groups
        tiles = rows.count.ceilingQuotient(ActivationRows.tileTokens)
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

    /// Multiplies ranges of rows each by a matrix of their own, in one pass of the team.
    ///
    /// Work is cut by row groups times tiles of rows, because a matrix that many rows meet takes longer.
    package func matmul(_ parts: [MatmulPart], _ x: ActivationRows, team: WorkerTeam) {
        let total = parts.reduce(0) { $0 + $1.groups * $1.tiles }
        let pieces = team.workers * Self.piecesPerWorker
        for part in parts {
            precondition(part.rows.upperBound <= x.capacity, "rows \(part.rows) of \(x.capacity)")
        }
        team.forEach(total, grain: (total + pieces - 1) / pieces) { range in
            var first = 0
            for part in parts {
                let cost = part.groups * part.tiles
                let here = range.clamped(to: first..<first + cost)
                // A group belongs to the piece that has its first tile.
                let groups =
                    (here.lowerBound - first).ceilingQuotient(
                        part.tiles)..<(here.upperBound - first).ceilingQuotient(part.tiles)
                if !groups.isEmpty {
                    multiply(part.output, x, from: part.rows.lowerBound, tokens: part.rows.count, groups: groups)
                }
                first += cost
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

extension Int {
    /// The quotient, rounded up.
    fileprivate func ceilingQuotient(_ divisor: Int) -> Int { (self + divisor - 1) / divisor }
}
