/// A key of a dict: text, a number, a boolean or none.
///
/// Keys are found by what they equal, as in Python: `1`, `1.0` and `true` are one key, which keeps the spelling it was
/// first written with. Python's other hashable values (tuples, functions) are no keys here: no chat template is known
/// to use them.
enum TemplateKey: Sendable {
    case text(TemplateString)
    case integer(Int)
    case real(Double)
    case bool(Bool)
    case none

    /// Nothing for a value that cannot be a key.
    init?(_ value: TemplateValue) {
        switch value {
        case .string(let text): self = .text(text)
        case .int(let number): self = .integer(number)
        case .double(let number):
            // NaN equals no key, not even itself, so that a dict of them would be searched whole for each.
            guard !number.isNaN else { return nil }
            self = .real(number)
        case .bigInteger(let digits):
            guard let number = Double(digits) else { return nil }
            self = .real(number)
        case .bool(let value): self = .bool(value)
        case .null: self = .none
        case .undefined, .sequence, .mapping, .function, .object: return nil
        }
    }

    init(_ name: String, origin: TextSpan.Origin = .request) {
        self = .text(TemplateString(name, origin: origin))
    }

    var value: TemplateValue {
        switch self {
        case .text(let text): .string(text)
        case .integer(let number): .int(number)
        case .real(let number): .double(number)
        case .bool(let value): .bool(value)
        case .none: .null
        }
    }

    /// What hashing the key, or comparing it, costs beyond the step that every operation costs.
    var steps: Int {
        if case .text(let text) = self { text.count / TemplateLimits.scalarsPerStep } else { 0 }
    }

    /// The integer that a number equals.
    private var whole: Int? {
        switch self {
        case .integer(let number): number
        case .real(let number): Int(exactly: number)
        case .bool(let value): value ? 1 : 0
        case .text, .none: nil
        }
    }
}

extension TemplateKey: Hashable {
    static func == (left: TemplateKey, right: TemplateKey) -> Bool {
        switch (left, right) {
        case (.text(let left), .text(let right)): left == right
        case (.text, _), (_, .text): false
        case (.none, .none): true
        case (.none, _), (_, .none): false
        // A real number that equals no integer is not a number (which equals nothing), or equals only itself.
        case (.real(let left), .real(let right)): left == right
        default: left.whole == right.whole
        }
    }

    func hash(into hasher: inout Hasher) {
        switch self {
        case .text(let text): hasher.combine(text)
        case .none: hasher.combine(0)
        case .real(let number) where whole == nil: hasher.combine(number)
        case .integer, .real, .bool: hasher.combine(whole)
        }
    }
}
