import ArgumentParser
import Foundation
import PinionGeneration
import PinionGrammar
import PinionJSON
import PinionTokenizer

extension SchemaCommand {
    /// `pinion schema check`: what of a schema is enforced, and which instances it lets through.
    struct Check: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Print what of a JSON Schema is enforced, and which instances pass.",
            discussion: """
                An instance passes if a reply could be it: its declared members are put into the schema's order first, \
                and its strings into the spelling of replies. With --model the tokens that may come next are found for \
                each token of the instances, and timed.

                With --jsonl a line is {"schema": SCHEMA, "instances": [INSTANCE ...]}, and is answered by a line of \
                "compiled", "error", "pointer", "compile_ms", "instances" ("accepted", "at": the byte at which it \
                fails) and "mask_us" ("mean", "p99", "max").

                A schema or instance that is refused makes the exit code 1.
                """)

        @Argument(help: "A JSON file.") var schema: String?
        @Argument(help: ArgumentHelp("A JSON file.", valueName: "instance")) var instances: [String] = []
        @Option(help: "Find and time tokens of this model: a GGUF file, a folder, or the id of a fetched model.")
        var model: String?
        @Flag(help: "Read a schema with instances a line from standard input, write a line for each.") var jsonl = false
        @OptionGroup var data: DataOptions

        func validate() throws {
            guard jsonl != (schema != nil) else {
                throw ValidationError(
                    jsonl ? "--jsonl reads its schemas from standard input" : "SCHEMA is missing: a JSON file")
            }
        }

        func run() throws {
            let vocabulary = try model.map {
                ReplyVocabulary(try TextModel.tokenizer(of: try ModelsCommand.package($0, data.directory)))
            }
            if jsonl {
                try JSONLines.forEach { line in
                    String(decoding: SchemaTrial.answer(to: line, vocabulary), as: UTF8.self)
                }
                return
            }
            guard let schema else { return }
            try check(Self.read(schema, kind: "schema"), vocabulary)
        }

        private static func read(_ path: String, kind: String) throws -> JSONValue {
            let bytes = try [UInt8](FileContents.of(path, kind: kind, limit: StandardInput.maximumBytes))
            do {
                return try JSONValue.parse(bytes, limits: JSONLines.limits)
            } catch { throw CommandFailure("the \(kind) \(path) is not JSON: \(error)") }
        }

        private func check(_ schema: JSONValue, _ vocabulary: ReplyVocabulary?) throws {
            let survey = SchemaSurvey(schema)
            survey.lines.forEach { Console.line($0) }
            let trial: SchemaTrial
            do {
                trial = try SchemaTrial(schema, vocabulary)
            } catch {
                let place = error.pointer.map { $0.isEmpty ? " at its root" : " at \($0)" } ?? ""
                throw CommandFailure("the schema is refused\(place): \(error.message)")
            }
            Console.line(
                "grammar: \(trial.stateCount) states, compiled in \(Self.milliseconds(trial.compileTime)) ms")
            var isRefused = false
            let times = MaskTimes()
            for path in instances {
                let instance = try Self.read(path, kind: "instance")
                let verdict = try trial.read(instance, times)
                isRefused = isRefused || !verdict.isAccepted
                Console.line("\(path): \(verdict.description)")
            }
            if let summary = times.summary {
                Console.line(
                    "masks: \(summary.count), mean \(summary.mean) us, 99 % within \(summary.p99) us, longest "
                        + "\(summary.maximum) us")
            }
            if isRefused { throw ExitCode.failure }
        }

        private static func milliseconds(_ time: Duration) -> String {
            String(format: "%.2f", time / .milliseconds(1))
        }
    }
}
