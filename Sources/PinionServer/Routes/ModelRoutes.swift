import Foundation
import Hummingbird
import OpenAIAPI
import TextGeneration

/// `GET /v1/models` and `GET /v1/models/{id}`.
struct ModelRoutes: Sendable {
    let models: ModelRegistry

    private static let path = "/v1/models"

    var route: Route {
        Route(path: Self.path, takesBelow: true) { request, context in
            // By the route that the router found, which ignores empty parts of a path.
            if context.route == Self.path { return Response(json: ModelList(models.models.map(Model.init)).body) }
            let rest = request.uri.path.dropFirst(Self.path.count + 1)
            let id = rest.removingPercentEncoding ?? String(rest)
            return Response(json: Model(try models.generator(for: id).model).body)
        }
    }
}

extension Model {
    fileprivate init(_ model: ServedModel) {
        self.init(id: model.id, created: model.created, ownedBy: model.owner)
    }
}
