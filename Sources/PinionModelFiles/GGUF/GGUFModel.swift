import Foundation
import PinionTensor

/// A model in one GGUF file or in several that follow each other (`NAME-00001-of-00003.gguf`), of which any may be named.
///
/// The first file holds the metadata of all; tensors may lie in any.
struct GGUFModel: Sendable {
    /// Files of one model, far above any real split.
    static let maximumFiles = 1024

    /// The file that was named.
    let path: String
    /// In order, the one with the metadata first.
    let files: [GGUFFile]
    private let tensorFiles: [FileWord: Int]

    /// - Throws: ``TensorError`` naming the file that is missing, malformed, or of another model.
    init(path: String) throws(TensorError) {
        self.path = path
        let named = try GGUFFile(path: path)
        let count = try Self.int("split.count", of: named) ?? 1
        guard count > 1 else {
            files = [named]
            tensorFiles = Self.index([named])
            return
        }
        guard count <= Self.maximumFiles, let number = try Self.int("split.no", of: named), number < count else {
            throw TensorError(
                .malformedFile, "\(path): says to be one of \(count) files, expected at most \(Self.maximumFiles)")
        }
        let suffix = Self.suffix(number, count)
        guard path.hasSuffix(suffix) else {
            throw TensorError(
                .malformedFile,
                "\(path): is file \(number + 1) of \(count) by its metadata, so that its name has to end with \(suffix)"
            )
        }
        var files: [GGUFFile] = []
        for index in 0..<count {
            if index == number {
                files.append(named)
                continue
            }
            let file = try GGUFFile(path: String(path.dropLast(suffix.count)) + Self.suffix(index, count))
            guard try Self.int("split.no", of: file) == index, try Self.int("split.count", of: file) == count else {
                throw TensorError(
                    .malformedFile, "\(file.file.path): is not file \(index + 1) of \(count) by its own metadata")
            }
            files.append(file)
        }
        self.files = files
        tensorFiles = Self.index(files)
        try Self.check(files)
    }

    /// Of the first file, which has those of the whole model.
    var metadata: [(key: String, value: MetadataValue)] { files[0].metadata }
    var tensors: [StoredTensor] { files.flatMap(\.tensors) }

    subscript(key: String) -> MetadataValue? { files[0][key] }

    func tensor(named name: String) -> StoredTensor? {
        tensorFiles[FileWord(name)].flatMap { files[$0].tensor(named: name) }
    }

    private static func suffix(_ index: Int, _ count: Int) -> String {
        "-" + digits(index + 1) + "-of-" + digits(count) + ".gguf"
    }

    /// Five digits, zeros in front.
    private static func digits(_ number: Int) -> String {
        let text = String(number)
        return String(repeating: "0", count: max(0, 5 - text.count)) + text
    }

    private static func int(_ key: String, of file: GGUFFile) throws(TensorError) -> Int? {
        guard let value = file[key] else { return nil }
        guard let number = value.int else {
            throw TensorError(
                .malformedFile, "\(file.file.path): metadata '\(key)' is \(value.summary), expected a number")
        }
        return number
    }

    private static func index(_ files: [GGUFFile]) -> [FileWord: Int] {
        var index: [FileWord: Int] = [:]
        for (place, file) in files.enumerated() {
            for tensor in file.tensors { index[FileWord(tensor.name)] = place }
        }
        return index
    }

    private static func check(_ files: [GGUFFile]) throws(TensorError) {
        var seen: Set<FileWord> = []
        for file in files {
            for tensor in file.tensors where !seen.insert(FileWord(tensor.name)).inserted {
                throw TensorError(
                    .malformedFile, "\(file.file.path): tensor '\(tensor.name)' lies in another file of the model too")
            }
        }
        let count = files.reduce(0) { $0 + $1.tensors.count }
        if let told = try int("split.tensors.count", of: files[0]), told != count {
            throw TensorError(
                .malformedFile, "\(files[0].file.path): the files hold \(count) tensors, expected \(told)")
        }
    }
}
