import AnthropicAPI
import Foundation
import Hummingbird
import OpenAIAPI
import PinionWire
import TextGeneration

/// `GET /v1/models` and `GET /v1/models/{id}`, in OpenAI's shape or, for clients that say `anthropic-version`, in
/// Anthropic's.
struct ModelRoutes: Sendable {
    let models: ModelRegistry
    let admission: any Admission

    private static let path = "/v1/models"

    var route: Route {
        Route(path: Self.path, takesBelow: true) { request, context in
            // By the route that the router found, which ignores empty parts of a path.
            guard let tenant = context.tenant else { throw APIError.missingKey }
            let isAllowed = try await admission.allowedModels(for: tenant)
            let all = models.listed.filter { isAllowed($0.model) }
            let isAnthropic = request.headers[.anthropicVersion] != nil
            if context.route == Self.path, isAnthropic {
                let query = request.uri.queryParameters
                func text(_ name: String) -> String? { query[Substring(name)].map(String.init) }
                return Response(
                    json: try AnthropicModelList(
                        all.flatMap(\.named), afterID: text("after_id"), beforeID: text("before_id"),
                        limit: text("limit")
                    ).body)
            }
            if context.route == Self.path { return Response(json: ModelList(all.map(Model.init)).body) }
            let rest = request.uri.path.dropFirst(Self.path.count + 1)
            let id = rest.removingPercentEncoding ?? String(rest)
            let listed = try models.listed(for: id)
            guard isAllowed(listed.model) else { throw APIError.modelNotFound(id, served: all.map(\.model.id)) }
            return Response(json: isAnthropic ? AnthropicModel(listed.model).body : Model(listed).body)
        }
    }
}

extension ModelRegistry.Listed {
    /// The model under each of its names, its id first: clients that go by names see those that they know.
    fileprivate var named: [ServedModel] {
        [model]
            + aliases.map { alias in
                var named = model
                named.id = alias
                return named
            }
    }
}

extension Model {
    fileprivate init(_ listed: ModelRegistry.Listed) {
        let model = listed.model
        self.init(
            id: model.id, created: model.created, ownedBy: model.owner, contextLength: model.contextLength,
            isReady: listed.isReady, aliases: listed.aliases)
    }
}
