import Foundation
package import PinionTensor

/// A model's weights rounded to a kind of file, written as GGUF.
///
///     let quantisation = try ModelQuantisation(path: "model-f16.gguf", mix: .q4_k_m)
///     try quantisation.write(to: "model-q4_k_m.gguf", replacing: false, team: team) { written in ... }
///
/// Making one reads headers only. Writing holds a few megabytes at a time, whatever the model's size.
package struct ModelQuantisation {
    private let plan: QuantisationPlan
    /// Bytes of the input's files.
    package let inputBytes: Int
    /// Bytes of the file that is written.
    package let outputBytes: Int
    /// The tensors of the file that is written, in its order.
    package var tensors: [(name: String, type: TensorType)] { plan.header.tensors.map { ($0.name, $0.type) } }

    /// - Parameter path: A GGUF file, any file of a split one, or a folder in the layout of the Hugging Face hub.
    /// - Throws: ``ModelError`` naming what cannot be rounded or carried over, and what to do instead.
    package init(path: String, mix: QuantisationMix) throws {
        var isFolder: ObjCBool = false
        let exists = FileManager.default.fileExists(atPath: path, isDirectory: &isFolder)
        if exists && isFolder.boolValue {
            plan = try QuantisationPlan(ModelFolder(path: path), mix)
        } else {
            plan = try QuantisationPlan(GGUFModel(path: path), mix)
        }
        inputBytes = plan.inputs.reduce(0) { $0 + $1.bytes.count }
        outputBytes = plan.header.fileBytes
    }

    /// Writes the file beside its name, and gives it the name when it is whole and on the disk.
    ///
    /// - Parameters:
    ///   - replacing: Whether a file of that name gives way; else it is refused.
    ///   - progress: Told the bytes that are written; what it throws ends the work.
    /// - Throws: ``ModelError`` or `TensorError` naming the file and the reason; nothing is left behind then.
    package func write(
        to path: String, replacing: Bool, team: WorkerTeam, progress: (Int) throws -> Void
    ) throws {
        try check(path, replacing: replacing)
        let file = try PartFile(path: path)
        try checkRoom(beside: path)
        var written = 0
        func put(_ bytes: UnsafeRawBufferPointer) throws {
            try file.write(bytes)
            written += bytes.count
            try progress(written)
        }
        try plan.header.bytes().withUnsafeBytes(put)
        if let expected = plan.expected {
            try file.reserve(outputBytes)
            try Self.check(file.partPath, expected)
        }
        let zeros = [UInt8](repeating: 0, count: plan.header.alignment)
        for (tensor, content) in zip(plan.header.tensors, plan.contents) {
            let start = written
            try Self.write(content, team, put)
            precondition(written - start == tensor.byteCount, "bytes of tensor '\(tensor.name)'")
            try zeros.withUnsafeBytes { zeros in
                let padding = plan.header.padded(tensor.byteCount) - tensor.byteCount
                try put(UnsafeRawBufferPointer(rebasing: zeros[..<padding]))
            }
        }
        try file.finish(replacing: replacing)
    }

    private static func write(
        _ content: QuantisationPlan.Content, _ team: WorkerTeam, _ put: (UnsafeRawBufferPointer) throws -> Void
    ) throws {
        switch content {
        case .copy(let tensor): try tensor.forEachPiece(put)
        case .matrices(let encoders):
            for encoder in encoders { try encoder.forEachPiece(team, put) }
        case .vector(let tensor, let order):
            let values = try FloatVector(tensor).values
            try Self.write(order.map { $0.map { values[$0] } } ?? values, put)
        case .floats(let values): try Self.write(values, put)
        }
    }

    private static func write(_ values: [Float], _ put: (UnsafeRawBufferPointer) throws -> Void) throws {
        try values.map(\.bitPattern.littleEndian).withUnsafeBytes(put)
    }

    /// Reads back the header of a file whose tensors are still to come.
    ///
    /// - Throws: ``ModelError`` naming the first number that readers would take to be another.
    private static func check(_ path: String, _ expected: Hyperparameters) throws {
        let model = try GGUFModel(path: path)
        let found = try Hyperparameters(model, model.family())
        guard let number = expected.firstDifference(from: found) else { return }
        throw ModelError(
            .unsupportedArchitecture,
            "the model's '\(number)' cannot be said in a GGUF file of the family \(try model.family().rawValue); serve the "
                + "folder itself, with --quantize")
    }

    /// - Throws: ``ModelError`` for a name that must not be written to.
    private func check(_ path: String, replacing: Bool) throws(ModelError) {
        for written in [path, PartFile.partPath(of: path)] {
            var status = stat()
            guard stat(written, &status) == 0 else { continue }
            for input in plan.inputs {
                var own = stat()
                guard stat(input.path, &own) != 0 || own.st_dev != status.st_dev || own.st_ino != status.st_ino else {
                    throw ModelError(
                        .unwritableFile, "\(written): is the model that is read; give the output another name")
                }
            }
        }
        var status = stat()
        guard stat(path, &status) == 0 else { return }
        guard status.st_mode & S_IFMT == S_IFREG else {
            throw ModelError(.unwritableFile, "\(path): exists and is no regular file; give the output another name")
        }
        guard replacing else {
            throw ModelError(.unwritableFile, "\(path): exists; --force replaces it")
        }
    }

    /// - Throws: ``ModelError`` when the disk has less room than the file needs, before any work is done.
    private func checkRoom(beside path: String) throws(ModelError) {
        let folder = URL(filePath: path).deletingLastPathComponent().path
        var status = statvfs()
        guard statvfs(folder, &status) == 0 else { return }
        let free = UInt64(status.f_bavail) * UInt64(status.f_frsize)
        guard free >= UInt64(outputBytes) else {
            throw ModelError(
                .unwritableFile,
                "\(path): needs \(outputBytes) bytes, and the disk has \(free) left; make room or write "
                    + "it elsewhere")
        }
    }
}
