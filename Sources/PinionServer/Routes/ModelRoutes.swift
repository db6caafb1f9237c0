import Foundation
import Hummingbird
import OpenAIAPI

/// `GET /v1/models` and `GET /v1/models/{id}`.
struct ModelRoutes: Sendable {
    let models: ModelRegistry

    private static let path = "/v1/models"

    func add(to group: RouterGroup<ServerRequestContext>) {
        group.get("\(Self.path)") { _, _ in
            Response(json: ModelList(models.models.map(Model.init)).body)
        }
        // The id holds slashes of its own, which therefore are not separators.
        group.get("\(Self.path)/**") { request, _ in
            let path = request.uri.path.dropFirst(Self.path.count + 1)
            let id = path.removingPercentEncoding ?? String(path)
            return Response(json: Model(try models.generator(for: id).model).body)
        }
    }
}

extension Model {
    fileprivate init(_ model: ServedModel) {
        self.init(id: model.id, created: model.created, ownedBy: model.owner)
    }
}
