/// The variables of one block while it runs, by name number.
final class Scope {
    private(set) var parent: Scope?
    private var values: [Int: TemplateValue] = [:]

    init(parent: Scope?) { self.parent = parent }

    func set(_ id: Int, _ value: TemplateValue) { values[id] = value }

    /// The scope's own variable; enclosing scopes are the caller's to ask.
    func own(_ id: Int) -> TemplateValue? { values.isEmpty ? nil : values[id] }

    /// Ends the cycle between a scope and the macros defined in it.
    func release() {
        values = [:]
        parent = nil
    }
}
