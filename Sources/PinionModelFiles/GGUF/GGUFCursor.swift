import PinionTensor

/// Reads a GGUF header front to back; every length is checked against the bytes that are left before it is believed.
struct GGUFCursor {
    /// Arrays of arrays deeper than this are refused.
    static let maximumArrayDepth = 4
    /// Elements of all arrays of a file together: above any vocabulary, and a bound on what reading them takes.
    static let maximumArrayElements = 1 << 21
    /// Keys and tensor names longer than this are refused: they are repeated in messages.
    static let maximumNameBytes = 1024

    let path: String
    let bytes: UnsafeRawBufferPointer
    private(set) var offset = 0
    private var arrayElements = 0
    var remaining: Int { bytes.count - offset }

    init(path: String, bytes: UnsafeRawBufferPointer) {
        self.path = path
        self.bytes = bytes
    }

    func malformed(_ what: String) -> TensorError {
        TensorError(.malformedFile, "\(path): \(what) (at byte \(offset))")
    }

    mutating func read<Value: FixedWidthInteger>(
        _: Value.Type, _ what: @autoclosure () -> String
    ) throws(TensorError) -> Value {
        guard remaining >= MemoryLayout<Value>.size else { throw malformed("the file ends inside \(what())") }
        let value = bytes.loadUnaligned(fromByteOffset: offset, as: Value.self)
        offset += MemoryLayout<Value>.size
        return Value(littleEndian: value)
    }

    /// A 64-bit count of things that take at least `unit` bytes each.
    mutating func readCount(_ what: @autoclosure () -> String, unit: Int) throws(TensorError) -> Int {
        let count = try read(UInt64.self, what())
        guard let value = Int(exactly: count), value <= remaining / unit else {
            throw malformed("\(what()) says \(count), more than the \(remaining) bytes that follow can hold")
        }
        return value
    }

    mutating func readString(_ what: @autoclosure () -> String) throws(TensorError) -> String {
        let count = try readCount("the length of \(what())", unit: 1)
        let slice = UnsafeRawBufferPointer(rebasing: bytes[offset..<offset + count])
        guard let text = String(validating: slice, as: UTF8.self) else { throw malformed("\(what()) is not UTF-8") }
        offset += count
        return text
    }

    /// A key or tensor name: short and without control characters, so that messages may repeat it.
    mutating func readName(_ what: String) throws(TensorError) -> String {
        let name = try readString(what)
        guard name.utf8.count <= Self.maximumNameBytes else {
            throw malformed("\(what) is \(name.utf8.count) bytes long, expected at most \(Self.maximumNameBytes)")
        }
        guard !name.unicodeScalars.contains(where: { $0.properties.generalCategory == .control }) else {
            throw malformed("\(what) has control characters")
        }
        return name
    }

    /// The element count of an array, charged to what the arrays of a file may hold together.
    private mutating func readElementCount(key: String, unit: Int) throws(TensorError) -> Int {
        let count = try readCount("the element count of '\(key)'", unit: unit)
        guard count <= Self.maximumArrayElements - arrayElements else {
            throw malformed(
                "'\(key)' brings the file's arrays to \(arrayElements + count) elements, "
                    + "expected at most \(Self.maximumArrayElements)")
        }
        arrayElements += count
        return count
    }

    mutating func readValue(key: String) throws(TensorError) -> MetadataValue {
        let type = try read(UInt32.self, "the type of '\(key)'")
        return try readValue(type: type, key: key, depth: 0)
    }

    private mutating func readValue(type: UInt32, key: String, depth: Int) throws(TensorError) -> MetadataValue {
        let what = "the value of '\(key)'"
        switch type {
        case 0: return .unsigned(UInt64(try read(UInt8.self, what)))
        case 1: return .signed(Int64(try read(Int8.self, what)))
        case 2: return .unsigned(UInt64(try read(UInt16.self, what)))
        case 3: return .signed(Int64(try read(Int16.self, what)))
        case 4: return .unsigned(UInt64(try read(UInt32.self, what)))
        case 5: return .signed(Int64(try read(Int32.self, what)))
        case 6: return .float(Double(Float(bitPattern: try read(UInt32.self, what))))
        case 7: return .bool(try readBool(key))
        case 8: return .string(try readString(what))
        case 9: return try readArray(key: key, depth: depth)
        case 10: return .unsigned(try read(UInt64.self, what))
        case 11: return .signed(try read(Int64.self, what))
        case 12: return .float(Double(bitPattern: try read(UInt64.self, what)))
        default: throw malformed("'\(key)' has unknown value type \(type)")
        }
    }

    private mutating func readBool(_ key: String) throws(TensorError) -> Bool {
        let byte = try read(UInt8.self, "the value of '\(key)'")
        guard byte <= 1 else { throw malformed("'\(key)' is a boolean of \(byte), expected 0 or 1") }
        return byte == 1
    }

    private mutating func readArray(key: String, depth: Int) throws(TensorError) -> MetadataValue {
        guard depth < Self.maximumArrayDepth else {
            throw malformed("'\(key)' nests arrays deeper than \(Self.maximumArrayDepth)")
        }
        let type = try read(UInt32.self, "the element type of '\(key)'")
        switch type {
        case 0: return .integers(try readIntegers(UInt8.self, key))
        case 1: return .integers(try readIntegers(Int8.self, key))
        case 2: return .integers(try readIntegers(UInt16.self, key))
        case 3: return .integers(try readIntegers(Int16.self, key))
        case 4: return .integers(try readIntegers(UInt32.self, key))
        case 5: return .integers(try readIntegers(Int32.self, key))
        case 10: return .integers(try readIntegers(UInt64.self, key))
        case 11: return .integers(try readIntegers(Int64.self, key))
        case 6: return .floats(try readIntegers(UInt32.self, key).map { Float(bitPattern: UInt32($0)) })
        case 12:
            return .floats(try readIntegers(Int64.self, key).map { Float(Double(bitPattern: UInt64(bitPattern: $0))) })
        case 7:
            let count = try readElementCount(key: key, unit: 1)
            var values: [Bool] = []
            values.reserveCapacity(count)
            for _ in 0..<count { values.append(try readBool(key)) }
            return .bools(values)
        case 8:
            // A string is at least its 8-byte length.
            let count = try readElementCount(key: key, unit: 8)
            var values: [String] = []
            values.reserveCapacity(count)
            for _ in 0..<count { values.append(try readString("an element of '\(key)'")) }
            return .strings(values)
        case 9:
            // An array is at least its element type and count.
            let count = try readElementCount(key: key, unit: 12)
            var values: [MetadataValue] = []
            values.reserveCapacity(count)
            for _ in 0..<count { values.append(try readArray(key: key, depth: depth + 1)) }
            return .nested(values)
        default: throw malformed("'\(key)' is an array of unknown element type \(type)")
        }
    }

    private mutating func readIntegers<Value: FixedWidthInteger>(
        _: Value.Type, _ key: String
    ) throws(TensorError) -> [Int64] {
        let width = MemoryLayout<Value>.size
        let count = try readElementCount(key: key, unit: width)
        var values: [Int64] = []
        values.reserveCapacity(count)
        for index in 0..<count {
            let value = bytes.loadUnaligned(fromByteOffset: offset + index * width, as: Value.self)
            guard let wide = Int64(exactly: Value(littleEndian: value)) else {
                throw malformed("an element of '\(key)' is \(value), beyond what this build reads")
            }
            values.append(wide)
        }
        offset += count * width
        return values
    }
}
