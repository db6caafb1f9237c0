/// What Python's methods of `str` without arguments tell of a text: its other cases, and what its characters are.
enum StringProperties {
    /// The result of a method for a text.
    ///
    /// - Parameter name: A method that takes nothing; `isalnum` for any other.
    static func value(of name: TemplateName, in text: TemplateString) -> TemplateValue {
        func all(_ condition: (Unicode.Scalar) -> Bool) -> TemplateValue {
            .bool(!text.isEmpty && text.scalars.allSatisfy(condition))
        }
        switch name {
        case "lower", "casefold": return .string(text.lowercased())
        case "upper": return .string(text.uppercased())
        case "title": return .string(text.titlecased())
        case "capitalize": return .string(text.capitalized())
        case "swapcase": return .string(text.swappedCase())
        case "isupper": return .bool(text.isAll(upper: true))
        case "islower": return .bool(text.isAll(upper: false))
        case "isascii": return .bool(text.scalars.allSatisfy(\.isASCII))
        case "isspace": return all(\.isPythonSpace)
        case "isalpha": return all(\.isPythonAlphabetic)
        case "isdecimal": return all { $0.properties.numericType == .decimal }
        case "isdigit": return all { $0.properties.numericType == .decimal || $0.properties.numericType == .digit }
        case "isnumeric": return all { $0.properties.numericType != nil }
        default: return all { $0.isPythonAlphabetic || $0.properties.numericType != nil }
        }
    }
}

extension Unicode.Scalar {
    /// Python's `isalpha` for one scalar: the letter categories.
    var isPythonAlphabetic: Bool {
        switch properties.generalCategory {
        case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter: true
        default: false
        }
    }
}
