/// `list.append(item)` or `list.pop(place)` of a list in a variable, or in a field of a namespace.
///
/// Jinja2's immutable sandbox refuses both, and some models come with templates for a sandbox that allows them. Values
/// are immutable here: the variable gets a new list, and other variables keep the old one. Python would change both,
/// which no known template relies on. What a request gave stays as it is, because no scope of the template holds it.
struct ListChange {
    enum Method { case append, pop }

    let method: Method
    let variable: Int
    /// The field of the namespace; nil where the variable itself holds the list.
    let field: AttributeName?
    let arguments: ArgumentList
    let position: SourcePosition
    /// How many of the operations behind the variable it is made of.
    let length: Int

    /// nil for any other expression.
    init?(_ base: Expression, _ operations: [PostfixOperation]) {
        guard case .name(let variable) = base else { return nil }
        for place in 0...1 where operations.count >= place + 2 {
            guard case .attribute(let name) = operations[place].kind else { return nil }
            guard let method = Self.method(name.name), case .call(let arguments) = operations[place + 1].kind
            else { continue }
            if place == 0 {
                field = nil
            } else if case .attribute(let name) = operations[0].kind {
                field = name
            } else {
                return nil
            }
            self.method = method
            self.variable = variable
            self.arguments = arguments
            position = operations[place].position
            length = place + 2
            return
        }
        return nil
    }

    private static func method(_ name: TemplateName) -> Method? {
        switch name {
        case "append": .append
        case "pop": .pop
        default: nil
        }
    }
}

extension Interpreter {
    /// What a change and the operations behind it return; nil where it is of no list that the template holds.
    @inline(never)
    func apply(
        _ change: ListChange, _ operations: [PostfixOperation], in scope: Scope
    ) throws(TemplateError) -> TemplateValue? {
        guard heldList(change, in: scope) != nil else { return nil }
        var value = TemplateValue.null
        do throws(TemplateError) {
            let arguments = try evaluate(change.arguments, in: scope)
            // An argument may have changed the list.
            guard var items = heldList(change, in: scope)?.items else { return nil }
            value = try Self.apply(change.method, arguments, to: &items)
            let changed = try list(items)
            if let field = change.field {
                namespace(change.variable, in: scope)?[field.key] = changed
            } else {
                scope.change(change.variable, to: changed)
            }
        } catch { throw error.located(at: change.position) }
        guard operations.count > change.length else { return value }
        return try apply(Array(operations.dropFirst(change.length)), to: value, in: scope)
    }

    private func heldList(_ change: ListChange, in scope: Scope) -> TemplateSequence? {
        let value = change.field.map { namespace(change.variable, in: scope)?[$0.key] } ?? scope.value(change.variable)
        guard case .sequence(let sequence)? = value, sequence.kind == .list else { return nil }
        return sequence
    }

    private func namespace(_ variable: Int, in scope: Scope) -> NamespaceObject? {
        guard case .object(let object)? = scope.value(variable) else { return nil }
        return object as? NamespaceObject
    }

    private static func apply(
        _ method: ListChange.Method, _ arguments: CallArguments, to items: inout [TemplateValue]
    ) throws(TemplateError) -> TemplateValue {
        switch method {
        case .append:
            items.append(try arguments.bind("append()", ["object"], required: 1)[0] ?? .null)
            return .null
        case .pop:
            let place = try arguments.bind("pop()", ["index"]).integer(0) ?? -1
            let index = place < 0 ? place &+ items.count : place
            guard items.indices.contains(index) else { throw fail("pop(): there is no item \(place)") }
            return items.remove(at: index)
        }
    }
}
