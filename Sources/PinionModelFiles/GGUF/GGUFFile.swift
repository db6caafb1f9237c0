package import PinionTensor

/// A GGUF model file: its metadata and where its tensors lie.
///
/// Format: versions 2 and 3, little-endian, as described in the GGUF specification. Every count and offset is validated
/// against the file's length while reading, so a value of this type can be trusted by what is built on it.
package struct GGUFFile: Sendable {
    /// "GGUF" read as a little-endian integer.
    private static let magic: UInt32 = 0x4655_4747
    private static let supportedVersions: ClosedRange<UInt32> = 2...3
    private static let defaultAlignment = 32
    private static let maximumAlignment = 1 << 20
    private static let maximumDimensions: UInt32 = 4
    /// Metadata entries, and tensors, far above any model's.
    private static let maximumEntries = 1 << 16
    /// Least bytes that an entry takes in the header: a length, a type and a value of one byte.
    private static let leastMetadataBytes = 8 + 4 + 1
    /// A length, a dimension count, a type and an offset.
    private static let leastTensorBytes = 8 + 4 + 4 + 8

    package let version: UInt32
    /// In the file's order.
    package let metadata: [(key: String, value: MetadataValue)]
    /// Where each entry of ``metadata`` lies in the file, its key included.
    let metadataRanges: [Range<Int>]
    /// What tensors' offsets are multiples of.
    let alignment: Int
    package let tensors: [StoredTensor]
    package let file: MappedFile
    private let values: [FileWord: Int]
    private let tensorIndex: [FileWord: Int]

    /// Maps and checks a file.
    ///
    /// - Throws: ``TensorError`` naming the file, what was found and what was expected.
    package init(path: String) throws(TensorError) {
        file = try MappedFile(path: path)
        var cursor = GGUFCursor(path: path, bytes: file.bytes)
        guard file.bytes.count >= 4, try cursor.read(UInt32.self, "the magic number") == Self.magic else {
            let found = file.bytes.prefix(4).map { byte in
                (0x20...0x7e).contains(byte) ? String(UnicodeScalar(byte)) : "\\x" + String(byte, radix: 16)
            }
            throw TensorError(
                .malformedFile, "\(path): is not a GGUF file: it starts with '\(found.joined())', expected 'GGUF'")
        }
        version = try cursor.read(UInt32.self, "the version")
        guard Self.supportedVersions.contains(version) else {
            let kind =
                Self.supportedVersions.contains(version.byteSwapped) ? "big-endian GGUF" : "GGUF version \(version)"
            throw TensorError(.unsupported, "\(path): \(kind) is not supported, expected version 2 or 3, little-endian")
        }
        let tensorCount = try Self.readEntryCount(&cursor, "the tensor count", unit: Self.leastTensorBytes)
        let metadataCount = try Self.readEntryCount(&cursor, "the metadata count", unit: Self.leastMetadataBytes)

        (metadata, metadataRanges, values) = try Self.readMetadata(&cursor, count: metadataCount)
        alignment = try Self.alignment(
            of: values["general.alignment"].map { [metadata] in metadata[$0].value }, path)
        (tensors, tensorIndex) = try Self.readTensors(&cursor, count: tensorCount, alignment: alignment, file: file)
    }

    package subscript(key: String) -> MetadataValue? {
        values[FileWord(key)].map { metadata[$0].value }
    }

    package func tensor(named name: String) -> StoredTensor? {
        tensorIndex[FileWord(name)].map { tensors[$0] }
    }

    private static func readEntryCount(
        _ cursor: inout GGUFCursor, _ what: String, unit: Int
    ) throws(TensorError) -> Int {
        let count = try cursor.readCount(what, unit: unit)
        guard count <= maximumEntries else {
            throw cursor.malformed("\(what) is \(count), expected at most \(maximumEntries)")
        }
        return count
    }

    private static func readMetadata(
        _ cursor: inout GGUFCursor, count: Int
    ) throws(TensorError) -> ([(key: String, value: MetadataValue)], [Range<Int>], [FileWord: Int]) {
        var metadata: [(key: String, value: MetadataValue)] = []
        var ranges: [Range<Int>] = []
        var index: [FileWord: Int] = [:]
        for _ in 0..<count {
            let start = cursor.offset
            let key = try cursor.readName("a metadata key")
            guard index.updateValue(metadata.count, forKey: FileWord(key)) == nil else {
                throw cursor.malformed("metadata key '\(key)' occurs twice")
            }
            metadata.append((key, try cursor.readValue(key: key)))
            ranges.append(start..<cursor.offset)
        }
        return (metadata, ranges, index)
    }

    private static func alignment(of value: MetadataValue?, _ path: String) throws(TensorError) -> Int {
        guard let value else { return defaultAlignment }
        guard let alignment = value.int, (1...maximumAlignment).contains(alignment),
            alignment & (alignment - 1) == 0
        else {
            throw TensorError(
                .malformedFile,
                "\(path): general.alignment is \(value.summary), expected a power of two up to \(maximumAlignment)")
        }
        return alignment
    }

    private static func readTensors(
        _ cursor: inout GGUFCursor, count: Int, alignment: Int, file: MappedFile
    ) throws(TensorError) -> ([StoredTensor], [FileWord: Int]) {
        var entries: [(name: String, type: StorageType, shape: [Int], bytes: Int, offset: UInt64)] = []
        var index: [FileWord: Int] = [:]
        for _ in 0..<count {
            let name = try cursor.readName("a tensor name")
            guard index.updateValue(entries.count, forKey: FileWord(name)) == nil else {
                throw cursor.malformed("tensor '\(name)' occurs twice")
            }
            let shape = try readShape(&cursor, name: name)
            let number = try cursor.read(UInt32.self, "the type of tensor '\(name)'")
            guard let type = StorageType(ggmlNumber: number) else {
                let found = StorageType.otherNames[number] ?? "number \(number)"
                throw TensorError(
                    .unsupported,
                    "\(cursor.path): tensor '\(name)' has type \(found), expected one of \(StorageType.ggmlNames)")
            }
            let bytes = try byteCount(of: shape, type: type, name: name, cursor)
            entries.append((name, type, shape, bytes, try cursor.read(UInt64.self, "the offset of tensor '\(name)'")))
        }
        let dataStart = (cursor.offset + alignment - 1) / alignment * alignment
        var tensors: [StoredTensor] = []
        for entry in entries {
            guard let offset = Int(exactly: entry.offset), offset % alignment == 0 else {
                throw cursor.malformed(
                    "tensor '\(entry.name)' lies at offset \(entry.offset), not aligned to \(alignment)")
            }
            let (start, overflow) = dataStart.addingReportingOverflow(offset)
            guard !overflow, start <= cursor.bytes.count, entry.bytes <= cursor.bytes.count - start else {
                throw TensorError(
                    .malformedFile,
                    "\(cursor.path): is truncated: tensor '\(entry.name)' needs \(entry.bytes) bytes at offset "
                        + "\(entry.offset) of the data, but the file has \(cursor.bytes.count) bytes in all")
            }
            tensors.append(
                StoredTensor(
                    name: entry.name, type: entry.type, shape: entry.shape, file: file,
                    range: start..<start + entry.bytes))
        }
        try checkOverlap(tensors, cursor)
        return (tensors, index)
    }

    /// Tensors that share bytes would let a small file ask for any amount of memory.
    private static func checkOverlap(_ tensors: [StoredTensor], _ cursor: GGUFCursor) throws(TensorError) {
        let sorted = tensors.sorted { $0.fileRange.lowerBound < $1.fileRange.lowerBound }
        for (first, second) in zip(sorted, sorted.dropFirst())
        where second.fileRange.lowerBound < first.fileRange.upperBound {
            throw TensorError(.malformedFile, "\(cursor.path): tensors '\(first.name)' and '\(second.name)' overlap")
        }
    }

    private static func readShape(_ cursor: inout GGUFCursor, name: String) throws(TensorError) -> [Int] {
        let dimensions = try cursor.read(UInt32.self, "the dimension count of tensor '\(name)'")
        guard (1...maximumDimensions).contains(dimensions) else {
            throw cursor.malformed("tensor '\(name)' has \(dimensions) dimensions, expected 1 to \(maximumDimensions)")
        }
        var shape: [Int] = []
        for _ in 0..<dimensions {
            let size = try cursor.read(UInt64.self, "the shape of tensor '\(name)'")
            guard let value = Int(exactly: size), value > 0 else {
                throw cursor.malformed("tensor '\(name)' has a dimension of \(size)")
            }
            shape.append(value)
        }
        return shape
    }

    private static func byteCount(
        of shape: [Int], type: StorageType, name: String, _ cursor: GGUFCursor
    ) throws(TensorError) -> Int {
        guard shape[0] % type.blockElements == 0 else {
            throw cursor.malformed(
                "tensor '\(name)' has rows of \(shape[0]) elements, not a multiple of \(type.name)'s \(type.blockElements)"
            )
        }
        var total = shape[0] / type.blockElements
        for factor in shape.dropFirst() + [type.blockBytes] {
            let (product, overflow) = total.multipliedReportingOverflow(by: factor)
            guard !overflow else {
                throw cursor.malformed("tensor '\(name)' of shape \(shape) is larger than any file")
            }
            total = product
        }
        return total
    }
}
