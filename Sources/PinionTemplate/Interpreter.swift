import Foundation

/// One rendering of a template.
///
/// Used by one thread and thrown away. Everything that costs time or memory is charged to ``TemplateLimits/steps``, and
/// everything that recurses to a depth.
final class Interpreter {
    private let names: [TemplateName]
    /// The value of each name outside of all scopes: the caller's context first, then the language's own functions.
    private let globals: [TemplateValue?]
    let now: Date
    private let meter: RenderMeter
    private var steps = 0
    private var depth = 0
    var macroDepth = 0
    private var objects: [TemplateObject] = []

    /// How a block ended.
    enum Completion { case normal, broke, continued }

    private init(
        names: [TemplateName], context: [TemplateName: TemplateValue], now: Date, meter: RenderMeter
    ) throws(TemplateError) {
        self.names = names
        self.now = now
        self.meter = meter
        var globals: [TemplateValue?] = []
        for name in names {
            let value = context[name] ?? TemplateFunction.table[name].map { .function($0) }
            if let value, value.depth > TemplateLimits.depth {
                throw TemplateError(
                    .limitExceeded, "'\(name)' is nested deeper than \(TemplateLimits.depth) levels")
            }
            globals.append(value)
        }
        self.globals = globals
    }

    static func render(
        _ tree: SyntaxTree, context: [TemplateName: TemplateValue], now: Date, meter: RenderMeter
    ) throws(TemplateError) -> TemplateString {
        let interpreter = try Interpreter(names: tree.names, context: context, now: now, meter: meter)
        defer { interpreter.release() }
        var output = TemplateString()
        _ = try interpreter.run(tree.body, in: Scope(parent: nil), into: &output)
        return output
    }

    // MARK: - Limits

    func charge(_ count: Int = 1) throws(TemplateError) {
        steps &+= count
        if count < 0 || steps > TemplateLimits.steps || steps < 0 {
            throw TemplateError(
                .limitExceeded, "the chat template needs more than \(TemplateLimits.steps) evaluation steps")
        }
        try meter.count(count)
    }

    /// Charges for reading or copying text of `length` scalars, which must be allowed to exist at all.
    func charge(text length: Int) throws(TemplateError) {
        guard length <= TemplateLimits.stringLength else {
            throw TemplateError(
                .limitExceeded,
                "the chat template makes text of \(length) characters, the limit is \(TemplateLimits.stringLength)"
            )
        }
        try charge(1 + length / TemplateLimits.scalarsPerStep)
    }

    /// Charges for looking at the Unicode properties of a text, which takes longer outside of ASCII.
    func charge(properties text: TemplateString) throws(TemplateError) {
        try charge(text: text.count)
        if !text.scalars.allSatisfy(\.isASCII) { try charge(text.count / TemplateLimits.scalarsPerPropertyStep) }
    }

    func append(_ text: TemplateString, to output: inout TemplateString) throws(TemplateError) {
        try checkRoom(output.count, text.count)
        try charge(text.count / TemplateLimits.scalarsPerStep)
        output.append(text)
    }

    private func checkRoom(_ existing: Int, _ more: Int) throws(TemplateError) {
        if existing + more > TemplateLimits.stringLength { try charge(text: existing + more) }
    }

    func enter() throws(TemplateError) {
        depth += 1
        if depth > TemplateLimits.evaluationDepth {
            throw TemplateError(
                .limitExceeded, "the chat template nests more than \(TemplateLimits.evaluationDepth) evaluations")
        }
    }

    func leave() { depth -= 1 }

    // MARK: - Values

    func name(_ id: Int) -> TemplateName { names[id] }

    func lookUp(_ id: Int, in scope: Scope) throws(TemplateError) -> TemplateValue {
        var scope: Scope? = scope
        while let current = scope {
            if let value = current.own(id) { return value }
            try charge()
            scope = current.parent
        }
        return globals[id] ?? .undefined(.name(names[id]))
    }

    func list(_ items: [TemplateValue], kind: TemplateSequence.Kind = .list) throws(TemplateError) -> TemplateValue {
        try charge(items.count)
        let sequence = TemplateSequence(items, kind: kind)
        try checkDepth(sequence.depth)
        return .sequence(sequence)
    }

    func dict(_ entries: [(TemplateKey, TemplateValue)]) throws(TemplateError) -> TemplateValue {
        try charge(2 * entries.count)
        for (key, _) in entries { try charge(key.steps) }
        let mapping = TemplateMapping(entries)
        try checkDepth(mapping.depth)
        return .mapping(mapping)
    }

    private func checkDepth(_ depth: Int) throws(TemplateError) {
        if depth > TemplateLimits.depth {
            throw TemplateError(
                .limitExceeded, "the chat template builds a value deeper than \(TemplateLimits.depth) levels")
        }
    }

    /// Makes an object one of this rendering's.
    func object(_ object: TemplateObject) throws(TemplateError) -> TemplateValue {
        try charge()
        objects.append(object)
        return .object(object)
    }

    func iterator(_ items: [TemplateValue]) throws(TemplateError) -> TemplateValue {
        try charge(items.count)
        return try object(IteratorObject(items))
    }

    private func release() {
        for object in objects { object.release() }
        objects = []
    }

    // MARK: - Errors

    /// Messages may quote the request, hence the cut.
    static func fail(_ message: String, _ code: TemplateError.Code = .runtime) -> TemplateError {
        TemplateError(
            code, String(String.UnicodeScalarView(message.unicodeScalars.prefix(TemplateLimits.messageLength))))
    }
}

extension TemplateError {
    /// The same error with a position, unless it has one.
    func located(at position: SourcePosition) -> TemplateError {
        line == nil
            ? TemplateError(code, message, line: Int(position.line), column: Int(position.column)) : self
    }
}
