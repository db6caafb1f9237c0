import Foundation
import PinionEngine
import PinionModelFiles
import PinionModels
import PinionTensor

/// Rates of one engine: a prompt, one stream, several streams.
///
/// What is timed is what a request goes through: queue, schedule, forward, sample, publish.
struct SpeedBench {
    /// Streams start from a short prompt, so that their rate is that of generation.
    private static let streamPrompt = 16

    struct Figure: Encodable {
        let name: String
        /// Tokens per second of each run.
        let rates: [Double]

        var median: Double { rates.sorted()[rates.count / 2] }
    }

    private struct Report: Encodable {
        let model: String
        let kernels: String
        let threads: Int
        let speculation: Bool
        let loadSeconds: Double
        let residentBytes: Int?
        let perToken: TokenWork
        let tokensPerSecond: [Figure]
    }

    private let path: String
    private let engine: Engine
    private let speculation: Bool
    private let work: TokenWork
    private let loadSeconds: Double
    private let prompt: Int
    private let generate: Int
    private let streams: Int

    static func start(
        path: String, _ configuration: EngineConfiguration, prompt: Int, generate: Int, streams: Int
    ) async throws -> SpeedBench {
        let clock = ContinuousClock()
        let began = clock.now
        let package = try ModelPackage(path: path)
        let work = try TokenWork(package, prompt: prompt)
        let engine = try await Engine.start(package, configuration)
        let seconds = (clock.now - began).seconds
        let context = engine.description.contextLength
        guard prompt < context, generate + streamPrompt <= context else {
            throw CommandFailure("prompt and generated tokens must fit the context of \(context)")
        }
        return SpeedBench(
            path: path, engine: engine, speculation: configuration.speculation, work: work, loadSeconds: seconds,
            prompt: prompt, generate: generate, streams: streams)
    }

    /// - Parameter progress: Told of every run.
    func run(repetitions: Int, progress: (String) -> Void) async throws -> [Figure] {
        var cases: [(name: String, tokens: Int, run: () async throws -> Void)] = [
            ("prompt \(prompt)", prompt, { try await complete(prompt: prompt, tokens: 1, streams: 1) }),
            ("1 stream", generate, { try await complete(prompt: Self.streamPrompt, tokens: generate, streams: 1) }),
            (
                "\(streams) streams", generate * streams,
                { try await complete(prompt: Self.streamPrompt, tokens: generate, streams: streams) }
            ),
        ]
        // One stream is the second figure already.
        if streams == 1 { cases.removeLast() }
        let clock = ContinuousClock()
        var figures: [Figure] = []
        for item in cases {
            var rates: [Double] = []
            // The first run warms caches and is not counted.
            for run in 0...repetitions {
                let began = clock.now
                try await item.run()
                let rate = Double(item.tokens) / (clock.now - began).seconds
                let label = run == 0 ? "warm-up" : "run \(run) of \(repetitions)"
                progress("\(item.name), \(label): \(String(format: "%.1f", rate)) tokens/s")
                if run > 0 { rates.append(rate) }
            }
            figures.append(Figure(name: item.name, rates: rates))
        }
        return figures
    }

    func table(_ figures: [Figure]) {
        let description = engine.description
        Console.line(
            "\(path): \(description.kernels), \(Count.of(description.workers, "thread")), loaded in "
                + String(format: "%.2f s", loadSeconds)
                + (ProcessMemory.resident.map { ", \($0 >> 20) MiB resident" } ?? "")
                + (speculation ? ", with speculation" : ""))
        Table(
            header: ["TOKENS/S", "MEDIAN", "LOWEST", "HIGHEST"],
            rows: figures.map { figure in
                [figure.median, figure.rates.min() ?? 0, figure.rates.max() ?? 0].map { String(format: "%.1f", $0) }
                    .reduce(into: [figure.name]) { $0.append($1) }
            }
        ).print()
    }

    func json(_ figures: [Figure]) throws -> String {
        let report = Report(
            model: path, kernels: engine.description.kernels, threads: engine.description.workers,
            speculation: speculation, loadSeconds: loadSeconds, residentBytes: ProcessMemory.resident,
            perToken: work,
            tokensPerSecond: figures)
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        return String(decoding: try encoder.encode(report), as: UTF8.self)
    }

    private func complete(prompt: Int, tokens: Int, streams: Int) async throws {
        let vocabulary = engine.description.shape.vocabulary
        try await withThrowingTaskGroup(of: Void.self) { group in
            for stream in 0..<streams {
                group.addTask {
                    var sampling = SamplingParameters()
                    sampling.temperature = 0
                    // A tenant of its own, so that no prompt is found in the cache.
                    let ids = (0..<prompt).map { Int32(($0 * 7919 + stream * 104_729 + 13) % vocabulary) }
                    try await withCheckedThrowingContinuation { (ended: CheckedContinuation<Void, any Error>) in
                        do {
                            let request = EngineRequest(
                                prompt: ids, tenant: UUID().uuidString, sampling: sampling, maximumTokens: tokens,
                                endTokens: [],
                                choices: [.init(sink: CountingSink(ended))])
                            try engine.submit(request)
                        } catch { ended.resume(throwing: error) }
                    }
                }
            }
            try await group.waitForAll()
        }
    }

    private struct CountingSink: TokenSink {
        let ended: CheckedContinuation<Void, any Error>

        init(_ ended: CheckedContinuation<Void, any Error>) { self.ended = ended }

        func accept(_ token: SampledToken) -> TokenDecision { .goOn }

        func finish(_ outcome: SequenceOutcome) { ended.resume() }
    }
}

extension Duration {
    fileprivate var seconds: Double {
        Double(components.seconds) + Double(components.attoseconds) * 1e-18
    }
}
