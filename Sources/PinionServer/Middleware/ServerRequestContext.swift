import Dispatch
import Hummingbird
import Logging
import OpenAIAPI
import PinionWire
import Synchronization
import TextGeneration

/// What travels with a request through middleware and routes.
struct ServerRequestContext: RequestContext {
    var coreContext: CoreRequestContextStorage
    let record: RequestRecord
    /// The path of the route that takes the request, as it was registered; nil for a path that no route takes.
    var route: String? { endpointPath == "NotFound" ? nil : endpointPath }
    /// Set by the authentication, for every route that asks for a key.
    var tenant: Tenant?

    init(source: ApplicationRequestContextSource) {
        coreContext = CoreRequestContextStorage(source: source)
        record = RequestRecord()
        // Hummingbird's own key, so that its lines and ours name the request alike.
        logger[metadataKey: "hb.request.id"] = .string(record.id)
    }
}

/// What the outermost middleware wants to know once the request is done.
final class RequestRecord: Sendable {
    /// The value of `x-request-id`. One that the client sent is never taken over: it would let clients mix up the log.
    let id = OpenAIAPI.RequestID.random()
    let start = ContinuousClock.now
    private let authenticated = Mutex<Tenant?>(nil)
    private let served = Mutex<String?>(nil)
    private let told = Mutex<APIError?>(nil)
    private let measured = Mutex(Measured())

    private struct Measured {
        /// Nil on routes that generate nothing.
        var completion: CompletionRecord?
        /// Waits for the outcome.
        var reader: (@Sendable (CompletionRecord?) -> Void)?
    }

    /// The id of the model that was asked for, if it is served.
    var model: String? {
        get { served.withLock { $0 } }
        set { served.withLock { $0 = newValue } }
    }

    /// What the client was told went wrong.
    var failure: APIError? {
        get { told.withLock { $0 } }
        set { told.withLock { $0 = newValue } }
    }

    var tenant: Tenant? {
        get { authenticated.withLock { $0 } }
        set { authenticated.withLock { $0 = newValue } }
    }

    /// What is known of the generation; nil on routes that generate nothing, and before it begins.
    var completion: CompletionRecord? { measured.withLock { $0.completion } }

    /// A generation begins, which will have an outcome.
    func beginCompletion() {
        measured.withLock { $0.completion = CompletionRecord() }
    }

    /// Called on the task that reads the generation, while others may read the record.
    func updateCompletion(_ change: (inout CompletionRecord) -> Void) {
        measured.withLock { measured in
            guard var completion = measured.completion else { return }
            change(&completion)
            measured.completion = completion
        }
    }

    /// Where lines are written whose outcome came after their request: the engine's thread, which tells it, must not wait
    /// for a log.
    private static let lateLines = DispatchQueue(label: "pinion.access-log")

    /// Called on whichever thread ends the generation.
    func settleCompletion(_ outcome: Outcome) {
        let (reader, completion) = measured.withLock { measured in
            measured.completion?.outcome = outcome
            return (measured.reader.take(), measured.completion)
        }
        if let reader { Self.lateLines.async { reader(completion) } }
    }

    /// Calls `reader` with what was measured of the generation once its outcome is known: at once where it is, or where
    /// there is no generation.
    func whenSettled(_ reader: @escaping @Sendable (CompletionRecord?) -> Void) {
        let (isSettled, completion) = measured.withLock { measured in
            let isSettled = measured.completion.map { $0.outcome != nil } ?? true
            if !isSettled { measured.reader = reader }
            return (isSettled, measured.completion)
        }
        if isSettled { reader(completion) }
    }
}
