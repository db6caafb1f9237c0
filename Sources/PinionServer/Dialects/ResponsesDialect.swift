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

    /// Agents shorten their history when a stream tells them that it is too long, and give up on a 400.
    var tellsInStream: @Sendable (APIError) -> Bool { { $0.code == "context_length_exceeded" } }

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
