import Hummingbird
import Logging
import OpenAIAPI
import Synchronization

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
    private let measured = Mutex<CompletionRecord?>(nil)

    /// The id of the model that was asked for, if it is served.
    var model: String? {
        get { served.withLock { $0 } }
        set { served.withLock { $0 = newValue } }
    }

    var tenant: Tenant? {
        get { authenticated.withLock { $0 } }
        set { authenticated.withLock { $0 = newValue } }
    }

    /// What was measured of the completion; nil before its prompt was accepted and on other routes.
    var completion: CompletionRecord? { measured.withLock { $0 } }

    /// Called on the task that makes the completion, while others may read it.
    func updateCompletion(_ change: (inout CompletionRecord) -> Void) {
        measured.withLock { record in
            var changed = record ?? CompletionRecord()
            change(&changed)
            record = changed
        }
    }
}
