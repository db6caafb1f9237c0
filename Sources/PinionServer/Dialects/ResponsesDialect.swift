import OpenAIAPI
import PinionWire
import TextGeneration

/// `POST /v1/responses`.
struct ResponsesDialect: CompletionDialect {
    let path = "/v1/responses"
    let conventions: any WireConventions = OpenAIConventions()

    func decode(
        _ body: [UInt8], options: DecodingOptions, seal: any ReasoningSeal
    ) throws(APIError) -> ResponsesRequest {
        try ResponsesRequest.decode(body, options: options, seal: seal)
    }
}

extension ResponsesRequest: CompletionCall {
    var isStreamed: Bool { stream }

    /// Agents read these from a stream: they shorten a history that is too long and wait for a rate, but give up on a status
    /// that says the same.
    private static let toldInStream = ["context_length_exceeded", "rate_limit_exceeded", "insufficient_quota"]

    var tellsInStream: @Sendable (APIError) -> Bool { { error in Self.toldInStream.contains { $0 == error.code } } }

    func wholeReply(by model: ServedModel, created: Int, seal: any ReasoningSeal) -> ResponsesAssembly {
        ResponsesAssembly(self, by: model, created: created, seal: seal)
    }

    func streamedReply(by model: ServedModel, created: Int, seal: any ReasoningSeal) -> ResponsesStream {
        ResponsesStream(self, by: model, created: created, seal: seal)
    }

    var errors: @Sendable (GenerationError) -> APIError? {
        let (requested, paths) = (generation.maximumTokens, paths)
        return { APIError($0, requestedTokens: requested, paths: paths) }
    }
}

extension ResponsesAssembly: WholeReply {}

extension ResponsesStream: StreamedReply {
    mutating func failure(_ error: APIError, requestID: String) -> [UInt8] { failure(error) }
}
