package import Foundation

/// A tiny random model of a family with the logits of transformers, made by `Tests/Fixtures/models/make_models.py`.
///
/// Weights are not stored: each is a function of the model's name, the tensor's name and the element's index.
package struct FamilyFixture: Decodable, Sendable {
    package struct Tensor: Decodable, Sendable {
        package var name: String
        /// Rows first.
        package var shape: [Int]
        package var base: Float
        package var exponent: Int
        /// The tensors that this one consists of, where it is a ``Stack``: then base and exponent say nothing.
        package var parts: [String]?
    }

    /// A folder's tensor that holds several of the model's, one behind the other: the matrices of all experts.
    package struct Stack: Decodable, Sendable {
        package var name: String
        /// Rows first.
        package var shape: [Int]
        package var parts: [String]
    }

    /// A tensor of the GGUF file, made of one of the model's or of several.
    package struct FileTensor: Decodable, Sendable {
        package var name: String
        package var shape: [Int]
        package var offset: Int
        package var from: String?
        package var change: String?
        package var heads: Int?
        /// The tensors that this one consists of, one behind the other.
        package var parts: [String]?
        package var values: [Float]?
    }

    package struct File: Decodable, Sendable {
        package var size: Int
        package var tensors: [FileTensor]
    }

    package struct Prefixes: Decodable, Sendable {
        package var new: [String: String]
        package var old: [String: String]
    }

    package struct Stacks: Decodable, Sendable {
        package var new: [Stack]
        package var old: [Stack]
    }

    package struct Inputs: Decodable, Sendable {
        package var sequences: [[Int32]]
        /// Of the last sequence, the positions whose logits are stored.
        package var positions: [Int]
    }

    package enum Spelling: String, CaseIterable, Sendable { case new, old }
    package enum Precision: String, Sendable { case f32 = "F32", f16 = "F16", bf16 = "BF16" }

    package var model: String
    /// What the weights are made of instead of the model's name.
    package var seed: String?
    /// The model's weights, a matrix each. Folders and the GGUF file may hold several of them in one tensor.
    package var tensors: [Tensor]
    package var unused: [Tensor]
    package var prefixes: Prefixes
    package var stacked: Stacks?
    /// Standard deviation of the logits.
    package var deviation: Float
    package var float8: Float8?
    /// Experts of the folder that has them in MXFP4.
    package var mxfp4: [MXFP4]?
    package var gguf: File?

    package static let directory = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .appending(path: "Fixtures/models/families")
    package static let names =
        ((try? FileManager.default.contentsOfDirectory(atPath: directory.path(percentEncoded: false))) ?? [])
        .filter {
            FileManager.default.fileExists(
                atPath: directory.appending(path: "\($0)/fixture.json").path(percentEncoded: false))
        }
        .sorted()
    package static let vocabulary = 320

    package static func named(_ name: String) throws -> FamilyFixture {
        try JSONDecoder().decode(
            FamilyFixture.self, from: Data(contentsOf: directory.appending(path: "\(name)/fixture.json")))
    }

    package static func inputs() throws -> Inputs {
        try JSONDecoder().decode(Inputs.self, from: Data(contentsOf: directory.appending(path: "inputs.json")))
    }

    var folder: URL { Self.directory.appending(path: model) }

    /// The oracle's rows: all of the first two sequences, then the chosen positions of the third.
    package func logits(_ file: String = "logits.f32") throws -> [[Float]] {
        try Self.rows(folder.appending(path: file))
    }

    /// The rows of a file of logits.
    package static func rows(_ file: URL) throws -> [[Float]] {
        let bytes = try Data(contentsOf: file)
        let values = bytes.withUnsafeBytes { raw in
            (0..<raw.count / 4).map { raw.loadUnaligned(fromByteOffset: $0 * 4, as: Float.self) }
        }
        return stride(from: 0, to: values.count, by: vocabulary).map { Array(values[$0..<$0 + vocabulary]) }
    }

    package func hasLogits(_ file: String) -> Bool {
        FileManager.default.fileExists(atPath: folder.appending(path: file).path(percentEncoded: false))
    }

    // MARK: - Weights

    package func values(_ tensor: Tensor) -> [Float] {
        if let parts = tensor.parts {
            return parts.flatMap { name -> [Float] in
                guard let part = recipe(name) else { preconditionFailure("\(model) has no tensor \(name)") }
                return values(part)
            }
        }
        let step = Float(sign: .plus, exponent: tensor.exponent, significand: 1)
        return randomWords(tensor.name, count: tensor.shape.reduce(1, *)).map { word in
            tensor.base + Float(2 * Int(word >> 57) - 127) * step
        }
    }

    private func recipe(_ name: String?) -> Tensor? {
        tensors.first { $0.name == name } ?? unused.first { $0.name == name }
    }

    /// The words that an array's elements are made of: a hash of its name, then SplitMix64.
    func randomWords(_ name: String, count: Int) -> [UInt64] {
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        for byte in "\(seed ?? model)/\(name)".utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
        var random = SeededGenerator(seed: hash)
        return (0..<count).map { _ in random.next() }
    }

    // MARK: - Files

    /// Writes the folder in a spelling, its weights in a precision that holds them exactly.
    ///
    /// - Parameter change: Of the configuration's text, and of the tensors by their names in the folder.
    package func write(
        _ spelling: Spelling, _ precision: Precision, to url: URL,
        change: (inout [String: Any], inout [(name: String, tensor: Tensor)]) -> Void = { _, _ in }
    ) throws {
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
        let source = folder.appending(path: spelling == .new ? "config.json" : "config-old.json")
        var config = try JSONSerialization.jsonObject(with: Data(contentsOf: source)) as? [String: Any] ?? [:]
        var named = tensors(in: spelling)
        // The older spelling has no "model." before a wrapping model's own tensors. Layers keep it.
        let isShortened = spelling == .old && prefixes.old["model."] != nil
        named += unused.map { tensor in
            let isRenamed = isShortened && tensor.name.hasPrefix("model.")
            return (name: isRenamed ? String(tensor.name.dropFirst("model.".count)) : tensor.name, tensor: tensor)
        }
        change(&config, &named)
        try JSONSerialization.data(withJSONObject: config).write(to: url.appending(path: "config.json"))
        try safetensors(named, precision).write(to: url.appending(path: "model.safetensors"))
    }

    /// The tensors that the model needs of a folder, by their names in it.
    package func tensors(in spelling: Spelling) -> [(name: String, tensor: Tensor)] {
        let stacks = (spelling == .new ? stacked?.new : stacked?.old) ?? []
        let parts = Set(stacks.flatMap(\.parts))
        let whole = stacks.map { Tensor(name: $0.name, shape: $0.shape, base: 0, exponent: 0, parts: $0.parts) }
        return (tensors.filter { !parts.contains($0.name) } + whole)
            .map { (name: spelled($0.name, spelling), tensor: $0) }
    }

    /// The longest rule that a name begins with replaces that beginning.
    package func spelled(_ name: String, _ spelling: Spelling) -> String {
        let rules = spelling == .new ? prefixes.new : prefixes.old
        guard let rule = rules.keys.filter({ name.hasPrefix($0) }).max(by: { $0.count < $1.count }) else { return name }
        return (rules[rule] ?? "") + name.dropFirst(rule.count)
    }

    private func safetensors(_ named: [(name: String, tensor: Tensor)], _ precision: Precision) throws -> Data {
        try SafetensorsWriter(tensors: named.map { stored($1, as: $0, precision) }).bytes()
    }

    func stored(_ tensor: Tensor, as name: String, _ precision: Precision) -> SafetensorsWriter.Tensor {
        .init(name: name, type: precision.rawValue, shape: tensor.shape, data: bytes(tensor, precision))
    }

    package func bytes(_ tensor: Tensor, _ precision: Precision) -> Data {
        var data = Data()
        for value in values(tensor) {
            switch precision {
            case .f32: data.appendInteger(value.bitPattern)
            case .bf16: data.appendInteger(UInt16(value.bitPattern >> 16))
            case .f16: data.appendInteger(Self.half(value))
            }
        }
        return data
    }

    /// The half of a number that halves hold exactly, none of them subnormal.
    package static func half(_ value: Float) -> UInt16 {
        guard value != 0 else { return 0 }
        let bits = value.bitPattern
        return UInt16(bits >> 16 & 0x8000) | UInt16((bits >> 23 & 0xff) - 112) << 10 | UInt16(bits >> 13 & 0x3ff)
    }

    /// The GGUF file that llama.cpp's converter makes of the folder, in floats.
    package func ggufBytes() throws -> Data {
        guard let gguf else { throw CocoaError(.fileNoSuchFile) }
        var bytes = try Data(contentsOf: folder.appending(path: "gguf-header.bin"))
        let start = bytes.count
        for tensor in gguf.tensors.sorted(by: { $0.offset < $1.offset }) {
            bytes.append(Data(count: start + tensor.offset - bytes.count))
            for value in try values(tensor) { bytes.appendInteger(value.bitPattern) }
        }
        bytes.append(Data(count: max(0, gguf.size - bytes.count)))
        return bytes
    }

    private func values(_ tensor: FileTensor) throws -> [Float] {
        if let values = tensor.values { return values }
        if let parts = tensor.parts {
            return self.values(Tensor(name: tensor.name, shape: tensor.shape, base: 0, exponent: 0, parts: parts))
        }
        guard let source = recipe(tensor.from) else { throw CocoaError(.fileNoSuchFile) }
        let values = values(source)
        switch tensor.change {
        case "plus one": return values.map { $0 + 1 }
        case "transposed", "matrices transposed": return Self.transposed(values, source.shape)
        // Of gpt-oss's experts: gate and up lie in turn, matrices on their side, biases as they are.
        case "even rows": return Self.everySecond(Self.transposed(values, source.shape), source.shape[1], from: 0)
        case "odd rows": return Self.everySecond(Self.transposed(values, source.shape), source.shape[1], from: 1)
        case "even columns": return Self.everySecond(values, 1, from: 0)
        case "odd columns": return Self.everySecond(values, 1, from: 1)
        case "rows interleaved":
            let heads = tensor.heads ?? 1
            let columns = source.shape.dropFirst().reduce(1, *)
            let half = source.shape[0] / heads / 2
            return (0..<source.shape[0]).flatMap { row in
                let (head, inner) = row.quotientAndRemainder(dividingBy: 2 * half)
                let from = head * 2 * half + inner % 2 * half + inner / 2
                return values[from * columns..<(from + 1) * columns]
            }
        default: return values
        }
    }

    /// Matrices of the last two sizes, one behind the other, each with columns for rows.
    package static func transposed(_ values: [Float], _ shape: [Int]) -> [Float] {
        let (rows, columns) = (shape[shape.count - 2], shape[shape.count - 1])
        return stride(from: 0, to: values.count, by: rows * columns).flatMap { start in
            (0..<columns).flatMap { column in (0..<rows).map { values[start + $0 * columns + column] } }
        }
    }

    /// Every second of the rows of so many columns.
    package static func everySecond(_ values: [Float], _ columns: Int, from first: Int) -> [Float] {
        stride(from: first * columns, to: values.count, by: 2 * columns).flatMap { values[$0..<$0 + columns] }
    }
}
