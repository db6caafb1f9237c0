import Foundation
import PinionCatalog
import PinionEngine
import PinionGeneration
import TextGeneration

/// A model in this process.
struct LocalChatSource: ChatSource {
    /// Temperature where neither the user nor the model's files say one: the API's 1 makes small models ramble.
    static let usualTemperature = 0.7
    private static let tenant = Tenant(id: "terminal")

    private let loaded: LoadedModel
    private let loader: LocalModelLoader

    init(_ loaded: LoadedModel, _ loader: LocalModelLoader) {
        (self.loaded, self.loader) = (loaded, loader)
    }

    var model: String { loaded.generator.model.id }
    var contextLength: Int? { loaded.generator.model.contextLength }

    func reply(to request: GenerationRequest, _ take: @escaping @Sendable (ChatEvent) -> Void) async throws {
        var request = request
        if request.sampling.temperature == nil, loaded.textModel.samplingDefaults == SamplingDefaults() {
            request.sampling.temperature = Self.usualTemperature
        }
        let (outcomes, outcome) = AsyncStream<Outcome>.makeStream()
        let queue = GenerationQueue {
            outcome.yield($0)
            outcome.finish()
        }
        do {
            let generator = loaded.generator
            let asked = request
            await withTaskCancellationHandler {
                await generator.generate(asked, for: Self.tenant, into: queue)
            } onCancel: {
                queue.withdraw(.cancelled)
            }
            while true {
                switch try await queue.next() {
                case .events(let events): events.compactMap(Self.event).forEach(take)
                case .silence: continue
                case .end: return
                }
            }
        } catch is GenerationQueue.Withdrawal {
            // In a task of its own: this one is cancelled, and would not wait for what the reply took.
            let last = await Task { await outcomes.first { _ in true } }.value
            if let usage = last?.usage, usage.promptTokens > 0 { take(.usage(usage)) }
            throw CancellationError()
        } catch let error as GenerationError {
            throw Self.failure(error)
        }
    }

    func models() async throws -> [String] { loader.knownModels }

    /// The loaded model gives its memory back first, because two models might not fit; it is loaded again if the other
    /// model cannot be loaded.
    func switching(to model: String) async throws -> any ChatSource {
        let resolved = try await loader.resolve(model)
        await close()
        do {
            return try await loader.load(resolved)
        } catch {
            let again = try await loader.load(loaded.resolved)
            throw FailedSwitch(reason: error, source: again)
        }
    }

    func close() async {
        await loaded.textModel.engine.shutdown()
    }

    private static func event(_ event: GenerationEvent) -> ChatEvent? {
        switch event {
        case .accepted(_, let warnings): warnings.first.map { .warning($0.message) }
        case .text(_, let text, _): text.isEmpty ? nil : .text(text)
        case .reasoning(_, let text, _): text.isEmpty ? nil : .reasoning(text)
        case .toolCall(_, let delta):
            delta.start.map { .call(name: $0.name) } ?? (delta.arguments.isEmpty ? nil : .arguments(delta.arguments))
        case .warned(_, let warning): .warning(warning.message)
        case .finished(_, let reason):
            switch reason {
            case .stop, .stopString: .finished(.stop)
            case .length: .finished(.length)
            case .contextEnd: .finished(.contextEnd)
            case .toolCalls: .finished(.toolCalls)
            }
        case .usage(let usage): .usage(usage)
        }
    }

    private static func failure(_ error: GenerationError) -> ChatError {
        guard error.code == .promptTooLong, let overflow = error.overflow else {
            let place = error.pointer.map { $0.isEmpty ? "the schema: " : "the schema at \($0): " } ?? ""
            return ChatError(place + error.message)
        }
        let count = (overflow.isLowerBound ? "at least " : "") + Count.of(overflow.promptTokens, "token")
        return ChatError(
            .contextFull,
            "the conversation is \(count) long, and the context holds \(Count.of(overflow.contextLength, "token"))")
    }
}

/// The other model could not be had, and the one before was loaded anew.
struct FailedSwitch: Error, CustomStringConvertible {
    let reason: any Error
    let source: any ChatSource

    var description: String { "\(reason)" }
}
