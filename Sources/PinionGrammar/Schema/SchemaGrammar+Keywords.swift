extension SchemaGrammar {
    /// Whether a keyword of a schema says anything of instances, or of where schemas stand; all others are annotations.
    package static func knows(_ keyword: String) -> Bool { SchemaKeyword.named(keyword) != nil }
}
