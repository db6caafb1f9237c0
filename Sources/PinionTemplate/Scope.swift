/// The variables of one block while it runs, by name number.
final class Scope {
    private(set) var parent: Scope?
    private var values: [Int: TemplateValue] = [:]

    init(parent: Scope?) { self.parent = parent }

    func set(_ id: Int, _ value: TemplateValue) { values[id] = value }

    /// The scope's own variable; enclosing scopes are the caller's to ask.
    func own(_ id: Int) -> TemplateValue? { values.isEmpty ? nil : values[id] }

    /// The variable of this scope, or of the next one around it that has it.
    func value(_ id: Int) -> TemplateValue? { owner(of: id)?.own(id) }

    /// Changes a variable where it is, in this scope or in one around it.
    func change(_ id: Int, to value: TemplateValue) { owner(of: id)?.set(id, value) }

    private func owner(of id: Int) -> Scope? {
        var scope: Scope? = self
        while let current = scope, current.own(id) == nil { scope = current.parent }
        return scope
    }

    /// Ends the cycle between a scope and the macros defined in it.
    func release() {
        values = [:]
        parent = nil
    }
}
