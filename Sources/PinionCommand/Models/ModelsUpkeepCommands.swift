import ArgumentParser
import PinionCatalog

extension ModelsCommand {
    /// `pinion models verify`: whether files are still what was fetched.
    struct Verify: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Hash the files of fetched models again, and say which are damaged.")

        @Argument(help: "Ids of models (default: all).") var ids: [String] = []
        @OptionGroup var data: DataOptions

        func run() async throws {
            let finder = ModelFinder(data.directory)
            let models = try ids.isEmpty ? finder.store.models() : ids.map { try ModelsCommand.pulled($0, finder) }
            let faults = try await cancelledBySignals {
                var faults: [String] = []
                for model in models {
                    let found = try finder.store.verify(model)
                    Console.line("\(model.id): \(found.isEmpty ? "as it was fetched" : "damaged")")
                    faults += found
                }
                return faults
            }
            faults.forEach(Console.notice)
            guard faults.isEmpty else { throw ExitCode.failure }
        }
    }

    /// `pinion models remove`: frees a model's room.
    struct Remove: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Remove fetched models, but for files that others need.")

        @Argument(help: "Ids of models.") var ids: [String]
        @OptionGroup var data: DataOptions

        func run() async throws {
            let finder = ModelFinder(data.directory)
            for model in try ids.map({ try ModelsCommand.pulled($0, finder) }) {
                let freed = try await finder.store.remove(model) { Console.notice(waiting) }
                Console.line("removed \(model.id), \(ByteSize.text(freed)) freed")
            }
        }
    }

    /// `pinion models prune`: frees what no model needs.
    struct Prune: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Remove replaced commits, and what interrupted downloads left behind.")

        @OptionGroup var data: DataOptions

        func run() async throws {
            let freed = try await ModelFinder(data.directory).store.prune { Console.notice(waiting) }
            Console.line("\(ByteSize.text(freed)) freed")
        }
    }

    private static let waiting = "waiting for another process that is fetching a model"

    /// A pulled model, complete or not.
    private static func pulled(_ id: String, _ finder: ModelFinder) throws -> PulledModel {
        guard let model = try finder.store.find(id) else {
            let known = finder.store.models().map(\.id).joined(separator: ", ")
            throw CommandFailure("no model '\(id)' was pulled" + (known.isEmpty ? "" : "; there are \(known)"))
        }
        return model
    }
}
