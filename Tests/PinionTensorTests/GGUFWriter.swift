/// Little-endian bytes, front to back.
struct ByteWriter {
    var bytes: [UInt8] = []

    mutating func put<Value: FixedWidthInteger>(_ value: Value) {
        withUnsafeBytes(of: value.littleEndian) { bytes.append(contentsOf: $0) }
    }

    mutating func put(_ text: String) {
        put(UInt64(text.utf8.count))
        bytes.append(contentsOf: text.utf8)
    }

    mutating func pad(to alignment: Int) {
        while bytes.count % alignment != 0 { bytes.append(0) }
    }
}

/// Writes GGUF files by the specification, and files that break it in a chosen place.
struct GGUFWriter {
    static let magic: UInt32 = 0x4655_4747

    indirect enum Value {
        case uint8(UInt8), int8(Int8), uint16(UInt16), int16(Int16), uint32(UInt32), int32(Int32)
        case float32(Float), bool(Bool), string(String), uint64(UInt64), int64(Int64), float64(Double)
        /// All of one kind; the first one's type is written.
        case array([Value])
        case emptyArray(type: UInt32)
        /// Any type number with any bytes after it.
        case raw(type: UInt32, [UInt8])

        var type: UInt32 {
            switch self {
            case .uint8: 0
            case .int8: 1
            case .uint16: 2
            case .int16: 3
            case .uint32: 4
            case .int32: 5
            case .float32: 6
            case .bool: 7
            case .string: 8
            case .array, .emptyArray: 9
            case .uint64: 10
            case .int64: 11
            case .float64: 12
            case .raw(let type, _): type
            }
        }
    }

    struct Tensor {
        var name: String
        var type: UInt32
        var shape: [UInt64]
        var data: [UInt8]
        /// Instead of the offset where the data is put.
        var offset: UInt64?
        /// Instead of the number of `shape`.
        var dimensions: UInt32?
    }

    var magic = Self.magic
    var version: UInt32 = 3
    var metadata: [(key: String, value: Value)] = []
    var tensors: [Tensor] = []
    /// Of the data; `general.alignment` is written only by being in `metadata`.
    var alignment = 32
    /// Instead of the true counts.
    var tensorCount: UInt64?
    var metadataCount: UInt64?

    /// Everything before the tensors' data, without the padding.
    var header: [UInt8] {
        var out = ByteWriter()
        out.put(magic)
        out.put(version)
        out.put(tensorCount ?? UInt64(tensors.count))
        out.put(metadataCount ?? UInt64(metadata.count))
        for (key, value) in metadata {
            out.put(key)
            out.put(value.type)
            Self.put(value, into: &out)
        }
        var offset = 0
        for tensor in tensors {
            out.put(tensor.name)
            out.put(tensor.dimensions ?? UInt32(tensor.shape.count))
            for size in tensor.shape { out.put(size) }
            out.put(tensor.type)
            out.put(tensor.offset ?? UInt64(offset))
            offset += (tensor.data.count + alignment - 1) / alignment * alignment
        }
        return out.bytes
    }

    var bytes: [UInt8] {
        var out = ByteWriter(bytes: header)
        for tensor in tensors {
            out.pad(to: alignment)
            out.bytes += tensor.data
        }
        return out.bytes
    }

    private static func put(_ value: Value, into out: inout ByteWriter) {
        switch value {
        case .uint8(let value): out.put(value)
        case .int8(let value): out.put(value)
        case .uint16(let value): out.put(value)
        case .int16(let value): out.put(value)
        case .uint32(let value): out.put(value)
        case .int32(let value): out.put(value)
        case .float32(let value): out.put(value.bitPattern)
        case .bool(let value): out.put(UInt8(value ? 1 : 0))
        case .string(let value): out.put(value)
        case .uint64(let value): out.put(value)
        case .int64(let value): out.put(value)
        case .float64(let value): out.put(value.bitPattern)
        case .array(let values):
            out.put(values.first?.type ?? 0)
            out.put(UInt64(values.count))
            for value in values { put(value, into: &out) }
        case .emptyArray(let type):
            out.put(type)
            out.put(UInt64(0))
        case .raw(_, let bytes): out.bytes += bytes
        }
    }
}
