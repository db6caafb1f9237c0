import PinionJSON

/// Whose rules a schema is written by.
enum SchemaDraft: Int, Comparable {
    case draft4, draft6, draft7, draft2019, draft2020
    /// No `$schema`: the rules of 2020-12, and the keywords of older drafts where 2020-12 has none of that name.
    case unspecified

    static func < (left: SchemaDraft, right: SchemaDraft) -> Bool { left.rawValue < right.rawValue }

    /// The draft that a `$schema` names; nil for a dialect that is not known.
    init?(uri: String) {
        let text = uri.utf8.last == UInt8(ascii: "#") ? String(uri.unicodeScalars.dropLast()) : uri
        switch ProtocolWord(text) {
        case "http://json-schema.org/draft-04/schema", "https://json-schema.org/draft-04/schema": self = .draft4
        case "http://json-schema.org/draft-06/schema", "https://json-schema.org/draft-06/schema": self = .draft6
        case "http://json-schema.org/draft-07/schema", "https://json-schema.org/draft-07/schema": self = .draft7
        case "https://json-schema.org/draft/2019-09/schema", "http://json-schema.org/draft/2019-09/schema":
            self = .draft2019
        case "https://json-schema.org/draft/2020-12/schema", "http://json-schema.org/draft/2020-12/schema",
            "https://spec.openapis.org/oas/3.1/dialect/base":
            self = .draft2020
        case "http://json-schema.org/schema", "https://json-schema.org/schema": self = .unspecified
        default: return nil
        }
    }

    /// Whether what stands beside a `$ref` counts for nothing.
    var ignoresSiblingsOfReferences: Bool { self <= .draft7 }
    var identifier: String { self == .draft4 ? "id" : "$id" }
    /// Whether `exclusiveMinimum` may be a boolean that sharpens `minimum`.
    var hasBooleanBounds: Bool { self == .draft4 || self == .unspecified }
    /// Whether `items` may be an array, with `additionalItems` behind it.
    var hasItemLists: Bool { self != .draft2020 }
    var hasPrefixItems: Bool { self >= .draft2020 }
    /// Whether a name in `$id` alone, `#name`, is an anchor.
    var hasFragmentIdentifiers: Bool { self <= .draft7 || self == .unspecified }
    /// Whether elements that `contains` matched count as evaluated.
    var evaluatesContained: Bool { self >= .draft2020 }

    /// Whether `dependencies` is an assertion to some readers and an annotation to others: 2020-12 has it no more, and
    /// asks nobody to give it another meaning. It is enforced and not denied, which is right for both.
    var doubtsDependencies: Bool { self >= .draft2020 }

    /// Whether the draft gives the keyword a meaning.
    func knows(_ keyword: SchemaKeyword) -> Bool {
        switch keyword {
        case .anchor, .definitions, .minContains, .maxContains, .dependentRequired, .dependentSchemas,
            .unevaluatedItems, .unevaluatedProperties:
            self >= .draft2019
        case .dynamicAnchor, .dynamicReference, .prefixItems: self >= .draft2020
        case .recursiveAnchor, .recursiveReference: self == .draft2019
        case .additionalItems: self != .draft2020
        case .if, .then, .else: self >= .draft7
        case .const, .contains, .propertyNames: self >= .draft6
        default: true
        }
    }
}
