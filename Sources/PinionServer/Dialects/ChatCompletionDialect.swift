import OpenAIAPI
import PinionWire
import TextGeneration

/// `POST /v1/chat/completions`.
struct ChatCompletionDialect: CompletionDialect {
    let path = "/v1/chat/completions"
    let conventions: any WireConventions = OpenAIConventions()
    /// What replies call the text that the model thought.
    let reasoningField: ReasoningField

    func decode(
        _ body: [UInt8], options: DecodingOptions, seal: any ReasoningSeal
    ) throws(APIError) -> ChatCompletionRequest {
        var request = try ChatCompletionRequest.decode(body, options: options)
        request.reasoningField = reasoningField
        return request
    }
}

extension ChatCompletionRequest: CompletionCall {
    var isStreamed: Bool { stream }

    func wholeReply(by model: ServedModel, created: Int, seal: any ReasoningSeal) -> ChatCompletionAssembly {
        ChatCompletionAssembly(self, by: model, created: created)
    }

    func streamedReply(by model: ServedModel, created: Int, seal: any ReasoningSeal) -> ChatCompletionStream {
        ChatCompletionStream(self, by: model, created: created)
    }

    var errors: @Sendable (GenerationError) -> APIError? {
        let (requested, paths) = (generation.maximumTokens, paths)
        return { APIError($0, requestedTokens: requested, paths: paths) }
    }
}

extension ChatCompletionAssembly: WholeReply {}

extension ChatCompletionStream: StreamedReply {
    func ping() -> [UInt8] { ServerSentEvents.ping }

    func failure(_ error: APIError, requestID: String) -> [UInt8] { ServerSentEvents.error(error) }
}
