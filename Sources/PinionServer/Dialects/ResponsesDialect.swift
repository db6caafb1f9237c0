import OpenAIAPI
import PinionWire
import TextGeneration

/// `POST /v1/responses`.
struct ResponsesDialect: CompletionDialect {
    let path = "/v1/responses"
    let conventions: any WireConventions = OpenAIConventions()
    let seal: any ReasoningSeal

    func decode(_ body: [UInt8], allowsUnknownFields: Bool) throws(APIError) -> ResponsesCall {
        let options = DecodingOptions(allowsUnknownFields: allowsUnknownFields)
        return ResponsesCall(request: try ResponsesRequest.decode(body, options: options, seal: seal), seal: seal)
    }
}

struct ResponsesCall: CompletionCall {
    var request: ResponsesRequest
    let seal: any ReasoningSeal

    var model: String { request.model }
    var isStreamed: Bool { request.stream }
    var warnings: [GenerationWarning] { request.warnings }
    var generation: GenerationRequest {
        get { request.generation }
        set { request.generation = newValue }
    }

    mutating func bind(to model: ServedModel) { request.bind(to: model) }

    /// Agents shorten their history when a stream tells them that it is too long, and give up on a 400.
    var tellsInStream: @Sendable (APIError) -> Bool { { $0.code == "context_length_exceeded" } }

    func wholeReply(by model: ServedModel, created: Int) -> ResponsesAssembly {
        ResponsesAssembly(request, by: model, created: created, seal: seal)
    }

    func streamedReply(by model: ServedModel, created: Int) -> ResponsesStream {
        ResponsesStream(request, by: model, created: created, seal: seal)
    }

    var errors: @Sendable (GenerationError) -> APIError? {
        let (requested, paths) = (request.generation.maximumTokens, request.paths)
        return { APIError($0, requestedTokens: requested, paths: paths) }
    }
}

extension ResponsesAssembly: WholeReply {}

extension ResponsesStream: StreamedReply {
    mutating func failure(_ error: APIError, requestID: String) -> [UInt8] { failure(error) }
}
