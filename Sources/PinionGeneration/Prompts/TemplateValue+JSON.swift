package import PinionJSON
package import PinionTemplate

extension TemplateValue {
    /// The value that a template sees for a request's JSON; its text counts as the request's.
    package init(_ value: JSONValue) {
        switch value {
        case .null: self = .null
        case .bool(let value): self = .bool(value)
        case .integer(let value): self = .int(Int(value))
        case .bigInteger(let text): self = .bigInteger(text)
        case .decimal(let value): self = .double(value)
        case .string(let text): self.init(text)
        case .array(let items): self.init(items.map(TemplateValue.init))
        case .object(let object): self.init(object.members.map { ($0.name, TemplateValue($0.value)) })
        }
    }
}

extension JSONValue {
    /// Bytes of the texts within, names included.
    var textLength: Int {
        switch self {
        case .null, .bool, .integer, .decimal: 0
        case .bigInteger(let text), .string(let text): text.utf8.count
        case .array(let items): items.reduce(0) { $0 + $1.textLength }
        case .object(let object): object.members.reduce(0) { $0 + $1.name.utf8.count + $1.value.textLength }
        }
    }
}
