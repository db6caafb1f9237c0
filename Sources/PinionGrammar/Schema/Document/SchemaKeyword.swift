import PinionJSON

/// A keyword that is more than an annotation in one of the drafts that are read.
package enum SchemaKeyword: String, CaseIterable, Sendable {
    /// What a keyword does.
    package enum Role: String, Sendable {
        /// It says how the schema is read, or gives a name to it.
        case identity
        /// It applies other schemas.
        case applicator
        /// It asks something of the value.
        case assertion
    }

    case schema = "$schema"
    case id = "$id"
    case anchor = "$anchor"
    case dynamicAnchor = "$dynamicAnchor"
    case recursiveAnchor = "$recursiveAnchor"
    case reference = "$ref"
    case dynamicReference = "$dynamicRef"
    case recursiveReference = "$recursiveRef"
    case definitions = "$defs"
    case oldDefinitions = "definitions"

    case type, `enum`, const
    case allOf, anyOf, oneOf, not
    case `if`, then, `else`

    case minimum, maximum, exclusiveMinimum, exclusiveMaximum, multipleOf
    case minLength, maxLength, pattern, format

    case prefixItems, items, additionalItems, unevaluatedItems
    case contains, minContains, maxContains
    case minItems, maxItems, uniqueItems

    case properties, patternProperties, additionalProperties, unevaluatedProperties, propertyNames
    case required, minProperties, maxProperties
    case dependentRequired, dependentSchemas, dependencies

    private static let table = Dictionary(
        uniqueKeysWithValues: allCases.map { (ProtocolWord($0.rawValue), $0) })

    /// The keyword of this name; nil for an annotation.
    package static func named(_ name: String) -> SchemaKeyword? { table[ProtocolWord(name)] }

    package var role: Role {
        switch self {
        case .schema, .id, .anchor, .dynamicAnchor, .recursiveAnchor, .definitions, .oldDefinitions: .identity
        case .reference, .dynamicReference, .recursiveReference, .allOf, .anyOf, .oneOf, .not, .if, .then, .else,
            .prefixItems, .items, .additionalItems, .unevaluatedItems, .contains, .properties, .patternProperties,
            .additionalProperties, .unevaluatedProperties, .propertyNames, .dependentSchemas, .dependencies:
            .applicator
        default: .assertion
        }
    }
}
