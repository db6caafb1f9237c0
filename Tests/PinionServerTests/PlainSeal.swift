import PinionWire
import TextGeneration

/// A seal that hides nothing: what is sealed stands behind the model's id.
struct PlainSeal: ReasoningSeal {
    func scoped(to tenant: Tenant) -> any ReasoningSeal { self }

    func seal(_ text: String, by model: String) -> String { "\(model)|\(text)" }

    func open(_ sealed: String) -> SealedReasoning? {
        sealed.firstIndex(of: "|").map {
            SealedReasoning(text: String(sealed[sealed.index(after: $0)...]), model: String(sealed[..<$0]))
        }
    }
}
