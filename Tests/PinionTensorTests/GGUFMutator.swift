import Foundation
import PinionModelFiles
import PinionTensor
import TestSupport

/// Damages a sound GGUF file in ways that a seed decides, most of them where the header's numbers are.
struct GGUFMutator {
    /// Places and widths of counts, lengths, types and offsets.
    private struct Field {
        var offset: Int
        var width: Int
    }

    /// Mostly one, so that what lies behind the first defect is reached as well.
    private static let changeCounts = [1, 1, 1, 2, 3]
    private static let longestRange = 200
    private static let interesting: [UInt64] = [
        0, 1, 2, 3, 4, 5, 7, 8, 9, 12, 14, 16, 31, 32, 33, 63, 64, 127, 128, 255, 256, 1000, 65_535, 65_536, 1 << 20,
        1 << 24, (1 << 31) - 1, 1 << 31, (1 << 32) - 1, 1 << 32, (1 << 32) + 1, 1 << 40, 1 << 48, 1 << 59, 1 << 60,
        1 << 61, 1 << 62, (1 << 63) - 32, (1 << 63) - 1, 1 << 63, .max - 31, .max - 1, .max,
    ]

    let bytes: [UInt8]
    private let headerCount: Int
    private let fields: [Field]

    init(path: String) throws {
        let file = try GGUFFile(path: path)
        bytes = Array(file.file.bytes)
        var fields = [Field(offset: 4, width: 4), Field(offset: 8, width: 8), Field(offset: 16, width: 8)]
        var offset = 24
        for (key, _) in file.metadata {
            offset = Self.find(key, in: bytes, from: offset)
            let value = offset + 8 + key.utf8.count
            // A length, a type, and whichever of these the type makes of the value.
            fields += [Field(offset: offset, width: 8), Field(offset: value, width: 4)]
            fields += [Field(offset: value + 4, width: 4), Field(offset: value + 4, width: 8)]
            fields += [Field(offset: value + 8, width: 8)]
            offset = value
        }
        for tensor in file.tensors {
            offset = Self.find(tensor.name, in: bytes, from: offset)
            fields.append(Field(offset: offset, width: 8))
            offset += 8 + tensor.name.utf8.count
            fields.append(Field(offset: offset, width: 4))
            offset += 4
            for _ in tensor.shape {
                fields.append(Field(offset: offset, width: 8))
                offset += 8
            }
            fields += [Field(offset: offset, width: 4), Field(offset: offset + 4, width: 8)]
            offset += 12
        }
        headerCount = offset
        self.fields = fields
    }

    /// Where a string with its length stands.
    private static func find(_ text: String, in bytes: [UInt8], from start: Int) -> Int {
        var pattern = ByteWriter()
        pattern.put(text)
        return bytes[start...].firstRange(of: pattern.bytes)?.lowerBound ?? start
    }

    func mutation(seed: UInt64) -> [UInt8] {
        var random = SeededGenerator(seed: seed)
        var result = bytes
        for _ in 0..<(Self.changeCounts.randomElement(using: &random) ?? 1) { change(&result, &random) }
        return result
    }

    private func change(_ bytes: inout [UInt8], _ random: inout SeededGenerator) {
        guard !bytes.isEmpty else { return }
        let place = place(in: bytes.count, &random)
        switch Int.random(in: 0..<12, using: &random) {
        case 0: bytes[place] ^= 1 << UInt8.random(in: 0..<8, using: &random)
        case 1: bytes[place] = UInt8.random(in: 0...255, using: &random)
        case 2: overwrite(&bytes, Field(offset: place, width: 4), &random)
        case 3: overwrite(&bytes, Field(offset: place, width: 8), &random)
        case 4...7:
            if let field = fields.randomElement(using: &random) { overwrite(&bytes, field, &random) }
        case 8: bytes.removeLast(bytes.count - place)
        case 9: bytes.insert(contentsOf: random.bytes(Int.random(in: 1...16, using: &random)), at: place)
        case 10:
            let end = min(place + Int.random(in: 1...Self.longestRange, using: &random), bytes.count)
            let target = self.place(in: bytes.count, &random)
            bytes.insert(contentsOf: Array(bytes[place..<end]), at: target)
        default:
            let end = min(place + Int.random(in: 1...Self.longestRange, using: &random), bytes.count)
            bytes.removeSubrange(place..<end)
        }
    }

    private func place(in count: Int, _ random: inout SeededGenerator) -> Int {
        let header = min(headerCount, count)
        return switch Int.random(in: 0..<10, using: &random) {
        case 0: Int.random(in: 0..<count, using: &random)
        case 1: Int.random(in: 0..<min(64, count), using: &random)
        case 2...5: min(fields.randomElement(using: &random)?.offset ?? 0, count - 1)
        default: Int.random(in: 0..<header, using: &random)
        }
    }

    /// A number from the list, a near miss of what stands there, or the file's length.
    private func overwrite(_ bytes: inout [UInt8], _ field: Field, _ random: inout SeededGenerator) {
        guard field.offset + field.width <= bytes.count else { return }
        let old = (0..<field.width).reduce(UInt64(0)) { $0 | UInt64(bytes[field.offset + $1]) << UInt64(8 * $1) }
        let value: UInt64 =
            switch Int.random(in: 0..<8, using: &random) {
            case 0: old &+ UInt64.random(in: 1...33, using: &random)
            case 1: old &- UInt64.random(in: 1...33, using: &random)
            case 2: old &* UInt64.random(in: 2...64, using: &random)
            case 3: UInt64(bytes.count) / UInt64.random(in: 1...64, using: &random)
            default: Self.interesting.randomElement(using: &random) ?? 0
            }
        for index in 0..<field.width {
            bytes[field.offset + index] = UInt8(truncatingIfNeeded: value >> UInt64(8 * index))
        }
    }
}
