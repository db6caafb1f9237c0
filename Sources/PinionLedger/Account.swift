package import Foundation

/// What a key may do, with everything that its policy and its owner say about it, at the moment it is read.
package struct Account: Sendable, Equatable {
    package let key: String
    /// Empty for a key without an owner.
    package let owner: String
    /// The key's limits: its own ones, its policy's where it has none of its own, and temporary increases added to both.
    package let limits: Limits
    /// The owner's limits, which all keys of the owner share.
    package let ownerLimits: Limits
    /// The models that the key may use; nil for all.
    package let models: [ModelPattern]?
    /// When the key ends; nil for a key without an end.
    package let expires: Date?

    package init(
        key: String, owner: String = "", limits: Limits = Limits(), ownerLimits: Limits = Limits(),
        models: [ModelPattern]? = nil, expires: Date? = nil
    ) {
        (self.key, self.owner, self.limits, self.ownerLimits) = (key, owner, limits, ownerLimits)
        (self.models, self.expires) = (models, expires)
    }

    /// Whether the key may use a model, by its id `name/version`.
    package func allows(_ model: String) -> Bool {
        models?.contains { $0.matches(model) } ?? true
    }
}

/// What the operator set for a model.
package struct ModelTerms: Sendable, Equatable {
    package let prices: Prices
    package let limits: Limits

    package init(prices: Prices = .free, limits: Limits = Limits()) {
        (self.prices, self.limits) = (prices, limits)
    }
}

/// A pattern over model ids, in which `*` stands for any text: `qwen/*`, `*-instruct/q4_k_m`. Compared as bytes.
package struct ModelPattern: Sendable, Hashable {
    package static let maximumBytes = 256

    package let text: String

    /// - Returns: nil for a text that is empty or longer than ``maximumBytes``.
    package init?(_ text: String) {
        guard (1...Self.maximumBytes).contains(text.utf8.count) else { return nil }
        self.text = text
    }

    package func matches(_ id: String) -> Bool {
        let star = UInt8(ascii: "*")
        let (pattern, id) = (Array(text.utf8), Array(id.utf8))
        var (at, position) = (0, 0)
        /// Where the last star stands, and how far the id is taken by it: on a mismatch it takes one byte more.
        var retry: (at: Int, position: Int)?
        while position < id.count {
            if at < pattern.count, pattern[at] == star {
                retry = (at, position)
                at += 1
            } else if at < pattern.count, pattern[at] == id[position] {
                at += 1
                position += 1
            } else if let last = retry {
                retry = (last.at, last.position + 1)
                (at, position) = (last.at + 1, last.position + 1)
            } else {
                return false
            }
        }
        return pattern[at...].allSatisfy { $0 == star }
    }

    package static func == (left: ModelPattern, right: ModelPattern) -> Bool {
        left.text.utf8.elementsEqual(right.text.utf8)
    }

    package func hash(into hasher: inout Hasher) {
        for byte in text.utf8 { hasher.combine(byte) }
    }
}
