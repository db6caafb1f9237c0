import Synchronization
import TextGeneration

/// A reply that is under way, told piece by piece to one reader.
struct ReplyTask: Sendable {
    enum Signal: Sendable {
        case event(ChatEvent)
        /// The last one; nil for a reply that came to its end.
        case ended((any Error)?)
    }

    /// Bytes of a reply: a server that never ends one would fill the memory, as what a terminal has not taken yet waits.
    private static let maximumBytes = 64 << 20

    private let task: Task<Void, Never>

    init(_ source: any ChatSource, _ request: GenerationRequest, tell: @escaping @Sendable (Signal) -> Void) {
        task = Task {
            let size = ByteCount()
            do {
                try await source.reply(to: request) { event in
                    guard size.add(event.byteCount) <= Self.maximumBytes else {
                        // The closure runs within the task.
                        return withUnsafeCurrentTask { $0?.cancel() }
                    }
                    tell(.event(event))
                }
                tell(.ended(nil))
            } catch {
                if size.total > Self.maximumBytes {
                    tell(
                        .ended(
                            ChatError(
                                "the reply was ended because it is longer than \(ByteSize.text(Self.maximumBytes))")))
                } else {
                    tell(.ended(Task.isCancelled ? CancellationError() : error))
                }
            }
        }
    }

    func cancel() { task.cancel() }
}

/// Bytes that were counted from whichever thread.
private final class ByteCount: Sendable {
    private let bytes = Atomic<Int>(0)

    var total: Int { bytes.load(ordering: .relaxed) }

    /// - Returns: The total with these.
    func add(_ count: Int) -> Int { bytes.add(count, ordering: .relaxed).newValue }
}

extension ChatEvent {
    /// Bytes of text from outside.
    fileprivate var byteCount: Int {
        switch self {
        case .text(let text), .reasoning(let text), .call(let text), .arguments(let text), .warning(let text):
            text.utf8.count
        case .finished, .usage: 0
        }
    }
}

/// What a reply has come to so far.
struct ReplyRecord {
    var text = ""
    var usage: Usage?
    var finish: FinishWord?
    private(set) var calls = 0
    private let start = ContinuousClock.now
    private var first: ContinuousClock.Instant?
    private var last: ContinuousClock.Instant?

    mutating func note(_ event: ChatEvent) {
        switch event {
        case .text, .reasoning, .call, .arguments:
            last = .now
            if first == nil { first = last }
        case .usage(let usage): self.usage = usage
        case .finished(let word): finish = word
        case .warning: break
        }
        if case .text(let piece) = event { text += piece }
        if case .call = event { calls += 1 }
    }

    /// Whether anything was said.
    var isEmpty: Bool { first == nil }

    /// Time until the first piece came.
    var firstDelay: Duration? { first.map { $0 - start } }

    /// Tokens a second, from the first piece to the last; nil where there are too few to tell.
    var rate: Double? {
        guard let usage, usage.completionTokens > 1, let first, let last, last > first else { return nil }
        return Double(usage.completionTokens - 1) / ((last - first) / .seconds(1))
    }
}
