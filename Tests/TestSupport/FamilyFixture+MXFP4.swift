package import Foundation

/// The same model with experts in MXFP4, as gpt-oss is released; the recipe is that of
/// `Tests/Fixtures/models/tiny_mxfp4.py`.
extension FamilyFixture {
    package struct MXFP4: Decodable, Sendable {
        package var name: String
        /// Experts, columns, rows.
        package var shape: [Int]
        /// Of the smallest scale; the others are twice and four times as large.
        var exponent: Int

        package var experts: Int { shape[0] }
        package var columns: Int { shape[1] }
        package var rows: Int { shape[2] }
        fileprivate var blocks: Int { columns / FamilyFixture.blockColumns }

        fileprivate func scale(_ row: Int, _ block: Int) -> UInt8 { UInt8(127 + exponent + (row + 2 * block) % 3) }
    }

    private static let blockColumns = 32
    private static let e2m1: [Float] = [0, 0.5, 1, 1.5, 2, 3, 4, 6]

    /// Models that have such a folder.
    package static let mxfp4Names = names.filter { (try? named($0).mxfp4) != nil }

    /// Writes the folder in the newer spelling; what is no expert's matrix is in brain floats.
    ///
    /// - Parameter change: Of the tensors that are written.
    package func writeMXFP4(
        to url: URL, change: (inout [SafetensorsWriter.Tensor]) -> Void = { _ in }
    ) throws {
        guard let mxfp4 else { throw CocoaError(.fileNoSuchFile) }
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
        try Data(contentsOf: folder.appending(path: "config-mxfp4.json")).write(to: url.appending(path: "config.json"))
        let names = Set(mxfp4.map(\.name))
        var written = tensors.filter { !names.contains($0.name) }.map { stored($0, as: $0.name, .bf16) }
        for experts in mxfp4 {
            let shape = [experts.experts, experts.rows, experts.blocks]
            written.append(
                .init(
                    name: experts.name + "_blocks", type: "U8", shape: shape + [Self.blockColumns / 2],
                    data: Data(pairs(experts))))
            let scales = (0..<experts.experts * experts.rows).flatMap { row in
                (0..<experts.blocks).map { experts.scale(row % experts.rows, $0) }
            }
            written.append(.init(name: experts.name + "_scales", type: "U8", shape: shape, data: Data(scales)))
        }
        change(&written)
        try SafetensorsWriter(tensors: written).bytes().write(to: url.appending(path: "model.safetensors"))
    }

    /// The weights of one expert's row, which is the row that the folder has there.
    package func row(_ row: Int, of expert: Int, _ experts: MXFP4, in pairs: [UInt8]) -> [Float] {
        let first = (expert * experts.rows + row) * experts.columns
        return (0..<experts.columns).map { column in
            let pair = pairs[(first + column) / 2]
            let code = Int(column % 2 == 0 ? pair & 15 : pair >> 4)
            let scale = experts.scale(row, column / Self.blockColumns)
            let magnitude = Self.e2m1[code & 7] * Float(sign: .plus, exponent: Int(scale) - 127, significand: 1)
            return code & 8 == 0 ? magnitude : -magnitude
        }
    }

    /// Two quants a byte, the earlier one in the low bits.
    package func pairs(_ experts: MXFP4) -> [UInt8] {
        randomWords("\(experts.name)/mxfp4", count: experts.shape.reduce(1, *) / 2).map { UInt8($0 >> 56) }
    }
}
