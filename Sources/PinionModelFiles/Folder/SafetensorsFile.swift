import PinionJSON
import PinionTensor

/// A safetensors file: a JSON header that says where tensors lie, and their bytes.
///
/// Format: a 64-bit little-endian length, as many bytes of JSON, then the data that the header's offsets count from. Every
/// number is checked against the file's length, so that a value of this type can be trusted.
struct SafetensorsFile: Sendable {
    /// The format's own limit of the header.
    static let maximumHeader = 100_000_000
    /// Tensors far above any model's, and the JSON values that describe them.
    static let maximumTensors = 1 << 16
    static let maximumDimensions = 8
    private static let lengthBytes = 8
    private static let metadataName: FileWord = "__metadata__"
    private static let limits = JSONLimits(depth: 8, values: 1 << 20)
    /// The format's names of types, and bytes of an element.
    private static let types: [FileWord: (type: StorageType, bytes: Int)] = [
        "F32": (.format(.f32), 4), "F16": (.format(.f16), 2), "BF16": (.format(.bf16), 2), "F8_E4M3": (.f8E4M3, 1),
    ]
    private static let otherTypes: [FileWord: Int] = [
        "F64": 8, "I64": 8, "U64": 8, "I32": 4, "U32": 4, "I16": 2, "U16": 2, "I8": 1, "U8": 1, "BOOL": 1, "F8_E5M2": 1,
        "C64": 8, "F8_E8M0": 1,
    ]

    let file: MappedFile
    /// In the order of their bytes.
    let tensors: [StoredTensor]

    /// - Throws: ``ModelError`` naming the file and the tensor, what was found and what was expected.
    init(path: String) throws(ModelError) {
        do throws(TensorError) {
            file = try MappedFile(path: path)
        } catch { throw ModelError(error) }
        let bytes = file.bytes
        func malformed(_ what: String) -> ModelError { ModelError(TensorError(.malformedFile, "\(path): \(what)")) }
        guard bytes.count >= Self.lengthBytes else {
            throw malformed("is truncated: it ends inside the header's length")
        }
        let told = UInt64(littleEndian: bytes.loadUnaligned(as: UInt64.self))
        guard told <= UInt64(min(bytes.count - Self.lengthBytes, Self.maximumHeader)), let length = Int(exactly: told)
        else {
            throw malformed(
                "is no safetensors file, or truncated: it promises a header of \(told) bytes and has \(bytes.count)")
        }
        let text = UnsafeRawBufferPointer(rebasing: bytes[Self.lengthBytes..<Self.lengthBytes + length])
        let header: JSONObject
        do throws(JSONError) {
            let value = try JSONReader.read(text.bindMemory(to: UInt8.self), limits: Self.limits) {
                (reader) throws(JSONError) in try reader.readValue()
            }
            guard case .object(let object) = value else { throw JSONError(.type, "is no object", offset: 0) }
            header = object
        } catch { throw malformed("has a header that is not JSON: \(error)") }
        guard header.members.count <= Self.maximumTensors else {
            throw malformed("has \(header.members.count) tensors, expected at most \(Self.maximumTensors)")
        }
        var tensors: [StoredTensor] = []
        let dataStart = Self.lengthBytes + length
        for member in header.members where FileWord(member.name) != Self.metadataName {
            tensors.append(try Self.tensor(member, in: file, dataStart: dataStart))
        }
        tensors.sort { $0.fileRange.lowerBound < $1.fileRange.lowerBound }
        for (first, second) in zip(tensors, tensors.dropFirst())
        where second.fileRange.lowerBound < first.fileRange.upperBound {
            throw malformed("tensors '\(first.name)' and '\(second.name)' overlap")
        }
        self.tensors = tensors
    }

    private static func tensor(
        _ member: JSONObject.Member, in file: MappedFile, dataStart: Int
    ) throws(ModelError) -> StoredTensor {
        let name = FileWord(member.name).shown
        func malformed(_ what: String) -> ModelError {
            ModelError(TensorError(.malformedFile, "\(file.path): tensor '\(name)' \(what)"))
        }
        guard case .object(let entry) = member.value, case .string(let typeName)? = entry["dtype"],
            let sizes = entry["shape"].flatMap(Self.integers),
            let offsets = entry["data_offsets"].flatMap(Self.integers),
            offsets.count == 2
        else { throw malformed("has no dtype, shape and data_offsets") }
        guard sizes.count <= maximumDimensions, sizes.allSatisfy({ $0 > 0 }) else {
            throw malformed(
                "has shape \(sizes.prefix(maximumDimensions)), expected at most \(maximumDimensions) sizes above 0")
        }
        let known = types[FileWord(typeName)]
        guard let width = known?.bytes ?? otherTypes[FileWord(typeName)] else {
            throw malformed("has type '\(FileWord(typeName).shown)', which the format does not know")
        }
        var count = width
        for size in sizes {
            let (product, overflow) = count.multipliedReportingOverflow(by: size)
            guard !overflow else { throw malformed("of shape \(sizes) is larger than any file") }
            count = product
        }
        let room = file.bytes.count - dataStart
        guard (0...room).contains(offsets[0]), (offsets[0]...max(room, offsets[0])).contains(offsets[1]) else {
            throw malformed(
                "lies at bytes \(offsets[0]) to \(offsets[1]) of the data, but the file has only \(room): it is truncated"
            )
        }
        guard offsets[1] - offsets[0] == count else {
            throw malformed("of shape \(sizes) has \(offsets[1] - offsets[0]) bytes, expected \(count)")
        }
        return StoredTensor(
            name: member.name, type: known?.type ?? .other(typeName), shape: sizes.isEmpty ? [1] : sizes.reversed(),
            file: file, range: dataStart + offsets[0]..<dataStart + offsets[1])
    }

    private static func integers(_ value: JSONValue) -> [Int]? {
        guard case .array(let elements) = value else { return nil }
        let numbers = elements.compactMap { element -> Int? in
            if case .integer(let number) = element { Int(exactly: number) } else { nil }
        }
        return numbers.count == elements.count ? numbers : nil
    }
}
