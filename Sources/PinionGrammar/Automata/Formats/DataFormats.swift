/// Identifiers, pointers, templates, encoded data, and numbers in strings.
enum DataFormats {
    /// RFC 9562.
    static func uuid(version: String, variant: String) throws(GrammarError) -> ByteAutomaton {
        let digit = "[0-9A-Fa-f]"
        return try StringFormat.pattern(
            "\(digit){8}-\(digit){4}-\(version)\(digit){3}-\(variant)\(digit){3}-\(digit){12}")
    }

    /// RFC 4648, sections 4 and 5: bits that no byte has are zero.
    static func base64(_ lastTwo: String, isPadded: Bool) -> String {
        let digit = "[A-Za-z0-9\(lastTwo)]"
        let one = "\(digit)[AQgw]" + (isPadded ? "==" : "")
        let two = "\(digit){2}[AEIMQUYcgkosw048]" + (isPadded ? "=" : "")
        return "(?:\(digit){4})*(?:\(one)|\(two))?"
    }

    /// RFC 6901.
    static let pointer = "(?:/(?:[^/~]|~[01])*)*"

    /// RFC 6570, without the operators that it reserves for later.
    static let template: String = {
        let escape = ResourceIdentifier.escape
        let literals =
            "[!#$&(-;=?-\\[\\]_a-z~\(ResourceIdentifier.beyondASCII)\(ResourceIdentifier.privateUse)]"
        let character = "(?:[A-Za-z0-9_]|\(escape))"
        let variable = "\(character)+(?:\\.\(character)+)*(?::[1-9][0-9]{0,3}|\\*)?"
        return "(?:\(literals)|\(escape)|\\{[+#./;?&]?\(variable)(?:,\(variable))*\\})*"
    }()
}
