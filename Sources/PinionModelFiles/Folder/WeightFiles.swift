import Foundation
import PinionJSON
import PinionTensor

/// The safetensors files of a folder: one, or those that an index names.
struct WeightFiles: Sendable {
    static let single = "model.safetensors"
    static let indexName = "model.safetensors.index.json"
    /// Files of one model, far above any real split.
    static let maximumFiles = 1024
    /// Bytes of an index: it has a line for each tensor.
    private static let limits = JSONLimits(depth: 8, values: 1 << 18)

    let files: [SafetensorsFile]
    let tensors: [StoredTensor]
    private let index: [FileWord: Int]

    /// - Throws: ``ModelError`` naming the file that is missing, malformed, or outside of the folder.
    init(folder: String) throws(ModelError) {
        func path(_ name: String) -> String { folder + "/" + name }
        let exists = { (name: String) in FileManager.default.fileExists(atPath: path(name)) }
        if exists(Self.single) {
            files = [try SafetensorsFile(path: path(Self.single))]
        } else if exists(Self.indexName) {
            files = try Self.indexed(folder)
        } else {
            throw ModelError(
                .invalidTensor, "\(folder): has neither \(Self.single) nor \(Self.indexName)")
        }
        tensors = files.flatMap(\.tensors)
        var index: [FileWord: Int] = [:]
        for (place, tensor) in tensors.enumerated() {
            guard index.updateValue(place, forKey: FileWord(tensor.name)) == nil else {
                throw ModelError(
                    .invalidTensor,
                    "\(tensor.file.path): tensor '\(FileWord(tensor.name).shown)' lies in another file of the model too"
                )
            }
        }
        self.index = index
    }

    func tensor(named name: String) -> StoredTensor? { index[FileWord(name)].map { tensors[$0] } }

    private static func indexed(_ folder: String) throws(ModelError) -> [SafetensorsFile] {
        let path = folder + "/" + indexName
        let file: MappedFile
        do throws(TensorError) {
            file = try MappedFile(path: path)
        } catch { throw ModelError(error) }
        let object = try FolderConfiguration.object(of: file)
        guard case .object(let map)? = object["weight_map"] else {
            throw ModelError(.invalidConfiguration, "\(path): has no object 'weight_map'")
        }
        var places: [(tensor: String, file: String)] = []
        for member in map.members {
            guard case .string(let name) = member.value, isPlain(name) else {
                throw ModelError(
                    .invalidConfiguration,
                    "\(path): the file of tensor '\(FileWord(member.name).shown)' is no plain name inside the folder")
            }
            places.append((member.name, name))
        }
        let names = Set(places.map { FileWord($0.file) }).sorted { $0.text < $1.text }
        guard !names.isEmpty, names.count <= maximumFiles else {
            throw ModelError(
                .invalidConfiguration, "\(path): names \(names.count) files, expected 1 to \(maximumFiles)")
        }
        var files: [SafetensorsFile] = []
        for name in names { files.append(try SafetensorsFile(path: folder + "/" + name.text)) }
        let held = Set(files.flatMap { $0.tensors.map { FileWord($0.name) } })
        for place in places where !held.contains(FileWord(place.tensor)) {
            throw ModelError(
                .invalidTensor,
                "\(folder)/\(place.file): does not hold tensor '\(FileWord(place.tensor).shown)', which the index promises"
            )
        }
        return files
    }

    /// Whether a name stays inside of the folder.
    private static func isPlain(_ name: String) -> Bool {
        !name.utf8.isEmpty && name.utf8.count <= 255 && name.utf8.first != UInt8(ascii: ".")
            && name.utf8.allSatisfy { $0 > 0x20 && $0 != UInt8(ascii: "/") && $0 != UInt8(ascii: "\\") && $0 < 0x7f }
    }
}
