import Foundation
import PinionModels
package import PinionTensor
import Synchronization

/// A running engine: the `Sendable` handle to the thread that owns model, cache and scheduler.
package final class Engine: Sendable {
    /// Identifies a submitted request.
    package typealias RequestID = Int

    private static let stackBytes = 4 << 20

    package let description: EngineDescription
    private let mailbox: Mailbox<EngineCommand>
    private let nextRequest = Atomic<Int>(0)
    private let load: EngineLoad
    private let counters: EngineCounters
    private let maximumPending: Int

    private init(
        description: EngineDescription, mailbox: Mailbox<EngineCommand>, load: EngineLoad, counters: EngineCounters,
        maximumPending: Int
    ) {
        self.description = description
        self.mailbox = mailbox
        self.load = load
        self.counters = counters
        self.maximumPending = maximumPending
    }

    deinit {
        mailbox.put(.stop)
    }

    /// Starts the engine thread, on which the model is loaded.
    ///
    /// - Throws: ``EngineError`` when the model cannot be loaded or does not fit the memory.
    package static func start(_ file: GGUFFile, _ configuration: EngineConfiguration) async throws -> Engine {
        let mailbox = Mailbox<EngineCommand>()
        let load = EngineLoad()
        let counters = EngineCounters()
        // Taken once, so that the thread does not keep the mapping for as long as it runs: packed, it is not needed.
        let handover = Handover(file)
        let description = try await withCheckedThrowingContinuation {
            (ready: CheckedContinuation<EngineDescription, any Error>) in
            // Not a task: an engine never gives its thread back, and would starve the cooperative pool.
            let thread = Thread {
                do {
                    let loop = try EngineLoop(
                        handover.take(), configuration, mailbox: mailbox, load: load, counters: counters)
                    ready.resume(returning: loop.description)
                    loop.run()
                } catch {
                    ready.resume(throwing: error)
                }
            }
            thread.name = "pinion-engine"
            thread.stackSize = stackBytes
            thread.start()
        }
        return Engine(
            description: description, mailbox: mailbox, load: load, counters: counters,
            maximumPending: configuration.maximumSequences + configuration.maximumWaiting)
    }

    /// Queues a request; its sinks are told everything else.
    ///
    /// - Throws: ``EngineError`` when the request can never run, or too many wait already.
    @discardableResult
    package func submit(_ request: EngineRequest) throws(EngineError) -> RequestID {
        let vocabulary = description.shape.vocabulary
        guard !request.prompt.isEmpty, !request.choices.isEmpty else {
            throw EngineError(.invalidRequest, "a request needs a prompt of at least one token, and a choice")
        }
        guard request.prompt.allSatisfy({ $0 >= 0 && $0 < vocabulary }),
            request.sampling.logitBias.keys.allSatisfy({ $0 >= 0 && $0 < vocabulary })
        else { throw EngineError(.invalidRequest, "token ids are from 0 to \(vocabulary - 1)") }
        guard request.prompt.count < description.contextLength else {
            throw EngineError(
                .promptTooLong,
                "the prompt has \(request.prompt.count) tokens, which leaves no room in a context of "
                    + "\(description.contextLength)")
        }
        guard load.reserve(request.choices.count, limit: maximumPending) else {
            throw EngineError(.overloaded, "\(maximumPending) sequences are running or waiting")
        }
        let id = nextRequest.add(1, ordering: .relaxed).newValue
        mailbox.put(.submit(id, request))
        return id
    }

    /// Ends what is left of a request; its sinks hear `.cancelled`. Unknown or ended requests are ignored.
    package func cancel(_ id: RequestID) {
        mailbox.put(.cancel(id))
    }

    /// Whether a request of that many choices would find a place now.
    package func hasRoom(for choices: Int) -> Bool { load.pending + choices <= maximumPending }

    /// Sequences that are running or waiting.
    package var pendingSequences: Int { load.pending }

    /// What was done so far.
    package var statistics: EngineStatistics { counters.statistics }
}

/// A value on its way to another thread, which takes it once.
private final class Handover<Value: Sendable>: Sendable {
    private let value: Mutex<Value?>

    init(_ value: Value) {
        self.value = Mutex(value)
    }

    func take() -> Value {
        guard let value = value.withLock({ $0.take() }) else { preconditionFailure("a handover is taken once") }
        return value
    }
}

enum EngineCommand: Sendable {
    case submit(Engine.RequestID, EngineRequest)
    case cancel(Engine.RequestID)
    case stop
}

/// How many sequences are in the engine's hands, counted on both sides of the mailbox.
final class EngineLoad: Sendable {
    private let count = Mutex(0)

    var pending: Int { count.withLock { $0 } }

    func reserve(_ sequences: Int, limit: Int) -> Bool {
        count.withLock { count in
            guard count + sequences <= limit else { return false }
            count += sequences
            return true
        }
    }

    func release() {
        count.withLock { $0 -= 1 }
    }
}
