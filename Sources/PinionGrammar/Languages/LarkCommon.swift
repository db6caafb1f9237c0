import PinionJSON
import PinionPattern

/// The terminals that `%import common.NAME` brings, as languages of their own.
///
/// Where Lark's definition leaves it to a lexer to stop at the first end (a string's last quotation mark, the end of a
/// comment), the expression here has only the texts that end there.
enum LarkCommon {
    private static let decimal = #"(?:[0-9]+\.[0-9]*|\.[0-9]+)"#
    private static let exponent = "(?:[eE][-+]?[0-9]+)"
    private static let float = "(?:[0-9]+\(exponent)|\(decimal)\(exponent)?)"
    private static let number = "(?:\(float)|[0-9]+)"

    private static let expressions: [(name: ProtocolWord, pattern: String)] = [
        ("DIGIT", "[0-9]"),
        ("HEXDIGIT", "[0-9a-fA-F]"),
        ("INT", "[0-9]+"),
        ("SIGNED_INT", "[-+]?[0-9]+"),
        ("DECIMAL", decimal),
        ("FLOAT", float),
        ("SIGNED_FLOAT", "[-+]?" + float),
        ("NUMBER", number),
        ("SIGNED_NUMBER", "[-+]?" + number),
        ("ESCAPED_STRING", #""(?:[^"\\\n]|\\[^\n])*""#),
        ("LCASE_LETTER", "[a-z]"),
        ("UCASE_LETTER", "[A-Z]"),
        ("LETTER", "[a-zA-Z]"),
        ("WORD", "[a-zA-Z]+"),
        ("CNAME", "[_a-zA-Z][_a-zA-Z0-9]*"),
        ("WS_INLINE", #"[ \t]+"#),
        ("WS", #"[ \t\f\r\n]+"#),
        ("CR", #"\r"#),
        ("LF", #"\n"#),
        ("NEWLINE", #"(?:\r?\n)+"#),
        ("SH_COMMENT", #"#[^\n]*"#),
        ("CPP_COMMENT", #"//[^\n]*"#),
        ("C_COMMENT", #"/\*(?:[^*]|\*+[^*/])*\*+/"#),
        ("SQL_COMMENT", #"--[^\n]*"#),
    ]

    static let terminals: [ProtocolWord: PatternNode] = {
        var terminals: [ProtocolWord: PatternNode] = [:]
        for (name, pattern) in expressions {
            do {
                terminals[name] = try Pattern.tree(of: pattern, dialect: .python)
            } catch {
                preconditionFailure("the expression of \(name) does not parse: \(error)")
            }
        }
        return terminals
    }()
}
