import PinionJSON
package import PinionWire
package import TextGeneration

/// A request for the tokens of a prompt: the body of ``MessagesRequest``, of which `max_tokens` may be absent and
/// `stream` has no meaning.
package struct CountTokensRequest: Sendable, Equatable {
    private var request: MessagesRequest

    /// The model as the client spelled it.
    package var model: String { request.model }
    /// What the prompt is made of.
    package var generation: GenerationRequest { request.generation }
    package var paths: FieldPaths { request.paths }
    /// What of the body is not counted.
    package var warnings: [GenerationWarning] { request.warnings }

    /// Reads and validates the body of `POST /v1/messages/count_tokens`.
    ///
    /// - Throws: an ``APIError`` of status 400 that names the field at fault.
    package static func decode(
        _ body: [UInt8], options: DecodingOptions = DecodingOptions(), seal: any ReasoningSeal
    ) throws(APIError) -> CountTokensRequest {
        CountTokensRequest(request: try MessagesRequest.decode(body, for: .count, options: options, seal: seal))
    }

    /// Removes the reasoning of other models, as ``MessagesRequest/bind(to:)`` does before a reply: a count that
    /// included it would be larger than the reply's.
    package mutating func bind(to model: ServedModel) { request.bind(to: model) }

    /// The body of the reply.
    package static func body(inputTokens: Int) -> [UInt8] {
        var writer = JSONWriter()
        writer.raw(#"{"input_tokens":"#)
        writer.integer(inputTokens)
        writer.raw("}")
        return writer.bytes
    }
}
