package import Foundation

/// The same model with projections of eight-bit floats, in one of the ways in which folders scale them; the recipe is
/// that of `Tests/Fixtures/models/tiny_float8.py`.
extension FamilyFixture {
    package struct Float8: Decodable, Sendable {
        package enum Way: String, Decodable, Sendable {
            /// A factor for each 128 x 128 weights.
            case blocks
            /// One factor a tensor, beside one for its inputs.
            case tensor
            /// A factor a row.
            case rows
        }

        package struct Projection: Decodable, Sendable {
            var name: String
            /// Rows first.
            var shape: [Int]
            /// The name of the tensor of factors.
            var scale: String
            var scale_shape: [Int]
            var scale_type: String
            /// Of the factors, which are 8 to 15 times two to its power.
            var exponent: Int
        }

        package var way: Way
        package var tensors: [Projection]
    }

    /// What a measured factor of inputs is; nothing depends on it.
    private static let activationScale: Float = 0.03125

    /// Models that have such a folder.
    package static let float8Names = names.filter { (try? named($0).float8) != nil }

    /// Writes the folder in the newer spelling; what is no projection is in brain floats.
    package func writeFloat8(to url: URL) throws {
        guard let float8 else { throw CocoaError(.fileNoSuchFile) }
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
        try Data(contentsOf: folder.appending(path: "config-float8.json")).write(to: url.appending(path: "config.json"))
        var writer = SafetensorsWriter()
        let projections = Set(float8.tensors.map(\.name))
        for tensor in tensors where !projections.contains(tensor.name) {
            writer.tensors.append(stored(tensor, as: spelled(tensor.name, .new), .bf16))
        }
        writer.tensors += unused.map { stored($0, as: $0.name, .bf16) }
        for projection in float8.tensors {
            let name = spelled(projection.name, .new)
            writer.tensors.append(
                .init(name: name, type: "F8_E4M3", shape: projection.shape, data: float8Bytes(projection)))
            writer.tensors.append(
                .init(
                    name: spelled(projection.scale, .new), type: projection.scale_type, shape: projection.scale_shape,
                    data: scales(projection)))
            guard float8.way == .tensor else { continue }
            var measured = Data()
            measured.appendInteger(UInt16(Self.activationScale.bitPattern >> 16))
            writer.tensors.append(
                .init(
                    name: name.replacing(/weight$/, with: "activation_scale"), type: "BF16", shape: [], data: measured))
        }
        try writer.bytes().write(to: url.appending(path: "model.safetensors"))
    }

    /// Random bytes, the two that are no numbers made the largest ones.
    private func float8Bytes(_ projection: Float8.Projection) -> Data {
        Data(
            randomWords("\(projection.name)/f8", count: projection.shape.reduce(1, *)).map { word in
                let byte = UInt8(word >> 56)
                return byte & 0x7f == 0x7f ? byte - 1 : byte
            })
    }

    private func scales(_ projection: Float8.Projection) -> Data {
        let (rows, columns) = (projection.scale_shape.first ?? 1, projection.scale_shape.dropFirst().first ?? 1)
        var data = Data()
        for row in 0..<rows {
            for column in 0..<columns {
                let factor = Float(8 + (5 * row + 3 * column) % 8)
                let value = Float(sign: .plus, exponent: projection.exponent, significand: 1) * factor
                if projection.scale_type == "F32" {
                    data.appendInteger(value.bitPattern)
                } else {
                    data.appendInteger(UInt16(value.bitPattern >> 16))
                }
            }
        }
        return data
    }
}
