import Foundation
import PinionStore
import PinionWire

/// Seals reasoning with the key of the data directory. What is sealed is the model's id, a zero byte, and the text.
struct KeySeal: ReasoningSeal {
    let key: SealingKey

    func seal(_ text: String, by model: String) -> String {
        Data(key.seal(Array(model.utf8) + [0] + Array(text.utf8))).base64EncodedString()
    }

    func open(_ sealed: String) -> SealedReasoning? {
        guard let data = Data(base64Encoded: sealed), let bytes = key.open(Array(data)),
            let end = bytes.firstIndex(of: 0)
        else { return nil }
        return SealedReasoning(
            text: String(decoding: bytes[(end + 1)...], as: UTF8.self),
            model: String(decoding: bytes[..<end], as: UTF8.self))
    }
}
