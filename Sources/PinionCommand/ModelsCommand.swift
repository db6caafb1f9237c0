import ArgumentParser
import PinionCatalog
import PinionModelFiles

/// `pinion models`: lists, fetches, inspects and quantises models, and tries their tokenizers and templates.
struct ModelsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "models",
        abstract: "List, fetch, inspect and quantize models, and try their tokenizers and templates.",
        subcommands: [List.self, Pull.self, Path.self, Inspect.self, Quantize.self, Tokenize.self, Render.self],
        defaultSubcommand: List.self)

    struct List: ParsableCommand {
        static let configuration = CommandConfiguration(abstract: "List the models that can be fetched by name.")

        @OptionGroup var data: DataOptions

        func run() throws {
            let fetcher = ModelFetcher(directory: data.directory, report: Console.notice)
            let rows = try ModelCatalog.all.map { model in
                [model.id, model.sizeText, model.license, try fetcher.installed(model) ?? "not fetched"]
            }
            Table(header: ["ID", "SIZE", "LICENSE", "FILE"], rows: rows).print()
        }
    }

    struct Pull: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Fetch a model, and print where it is.")

        @Argument(help: "The model's id.") var id = ModelCatalog.defaultModel.id
        @OptionGroup var data: DataOptions

        func run() async throws {
            let model = try ModelCatalog.find(id)
            let fetcher = ModelFetcher(directory: data.directory, report: Console.notice)
            Console.line(try await cancelledBySignals { try await fetcher.fetch(model) })
        }
    }

    struct Path: ParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Print where a fetched model is.")

        @Argument(help: "The model's id.") var id = ModelCatalog.defaultModel.id
        @OptionGroup var data: DataOptions

        func run() throws {
            Console.line(try ModelsCommand.path(of: try ModelCatalog.find(id), in: data.directory))
        }
    }

    /// Where a model of the catalog is.
    ///
    /// - Throws: ``CommandFailure`` with the command that fetches it when it is not here.
    static func path(of model: CatalogModel, in directory: DataDirectory) throws -> String {
        guard let path = try ModelFetcher(directory: directory, report: Console.notice).installed(model) else {
            let pull = Invocation.command("models pull \(model.id)", in: directory)
            throw CommandFailure("\(model.id) has not been fetched; `\(pull)` does it")
        }
        return path
    }

    /// The package of what a command was given: a file, a folder, or a fetched model's id.
    static func package(_ text: String, _ directory: DataDirectory) throws -> ModelPackage {
        let path =
            switch try ModelReference(text).source {
            case .file(let path): path
            case .catalog(let model): try ModelsCommand.path(of: model, in: directory)
            }
        return try ModelPackage(path: path)
    }
}
