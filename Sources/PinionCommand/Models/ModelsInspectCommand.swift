import ArgumentParser
import PinionGeneration
import PinionModelFiles
import PinionTensor
import PinionTokenizer

extension ModelsCommand {
    /// `pinion models inspect`: what a model file holds.
    struct Inspect: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Print a model's metadata and tensors as tables.")

        @Argument(help: "A GGUF file, a folder, or the id of a fetched model.") var model: String
        @OptionGroup var data: DataOptions

        func run() throws {
            let model = try ModelsCommand.package(model, data.directory)
            Console.line("\(model.path): \(model.format), \(model.byteCount) bytes")
            Console.line()
            Self.summary(of: model).forEach { Console.line("\($0): \($1)") }
            Console.line()
            Table(
                header: ["KEY", "TYPE", "VALUE"],
                rows: model.metadata.map { [FileWord($0.key).shown, $0.value.typeName, $0.value.summary] }
            ).print()
            Console.line()
            Table(
                header: ["TENSOR", "TYPE", "SHAPE", "BYTES"],
                rows: model.tensors.map { tensor in
                    let shape = tensor.shape.map(String.init).joined(separator: " x ")
                    return [FileWord(tensor.name).shown, tensor.type.name, shape, String(tensor.byteCount)]
                }
            ).print()
            let elements = model.tensors.reduce(0) { $0 + $1.elementCount }
            let bytes = model.tensors.reduce(0) { $0 + $1.byteCount }
            Console.line()
            Console.line("\(model.tensors.count) tensors, \(elements) elements, \(bytes) bytes")
            Widening.list(of: model.tensors).forEach { Console.line("\($0)") }
        }

        private static func experts(_ numbers: Hyperparameters) -> String {
            guard let experts = numbers.experts else { return "none" }
            let layers = experts.layers.count { $0 }
            let shared = experts.sharedFeedForward > 0 ? ", and a shared one" : ""
            return
                "\(experts.chosen) of \(experts.count) for each token\(shared), in \(layers) of \(numbers.layers) layers"
        }

        /// How the model writes calls of tools, and what tells it.
        private static func toolFormat(of model: ModelPackage) throws -> String {
            let tokenizer = try TextModel.tokenizer(of: model)
            guard let served = try ServedTemplate(model) ?? ServedTemplate(guessedFor: model, tokenizer) else {
                return "none: there is no chat template"
            }
            let renderer = PromptRenderer(
                served.template, tokenizer.specialTexts, source: served.source, tokenizer: tokenizer)
            let format = renderer.choice.format
            let thinking = format.thinking.map { "; thinks between \($0.open) and \($0.close)" } ?? ""
            switch renderer.choice.reason {
            case .mark(let mark): return "\(format.name), because the template holds \(mark)\(thinking)"
            case .given: return format.name + thinking
            case .none: return "\(format.name), because the template shows no tools in a known way\(thinking)"
            }
        }

        /// What this build makes of the model, or why it makes nothing of it.
        private static func summary(of model: ModelPackage) -> [(String, String)] {
            func value(_ read: () throws -> String) -> String {
                do { return try read() } catch { return "\(error)" }
            }
            return [
                ("family", value { try model.family().rawValue }),
                ("experts", value { experts(try model.hyperparameters()) }),
                ("context", value { "\(try model.hyperparameters().contextLength) tokens" }),
                ("vocabulary", value { "\(try TextModel.tokenizer(of: model).vocabularyCount) tokens" }),
                (
                    "chat templates",
                    model.chatTemplates.isEmpty
                        ? "none"
                        : model.chatTemplates.map { $0.name.map { FileWord($0).shown } ?? "default" }.joined(
                            separator: ", ")
                ), ("tool format", value { try toolFormat(of: model) }),
            ]
        }
    }
}
