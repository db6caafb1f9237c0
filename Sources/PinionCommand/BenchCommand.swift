import ArgumentParser
import Foundation
import PinionCatalog
import PinionEngine
import PinionTensor

/// `pinion bench`: how fast a model runs here, and how well it predicts a text.
struct BenchCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "bench", abstract: "Measure a model on this machine.",
        subcommands: [Speed.self, Perplexity.self], defaultSubcommand: Speed.self)

    struct ModelOptions: ParsableArguments {
        @Option(help: "A model file or folder, an id, or a source such as hf:OWNER/REPO.") var model = ModelCatalog
            .defaultModel.id
        @Option(help: "Worker threads (default: one per processor).") var threads: Int?
        @OptionGroup var data: DataOptions

        func path() async throws -> String {
            let finder = ModelFinder(data.directory)
            ServeSettings.notices(threads: threads, memory: nil).forEach(Console.notice)
            let reference = try ModelReference(model)
            return try await cancelledBySignals { try await finder.resolve(reference).path }
        }

        func validate() throws {
            if let threads, !Setting.threadRange.contains(threads) {
                throw ValidationError("--threads takes 1 to \(Setting.threadRange.upperBound)")
            }
        }
    }

    struct Speed: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Measure prompt and generation rates.")

        @OptionGroup var options: ModelOptions
        @Option(help: "Tokens of the prompt.") var prompt = 512
        @Option(help: "Tokens to generate.") var generate = 128
        @Option(help: "Streams of the third figure; 1 leaves it out.") var streams = 16
        @Option(help: "Counted runs of each figure.") var repetitions = 5
        @Flag(
            help: """
                Let streams compute guessed tokens ahead, as the server does. The bench's prompts are random tokens, so \
                its replies repeat themselves more than text does, and the rates say less of the engine.
                """)
        var speculation = false
        @Flag(help: "Print JSON instead of a table.") var json = false

        func validate() throws {
            guard [prompt, generate, streams, repetitions].allSatisfy({ (1...100_000).contains($0) }) else {
                throw ValidationError("--prompt, --generate, --streams and --repetitions take 1 to 100000")
            }
        }

        func run() async throws {
            let path = try await options.path()
            var configuration = EngineConfiguration()
            configuration.threads = options.threads
            configuration.maximumSequences = max(streams, 1)
            configuration.speculation = speculation
            let bench = try await SpeedBench.start(
                path: path, configuration, prompt: prompt, generate: generate, streams: streams)
            let results = try await bench.run(repetitions: repetitions) { Console.notice($0) }
            json ? Console.line(try bench.json(results)) : bench.table(results)
        }
    }

    struct Perplexity: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Measure how well a model predicts a text, within one context.")

        @OptionGroup var options: ModelOptions
        /// Bytes of the text: far more than any context holds.
        private static let maximumText = 1 << 28

        @Argument(help: "A UTF-8 text file.") var text: String
        @Option(help: "Tokens of the text to score at most.") var tokens = 2048

        func run() async throws {
            let bytes = try FileContents.of(text, kind: "text", limit: Self.maximumText)
            guard let content = String(validating: bytes, as: UTF8.self) else {
                throw CommandFailure("the text \(text) is not UTF-8")
            }
            let path = try await options.path()
            let score = try PerplexityBench.score(
                path: path, text: content, limit: tokens,
                workers: options.threads ?? MachineLimits.processors)
            Console.line("perplexity \(score.perplexity) over \(score.tokens) tokens")
        }
    }
}
