import ArgumentParser
import Foundation
import PinionCatalog
import PinionModelFiles
import PinionTensor

extension ModelsCommand {
    /// `pinion models list`: what is here, and what can be fetched by name.
    struct List: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "List the models that are here, and those that can be fetched by name.")

        @OptionGroup var data: DataOptions

        func run() throws {
            let finder = ModelFinder(data.directory)
            var rows = try ModelCatalog.all.map { model in
                let path = try finder.fetcher.installed(model)
                let contents = path.map(Self.contents) ?? (format: "-", family: "-")
                return [model.id, model.sizeText, contents.format, contents.family, "-", path ?? "not fetched"]
            }
            rows += finder.store.models().map { model in
                let contents = Self.contents(of: model.path)
                return [
                    model.id, "\((model.size + 500_000) / 1_000_000) MB", contents.format, contents.family,
                    model.lastUse.map(Self.day) ?? "-", model.path,
                ]
            }
            Table(header: ["ID", "SIZE", "FORMAT", "FAMILY", "LAST USE", "FILE"], rows: rows).print()
        }

        /// The type of most of the weights, and the family; of a model that cannot be opened neither is known.
        private static func contents(of path: String) -> (format: String, family: String) {
            guard let package = try? ModelPackage(path: path) else { return ("damaged", "-") }
            var bytes: [String: Int] = [:]
            for tensor in package.tensors { bytes[tensor.type.name, default: 0] += tensor.byteCount }
            let most = bytes.max { ($0.value, $0.key) < ($1.value, $1.key) }
            return (most?.key ?? "-", (try? package.family().rawValue) ?? "unknown")
        }

        /// The day as calendars sort it.
        private static func day(_ date: Date) -> String {
            date.formatted(.iso8601.year().month().day())
        }
    }
}
