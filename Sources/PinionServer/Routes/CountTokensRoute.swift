import AnthropicAPI
import Hummingbird
import PinionWire
import TextGeneration

/// `POST /v1/messages/count_tokens`: the prompt is made and counted, without the engine.
struct CountTokensRoute: Sendable {
    let models: ModelRegistry
    let admission: any Admission
    let configuration: ServerConfiguration
    let bodies: BodyBudget
    let seal: any ReasoningSeal

    var route: Route {
        Route(
            methods: [.post], path: "/v1/messages/count_tokens", conventions: AnthropicConventions()
        ) { request, context in
            try await reply(to: request, context)
        }
    }

    private func reply(to request: Request, _ context: ServerRequestContext) async throws -> Response {
        guard let tenant = context.tenant else { throw APIError.missingKey }
        try configuration.checkContentType(request.headers[.contentType])
        let (body, room) = try await bodies.collect(request, upTo: configuration.limits.bodySize, for: tenant)
        defer { room.release() }
        var call = try CountTokensRequest.decode(
            body, options: configuration.decodingOptions, seal: seal.scoped(to: tenant))
        let generator = try models.generator(for: call.model)
        context.record.model = generator.model.id
        guard try await admission.allowedModels(for: tenant)(generator.model) else {
            throw APIError.modelNotFound(call.model, served: [])
        }
        call.bind(to: generator.model)
        do {
            let tokens = try await generator.promptTokens(of: call.generation, for: tenant)
            var response = Response(json: CountTokensRequest.body(inputTokens: tokens))
            response.headers[.warnings] = WarningHeader.value(call.warnings)
            return response
        } catch {
            throw AnthropicError.error(error, paths: call.paths) ?? error as any Error
        }
    }
}
