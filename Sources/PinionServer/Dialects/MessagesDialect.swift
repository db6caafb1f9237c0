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

    func status(of error: APIError) -> Int { AnthropicError.status(of: error) }

    func body(of error: APIError, requestID: String) -> [UInt8] {
        AnthropicError.body(of: error, requestID: requestID)
    }
}

/// `POST /v1/messages`.
struct MessagesDialect: CompletionDialect {
    let path = "/v1/messages"
    let conventions: any WireConventions = AnthropicConventions()
    let seal: any ReasoningSeal

    func decode(_ body: [UInt8], allowsUnknownFields: Bool) throws(APIError) -> MessagesCall {
        let options = DecodingOptions(allowsUnknownFields: allowsUnknownFields)
        return MessagesCall(request: try MessagesRequest.decode(body, options: options, seal: seal), seal: seal)
    }
}

struct MessagesCall: CompletionCall {
    var request: MessagesRequest
    let seal: any ReasoningSeal

    var model: String { request.model }
    var isStreamed: Bool { request.stream }
    var warnings: [GenerationWarning] { request.warnings }
    var generation: GenerationRequest {
        get { request.generation }
        set { request.generation = newValue }
    }

    mutating func bind(to model: ServedModel) { request.bind(to: model) }

    func wholeReply(by model: ServedModel, created: Int) -> MessageAssembly {
        MessageAssembly(request, by: model, seal: seal)
    }

    func streamedReply(by model: ServedModel, created: Int) -> MessageStream {
        MessageStream(request, by: model, seal: seal)
    }

    var errors: @Sendable (GenerationError) -> APIError? {
        { [paths = request.paths] in AnthropicError.error($0, paths: paths) }
    }
}

extension MessageAssembly: WholeReply {}

extension MessageStream: StreamedReply {
    func opening() -> [UInt8] { opening }
    func ping() -> [UInt8] { ping }
}
