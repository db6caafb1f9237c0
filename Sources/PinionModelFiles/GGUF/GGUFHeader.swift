import PinionTensor

/// The part of a GGUF file that stands before its tensors: metadata, and where the tensors lie.
///
/// Format: version 3, little-endian: magic number, version, counts of tensors and entries, the entries, the table of
/// tensors, and zeros up to the alignment, from where tensors' offsets count.
struct GGUFHeader {
    private static let magic: UInt32 = 0x4655_4747
    private static let version: UInt32 = 3
    static let defaultAlignment = 32

    /// A tensor as the table names it.
    struct Tensor {
        var name: String
        /// Sizes with the contiguous dimension first.
        var shape: [Int]
        var type: TensorType

        var byteCount: Int { shape.dropFirst().reduce(shape[0] / type.blockElements * type.blockBytes, *) }
    }

    /// Each with its key, as they lie in a file.
    private(set) var entries: [[UInt8]] = []
    var tensors: [Tensor] = []
    var alignment = GGUFHeader.defaultAlignment

    /// Adds an entry as another file has it, its key included.
    mutating func add(bytes: some Sequence<UInt8>) {
        entries.append(Array(bytes))
    }

    mutating func add(_ key: String, _ value: GGUFValue) {
        entries.append(value.entry(key))
    }

    /// Where each tensor begins, counted from the end of the header.
    var offsets: [Int] {
        var end = 0
        return tensors.map { tensor in
            defer { end += padded(tensor.byteCount) }
            return end
        }
    }

    /// Bytes of a whole file.
    var fileBytes: Int { bytes().count + tensors.reduce(0) { $0 + padded($1.byteCount) } }

    /// A number of bytes, rounded up to the alignment.
    func padded(_ count: Int) -> Int { (count + alignment - 1) / alignment * alignment }

    /// The header's bytes, the zeros before the first tensor included.
    func bytes() -> [UInt8] {
        var out: [UInt8] = []
        out.append(number: Self.magic)
        out.append(number: Self.version)
        out.append(number: UInt64(tensors.count))
        out.append(number: UInt64(entries.count))
        for entry in entries { out += entry }
        for (tensor, offset) in zip(tensors, offsets) {
            out.append(text: tensor.name)
            out.append(number: UInt32(tensor.shape.count))
            for size in tensor.shape { out.append(number: UInt64(size)) }
            out.append(number: tensor.type.rawValue)
            out.append(number: UInt64(offset))
        }
        return out + [UInt8](repeating: 0, count: padded(out.count) - out.count)
    }
}

/// A value of metadata to be written, by the types that the format has for it.
enum GGUFValue {
    case uint32(UInt32)
    case int32(Int32)
    case float32(Float)
    case bool(Bool)
    case string([UInt8])
    case strings([[UInt8]])
    case int32s([Int32])
    case float32s([Float])
    case bools([Bool])

    static func text(_ text: String) -> GGUFValue { .string(Array(text.utf8)) }

    /// The format's numbers of types.
    private enum Kind: UInt32 {
        case uint32 = 4
        case int32 = 5
        case float32 = 6
        case bool = 7
        case string = 8
        case array = 9
    }

    /// Key, type and value.
    func entry(_ key: String) -> [UInt8] {
        var out: [UInt8] = []
        out.append(text: key)
        func scalar(_ kind: Kind) { out.append(number: kind.rawValue) }
        func array(_ kind: Kind, _ count: Int) {
            out.append(number: Kind.array.rawValue)
            out.append(number: kind.rawValue)
            out.append(number: UInt64(count))
        }
        switch self {
        case .uint32(let value):
            scalar(.uint32)
            out.append(number: value)
        case .int32(let value):
            scalar(.int32)
            out.append(number: UInt32(bitPattern: value))
        case .float32(let value):
            scalar(.float32)
            out.append(number: value.bitPattern)
        case .bool(let value):
            scalar(.bool)
            out.append(value ? 1 : 0)
        case .string(let value):
            scalar(.string)
            out.append(string: value)
        case .strings(let values):
            array(.string, values.count)
            for value in values { out.append(string: value) }
        case .int32s(let values):
            array(.int32, values.count)
            for value in values { out.append(number: UInt32(bitPattern: value)) }
        case .float32s(let values):
            array(.float32, values.count)
            for value in values { out.append(number: value.bitPattern) }
        case .bools(let values):
            array(.bool, values.count)
            for value in values { out.append(value ? 1 : 0) }
        }
        return out
    }
}

extension [UInt8] {
    fileprivate mutating func append(number: some FixedWidthInteger) {
        Swift.withUnsafeBytes(of: number.littleEndian) { append(contentsOf: $0) }
    }

    fileprivate mutating func append(text: String) { append(string: Array(text.utf8)) }

    fileprivate mutating func append(string: [UInt8]) {
        append(number: UInt64(string.count))
        append(contentsOf: string)
    }
}
