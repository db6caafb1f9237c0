/// The keywords that a lenient translation leaves out, and what it warns of.
///
/// A translation meets one keyword that cannot be enforced, is refused, and begins again without it.
struct SchemaOmissions {
    /// A keyword that is left out, as it stands or denied.
    struct Omission: Hashable {
        let node: Int
        let keyword: SchemaKeyword
        let isNegated: Bool
    }

    /// What made the translation fail, when it was a keyword that cannot be enforced.
    private(set) var refusal: Omission?
    private(set) var warnings: [SchemaGrammar.Warning] = []

    private let omitted: Set<Omission>
    /// Nodes of which something is left out where they are denied.
    private let denied: Set<Int>
    private var warned: Set<Omission> = []

    init(_ omitted: Set<Omission>) {
        self.omitted = omitted
        denied = Set(omitted.filter(\.isNegated).map(\.node))
    }

    /// Whether the keyword of the node is left out.
    func contains(_ node: SchemaNode, _ keyword: SchemaKeyword) -> Bool {
        omitted.contains(Omission(node: node.id, keyword: keyword, isNegated: false))
    }

    /// Whether something of the node cannot be denied, and its denial is left out.
    func containsDenial(of literal: Literal) -> Bool { denied.contains(literal.node) }

    /// The error of a keyword that cannot be enforced, kept for the next translation.
    mutating func refuse(
        _ node: SchemaNode, _ keyword: SchemaKeyword, isNegated: Bool, _ message: String
    ) -> GrammarError {
        refusal = Omission(node: node.id, keyword: keyword, isNegated: isNegated)
        return GrammarError(.unsupported, message, pointer: node.pointer(to: keyword))
    }

    /// Forgets a refusal that the translation does without.
    mutating func withdrawRefusal() { refusal = nil }

    /// Warns of a keyword, once.
    mutating func warn(_ node: SchemaNode, _ keyword: SchemaKeyword, _ message: String) {
        let key = Omission(node: node.id, keyword: keyword, isNegated: false)
        guard warned.insert(key).inserted else { return }
        warnings.append(.init(pointer: node.pointer(to: keyword), keyword: keyword.rawValue, message: message))
    }
}
