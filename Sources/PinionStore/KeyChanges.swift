package import Foundation
package import PinionLedger

/// What a key is made with, beside its name.
package struct KeyTerms: Sendable {
    package var owner: String?
    package var policy: String?
    /// Each in 0 ... ``Limits/maximum``.
    package var limits: [Limit: Int]
    /// Nil for those of the policy.
    package var models: [ModelPattern]?
    package var expires: Date?
    package var metadata: [String: String]

    package init(
        owner: String? = nil, policy: String? = nil, limits: [Limit: Int] = [:], models: [ModelPattern]? = nil,
        expires: Date? = nil, metadata: [String: String] = [:]
    ) {
        (self.owner, self.policy, self.limits, self.models) = (owner, policy, limits, models)
        (self.expires, self.metadata) = (expires, metadata)
    }
}

/// What happens to a value in an update.
package enum FieldChange<Value: Sendable>: Sendable {
    case keep
    case set(Value)
    case unset

    /// The value after the change.
    ///
    /// - Parameter check: Makes of a value that is set the one to be stored, or refuses it.
    func applied(to old: Value?, check: (Value) throws -> Value) rethrows -> Value? {
        switch self {
        case .keep: old
        case .set(let new): try check(new)
        case .unset: nil
        }
    }
}

/// What is changed of a key; everything else stays as it is.
package struct KeyUpdate: Sendable {
    package var name: String?
    package var owner = FieldChange<String>.keep
    package var policy = FieldChange<String>.keep
    /// Nil takes the key's own limit away, so that the policy's counts.
    package var limits: [Limit: Int?] = [:]
    package var models = FieldChange<[ModelPattern]>.keep
    package var expires = FieldChange<Date>.keep
    /// Nil takes the pair away.
    package var metadata: [String: String?] = [:]

    package init() {}
}
