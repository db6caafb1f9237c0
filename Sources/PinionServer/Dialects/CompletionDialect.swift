import PinionWire
import TextGeneration

/// A dialect of generation: how the bodies of one route become requests, and events become its replies.
///
/// ``CompletionHandler`` does everything else, so that a new dialect is a decoder, two encoders and one line in
/// ``PinionApplication``.
protocol CompletionDialect: Sendable {
    associatedtype Call: CompletionCall

    var path: String { get }
    var conventions: any WireConventions { get }

    /// Reads and validates a body.
    ///
    /// - Parameter seal: Opens what an earlier reply sealed.
    /// - Throws: `APIError` that names the field at fault.
    func decode(_ body: [UInt8], options: DecodingOptions, seal: any ReasoningSeal) throws(APIError) -> Call
}

/// A decoded request: what is asked of which model, and how its reply is written.
protocol CompletionCall: Sendable {
    associatedtype Whole: WholeReply
    associatedtype Stream: StreamedReply

    /// The model as the client spelled it.
    var model: String { get }
    var generation: GenerationRequest { get set }
    var isStreamed: Bool { get }
    /// What the decoder left out although the request is answered.
    var warnings: [GenerationWarning] { get }

    /// Settles what depends on the model that is meant.
    mutating func bind(to model: ServedModel)
    /// Whether a stream tells this failure although nothing of the reply was made, so that its status is 200.
    var tellsInStream: @Sendable (APIError) -> Bool { get }

    /// - Parameters:
    ///   - created: Seconds since 1970.
    ///   - seal: Closes what the model thought.
    func wholeReply(by model: ServedModel, created: Int, seal: any ReasoningSeal) -> Whole
    func streamedReply(by model: ServedModel, created: Int, seal: any ReasoningSeal) -> Stream
    /// What the client is told of a failure; nil for one of the server's own. Outlives the call, and must not hold it.
    var errors: @Sendable (GenerationError) -> APIError? { get }
}

extension CompletionCall {
    mutating func bind(to model: ServedModel) {}
    var tellsInStream: @Sendable (APIError) -> Bool { { _ in false } }
}

/// A reply that is sent when it is complete.
protocol WholeReply {
    /// - Throws: ``TextGeneration/GenerationError`` for an event out of order.
    mutating func add(_ event: GenerationEvent) throws(GenerationError)
    /// The body, once every event was added.
    ///
    /// - Throws: ``TextGeneration/GenerationError`` when events are missing.
    func body() throws(GenerationError) -> [UInt8]
}

/// A reply that is sent as it is made: bytes of server-sent events.
protocol StreamedReply: Sendable {
    /// What is sent once the request is accepted.
    mutating func opening() -> [UInt8]
    /// What keeps a silent connection open.
    mutating func ping() -> [UInt8]
    /// - Throws: ``TextGeneration/GenerationError`` for an event out of order.
    mutating func encode(_ event: GenerationEvent) throws(GenerationError) -> [UInt8]
    /// What follows the last event.
    ///
    /// - Throws: ``TextGeneration/GenerationError`` when events are missing.
    mutating func end() throws(GenerationError) -> [UInt8]
    /// What ends a stream that failed after it had begun.
    mutating func failure(_ error: APIError, requestID: String) -> [UInt8]
}
