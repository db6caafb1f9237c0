import AnthropicAPI
import HTTPTypes
import PinionWire
import TextGeneration

/// Anthropic's: a key in `x-api-key` or a bearer key, an error object of its own, and status 529 for a server that cannot
/// answer now.
struct AnthropicConventions: WireConventions {
    let requestIDField: HTTPField.Name? = .anthropicRequestID

    func key(in headers: HTTPFields) -> String? {
        if let key = headers[.apiKey], !key.isEmpty { return key }
        return OpenAIConventions.bearerKey(in: headers)
    }

    let missingKey = APIError(
        status: 401, message: "There is no API key: send it in the header 'x-api-key'.", type: "invalid_request_error")

    func status(_ status: Int) -> Int { AnthropicError.status(status) }

    func body(of error: APIError, requestID: String) -> [UInt8] {
        AnthropicError.body(of: error, requestID: requestID)
    }
}

/// `POST /v1/messages`.
struct MessagesDialect: CompletionDialect {
    let path = "/v1/messages"
    let conventions: any WireConventions = AnthropicConventions()

    func decode(
        _ body: [UInt8], options: DecodingOptions, seal: any ReasoningSeal
    ) throws(APIError) -> MessagesRequest {
        try MessagesRequest.decode(body, options: options, seal: seal)
    }
}

extension MessagesRequest: CompletionCall {
    var isStreamed: Bool { stream }

    func wholeReply(by model: ServedModel, created: Int, seal: any ReasoningSeal) -> MessageAssembly {
        MessageAssembly(self, by: model, seal: seal)
    }

    func streamedReply(by model: ServedModel, created: Int, seal: any ReasoningSeal) -> MessageStream {
        MessageStream(self, by: model, seal: seal)
    }

    var errors: @Sendable (GenerationError) -> APIError? {
        { [paths] in AnthropicError.error($0, paths: paths) }
    }
}

extension MessageAssembly: WholeReply {}

extension MessageStream: StreamedReply {}
