import ArgumentParser
import PinionModelFiles
import PinionTensor

extension ModelsCommand {
    /// `pinion models inspect`: what a model file holds.
    struct Inspect: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Print a model's metadata and tensors as tables.")

        @Argument(help: "A GGUF file, a folder, or the id of a fetched model.") var model: String
        @OptionGroup var data: DataOptions

        func run() throws {
            let path =
                switch try ModelReference(model).source {
                case .file(let path): path
                case .catalog(let model): try ModelsCommand.path(of: model, in: data.directory)
                }
            let model = try ModelPackage(path: path)
            Console.line("\(path): \(model.format), \(model.byteCount) bytes")
            Console.line()
            Table(
                header: ["KEY", "TYPE", "VALUE"],
                rows: model.metadata.map { [$0.key, $0.value.typeName, $0.value.summary] }
            ).print()
            Console.line()
            Table(
                header: ["TENSOR", "TYPE", "SHAPE", "BYTES"],
                rows: model.tensors.map { tensor in
                    let shape = tensor.shape.map(String.init).joined(separator: " x ")
                    return [tensor.name, tensor.type.name, shape, String(tensor.byteCount)]
                }
            ).print()
            let elements = model.tensors.reduce(0) { $0 + $1.elementCount }
            let bytes = model.tensors.reduce(0) { $0 + $1.byteCount }
            Console.line()
            Console.line("\(model.tensors.count) tensors, \(elements) elements, \(bytes) bytes")
        }
    }
}
