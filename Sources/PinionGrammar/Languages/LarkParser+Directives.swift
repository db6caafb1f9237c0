import PinionJSON

extension LarkParser {
    /// `%import`, `%ignore`; the others are refused by name.
    mutating func parseDirective() throws(GrammarError) {
        let place = scanner.position
        scanner.position += 1
        let name = scanner.take(while: Self.isNameScalar)
        skipSpace()
        switch ProtocolWord(name) {
        case "import": try parseImport()
        case "ignore": try parseIgnore(from: place)
        case "declare", "extend", "override", "llguidance":
            throw scanner.text.failure(.unsupported, "'%\(name)' is not supported", at: place)
        default:
            throw scanner.text.failure("unknown directive '%\(JSONValue.quoted(name))'", at: place)
        }
    }

    /// `common.NAME`, `common.NAME -> OTHER` or `common (NAME, NAME)`.
    private mutating func parseImport() throws(GrammarError) {
        let place = scanner.position
        guard scanner.peek() != "." else {
            throw scanner.text.failure(.unsupported, "only 'common' can be imported, no file", at: place)
        }
        let module = scanner.take(while: Self.isNameScalar)
        guard !module.isEmpty else { throw scanner.unexpected("a module to import from") }
        guard ProtocolWord(module) == "common" else {
            throw scanner.text.failure(
                .unsupported, "only 'common' can be imported, not '\(JSONValue.quoted(module))'", at: place)
        }
        skipSpace()
        if scanner.skip("(") {
            repeat {
                skipSpace()
                let place = scanner.position
                let name = try parseName("the name of a terminal")
                try importTerminal(name, as: name, at: place)
                skipSpace()
            } while scanner.skip(",")
            guard scanner.skip(")") else { throw scanner.unexpected("',' or ')' in a list of imports") }
            return
        }
        guard scanner.skip(".") else { throw scanner.unexpected("'.' and a terminal, or a list of terminals") }
        let start = scanner.position
        let name = try parseName("the name of a terminal")
        skipSpace()
        guard scanner.skip("->") else { return try importTerminal(name, as: name, at: start) }
        skipSpace()
        let target = scanner.position
        let alias = try parseName("a name for the imported terminal")
        guard Self.isTerminal(alias) else {
            throw scanner.text.failure("a terminal is imported under an upper-case name", at: target)
        }
        try importTerminal(name, as: alias, at: start)
    }

    private mutating func importTerminal(_ name: String, as alias: String, at place: Int) throws(GrammarError) {
        guard let node = LarkCommon.terminals[ProtocolWord(name)] else {
            throw scanner.text.failure("'common' has no terminal '\(JSONValue.quoted(name))'", at: place)
        }
        let root = try tree.add(.pattern(node), at: place)
        try tree.define(tree.name(alias, at: place), as: root, at: place)
    }

    /// What is ignored is a terminal with a name that no definition can have.
    private mutating func parseIgnore(from place: Int) throws(GrammarError) {
        let root = try parseAlternatives()
        let name = tree.name("%ignore \(ignored.count + 1)", at: place)
        try tree.define(name, as: root, at: place)
        ignored.append(name)
    }
}
