import Foundation
import PinionStore
import PinionWire
import TextGeneration

/// Seals reasoning with the key of the data directory. What is sealed is the model's id, a zero byte, and the text; only
/// the tenant for whom it was sealed can have it opened.
struct KeySeal: ReasoningSeal {
    let key: SealingKey
    /// Empty for a seal that no tenant's requests are read with.
    var owner = ""

    func scoped(to tenant: Tenant) -> any ReasoningSeal { KeySeal(key: key, owner: tenant.id) }

    func seal(_ text: String, by model: String) -> String {
        Data(key.seal(Array(model.utf8) + [0] + Array(text.utf8), for: owner)).base64EncodedString()
    }

    func open(_ sealed: String) -> SealedReasoning? {
        guard let data = Data(base64Encoded: sealed), let bytes = key.open(Array(data), for: owner),
            let end = bytes.firstIndex(of: 0)
        else { return nil }
        return SealedReasoning(
            text: String(decoding: bytes[(end + 1)...], as: UTF8.self),
            model: String(decoding: bytes[..<end], as: UTF8.self))
    }
}
