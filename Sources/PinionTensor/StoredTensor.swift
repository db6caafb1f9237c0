/// A tensor in a mapped file: where its elements lie, and how they are to be read.
package struct StoredTensor: Sendable {
    /// The file's own name for it, for messages.
    package let name: String
    package let type: StorageType
    /// Sizes with the contiguous dimension first: `[columns, rows]` for a matrix. Of a transposed matrix these are the
    /// sizes that its reader sees, and the file has its rows contiguous.
    package let shape: [Int]
    package let file: MappedFile
    /// The tensor's bytes in the mapping.
    let range: Range<Int>
    /// Whether the file has the matrix transposed.
    package var isTransposed = false
    /// Whether the file has the rows of the matrix's two halves in turn, so that the second half's first row is the file's
    /// second; of a vector its elements.
    package var isInterleaved = false
    /// Added to every element as it is read: norm weights of some families are stored less 1.
    package var addend: Float = 0
    /// Factors of eight-bit floats; nil for 1.
    package var scales: BlockScales?
    /// Of ``StorageType/splitMXFP4``: where the exponents of its blocks lie, a byte each, in the blocks' order.
    package var exponents: Exponents?

    /// The exponents of a tensor's MXFP4 blocks, which are a tensor of their own in the file.
    package struct Exponents: Sendable {
        /// The file's own name for it.
        package let name: String
        let file: MappedFile
        let range: Range<Int>

        package init(_ tensor: StoredTensor) {
            (name, file, range) = (tensor.name, tensor.file, tensor.range)
        }

        package var byteCount: Int { range.count }

        private init(_ whole: Exponents, _ range: Range<Int>) {
            (name, file, self.range) = (whole.name, whole.file, range)
        }

        /// Valid while the file lives.
        var bytes: UnsafeRawBufferPointer { UnsafeRawBufferPointer(rebasing: file.bytes[range]) }

        /// One of `count` equal parts.
        fileprivate func part(_ index: Int, of count: Int) -> Exponents {
            let first = range.lowerBound + index * (range.count / count)
            return Exponents(self, first..<first + range.count / count)
        }
    }

    /// Factors that whole blocks of a matrix share.
    package struct BlockScales: Sendable {
        /// [blocks of rows, blocks of columns]
        package let values: [Float]
        package let blockRows: Int
        package let blockColumns: Int
        let rowBlocks: Int

        /// - Returns: nil when there are not as many factors as the matrix has blocks.
        package init?(values: [Float], blockRows: Int, blockColumns: Int, rows: Int, columns: Int) {
            guard blockRows > 0, blockColumns > 0 else { return nil }
            rowBlocks = (columns + blockColumns - 1) / blockColumns
            guard (rows + blockRows - 1) / blockRows * rowBlocks == values.count else { return nil }
            self.values = values
            self.blockRows = blockRows
            self.blockColumns = blockColumns
        }

        func factor(row: Int, column: Int) -> Float {
            values[row / blockRows * rowBlocks + column / blockColumns]
        }
    }

    /// - Parameter range: Inside the file, and as long as type and shape say: the file's reader has checked it.
    package init(name: String, type: StorageType, shape: [Int], file: MappedFile, range: Range<Int>) {
        precondition(
            range.lowerBound >= 0 && range.upperBound <= file.bytes.count, "tensor '\(name)' lies outside its file")
        self.name = name
        self.type = type
        self.shape = shape
        self.file = file
        self.range = range
    }

    /// The same elements, seen with rows for columns; of three dimensions each matrix by itself.
    package func transposed() -> StoredTensor {
        var copy = view([shape[1], shape[0]] + shape.dropFirst(2), range)
        copy.isTransposed.toggle()
        return copy
    }

    /// One of the matrices of a three-dimensional tensor, whose last size is their number.
    ///
    /// Messages call it `name[index]`.
    package func matrix(_ index: Int) -> StoredTensor {
        precondition(shape.count == 3 && (0..<shape[2]).contains(index), "matrix \(index) of '\(name)', \(shape)")
        precondition(scales == nil, "'\(name)' has scales of one matrix")
        let bytes = byteCount / shape[2]
        let first = range.lowerBound + index * bytes
        var copy = view(Array(shape.prefix(2)), first..<first + bytes, name: "\(name)[\(index)]")
        copy.exponents = exponents?.part(index, of: shape[2])
        return copy
    }

    /// Bytes of the same tensor, read in the same way.
    private func view(_ shape: [Int], _ range: Range<Int>, name: String? = nil) -> StoredTensor {
        var copy = StoredTensor(name: name ?? self.name, type: type, shape: shape, file: file, range: range)
        (copy.isTransposed, copy.isInterleaved, copy.addend) = (isTransposed, isInterleaved, addend)
        (copy.scales, copy.exponents) = (scales, exponents)
        return copy
    }

    /// Where the file has one of `count` rows, or of as many elements.
    func storedPlace(_ place: Int, of count: Int) -> Int {
        guard isInterleaved else { return place }
        let half = count / 2
        return place < half ? 2 * place : 2 * (place - half) + 1
    }

    /// A vector as a matrix of one row.
    package func asRow() -> StoredTensor {
        precondition(shape.count == 1 && scales == nil && addend == 0, "'\(name)' is read as it is stored")
        return StoredTensor(name: name, type: type, shape: [elementCount, 1], file: file, range: range)
    }

    package var byteCount: Int { range.count }
    package var elementCount: Int { shape.reduce(1, *) }
    /// Valid while ``file`` lives.
    package var bytes: UnsafeRawBufferPointer { UnsafeRawBufferPointer(rebasing: file.bytes[range]) }
    /// Where its bytes begin in the file, and where they end.
    package var fileRange: Range<Int> { range }
}

extension StoredTensor {
    /// Reads elements as floats, `step` apart in the file's order; only of types without blocks.
    func readElements(from first: Int, step: Int, into out: UnsafeMutableBufferPointer<Float>) {
        let bytes = bytes
        // The type is told apart outside of the loops: inside, it took longer than all the rest.
        switch type {
        case .format(.f32):
            for place in out.indices {
                out[place] = bytes.loadUnaligned(fromByteOffset: (first + place * step) * 4, as: Float.self)
            }
        case .format(.f16):
            for place in out.indices {
                let half = bytes.loadUnaligned(fromByteOffset: (first + place * step) * 2, as: UInt16.self)
                out[place] = PackedMatrix.float(fromHalf: half)
            }
        case .format(.bf16):
            for place in out.indices {
                let bits = bytes.loadUnaligned(fromByteOffset: (first + place * step) * 2, as: UInt16.self)
                out[place] = Float(bitPattern: UInt32(bits) << 16)
            }
        case .f8E4M3:
            for place in out.indices { out[place] = Self.eightBitFloats[Int(bytes[first + place * step])] }
        case .format, .coded, .splitMXFP4, .other: preconditionFailure("\(type.name) has no single elements")
        }
    }

    /// The values of the 256 eight-bit floats: sign, 4 exponent bits with a bias of 7, 3 fraction bits; all ones are NaN.
    static let eightBitFloats: [Float] = (0..<256).map { bits in
        let (exponent, fraction) = (bits >> 3 & 15, Float(bits & 7))
        if bits & 0x7f == 0x7f { return .nan }
        let magnitude =
            exponent == 0
            ? fraction * 0x1p-9 : Float(sign: .plus, exponent: exponent - 7, significand: 1 + fraction / 8)
        return bits & 0x80 == 0 ? magnitude : -magnitude
    }
}
