import Foundation

/// A GGUF file taken apart, to be put together again with changes; knows no more of the format than that needs.
struct GGUFEditor {
    struct Entry {
        var key: String
        var type: UInt32
        /// The value as it stands in the file.
        var value: Data
    }

    struct Tensor {
        var name: String
        var shape: [UInt64]
        var type: UInt32
        var data: Data
    }

    private static let alignment = 32
    /// Bytes of a value of each type; strings (8) and arrays (9) tell their own.
    private static let sizes: [UInt32: Int] = [0: 1, 1: 1, 2: 2, 3: 2, 4: 4, 5: 4, 6: 4, 7: 1, 10: 8, 11: 8, 12: 8]

    var metadata: [Entry] = []
    var tensors: [Tensor] = []
    /// Offsets of counts, lengths, types, sizes and other numbers of the header; those inside of arrays left out.
    private(set) var fields: [Int] = []
    private(set) var headerLength = 0

    init(_ bytes: Data) throws {
        var reader = Reader(bytes: bytes)
        _ = try reader.integer(UInt32.self)
        _ = try reader.integer(UInt32.self)
        let tensorCount = try reader.integer(UInt64.self)
        let metadataCount = try reader.integer(UInt64.self)
        for _ in 0..<metadataCount {
            let key = try reader.string()
            let type = try reader.integer(UInt32.self)
            let start = reader.offset
            try reader.skipValue(type, sizes: Self.sizes)
            metadata.append(Entry(key: key, type: type, value: bytes[start..<reader.offset]))
        }
        var offsets: [Int] = []
        for _ in 0..<tensorCount {
            let name = try reader.string()
            var shape: [UInt64] = []
            for _ in 0..<(try reader.integer(UInt32.self)) { shape.append(try reader.integer(UInt64.self)) }
            let type = try reader.integer(UInt32.self)
            offsets.append(Int(try reader.integer(UInt64.self)))
            tensors.append(Tensor(name: name, shape: shape, type: type, data: Data()))
        }
        headerLength = reader.offset
        fields = reader.fields
        let dataStart = Self.aligned(headerLength)
        // The fixtures' tensors follow each other in the order of their offsets.
        for (index, offset) in offsets.enumerated() {
            let end = index + 1 < offsets.count ? dataStart + offsets[index + 1] : bytes.count
            tensors[index].data = bytes[dataStart + offset..<end]
        }
    }

    /// The whole file.
    func bytes() -> Data {
        var out = Data("GGUF".utf8)
        out.append(integer: UInt32(3))
        out.append(integer: UInt64(tensors.count))
        out.append(integer: UInt64(metadata.count))
        for entry in metadata {
            out.append(string: entry.key)
            out.append(integer: entry.type)
            out.append(entry.value)
        }
        var offset = 0
        for tensor in tensors {
            out.append(string: tensor.name)
            out.append(integer: UInt32(tensor.shape.count))
            for size in tensor.shape { out.append(integer: size) }
            out.append(integer: tensor.type)
            out.append(integer: UInt64(offset))
            offset += Self.aligned(tensor.data.count)
        }
        for tensor in tensors {
            out.append(Data(count: Self.aligned(out.count) - out.count))
            out.append(tensor.data)
        }
        return out
    }

    private static func aligned(_ offset: Int) -> Int { (offset + alignment - 1) / alignment * alignment }

    // MARK: - Changes

    mutating func remove(_ key: String) {
        metadata.removeAll { $0.key == key }
    }

    mutating func set(_ key: String, type: UInt32, _ value: Data) {
        remove(key)
        metadata.append(Entry(key: key, type: type, value: value))
    }

    mutating func set(_ key: String, _ value: UInt32) {
        var bytes = Data()
        bytes.append(integer: value)
        set(key, type: 4, bytes)
    }

    mutating func set(_ key: String, float value: Float) {
        var bytes = Data()
        bytes.append(integer: value.bitPattern)
        set(key, type: 6, bytes)
    }

    mutating func set(_ key: String, _ value: String) {
        var bytes = Data()
        bytes.append(string: value)
        set(key, type: 8, bytes)
    }

    mutating func changeTensor(_ name: String, _ change: (inout Tensor) -> Void) {
        for index in tensors.indices where tensors[index].name == name { change(&tensors[index]) }
    }

    mutating func removeTensor(_ name: String) {
        tensors.removeAll { $0.name == name }
    }

    mutating func addTensor(_ name: String, _ values: [Float]) {
        var data = Data()
        for value in values { data.append(integer: value.bitPattern) }
        tensors.append(Tensor(name: name, shape: [UInt64(values.count)], type: 0, data: data))
    }

    // MARK: -

    struct Malformed: Error {}

    private struct Reader {
        let bytes: Data
        var offset = 0
        var fields: [Int] = []

        mutating func integer<Value: FixedWidthInteger>(_: Value.Type) throws -> Value {
            fields.append(offset)
            return try rawInteger()
        }

        private mutating func rawInteger<Value: FixedWidthInteger>() throws -> Value {
            let width = MemoryLayout<Value>.size
            guard bytes.count - offset >= width else { throw Malformed() }
            defer { offset += width }
            return Value(
                littleEndian: bytes.withUnsafeBytes { $0.loadUnaligned(fromByteOffset: offset, as: Value.self) })
        }

        mutating func string() throws -> String {
            let length = Int(try integer(UInt64.self))
            guard bytes.count - offset >= length else { throw Malformed() }
            defer { offset += length }
            return String(decoding: bytes[offset..<offset + length], as: UTF8.self)
        }

        mutating func skipValue(_ type: UInt32, sizes: [UInt32: Int]) throws {
            switch type {
            case 8: _ = try string()
            case 9:
                let element = try integer(UInt32.self)
                let count = try integer(UInt64.self)
                let noted = fields
                for _ in 0..<count { try skipValue(element, sizes: sizes) }
                fields = noted
            default:
                guard let size = sizes[type] else { throw Malformed() }
                fields.append(offset)
                offset += size
            }
        }
    }
}

extension Data {
    mutating func append(integer value: some FixedWidthInteger) {
        Swift.withUnsafeBytes(of: value.littleEndian) { append(contentsOf: $0) }
    }

    mutating func append(string: String) {
        append(integer: UInt64(string.utf8.count))
        append(contentsOf: string.utf8)
    }
}
