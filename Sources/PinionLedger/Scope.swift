/// A key, an owner or a model: what limits are set for. Names are compared as bytes, as the database does.
package enum Scope: Sendable, Hashable {
    case key(String)
    case owner(String)
    case model(String)

    /// `key`, `owner` or `model`.
    package var kind: String {
        switch self {
        case .key: "key"
        case .owner: "owner"
        case .model: "model"
        }
    }

    package var name: String {
        switch self {
        case .key(let name), .owner(let name), .model(let name): name
        }
    }

    package static func == (left: Scope, right: Scope) -> Bool {
        left.kind == right.kind && left.name.utf8.elementsEqual(right.name.utf8)
    }

    package func hash(into hasher: inout Hasher) {
        hasher.combine(kind)
        for byte in name.utf8 { hasher.combine(byte) }
    }
}

/// A scope with its limits at the moment of an admission.
package struct LimitedScope: Sendable, Equatable {
    package let scope: Scope
    package let limits: Limits

    package init(_ scope: Scope, _ limits: Limits) {
        (self.scope, self.limits) = (scope, limits)
    }
}
